//! Options for reading image files, tables and archives.

use std::fmt;
use std::path::Path;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::array::format_sizes;
use super::error::{invalid, invalid_with_hint};
use super::spikes::SpikeOptions;
use super::{DatasetError, Location, TestFraction};
use crate::text::parse_pair;

/// Channels of a colour pixel: red, green and blue.
const COLOUR_CHANNELS: usize = 3;
/// Largest side of an image, pixels. Larger images would need more weights than fit in memory.
const MAX_SIDE: usize = 1024;

/// Largest 16-bit value. As `max_value` it reads images of 8 and 16 bits at full scale.
pub const FULL_SCALE: u32 = u16::MAX as u32;

/// Options for reading image files, tables and archives.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReadOptions {
    /// Size to which image files are scaled, by default that of the first. Also the shape of images in tables, by
    /// default square. Images in other formats must have this size.
    pub size: Option<ImageSize>,
    /// Whether a pixel has three bytes, red, green and blue, instead of one.
    pub colour: bool,
    /// Background of transparent pixels. If `None`, images with such pixels are refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub background: Option<Background>,
    /// Value that becomes byte 255, at least 1. If `None`, bytes are kept and 16-bit images are read at full scale.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_value: Option<u32>,
    /// Whether images of IDX files and tables are stored column by column. If `None`, only those of files named
    /// `emnist..`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transposed: Option<bool>,
    /// Whether the first line of a table is a header. If `None`, it is detected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub csv_header: Option<bool>,
    /// Fraction of each class's images that become the test set, if the data have none. If `None`, such data are
    /// refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub test_fraction: Option<TestFraction>,
    /// Place of the channels in arrays of four axes. If `None`, it is detected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channel_order: Option<ChannelOrder>,
    /// Options for recorded spikes. Images are read without them.
    #[serde(default, skip_serializing_if = "SpikeOptions::is_default")]
    pub spikes: SpikeOptions,
}

impl ReadOptions {
    /// Checks that no option for images is set, since recordings have none.
    pub(super) fn refuse_those_of_images(&self, path: &Path) -> Result<(), DatasetError> {
        let of_recordings = ReadOptions {
            spikes: self.spikes,
            test_fraction: self.test_fraction,
            ..ReadOptions::default()
        };
        if *self == of_recordings {
            return Ok(());
        }
        let hint = "omit the size, colours, background, largest value, order and header of images";
        Err(invalid_with_hint(
            whole(path),
            "images, for which options are given",
            "recorded spikes",
            hint,
        ))
    }

    /// Checks that no option for recordings is set, since images have none.
    pub(super) fn refuse_those_of_recordings(&self, path: &Path) -> Result<(), DatasetError> {
        if self.spikes.is_default() {
            return Ok(());
        }
        let hint = "omit the parts, pooling, merged channels and single spikes of recordings";
        Err(invalid_with_hint(
            whole(path),
            "recorded spikes, for which options are given",
            "images",
            hint,
        ))
    }
}

/// Returns the location of a whole data set.
fn whole(path: &Path) -> Location {
    Location::whole(path.display().to_string())
}

/// Background of transparent pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "clap", derive(clap::ValueEnum))]
#[serde(rename_all = "lowercase")]
pub enum Background {
    /// 0
    Black,
    /// 255
    White,
}

impl Background {
    /// Returns the grey level.
    pub(super) fn byte(self) -> u8 {
        match self {
            Background::Black => 0,
            Background::White => u8::MAX,
        }
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Background::Black => "black",
            Background::White => "white",
        }
    }
}

/// Place of the channels in an array of images.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "clap", derive(clap::ValueEnum))]
#[serde(rename_all = "lowercase")]
pub enum ChannelOrder {
    /// `[images, channels, height, width]`
    First,
    /// `[images, height, width, channels]`
    Last,
}

impl ChannelOrder {
    /// Returns the name.
    pub(super) fn name(self) -> &'static str {
        match self {
            ChannelOrder::First => "first",
            ChannelOrder::Last => "last",
        }
    }
}

/// Size of an image in pixels. `32x20` has 32 columns and 20 rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImageSize {
    /// Number of columns.
    pub width: usize,
    /// Number of rows.
    pub height: usize,
}

impl FromStr for ImageSize {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let size = parse_pair(text, 'x').map(|(width, height)| ImageSize { width, height });
        size.filter(ImageSize::is_supported).ok_or_else(|| {
            format!(
                "invalid size '{text}': expected WIDTHxHEIGHT such as 28x28, sides of 1 to {MAX_SIDE} pixels"
            )
        })
    }
}

impl fmt::Display for ImageSize {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}x{}", self.width, self.height)
    }
}

impl ImageSize {
    fn is_supported(&self) -> bool {
        [self.width, self.height].iter().all(|side| (1..=MAX_SIDE).contains(side))
    }

    /// Returns the size of the first image file, to which the others are scaled.
    pub(super) fn of_first(file: &str, width: u32, height: u32) -> Result<Self, DatasetError> {
        let size = ImageSize { width: width as usize, height: height as usize };
        if size.is_supported() {
            return Ok(size);
        }
        let expected = format!("at most {MAX_SIDE} pixels per side without --image-size");
        let hint = "--image-size WxH scales all images";
        Err(invalid_with_hint(Location::whole(file), expected, size, hint))
    }
}

impl ReadOptions {
    /// Returns the number of bytes per pixel.
    pub fn channels(&self) -> usize {
        if self.colour { COLOUR_CHANNELS } else { 1 }
    }

    /// Returns `[height, bytes per row]` of images that have `bytes` values each.
    pub(super) fn row_shape(
        &self,
        location: Location,
        bytes: usize,
    ) -> Result<[usize; 2], DatasetError> {
        let channels = self.channels();
        let size = self.size.unwrap_or_else(|| {
            let side = (bytes / channels).isqrt();
            ImageSize { width: side, height: side }
        });
        let sizes = [size.height, size.width * channels];
        if sizes[0] * sizes[1] == bytes && bytes > 0 {
            return Ok(sizes);
        }
        let expected = match self.size {
            Some(_) => {
                format!("{} values per image ({})", sizes[0] * sizes[1], format_sizes(&sizes))
            }
            None => {
                let each = if self.colour { " of three values per pixel" } else { "" };
                format!("square images{each}, or --image-size")
            }
        };
        let hint = match self.size {
            Some(_) => None,
            None => Some("--image-size WxH gives columns and rows"),
        };
        Err(invalid(location, expected, format!("{bytes} values per image")).with_hint(hint))
    }
}

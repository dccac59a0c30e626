//! How images are read where their files leave it open.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::array::shape;
use super::{DatasetError, Place, fault, fault_with_hint};

/// Bytes of a pixel that has colour: red, green and blue.
const COLOURS: usize = 3;
/// Most pixels of a side: a network of larger images has more weights than any machine trains.
const SIDE_MAX: usize = 1024;

/// The largest value of 16 bits: images of either depth are read at their full scale.
pub const FULL_SCALE: u32 = u16::MAX as u32;

/// How images are read if their files leave it open.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reading {
    /// Image files are scaled to this size, by default that of the first; rows of a table are images of
    /// this size, by default square ones. Images of other files have it, or are refused.
    pub size: Option<ImageSize>,
    /// A pixel gives three bytes in a row, red, green and blue, instead of one.
    pub colour: bool,
    /// The ground below transparent pixels; without one, images with such pixels are refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub background: Option<Background>,
    /// The value that becomes the byte 255, at least 1. Without it bytes stay as they are, and 16 bits are
    /// read at their full scale.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_value: Option<u32>,
    /// Whether the first line of a table names its columns, if that cannot be seen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub csv_header: Option<bool>,
}

/// The ground on which transparent pixels are laid.
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
    /// Its shade.
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

/// Pixels of an image; `32x20` are 32 columns and 20 rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImageSize {
    /// Columns.
    pub width: usize,
    /// Rows.
    pub height: usize,
}

impl FromStr for ImageSize {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let sides = text.split_once('x').map(|(width, height)| (width.parse(), height.parse()));
        match sides {
            Some((Ok(width), Ok(height))) if ImageSize { width, height }.is_usual() => {
                Ok(ImageSize { width, height })
            }
            _ => {
                Err(format!("'{text}' is no size such as 28x28, of 1 to {SIDE_MAX} pixels a side"))
            }
        }
    }
}

impl fmt::Display for ImageSize {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}x{}", self.width, self.height)
    }
}

impl ImageSize {
    fn is_usual(self) -> bool {
        [self.width, self.height].iter().all(|side| (1..=SIDE_MAX).contains(side))
    }

    /// The size of an image file, to which others are to be scaled.
    pub(super) fn of_first(file: &str, width: u32, height: u32) -> Result<Self, DatasetError> {
        let size = ImageSize { width: width as usize, height: height as usize };
        if size.is_usual() {
            return Ok(size);
        }
        let expected = format!("at most {SIDE_MAX} pixels a side, where no image size is given");
        let hint = "--image-size WxH scales all images";
        Err(fault_with_hint(Place::whole(file), expected, size, hint))
    }
}

impl Reading {
    /// Bytes of a pixel.
    pub fn channels(&self) -> usize {
        if self.colour { COLOURS } else { 1 }
    }

    /// Height and bytes of a row of images that are lists of so many bytes.
    pub(super) fn shape_of(&self, place: Place, bytes: usize) -> Result<[usize; 2], DatasetError> {
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
            Some(_) => format!("{} values an image ({})", sizes[0] * sizes[1], shape(&sizes)),
            None => {
                let each = if self.colour { ", three values each" } else { "" };
                format!("images with as many rows as columns of pixels{each}, or an image size")
            }
        };
        let hint = match self.size {
            Some(_) => None,
            None => Some("--image-size WxH gives columns and rows"),
        };
        Err(fault(place, expected, format!("{bytes} values an image")).with_hint(hint))
    }
}

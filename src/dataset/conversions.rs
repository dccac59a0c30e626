//! Pixel conversions made while reading image files, counted for a report.

use super::read_options::{FULL_SCALE, ImageSize, ReadOptions};
use crate::text::plural;

/// Conversions made to one image.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ImageConversion {
    /// Whether its EXIF orientation rotated or mirrored it.
    pub is_reoriented: bool,
    /// Whether it is the first of several frames or pages.
    pub is_animated: bool,
    /// Whether it was scaled to another size.
    pub is_scaled: bool,
    /// Whether its aspect ratio changed.
    pub is_stretched: bool,
    /// Whether colours were converted to grey.
    pub is_greyscaled: bool,
    /// Whether transparent pixels were composited onto a background.
    pub is_composited: bool,
    /// Whether it has 16 bits per value.
    pub is_16_bit: bool,
    /// Whether its values were scaled from the file's own value of white to 255.
    pub is_rescaled: bool,
    /// Bits per value in the file.
    pub depth: u8,
    /// Largest visible value in the file.
    pub largest: u32,
}

/// Number of images per conversion.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct ConversionCounts {
    reoriented: usize,
    animated: usize,
    scaled: usize,
    stretched: usize,
    greyscaled: usize,
    composited: usize,
    rescaled: usize,
    pub(super) sixteen_bit: usize,
    /// Largest value of the 16-bit images.
    pub(super) largest_16_bit: u32,
}

impl ConversionCounts {
    pub(super) fn add(&mut self, conversion: &ImageConversion) {
        self.reoriented += usize::from(conversion.is_reoriented);
        self.animated += usize::from(conversion.is_animated);
        self.scaled += usize::from(conversion.is_scaled);
        self.stretched += usize::from(conversion.is_stretched);
        self.greyscaled += usize::from(conversion.is_greyscaled);
        self.composited += usize::from(conversion.is_composited);
        self.rescaled += usize::from(conversion.is_rescaled);
        if conversion.is_16_bit {
            self.sixteen_bit += 1;
            self.largest_16_bit = self.largest_16_bit.max(conversion.largest);
        }
    }

    /// Adds the counts of other images.
    pub(super) fn join(&mut self, other: &ConversionCounts) {
        self.reoriented += other.reoriented;
        self.animated += other.animated;
        self.scaled += other.scaled;
        self.stretched += other.stretched;
        self.greyscaled += other.greyscaled;
        self.composited += other.composited;
        self.rescaled += other.rescaled;
        self.sixteen_bit += other.sixteen_bit;
        self.largest_16_bit = self.largest_16_bit.max(other.largest_16_bit);
    }

    /// Returns a sentence per conversion that occurred.
    pub(super) fn lines(&self, size: ImageSize, options: &ReadOptions) -> Vec<String> {
        let background = options.background.map_or("", |background| background.name());
        let sixteen_bit = match options.max_value {
            None | Some(FULL_SCALE) => "divided by 257: 65535 becomes 255".to_string(),
            Some(max_value) => format!("scaled: {max_value} becomes 255"),
        };
        let stretched = match self.stretched {
            0 => String::new(),
            count => format!(", {count} of them to another aspect ratio"),
        };
        let lines = [
            (
                self.reoriented,
                "rotated by its EXIF orientation",
                "rotated by their EXIF orientation",
            ),
            (
                self.animated,
                "of several frames or pages: only the first is used",
                "of several frames or pages: only the first is used",
            ),
            (
                self.composited,
                &format!("composited onto {background}"),
                &format!("composited onto {background}"),
            ),
            (
                self.sixteen_bit,
                &format!("of 16 bits {sixteen_bit}"),
                &format!("of 16 bits {sixteen_bit}"),
            ),
            (
                self.rescaled,
                "scaled: the largest value by its header becomes 255",
                "scaled: the largest value by their headers becomes 255",
            ),
            (
                self.greyscaled,
                "converted to grey (0.2126 red + 0.7152 green + 0.0722 blue)",
                "converted to grey (0.2126 red + 0.7152 green + 0.0722 blue)",
            ),
            (
                self.scaled,
                &format!("scaled to {size} pixels{stretched}"),
                &format!("scaled to {size} pixels{stretched}"),
            ),
        ];
        let occurred = lines.into_iter().filter(|&(count, ..)| count > 0);
        occurred
            .map(|(count, one, many)| {
                format!("{} {}", plural(count, "image"), if count == 1 { one } else { many })
            })
            .collect()
    }
}

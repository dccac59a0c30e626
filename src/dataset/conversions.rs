//! What was done to the pixels of image files, counted and told once.

use super::error::counted;
use super::reading::{FULL_SCALE, ImageSize, Reading};

/// What was done to one image.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// Whether its EXIF orientation turned or mirrored it.
    pub is_turned: bool,
    /// Whether it is the first of several frames.
    pub is_animated: bool,
    /// Whether it was scaled to another size.
    pub is_scaled: bool,
    /// Whether its sides have another ratio now.
    pub is_stretched: bool,
    /// Whether colours became shades of grey.
    pub is_greyed: bool,
    /// Whether transparent pixels were laid on a background.
    pub is_composited: bool,
    /// Whether it has 16 bits a value.
    pub is_deep: bool,
    /// Bits of a value in the file.
    pub depth: u8,
    /// Largest visible value in the file.
    pub largest: u32,
}

/// What was done to many images: numbers of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Conversions {
    turned: usize,
    animated: usize,
    scaled: usize,
    stretched: usize,
    greyed: usize,
    composited: usize,
    pub(super) deep: usize,
    /// Largest value of images of 16 bits.
    pub(super) largest_deep: u32,
}

impl Conversions {
    pub(super) fn add(&mut self, facts: &Facts) {
        self.turned += usize::from(facts.is_turned);
        self.animated += usize::from(facts.is_animated);
        self.scaled += usize::from(facts.is_scaled);
        self.stretched += usize::from(facts.is_stretched);
        self.greyed += usize::from(facts.is_greyed);
        self.composited += usize::from(facts.is_composited);
        if facts.is_deep {
            self.deep += 1;
            self.largest_deep = self.largest_deep.max(facts.largest);
        }
    }

    /// Adds the numbers of other images.
    pub(super) fn join(&mut self, other: &Conversions) {
        self.turned += other.turned;
        self.animated += other.animated;
        self.scaled += other.scaled;
        self.stretched += other.stretched;
        self.greyed += other.greyed;
        self.composited += other.composited;
        self.deep += other.deep;
        self.largest_deep = self.largest_deep.max(other.largest_deep);
    }

    /// A sentence for each kind that occurred.
    pub(super) fn lines(&self, size: ImageSize, reading: &Reading) -> Vec<String> {
        let background = reading.background.map_or("", |background| background.name());
        let deep = match reading.max_value {
            None | Some(FULL_SCALE) => "divided by 257: 65535 becomes 255".to_string(),
            Some(most) => format!("scaled: {most} becomes 255"),
        };
        let stretched = match self.stretched {
            0 => String::new(),
            count => format!(", {count} of them to another ratio of sides"),
        };
        let lines = [
            (self.turned, "turned by its EXIF orientation", "turned by their EXIF orientation"),
            (
                self.animated,
                "animated: the first frame is taken",
                "animated: the first frame is taken",
            ),
            (self.composited, &format!("laid on {background}"), &format!("laid on {background}")),
            (self.deep, &format!("of 16 bits {deep}"), &format!("of 16 bits {deep}")),
            (
                self.greyed,
                "in colour made grey (0.2126 red + 0.7152 green + 0.0722 blue)",
                "in colour made grey (0.2126 red + 0.7152 green + 0.0722 blue)",
            ),
            (
                self.scaled,
                &format!("scaled to {size} pixels{stretched}"),
                &format!("scaled to {size} pixels{stretched}"),
            ),
        ];
        let told = lines.into_iter().filter(|&(count, ..)| count > 0);
        told.map(|(count, one, many)| {
            format!("{} {}", counted(count, "image"), if count == 1 { one } else { many })
        })
        .collect()
    }
}

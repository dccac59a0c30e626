//! Conversion from file values to bytes, stored with a network so that later images are read alike.

use serde::{Deserialize, Serialize};

use super::array::largest;
use super::error::invalid_with_hint;
use super::read_options::{Background, FULL_SCALE};
use super::{Dataset, DatasetError, Location, ReadOptions, mean};

/// Conversion from file values to bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct PixelRules {
    /// Background of transparent pixels.
    pub background: Option<Background>,
    /// Value that became 255.
    pub max_value: Option<u32>,
    /// Byte that stands for white: 255, or the largest byte if all are below 128.
    pub white: u8,
    /// Mean byte of the training images, if known.
    pub mean: Option<u8>,
}

impl Default for PixelRules {
    fn default() -> Self {
        PixelRules { background: None, max_value: None, white: u8::MAX, mean: None }
    }
}

impl PixelRules {
    /// Returns the rules of arrays with bytes up to `max_pixel`.
    pub(super) fn of(bytes: &[u8], max_pixel: u8) -> Self {
        let mean = mean(bytes).round() as u8;
        let white = if max_pixel > u8::MAX / 2 { u8::MAX } else { max_pixel };
        PixelRules { white, mean: Some(mean), ..PixelRules::default() }
    }

    /// Returns the options that read other files by the same rules.
    pub fn read_options(&self) -> ReadOptions {
        ReadOptions {
            background: self.background,
            // Full scale is the default for files of any depth.
            max_value: self.max_value.filter(|&value| value != FULL_SCALE),
            ..ReadOptions::default()
        }
    }

    /// Compares the brightness with that of the training images, whose largest byte is `max_pixel`. Returns warnings.
    /// `is_max_value_given`: whether the caller gave the files' value of white.
    ///
    /// # Errors
    /// Returns an error if the images are more than twice as bright, unless the value of white was given.
    pub(super) fn check_brightness(
        &self,
        name: &str,
        bytes: &[u8],
        max_pixel: u8,
        is_max_value_given: bool,
    ) -> Result<Vec<String>, DatasetError> {
        let mut notes = Vec::new();
        let largest = largest(bytes);
        if largest > max_pixel {
            let trained = format!("the largest byte of the training images is {max_pixel}");
            if largest / 2 > max_pixel && !is_max_value_given {
                let hint = "--max-value N maps N to the white of the training images: 255 for 8-bit images";
                let expected = format!("bytes up to about {max_pixel}: {trained}");
                return Err(invalid_with_hint(Location::whole(name), expected, largest, hint));
            }
            notes.push(format!("the largest byte of the images is {largest}; {trained}"));
        } else if u32::from(largest) * 4 < u32::from(max_pixel) {
            notes.push(format!(
                "the images are dark: their largest byte is {largest}, that of the training images {max_pixel}"
            ));
        }
        let mean = mean(bytes);
        if let Some(trained) = self.mean.map(f64::from) {
            let white = f64::from(self.white);
            let inverted = white - mean;
            // Far from the training mean, but close to it after inversion.
            if (mean - trained).abs() > 0.35 * white && (inverted - trained).abs() < 0.2 * white {
                let kinds = if mean > trained { ["light", "dark"] } else { ["dark", "light"] };
                notes.push(format!(
                    "the images are mostly {} (mean {mean:.0}), the training images mostly {} (mean \
                     {trained:.0}): --invert swaps dark and light",
                    kinds[0], kinds[1]
                ));
            }
        }
        Ok(notes)
    }
}

impl Dataset {
    /// Rescales the images so that their bytes mean the same as in a network's training, by its `rules` and largest byte
    /// `max_pixel`. `inverted`: swap dark and light. Also returns the changes and warnings, one sentence each.
    /// Recordings have no pixels and stay as they are.
    ///
    /// # Errors
    /// Returns an error if the values are on another scale and the value of white was not given.
    pub fn with_pixel_rules(
        mut self,
        max_pixel: u8,
        rules: &PixelRules,
        inverted: bool,
    ) -> Result<(Dataset, Vec<String>), DatasetError> {
        if self.recordings.is_some() {
            return Ok((self, Vec::new()));
        }
        let mut notes = Vec::new();
        let given = self.read_options.max_value;
        let largest = largest(&self.images);
        if given.is_none()
            && self.rules.white < rules.white
            && u32::from(largest) * 4 < u32::from(max_pixel)
        {
            let expected =
                format!("bytes up to about {max_pixel}, the largest byte of the training images");
            let hint = "--max-value N maps N to the white of the training images; --max-value 255 keeps the bytes";
            return Err(invalid_with_hint(Location::whole(self.name), expected, largest, hint));
        }
        let white = u32::from(rules.white);
        if let Some(max_value) = given.filter(|_| self.rules.white > rules.white) {
            let full = u32::from(self.rules.white);
            for byte in &mut self.images {
                *byte = ((2 * u32::from(*byte) * white + full) / (2 * full)) as u8;
            }
            notes.push(format!("{}: values scaled: {max_value} becomes {white}", self.name));
        }
        if inverted {
            for byte in &mut self.images {
                *byte = rules.white.saturating_sub(*byte);
            }
            notes.push(format!("{}: dark and light swapped", self.name));
        }
        let odd = rules.check_brightness(&self.name, &self.images, max_pixel, given.is_some())?;
        notes.extend(odd.into_iter().map(|note| format!("{}: {note}", self.name)));
        if self.max_pixel != max_pixel {
            notes.push(format!("{}: a pixel is byte / {max_pixel}, as in training", self.name));
        }
        (self.max_pixel, self.rules) = (max_pixel, *rules);
        Ok((self, notes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dataset(training: [u8; 4], test: [u8; 2], max_value: Option<u32>) -> Dataset {
        let (training, test) = ((training.to_vec(), vec![0, 1]), (test.to_vec(), vec![0]));
        let dataset = Dataset::from_parts("own", 1, 2, training, test).unwrap();
        let white = if max_value.is_some() { 255 } else { dataset.rules.white };
        let rules = PixelRules { max_value, white, ..dataset.rules };
        let read_options = ReadOptions { max_value, ..ReadOptions::default() };
        Dataset { rules, read_options, ..dataset }
    }

    fn rules(white: u8, mean: u8) -> PixelRules {
        PixelRules { white, mean: Some(mean), ..PixelRules::default() }
    }

    #[test]
    fn images_take_max_pixel_and_rules_of_the_network() {
        let (adjusted, notes) = dataset([0, 90, 90, 0], [80, 0], None)
            .with_pixel_rules(120, &rules(120, 40), false)
            .unwrap();
        assert_eq!((adjusted.max_pixel, adjusted.rules), (120, rules(120, 40)));
        assert_eq!(adjusted.images(), [0, 90, 90, 0, 80, 0]);
        assert_eq!(notes, ["own: a pixel is byte / 120, as in training"]);
    }

    #[test]
    fn other_scale_without_max_value_returns_error() {
        let bright = [0, 250, 255, 0];
        let error =
            dataset(bright, [0, 0], None).with_pixel_rules(16, &rules(16, 8), false).unwrap_err();
        assert!(error.to_string().starts_with("own: expected bytes up to about 16"), "{error}");
        assert!(error.hint().is_some_and(|hint| hint.starts_with("--max-value N")));
        let given = dataset(bright, [128, 8], Some(255));
        let (adjusted, notes) = given.with_pixel_rules(16, &rules(16, 8), false).unwrap();
        assert_eq!((adjusted.images(), adjusted.max_pixel), (&[0, 16, 16, 0, 8, 1][..], 16));
        assert_eq!(notes[0], "own: values scaled: 255 becomes 16");

        let dark = [0, 16, 9, 0];
        let error =
            dataset(dark, [1, 2], None).with_pixel_rules(255, &rules(255, 60), false).unwrap_err();
        assert!(error.to_string().contains("bytes up to about 255"), "{error}");
        let kept = dataset(dark, [1, 2], Some(255)).with_pixel_rules(255, &rules(255, 60), false);
        let (kept, notes) = kept.unwrap();
        assert_eq!((kept.images(), kept.max_pixel), (&[0, 16, 9, 0, 1, 2][..], 255));
        assert!(notes[0].contains("the images are dark"), "{notes:?}");
    }

    #[test]
    fn inverted_images_are_reported_and_swapped() {
        let light = || dataset([255, 250, 0, 255], [255, 254], None);
        let (_, notes) = light().with_pixel_rules(255, &rules(255, 30), false).unwrap();
        assert!(notes[0].ends_with("--invert swaps dark and light"), "{notes:?}");
        let (adjusted, notes) = light().with_pixel_rules(255, &rules(255, 30), true).unwrap();
        assert_eq!(adjusted.images(), [0, 5, 255, 0, 0, 1]);
        assert_eq!(notes, ["own: dark and light swapped"]);
    }
}

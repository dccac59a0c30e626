//! What the bytes of a data set mean, for images that the trained network is shown later.

use serde::{Deserialize, Serialize};

use super::reading::{Background, FULL_SCALE};
use super::{Dataset, DatasetError, Place, Reading, fault_with_hint, largest, mean};

/// How values of a file became bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct PixelRules {
    /// The ground below transparent pixels.
    pub background: Option<Background>,
    /// The value that became 255.
    pub max_value: Option<u32>,
    /// The byte of white: 255, or the largest byte of arrays that keep to less than half of that.
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
    /// The rules of arrays with bytes up to `range`.
    pub(super) fn of(bytes: &[u8], range: u8) -> Self {
        let mean = mean(bytes).round() as u8;
        let white = if range > u8::MAX / 2 { u8::MAX } else { range };
        PixelRules { white, mean: Some(mean), ..PixelRules::default() }
    }

    /// How files of other data are read by the same rules.
    pub fn reading(&self) -> Reading {
        Reading {
            background: self.background,
            // At full scale, files of any depth mean the same without it.
            max_value: self.max_value.filter(|&value| value != FULL_SCALE),
            ..Reading::default()
        }
    }

    /// Compares the brightness of images with that of the images which a network was trained on, whose largest byte is
    /// `range`, and returns what is odd. `is_scaled`: the value of white in their files was given.
    ///
    /// # Errors
    /// Returns an error if they are more than twice as bright, unless the value of white was given.
    pub(super) fn check_brightness(
        &self,
        name: &str,
        bytes: &[u8],
        range: u8,
        is_scaled: bool,
    ) -> Result<Vec<String>, DatasetError> {
        let mut notes = Vec::new();
        let largest = largest(bytes);
        if largest > range {
            let trained =
                format!("the largest of the images that the network was trained on is {range}");
            if largest / 2 > range && !is_scaled {
                let hint =
                    "--max-value N makes N as bright as white in training: 255 for usual images";
                let expected = format!("bytes of about {range} at most, as {trained}");
                return Err(fault_with_hint(Place::whole(name), expected, largest, hint));
            }
            notes.push(format!("the largest byte of the images is {largest}; {trained}"));
        } else if u32::from(largest) * 4 < u32::from(range) {
            notes.push(format!(
                "the images are dark: their largest byte is {largest}, that of the images trained on {range}"
            ));
        }
        let mean = mean(bytes);
        if let Some(trained) = self.mean.map(f64::from) {
            let white = f64::from(self.white);
            let inverted = white - mean;
            // Far from the mean of training, and near to it if turned.
            if (mean - trained).abs() > 0.35 * white && (inverted - trained).abs() < 0.2 * white {
                let kinds = if mean > trained { ["light", "dark"] } else { ["dark", "light"] };
                notes.push(format!(
                    "the images are mostly {} (mean {mean:.0}), those trained on mostly {} (mean \
                     {trained:.0}): --invert turns them",
                    kinds[0], kinds[1]
                ));
            }
        }
        Ok(notes)
    }
}

impl Dataset {
    /// The same images as a network is to see them that was trained by these rules on images whose largest byte is
    /// `range`: their bytes mean what they meant in training. `inverted`: dark and light change places. Also returns
    /// what was changed or is odd, a sentence each.
    ///
    /// # Errors
    /// Returns an error if the values are on another scale and the value of white was not given.
    pub fn shown_by_rules(
        mut self,
        range: u8,
        rules: &PixelRules,
        inverted: bool,
    ) -> Result<(Dataset, Vec<String>), DatasetError> {
        let mut notes = Vec::new();
        let given = self.reading.max_value;
        let largest = largest(&self.images);
        if given.is_none()
            && self.rules.white < rules.white
            && u32::from(largest) * 4 < u32::from(range)
        {
            let expected = format!(
                "bytes of about {range}, as the largest of the images that the network was trained on"
            );
            let hint = "--max-value N makes N as bright as white in training; --max-value 255 leaves bytes as they are";
            return Err(fault_with_hint(Place::whole(self.name), expected, largest, hint));
        }
        let white = u32::from(rules.white);
        if let Some(most) = given.filter(|_| self.rules.white > rules.white) {
            let full = u32::from(self.rules.white);
            for byte in &mut self.images {
                *byte = ((2 * u32::from(*byte) * white + full) / (2 * full)) as u8;
            }
            notes.push(format!("{}: values scaled: {most} becomes {white}", self.name));
        }
        if inverted {
            for byte in &mut self.images {
                *byte = rules.white.saturating_sub(*byte);
            }
            notes.push(format!("{}: dark and light change places", self.name));
        }
        let odd = rules.check_brightness(&self.name, &self.images, range, given.is_some())?;
        notes.extend(odd.into_iter().map(|note| format!("{}: {note}", self.name)));
        if self.range != range {
            notes.push(format!("{}: a pixel is byte / {range}, as in training", self.name));
        }
        (self.range, self.rules) = (range, *rules);
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
        let reading = Reading { max_value, ..Reading::default() };
        Dataset { rules, reading, ..dataset }
    }

    fn rules(white: u8, mean: u8) -> PixelRules {
        PixelRules { white, mean: Some(mean), ..PixelRules::default() }
    }

    #[test]
    fn range_and_rules_become_those_of_the_network() {
        let (shown, notes) = dataset([0, 90, 90, 0], [80, 0], None)
            .shown_by_rules(120, &rules(120, 40), false)
            .unwrap();
        assert_eq!((shown.range, shown.rules), (120, rules(120, 40)));
        assert_eq!(shown.images(), [0, 90, 90, 0, 80, 0]);
        assert_eq!(notes, ["own: a pixel is byte / 120, as in training"]);
    }

    #[test]
    fn other_scales_are_refused_unless_white_is_given() {
        let bright = [0, 250, 255, 0];
        let error =
            dataset(bright, [0, 0], None).shown_by_rules(16, &rules(16, 8), false).unwrap_err();
        assert!(error.to_string().starts_with("own: expected bytes of about 16"), "{error}");
        assert!(error.hint().is_some_and(|hint| hint.starts_with("--max-value N")));
        let given = dataset(bright, [128, 8], Some(255));
        let (shown, notes) = given.shown_by_rules(16, &rules(16, 8), false).unwrap();
        assert_eq!((shown.images(), shown.range), (&[0, 16, 16, 0, 8, 1][..], 16));
        assert_eq!(notes[0], "own: values scaled: 255 becomes 16");

        let dark = [0, 16, 9, 0];
        let error =
            dataset(dark, [1, 2], None).shown_by_rules(255, &rules(255, 60), false).unwrap_err();
        assert!(error.to_string().contains("bytes of about 255"), "{error}");
        let kept = dataset(dark, [1, 2], Some(255)).shown_by_rules(255, &rules(255, 60), false);
        let (kept, notes) = kept.unwrap();
        assert_eq!((kept.images(), kept.range), (&[0, 16, 9, 0, 1, 2][..], 255));
        assert!(notes[0].contains("the images are dark"), "{notes:?}");
    }

    #[test]
    fn inverted_images_are_told_and_turned() {
        let light = || dataset([255, 250, 0, 255], [255, 254], None);
        let (_, notes) = light().shown_by_rules(255, &rules(255, 30), false).unwrap();
        assert!(notes[0].ends_with("--invert turns them"), "{notes:?}");
        let (shown, notes) = light().shown_by_rules(255, &rules(255, 30), true).unwrap();
        assert_eq!(shown.images(), [0, 5, 255, 0, 0, 1]);
        assert_eq!(notes, ["own: dark and light change places"]);
    }
}

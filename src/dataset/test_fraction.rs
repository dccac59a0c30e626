//! Splits a lone labelled set into training and test set.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::array::ByteArray;
use super::error::invalid;
use super::loaded::SplitData;
use super::stratify::{counts, stratified};
use super::{DatasetError, Location};
use crate::text::plural;

/// Fraction of each class's images that become the test set, above 0 and below 1.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "f64", into = "f64")]
pub struct TestFraction(f64);

/// Equality is an equivalence, since a fraction is a number.
impl Eq for TestFraction {}

impl TryFrom<f64> for TestFraction {
    type Error = String;

    fn try_from(fraction: f64) -> Result<Self, String> {
        match fraction > 0.0 && fraction < 1.0 {
            true => Ok(TestFraction(fraction)),
            false => Err(format!(
                "invalid test fraction {fraction}: expected a number above 0 and below 1"
            )),
        }
    }
}

impl From<TestFraction> for f64 {
    fn from(fraction: TestFraction) -> f64 {
        fraction.0
    }
}

impl FromStr for TestFraction {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let fraction = text.parse::<f64>().ok().and_then(|fraction| fraction.try_into().ok());
        fraction.ok_or_else(|| {
            format!("invalid fraction '{text}': expected a number above 0 and below 1, such as 0.2")
        })
    }
}

impl fmt::Display for TestFraction {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}", self.0)
    }
}

impl TestFraction {
    /// Returns the number of test examples of a class with `count` examples: its share, rounded. A class with two or
    /// more has at least one in each set; a lone one is a training example.
    fn of_class(self, count: usize) -> usize {
        let share = (count as f64 * self.0).round() as usize;
        if count < 2 { 0 } else { share.clamp(1, count - 1) }
    }

    /// Splits images into training and test set, both in the order of the images. Also returns a sentence on it.
    ///
    /// # Errors
    /// Returns an error if the numbers of images and labels differ, or no class has two images.
    pub(super) fn split(
        self,
        set: SplitData,
        file: &str,
    ) -> Result<([SplitData; 2], String), DatasetError> {
        set.check_label_count()?;
        let (is_test, told) = self.choose(&set.labels.bytes, file, "image")?;
        Ok((split_by(set, &is_test)?, told))
    }

    /// Returns whether each example with these labels is in the test set, and a sentence on the choice. Which examples
    /// of a class are drawn depends on the labels and the fraction only, by a fixed seed. `file`: the set, for messages.
    /// `example`: noun for an example.
    ///
    /// # Errors
    /// Returns an error if no class has two examples.
    pub(super) fn choose(
        self,
        labels: &[u8],
        file: &str,
        example: &str,
    ) -> Result<(Vec<bool>, String), DatasetError> {
        let mut remaining = counts(labels).map(|count| self.of_class(count));
        let mut is_test = vec![false; labels.len()];
        for index in stratified(labels) {
            let remaining = &mut remaining[usize::from(labels[index])];
            is_test[index] = *remaining > 0;
            *remaining = remaining.saturating_sub(1);
        }
        let count = is_test.iter().filter(|is_test| **is_test).count();
        if count == 0 {
            let location = Location::whole(file);
            let expected = format!("a class with two or more {example}s, to split off a test set");
            return Err(invalid(location, expected, format!("one {example} per class")));
        }
        let told = format!(
            "{file}: {count} of {} are the test set (--test-fraction {self}): each class's share, drawn with a fixed \
             seed",
            plural(labels.len(), example)
        );
        Ok((is_test, told))
    }
}

/// Moves the images with `is_test` into a set of their own.
fn split_by(set: SplitData, is_test: &[bool]) -> Result<[SplitData; 2], DatasetError> {
    let SplitData { images, labels } = set;
    let [_, height, width] = images.sizes;
    let pixels = height * width;
    let mut test_images = Vec::new();
    let mut training_images = images.bytes;
    // Moving the training images to the front in place avoids a second copy of all images.
    let mut kept = 0;
    for (index, &is_test) in is_test.iter().enumerate() {
        let range = index * pixels..(index + 1) * pixels;
        if is_test {
            test_images.extend_from_slice(&training_images[range]);
        } else {
            training_images.copy_within(range, kept);
            kept += pixels;
        }
    }
    training_images.truncate(kept);
    let labels_where = |wanted: bool| {
        let labels = labels.bytes.iter().zip(is_test);
        labels.filter(|&(_, &is_test)| is_test == wanted).map(|(&label, _)| label).collect()
    };
    let part = |bytes: Vec<u8>, labels_of: Vec<u8>| {
        Ok(SplitData {
            images: ByteArray::images(images.origin.clone(), [height, width], bytes)?,
            labels: ByteArray::labels(labels.origin.clone(), labels_of)?,
        })
    };
    Ok([part(training_images, labels_where(false))?, part(test_images, labels_where(true))?])
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Image `index` is one pixel of this value.
    fn set(labels: &[u8]) -> SplitData {
        let images = (0..labels.len()).map(|index| index as u8).collect();
        SplitData::in_memory("own", "training", 1, 1, (images, labels.to_vec())).unwrap()
    }

    fn fraction(text: &str) -> TestFraction {
        text.parse().unwrap()
    }

    #[test]
    fn split_gives_each_class_its_share_once() {
        // 20 images of class 0, ten of class 1, two of class 2, one of class 3, in blocks.
        let labels = [&[0; 20][..], &[1; 10], &[2; 2], &[3]].concat();
        let ([training, test], told) = fraction("0.2").split(set(&labels), "own").unwrap();
        assert_eq!(counts(&test.labels.bytes)[..4], [4, 2, 1, 0]);
        assert_eq!(counts(&training.labels.bytes)[..4], [16, 8, 1, 1]);
        assert_eq!(
            told,
            "own: 7 of 33 images are the test set (--test-fraction 0.2): each class's share, drawn with a fixed seed"
        );
        // Each image is in one set, with its label, in the order of the set.
        for set in [&training, &test] {
            assert!(set.images.bytes.is_sorted());
            let of_images = set.images.bytes.iter().map(|&index| labels[usize::from(index)]);
            assert!(of_images.eq(set.labels.bytes.iter().copied()));
        }
        let mut all = [training.images.bytes, test.images.bytes].concat();
        all.sort_unstable();
        assert!(all.into_iter().eq(0..33));
    }

    #[test]
    fn class_with_two_images_is_in_both_sets() {
        for text in ["0.001", "0.5", "0.999"] {
            let ([training, test], _) = fraction(text).split(set(&[0, 1, 0, 1]), "own").unwrap();
            assert_eq!([training.labels.sizes, test.labels.sizes], [[2], [2]], "{text}");
        }
        let error = fraction("0.5").split(set(&[0, 1, 2]), "own").err().unwrap().to_string();
        assert!(error.starts_with("own: expected a class with two or more images"), "{error}");
    }

    #[test]
    fn fraction_is_above_0_and_below_1() {
        assert_eq!(fraction("0.2").to_string(), "0.2");
        for wrong in ["0", "1", "-0.1", "1.5", "nan", "inf", "20%", ""] {
            assert!(wrong.parse::<TestFraction>().is_err(), "{wrong}");
        }
    }
}

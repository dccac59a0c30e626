//! Conversion of numbers to bytes, chosen from the numbers of a training set.

use super::error::invalid_with_hint;
use super::{DatasetError, Location};

/// Largest byte, which stands for white.
const WHITE: f64 = u8::MAX as f64;
/// Least brightness of numbers that are rounded to integers: darker ones would lose more than 1/256 of their range.
const LEAST_WHITE: f64 = 128.0;
/// Least largest fraction: below it, fewer than 64 shades would be left.
const LEAST_FRACTION: f64 = 0.25;

/// Conversion of a number to a byte.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum PixelScale {
    /// Keeps integers from 0 to 255.
    Bytes,
    /// Multiplies numbers from 0 to 1 by 255 and rounds them.
    Unit,
    /// Rounds numbers from 0 to 255.
    Rounded,
    /// Scales numbers so that this value becomes 255, and rounds them.
    MaxValue(u32),
}

/// Range of numbers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct NumberRange {
    pub least: f64,
    pub largest: f64,
    /// Whether a number is no integer.
    pub has_fractions: bool,
}

impl Default for NumberRange {
    /// Returns the range of no numbers.
    fn default() -> Self {
        NumberRange { least: f64::INFINITY, largest: f64::NEG_INFINITY, has_fractions: false }
    }
}

impl NumberRange {
    pub fn add(&mut self, value: f64) {
        self.least = self.least.min(value);
        self.largest = self.largest.max(value);
        self.has_fractions |= value.fract() != 0.0;
    }
}

impl PixelScale {
    /// Returns the scale of the training images of a file: `max_value` if it is given. Integers from 0 to 255 are bytes.
    /// Fractions whose largest is 0.25 to 1 are multiplied by 255, and rounded if the largest is 128 to 255.
    ///
    /// # Errors
    /// Returns an error if the numbers have another range.
    pub fn of(
        range: NumberRange,
        max_value: Option<u32>,
        location: impl FnOnce() -> Location,
    ) -> Result<PixelScale, DatasetError> {
        let NumberRange { least, largest, has_fractions } = range;
        if let Some(max_value) = max_value {
            return Ok(PixelScale::MaxValue(max_value));
        }
        match has_fractions {
            _ if least < 0.0 => {}
            true if largest < LEAST_FRACTION => {
                let shades = (WHITE * largest).round() + 1.0;
                let found = format!("at most {largest}, which keeps only {shades} shades");
                let hint = "divide all images by the largest value: images / images.max()";
                let expected = "fractions up to 1 that use at least a quarter of that range";
                return Err(invalid_with_hint(location(), expected, found, hint));
            }
            false if largest <= WHITE => return Ok(PixelScale::Bytes),
            true if largest <= 1.0 => return Ok(PixelScale::Unit),
            true if (LEAST_WHITE..=WHITE).contains(&largest) => return Ok(PixelScale::Rounded),
            _ => {}
        }
        let expected = "integers from 0 to 255, fractions from 0 to 1, or fractions whose largest is 128 to 255";
        let found = format!("numbers from {least} to {largest}");
        Err(invalid_with_hint(location(), expected, found, scale_hint(least)))
    }

    /// Checks that numbers of another file are on this scale. `training`: the file that defines the scale.
    ///
    /// # Errors
    /// Returns an error if they are fractions up to 1, and those of the training images are not.
    pub fn check(
        self,
        range: NumberRange,
        training: &str,
        location: impl FnOnce() -> Location,
    ) -> Result<(), DatasetError> {
        if self != PixelScale::Rounded || !range.has_fractions || range.largest > 1.0 {
            return Ok(());
        }
        let expected = format!("{} as in {training}", self.numbers());
        let found = format!("fractions from {} to {}", range.least, range.largest);
        let hint = "scale both sets alike";
        Err(invalid_with_hint(location(), expected, found, hint))
    }

    /// Converts a number; `None` if the scale does not have it.
    pub fn byte(self, value: f64) -> Option<u8> {
        let white = match self {
            PixelScale::Bytes if value.fract() != 0.0 => return None,
            PixelScale::Bytes | PixelScale::Rounded => WHITE,
            PixelScale::Unit => 1.0,
            PixelScale::MaxValue(max_value) => f64::from(max_value),
        };
        (0.0..=white).contains(&value).then(|| (value * WHITE / white).round() as u8)
    }

    /// Describes the numbers of the scale.
    pub fn numbers(self) -> String {
        match self {
            PixelScale::Bytes => "an integer from 0 to 255".to_string(),
            PixelScale::Unit => "a number from 0 to 1".to_string(),
            PixelScale::Rounded => "a number from 0 to 255".to_string(),
            PixelScale::MaxValue(max_value) => format!("a number from 0 to {max_value}"),
        }
    }

    /// Describes the conversion in one sentence; `None` if it keeps the numbers.
    pub fn conversion(self) -> Option<String> {
        match self {
            PixelScale::Bytes => None,
            PixelScale::Unit => {
                Some("pixels are fractions from 0 to 1: multiplied by 255 and rounded".to_string())
            }
            PixelScale::Rounded => {
                Some("pixels are fractions from 0 to 255: rounded to integers".to_string())
            }
            PixelScale::MaxValue(max_value) => {
                Some(format!("pixels are scaled: {max_value} becomes 255 (--max-value)"))
            }
        }
    }

    /// Returns whether byte 255 is white whatever the largest byte of the training images is.
    pub fn is_full(self) -> bool {
        matches!(self, PixelScale::Unit | PixelScale::MaxValue(_))
    }
}

/// Returns a hint for a number that no scale has.
pub(super) fn scale_hint(value: f64) -> &'static str {
    match value < 0.0 {
        true => "pixels are at least 0: shift or rescale them to 0 to 1 or 0 to 255",
        false => "--max-value N maps N, the brightest value, to 255",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scale(values: &[f64]) -> Result<PixelScale, String> {
        let mut range = NumberRange::default();
        values.iter().for_each(|&value| range.add(value));
        let scale = PixelScale::of(range, None, || Location::whole("file"));
        scale.map_err(|error| format!("{error}\nhint: {}", error.hint().unwrap_or_default()))
    }

    #[test]
    fn scale_follows_from_the_range() {
        assert_eq!(scale(&[0.0, 1.0]), Ok(PixelScale::Bytes));
        assert_eq!(scale(&[0.0, 255.0]), Ok(PixelScale::Bytes));
        assert_eq!(scale(&[0.0, 0.5]), Ok(PixelScale::Unit));
        assert_eq!(scale(&[0.25, 1.0]), Ok(PixelScale::Unit));
        assert_eq!(scale(&[0.5, 254.5]), Ok(PixelScale::Rounded));
        for (values, hint) in [
            (&[0.0, 256.0][..], "--max-value N"),
            (&[0.5, 16.0], "--max-value N"),
            (&[0.5, 255.5], "--max-value N"),
            (&[-0.42, 2.8], "pixels are at least 0"),
            (&[-1.0, 1.0], "pixels are at least 0"),
        ] {
            let error = scale(values).unwrap_err();
            let found = format!("found numbers from {} to {}", values[0], values[1]);
            assert!(error.contains(&found) && error.contains(hint), "{error}");
        }
        let error = scale(&[0.0, 0.01]).unwrap_err();
        assert!(error.contains("at most 0.01, which keeps only 4 shades"), "{error}");
    }

    #[test]
    fn bytes_are_rounded_to_nearest() {
        assert_eq!(PixelScale::Bytes.byte(255.0), Some(255));
        assert_eq!((PixelScale::Bytes.byte(0.5), PixelScale::Bytes.byte(256.0)), (None, None));
        for byte in 0..=u8::MAX {
            let fraction = f64::from(byte) / 255.0;
            assert_eq!(PixelScale::Unit.byte(fraction), Some(byte));
            assert_eq!(PixelScale::Unit.byte(f64::from(fraction as f32)), Some(byte));
        }
        assert_eq!((PixelScale::Unit.byte(1.01), PixelScale::Unit.byte(f64::NAN)), (None, None));
        assert_eq!(
            (PixelScale::Rounded.byte(0.4), PixelScale::Rounded.byte(254.5)),
            (Some(0), Some(255))
        );
        assert_eq!(PixelScale::MaxValue(4095).byte(4095.0), Some(255));
    }
}

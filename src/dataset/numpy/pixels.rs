//! Conversion of array elements to bytes, on one scale for all sets of a data set.

use super::element_type::ElementKind;
use crate::dataset::DatasetError;
use crate::dataset::error::{invalid, invalid_with_hint};
use crate::dataset::npy::Npy;
use crate::dataset::pixel_scale::{NumberRange, PixelScale, scale_hint};

/// Returns the range of the elements of an array.
///
/// # Errors
/// Returns an error if an element is text, NaN or infinite.
pub(super) fn range_of(array: &Npy) -> Result<NumberRange, DatasetError> {
    if array.kind.is_text() {
        return Err(invalid(array.origin.at_size(0), "pixels, which are numbers", "text"));
    }
    let mut range = NumberRange::default();
    for (index, value) in array.numbers().enumerate() {
        if !value.is_finite() {
            let hint = "replace such values with numpy.nan_to_num";
            let location = array.origin.at_element(index);
            return Err(invalid_with_hint(location, "a finite number", value, hint));
        }
        range.add(value);
    }
    Ok(range)
}

/// Returns whether floats are fractions of 1 and not merely dark bytes.
fn are_fractions(range: &NumberRange) -> bool {
    range.largest <= 1.0 && (range.has_fractions || range.largest == 1.0)
}

/// Returns the scale of the training images, which holds for the other sets, too: truth values and floats up to 1
/// become 0 to 255, and all else is converted as numbers in tables.
///
/// # Errors
/// Returns an error if no scale is certain.
pub(super) fn scale_of(
    array: &Npy,
    range: &NumberRange,
    max_value: Option<u32>,
) -> Result<PixelScale, DatasetError> {
    check_not_negative(array, range)?;
    let scale = match (max_value, array.kind.kind) {
        (None, ElementKind::Bool) => PixelScale::Unit,
        (None, ElementKind::Float) if range.largest == 1.0 => PixelScale::Unit,
        _ => PixelScale::of(*range, max_value, || array.origin.at_size(0))?,
    };
    check_values(scale, array)?;
    Ok(scale)
}

/// Checks that another set of the data set has the type and the scale of the training images.
///
/// # Errors
/// Returns an error if it does not.
pub(super) fn check_other_set(
    scale: PixelScale,
    array: &Npy,
    range: &NumberRange,
    training: &Npy,
) -> Result<(), DatasetError> {
    check_not_negative(array, range)?;
    let [kind, training_kind] = [array, training].map(|array| match array.kind.is_integer() {
        true => ElementKind::Unsigned,
        false => array.kind.kind,
    });
    let is_other_scale = match scale {
        PixelScale::MaxValue(_) => false,
        PixelScale::Unit => kind != training_kind || range.largest > 1.0,
        PixelScale::Bytes | PixelScale::Rounded => {
            kind != training_kind || array.is_float() && are_fractions(range)
        }
    };
    if is_other_scale {
        let NumberRange { least, largest, .. } = range;
        let found = format!("{} from {least} to {largest}", array.kind.name());
        let expected = format!("values on the scale of {}", training.origin.name());
        let hint = "convert the images of both sets alike";
        return Err(invalid_with_hint(array.origin.at_size(0), expected, found, hint));
    }
    check_values(scale, array)
}

fn check_not_negative(array: &Npy, range: &NumberRange) -> Result<(), DatasetError> {
    if range.least >= 0.0 {
        return Ok(());
    }
    let hint = "a pixel is a rate of spikes, which cannot be negative: undo a standardization, or shift the images to \
                0 to 1";
    let negative = array.numbers().enumerate().find(|&(_, value)| value < 0.0);
    let (index, value) = negative.unwrap_or((0, range.least));
    let location = array.origin.at_element(index);
    Err(invalid_with_hint(location, "a value of at least 0", value, hint))
}

/// Checks that the scale has every element.
fn check_values(scale: PixelScale, array: &Npy) -> Result<(), DatasetError> {
    let outside = array.numbers().enumerate().find(|&(_, value)| scale.byte(value).is_none());
    match outside {
        Some((index, value)) => {
            let location = array.origin.at_element(index);
            Err(invalid_with_hint(location, scale.numbers(), value, scale_hint(value)))
        }
        None => Ok(()),
    }
}

/// Returns the bytes of an array whose elements the scale has.
pub(super) fn convert(scale: PixelScale, array: Npy) -> Vec<u8> {
    if scale == PixelScale::Bytes && array.kind.is_byte() {
        return array.bytes;
    }
    array.numbers().map(|value| scale.byte(value).unwrap_or(0)).collect()
}

/// Returns a sentence on the conversion of these training images, if there is one.
pub(super) fn conversion(scale: PixelScale, array: &Npy, range: &NumberRange) -> Option<String> {
    let NumberRange { least, largest, .. } = range;
    let from = format!("{} from {least} to {largest}", array.kind.name());
    match scale {
        PixelScale::Unit if array.kind.kind == ElementKind::Bool => {
            Some("bool: True becomes 255".to_string())
        }
        PixelScale::Bytes if *largest <= 1.0 => {
            Some(format!("{from}: kept, the largest is white; --max-value sets another"))
        }
        PixelScale::Bytes if array.is_float() => Some(format!("{from}: kept as whole numbers")),
        scale => scale.conversion().map(|conversion| format!("{from}: {conversion}")),
    }
}

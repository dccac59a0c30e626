//! Detects whether the first line of a table is a header.

use super::super::error::invalid_with_hint;
use super::super::{DatasetError, Location, ReadOptions};
use super::columns::{is_label, is_text, normalize_name};
use super::fields::number;
use super::preview::Preview;

/// Smallest number of pixels that is distinguishable from counting column names.
const MIN_PIXELS: usize = 3;

/// Reason why a line may be a header or an image.
pub(super) struct Ambiguous(&'static str);

impl Ambiguous {
    pub(super) fn error(self, location: Location) -> DatasetError {
        let hint = "use --csv-header true if this line names the columns, false if it is an image";
        invalid_with_hint(location, "column names or an image", self.0, hint)
    }
}

/// Returns whether the first line is a header. `are_same`: whether the other table starts with the same line.
pub(super) fn is_header(
    preview: &Preview,
    are_same: bool,
    options: &ReadOptions,
) -> Result<bool, Ambiguous> {
    if let Some(asked) = options.csv_header {
        return Ok(asked);
    }
    let first = &preview.first[..];
    let texts = first.iter().filter(|field| is_text(field)).count();
    if texts == 0 {
        return numbers(preview, are_same, options);
    }
    if texts == first.len() || first.iter().any(|name| is_label(&normalize_name(name))) {
        return Ok(first.len() > 1);
    }
    let second = preview.second.as_deref().unwrap_or_default();
    // A text with a text below it belongs to a column of texts.
    let is_column = |(a, b): (&String, &String)| is_text(a) == is_text(b);
    let is_alike = first.len() == second.len() && first.iter().zip(second).all(is_column);
    Ok(!is_alike)
}

/// Returns whether a line of numbers is a header, since columns may be called 0, 1, 2 and so on.
fn numbers(preview: &Preview, are_same: bool, options: &ReadOptions) -> Result<bool, Ambiguous> {
    let first: Vec<Option<f64>> =
        preview.first.iter().map(|field| number(field.as_bytes())).collect();
    let Some((head, pixels)) = first.split_first() else { return Ok(false) };
    let counts = pixels.len() >= MIN_PIXELS
        && matches!(pixels[0], Some(0.0 | 1.0))
        && pixels.windows(2).all(|pair| matches!(pair, [Some(a), Some(b)] if *b == a + 1.0));
    if counts {
        let ends_beyond_a_byte = options.max_value.is_none()
            && pixels.last().is_some_and(|last| last.is_some_and(|last| last > 255.0));
        // pandas writes its index as a column without a name.
        return match ends_beyond_a_byte || are_same && pixels.len() > 8 || head.is_none() {
            true => Ok(true),
            false => Err(Ambiguous("consecutive numbers")),
        };
    }
    let is_broken = |value: &Option<f64>| value.is_some_and(|value| value.fract() != 0.0);
    let second = preview.second.as_deref().unwrap_or_default();
    let second_is_whole = second.iter().all(|field| !is_broken(&number(field.as_bytes())));
    if options.max_value.is_none()
        && first.iter().any(is_broken)
        && second_is_whole
        && !second.is_empty()
    {
        // pandas renames duplicate numbers in a header: 0, 0.1, 0.2.
        return Err(Ambiguous("fractions, which are in no later line"));
    }
    Ok(false)
}

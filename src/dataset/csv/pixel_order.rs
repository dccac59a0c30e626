//! Order of the pixel columns, by the numbers in their names.

use super::super::error::{invalid, invalid_with_hint};
use super::super::{DatasetError, Location};

/// Order of the pixel columns.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct PixelOrder {
    /// Names in the order of the pixels; `None` without a header.
    pub(super) names: Option<Vec<String>>,
    /// Whether the order of the pixels differs from that of the columns.
    pub(super) is_sorted: bool,
}

/// Sorts the columns `pixels` by the numbers in their `names`. Most columns without numbers stay in their order.
///
/// # Errors
/// Returns an error if a name is odd or occurs twice, or if names with two numbers are in neither order.
pub(super) fn sort(
    pixels: &mut Vec<usize>,
    names: &[String],
    location: impl Fn() -> Location,
) -> Result<PixelOrder, DatasetError> {
    let ordered = |pixels: &[usize]| Some(pixels.iter().map(|&at| names[at].clone()).collect());
    let stem = |name: &str| name.replace(|c: char| c.is_ascii_digit(), "");
    let is_numbered = |name: &str| name.contains(|c: char| c.is_ascii_digit());
    let numbered = pixels.iter().filter(|&&at| is_numbered(&names[at])).count();
    if 2 * numbered < pixels.len() || pixels.is_empty() {
        return Ok(PixelOrder { names: ordered(pixels), is_sorted: false });
    }
    let usual = pixels.iter().map(|&at| &names[at]).find(|name| is_numbered(name));
    let usual = usual.map_or("", |name| name);
    if let Some(&odd) = pixels.iter().find(|&&at| stem(&names[at]) != stem(usual)) {
        let found = format!("a column '{}'", names[odd]);
        let hint = "remove columns that are neither labels nor pixels";
        let expected = format!("pixel columns named like '{usual}'");
        return Err(invalid_with_hint(location(), expected, found, hint));
    }
    let mut keyed: Vec<(Vec<u64>, usize)> =
        pixels.iter().map(|&at| (numbers_in(&names[at]), at)).collect();
    let has_two = keyed.iter().any(|(numbers, _)| numbers.len() > 1);
    let is_by_text = pixels.is_sorted_by(|&a, &b| names[a] <= names[b]);
    keyed.sort();
    if let Some(pair) = keyed.windows(2).find(|pair| pair[0].0 == pair[1].0) {
        let found = format!("'{}' twice", names[pair[0].1]);
        return Err(invalid(location(), "distinct column names", found));
    }
    let sorted: Vec<usize> = keyed.into_iter().map(|(_, at)| at).collect();
    let is_sorted = sorted != *pixels;
    // Two numbers may be row and column, or column and row.
    if is_sorted && has_two && !is_by_text {
        let expected = "pixel columns in the order of their two numbers, row by row";
        let found = format!("'{}' after '{}'", names[pixels[1]], names[pixels[0]]);
        let hint = "sort the columns by row, then by column, and name them 1x1, 1x2, and so on";
        return Err(invalid_with_hint(location(), expected, found, hint));
    }
    *pixels = sorted;
    Ok(PixelOrder { names: ordered(pixels), is_sorted })
}

/// Returns the integers in a name.
fn numbers_in(name: &str) -> Vec<u64> {
    let parts = name.split(|c: char| !c.is_ascii_digit());
    parts.filter_map(|part| part.parse().ok()).collect()
}

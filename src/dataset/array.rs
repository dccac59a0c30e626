//! Images or labels as read: bytes, their shape and their origin.

use std::cmp::Ordering;

use super::DatasetError;
use super::error::invalid;
use super::location::Origin;

pub(super) const IMAGE_AXES: [&str; 3] = ["number of images", "height", "width"];
pub(super) const LABEL_AXES: [&str; 1] = ["number of labels"];

/// An array of unsigned bytes with `D` dimensions, each at least 1: `[count, height, width]` for
/// images, `[count]` for labels.
#[derive(Clone, Debug)]
pub struct ByteArray<const D: usize> {
    /// Length of each axis.
    pub sizes: [usize; D],
    /// Row-major elements; their number is the product of `sizes`.
    pub bytes: Vec<u8>,
    pub(super) origin: Origin,
}

impl ByteArray<3> {
    /// Creates an array of all images of this height and width in `bytes`.
    pub(super) fn images(
        origin: Origin,
        [height, width]: [usize; 2],
        bytes: Vec<u8>,
    ) -> Result<Self, DatasetError> {
        let pixels = product(&origin, &[height, width])?;
        // Round up, so that an incomplete last image is reported as too short.
        let sizes = [bytes.len().div_ceil(pixels.max(1)), height, width];
        ByteArray::checked(origin, sizes, bytes, &IMAGE_AXES)
    }
}

impl ByteArray<1> {
    pub(super) fn labels(origin: Origin, bytes: Vec<u8>) -> Result<Self, DatasetError> {
        ByteArray::checked(origin, [bytes.len()], bytes, &LABEL_AXES)
    }
}

impl<const D: usize> ByteArray<D> {
    /// Checks that every size is at least 1 and that the number of bytes is their product.
    pub(super) fn checked(
        origin: Origin,
        sizes: [usize; D],
        bytes: Vec<u8>,
        axes: &[&str; D],
    ) -> Result<Self, DatasetError> {
        check_data(&origin, &sizes, axes, 1, bytes.len())?;
        Ok(ByteArray { sizes, bytes, origin })
    }
}

/// Checks that every size is at least 1, and that `found` bytes are that many elements of `element` bytes.
pub(super) fn check_data(
    origin: &Origin,
    sizes: &[usize],
    axes: &[&str],
    element: usize,
    found: usize,
) -> Result<(), DatasetError> {
    // With a height or width of 0 the number of images is 0, too: report the last zero.
    if let Some(axis) = sizes.iter().rposition(|&size| size == 0) {
        let expected = format!("a {} of at least 1", axes[axis]);
        return Err(invalid(origin.at_size(axis), expected, 0));
    }
    let length = data_length(origin, sizes, element)?;
    let each = if element == 1 { String::new() } else { format!(" of {element} bytes") };
    let expected = format!("{length} bytes of data ({}{each})", format_sizes(sizes));
    match found.cmp(&length) {
        Ordering::Less => Err(invalid(origin.at_element(found / element), expected, found)),
        Ordering::Greater => Err(invalid(origin.at_element(length / element), expected, "more")),
        Ordering::Equal => Ok(()),
    }
}

/// Returns the length of `sizes` elements of `element` bytes.
///
/// # Errors
/// Returns an error if it exceeds the address space.
pub(super) fn data_length(
    origin: &Origin,
    sizes: &[usize],
    element: usize,
) -> Result<usize, DatasetError> {
    match element {
        1 => product(origin, sizes),
        _ => product(origin, &[sizes, &[element]].concat()),
    }
}

/// Returns the product of sizes that a file announces.
///
/// # Errors
/// Returns an error if it exceeds the address space.
pub(super) fn product(origin: &Origin, sizes: &[usize]) -> Result<usize, DatasetError> {
    /// Reserve for a header and a byte after the data.
    const RESERVE: usize = 64;
    match sizes.iter().try_fold(1_usize, |product, &size| product.checked_mul(size)) {
        Some(product) if product <= isize::MAX as usize - RESERVE => Ok(product),
        _ => Err(invalid(
            origin.at_size(0),
            "sizes that fit in memory",
            format_sizes(sizes) + " bytes",
        )),
    }
}

/// Formats sizes as `60000 x 28 x 28`, truncated after a few.
pub(super) fn format_sizes(sizes: &[usize]) -> String {
    const SHOWN: usize = 6;
    let shown: Vec<String> = sizes.iter().take(SHOWN).map(usize::to_string).collect();
    let more = if sizes.len() > SHOWN { " x .." } else { "" };
    shown.join(" x ") + more
}

/// Returns the largest byte, 0 if there are none.
pub(super) fn largest(bytes: &[u8]) -> u8 {
    bytes.iter().fold(0, |most, &byte| most.max(byte))
}

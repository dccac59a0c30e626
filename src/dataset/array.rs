//! Images or labels as they were read: bytes, their shape, and where they came from.

use std::cmp::Ordering;

use super::place::Origin;
use super::{DatasetError, fault, fault_with_hint};

pub(super) const IMAGE_AXES: [&str; 3] = ["number of images", "height", "width"];
pub(super) const LABEL_AXES: [&str; 1] = ["number of labels"];

/// An array of unsigned bytes with `D` dimensions, each at least 1: `[count, height, width]` for
/// images, `[count]` for labels.
#[derive(Clone, Debug)]
pub struct ByteArray<const D: usize> {
    /// Elements along each axis.
    pub sizes: [usize; D],
    /// Row-major, as many as the product of `sizes`.
    pub bytes: Vec<u8>,
    pub(super) origin: Origin,
}

impl ByteArray<3> {
    /// As many images of this height and width as `bytes` holds.
    pub(super) fn images(
        origin: Origin,
        [height, width]: [usize; 2],
        bytes: Vec<u8>,
    ) -> Result<Self, DatasetError> {
        let pixels = product(&origin, &[height, width])?;
        // Rounded up, so that a part of an image is found to be too short.
        let sizes = [bytes.len().div_ceil(pixels.max(1)), height, width];
        ByteArray::checked(origin, sizes, bytes, &IMAGE_AXES)
    }
}

impl ByteArray<3> {
    /// Scales all bytes so that `max_value` becomes 255.
    ///
    /// # Errors
    /// Returns an error if a byte lies above it, or it lies above all bytes.
    pub(super) fn scale(&mut self, max_value: Option<u32>) -> Result<(), DatasetError> {
        const WHITE: u32 = u8::MAX as u32;
        let Some(most) = max_value.filter(|&most| most != WHITE) else { return Ok(()) };
        if most > WHITE {
            let hint = "--max-value is to be the largest value of all images";
            let expected = format!("values up to {most} (--max-value)");
            return Err(fault_with_hint(self.origin.of_size(0), expected, "bytes", hint));
        }
        if let Some(index) = self.bytes.iter().position(|&byte| u32::from(byte) > most) {
            let hint = "--max-value is to be the largest value of all images";
            let expected = format!("values up to {most} (--max-value)");
            let place = self.origin.of_data(index);
            return Err(fault_with_hint(place, expected, self.bytes[index], hint));
        }
        for byte in &mut self.bytes {
            *byte = ((2 * WHITE * u32::from(*byte) + most) / (2 * most)) as u8;
        }
        Ok(())
    }
}

impl ByteArray<1> {
    pub(super) fn labels(origin: Origin, bytes: Vec<u8>) -> Result<Self, DatasetError> {
        ByteArray::checked(origin, [bytes.len()], bytes, &LABEL_AXES)
    }
}

impl<const D: usize> ByteArray<D> {
    /// Checks that every size is at least 1, and that the bytes are as many as they say.
    pub(super) fn checked(
        origin: Origin,
        sizes: [usize; D],
        bytes: Vec<u8>,
        axes: &[&str; D],
    ) -> Result<Self, DatasetError> {
        // Without height or width memory holds no images either: the last zero is the cause.
        if let Some(axis) = sizes.iter().rposition(|&size| size == 0) {
            let expected = format!("a {} of at least 1", axes[axis]);
            return Err(fault(origin.of_size(axis), expected, 0));
        }
        let length = product(&origin, &sizes)?;
        let expected = format!("{length} bytes of data ({})", shape(&sizes));
        match bytes.len().cmp(&length) {
            Ordering::Less => Err(fault(origin.of_data(bytes.len()), expected, bytes.len())),
            Ordering::Greater => Err(fault(origin.of_data(length), expected, "more")),
            Ordering::Equal => Ok(ByteArray { sizes, bytes, origin }),
        }
    }
}

/// The product of sizes that a file claims.
///
/// # Errors
/// When no memory holds as much.
pub(super) fn product(origin: &Origin, sizes: &[usize]) -> Result<usize, DatasetError> {
    /// Room for a header and a byte beyond the data.
    const RESERVE: usize = 64;
    match sizes.iter().try_fold(1_usize, |product, &size| product.checked_mul(size)) {
        Some(product) if product <= isize::MAX as usize - RESERVE => Ok(product),
        _ => Err(fault(origin.of_size(0), "sizes that fit in memory", shape(sizes) + " bytes")),
    }
}

/// `60000 x 28 x 28`, cut after a few sizes.
pub(super) fn shape(sizes: &[usize]) -> String {
    const TOLD: usize = 6;
    let told: Vec<String> = sizes.iter().take(TOLD).map(usize::to_string).collect();
    let more = if sizes.len() > TOLD { " x .." } else { "" };
    told.join(" x ") + more
}

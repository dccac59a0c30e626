//! Decoded images, and the limits of their sizes.

use std::error::Error;

use image::DynamicImage;
use image::metadata::Orientation;

use crate::files;

/// Largest side of an image file, pixels.
pub(super) const MAX_SIDE: u32 = 1 << 14;
/// Largest accepted image file and its pixels, bytes. A header may announce any size.
pub(super) const MAX_BYTES: u64 = 256 << 20;

/// Decoded image, upright.
#[derive(Clone, Debug)]
pub struct LoadedImage {
    /// Pixels at the file's bit depth.
    pub image: DynamicImage,
    /// Whether the EXIF orientation rotated or mirrored it.
    pub is_reoriented: bool,
    /// Whether this is the first of several frames.
    pub is_animated: bool,
    /// Path of the file, for errors.
    pub file: String,
}

/// Output of a decoder.
pub(super) struct Decoded {
    pub(super) image: DynamicImage,
    pub(super) orientation: Orientation,
    pub(super) is_animated: bool,
}

/// Error of a decoder.
pub(super) type DecodeError = Box<dyn Error + Send + Sync>;

/// Checks the announced size before memory is allocated.
pub(super) fn check_sizes(
    width: u32,
    height: u32,
    bytes_per_pixel: u64,
) -> Result<(), DecodeError> {
    let bytes = u64::from(width) * u64::from(height) * bytes_per_pixel;
    if width.max(height) > MAX_SIDE || bytes > MAX_BYTES {
        let max_mib = MAX_BYTES >> 20;
        let message = format!(
            "an image of {width} x {height} pixels takes {bytes} bytes; the limits are {MAX_SIDE} pixels per \
             side and {max_mib} MiB"
        );
        return Err(message.into());
    }
    // Decoders also keep coefficients or a second copy.
    Ok(files::check_memory(3 * bytes, "the image")?)
}

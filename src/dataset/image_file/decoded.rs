//! Decoded images, and the limits of their sizes.

use std::error::Error;

use image::metadata::Orientation;
use image::{ColorType, DynamicImage, ImageDecoder, Limits};

use crate::files;

/// Largest side of an image file, pixels.
pub(super) const MAX_SIDE: u32 = 1 << 14;
/// Largest accepted image file and its pixels, bytes. A header may announce any size.
pub(in crate::dataset) const MAX_BYTES: u64 = 256 << 20;

/// Decoded image, upright.
#[derive(Clone, Debug)]
pub struct LoadedImage {
    /// Pixels at the file's bit depth.
    pub image: DynamicImage,
    /// Whether the EXIF orientation rotated or mirrored it.
    pub is_reoriented: bool,
    /// Whether this is the first of several frames or pages.
    pub is_animated: bool,
    /// Value of white, if the file states it. By default the largest value of its bit depth.
    pub white: Option<u16>,
    /// Path of the file, for errors.
    pub file: String,
}

impl LoadedImage {
    /// Creates an image of one frame. `file`: its name for errors.
    pub(in crate::dataset) fn upright(image: DynamicImage, file: String) -> LoadedImage {
        LoadedImage { image, is_reoriented: false, is_animated: false, white: None, file }
    }
}

/// Output of a decoder.
pub(super) struct Decoded {
    pub(super) image: DynamicImage,
    pub(super) orientation: Orientation,
    pub(super) is_animated: bool,
    pub(super) white: Option<u16>,
}

impl Decoded {
    /// Creates a decoded image whose value of white follows from its bit depth.
    pub(super) fn new(image: DynamicImage, orientation: Orientation, is_animated: bool) -> Self {
        Decoded { image, orientation, is_animated, white: None }
    }

    /// Decodes an image of integers, within the limits of its size.
    pub(super) fn of_decoder(
        mut decoder: impl ImageDecoder,
        is_animated: bool,
    ) -> Result<Decoded, DecodeError> {
        let (width, height) = decoder.dimensions();
        check_sizes(width, height, u64::from(decoder.color_type().bytes_per_pixel()))?;
        if matches!(decoder.color_type(), ColorType::Rgb32F | ColorType::Rgba32F) {
            return Err("pixels are floats; expected integers of 8 or 16 bits".into());
        }
        decoder.set_limits(limits())?;
        let orientation = decoder.orientation()?;
        Ok(Decoded::new(DynamicImage::from_decoder(decoder)?, orientation, is_animated))
    }
}

/// Returns the limits of a decoder.
pub(super) fn limits() -> Limits {
    let mut limits = Limits::default();
    limits.max_image_width = Some(MAX_SIDE);
    limits.max_image_height = Some(MAX_SIDE);
    limits.max_alloc = Some(MAX_BYTES);
    limits
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

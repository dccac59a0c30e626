//! Reads one image file of any kind, size and colour, rotated upright by its EXIF orientation.

mod bmp;
mod convert;
mod decoded;
mod gif;
mod jpeg;
mod kinds;
mod png;
mod pnm;
mod tiff;
mod webp;

use std::path::Path;

use image::imageops::{self, FilterType};
use image::metadata::Orientation;

use self::convert::flatten;
use self::decoded::Decoded;
pub use self::decoded::LoadedImage;
pub(super) use self::decoded::MAX_BYTES;
pub(super) use self::kinds::{endings, kind_names};
use super::conversions::ImageConversion;
use super::read_options::ImageSize;
use super::{DatasetError, Location, ReadOptions};
use crate::files;

/// Returns whether a file has an image extension. The kind of image is detected from the content.
pub fn is_image(path: &Path) -> bool {
    let ending = path.extension().map(|ending| ending.to_string_lossy().to_lowercase());
    ending.is_some_and(|ending| endings().any(|known| known == ending))
}

/// Reads an image file.
///
/// # Errors
/// Returns an error if it is unreadable, or no intact image of a known kind.
pub fn open_image(path: &Path) -> Result<LoadedImage, DatasetError> {
    let file = path.display().to_string();
    let bytes = files::read_bounded(path, MAX_BYTES);
    let bytes = bytes.map_err(DatasetError::read(Location::whole(file.clone())))?;
    decode(&bytes, file)
}

/// Decodes an image file's bytes. `file` names them in errors.
///
/// # Errors
/// Returns an error if they are no intact image of a known kind.
pub fn decode(bytes: &[u8], file: String) -> Result<LoadedImage, DatasetError> {
    let Some(kind) = kinds::of_bytes(bytes) else {
        let found = files::kind_of_bytes(bytes).unwrap_or("something else");
        return Err(DatasetError::NotAnImage { file, expected: kind_names(), found });
    };
    match (kind.decode)(bytes) {
        Ok(Decoded { mut image, orientation, is_animated, white }) => {
            image.apply_orientation(orientation);
            let is_reoriented = orientation != Orientation::NoTransforms;
            Ok(LoadedImage { image, is_reoriented, is_animated, white, file })
        }
        Err(source) => Err(DatasetError::Image { file, kind: kind.name, source }),
    }
}

impl LoadedImage {
    /// Converts to bytes, `[height, width]` in grey or `[height, width, 3]` in colour, scaled to `size`. Also returns the
    /// conversions made.
    ///
    /// # Errors
    /// Returns an error if the image is transparent without a background, or its values do not fit `options`.
    pub fn bytes(
        &self,
        size: ImageSize,
        options: &ReadOptions,
    ) -> Result<(Vec<u8>, ImageConversion), DatasetError> {
        let (image, mut conversion) = flatten(self, options)?;
        let (width, height) = (size.width as u32, size.height as u32);
        conversion.is_scaled = (image.width(), image.height()) != (width, height);
        let [actual, target] = [(image.width(), height), (width, image.height())]
            .map(|(a, b)| u64::from(a) * u64::from(b));
        // Ignore a rounding of one pixel.
        conversion.is_stretched =
            actual.abs_diff(target) > u64::from(image.width().max(image.height()));
        // The filter averages when shrinking and interpolates when enlarging.
        let filter = FilterType::Triangle;
        let bytes = match (options.colour, conversion.is_scaled) {
            (false, false) => image.to_luma8().into_raw(),
            (false, true) => imageops::resize(&image.to_luma8(), width, height, filter).into_raw(),
            (true, false) => image.to_rgb8().into_raw(),
            (true, true) => imageops::resize(&image.to_rgb8(), width, height, filter).into_raw(),
        };
        Ok((bytes, conversion))
    }
}

//! One image file: PNG or JPEG, of any size and colour, turned upright as its EXIF orientation says.

mod convert;
mod jpeg;
mod png;

use std::error::Error;
use std::path::Path;

use image::imageops::{self, FilterType};
use image::metadata::Orientation;
use image::{DynamicImage, ImageFormat};

use self::convert::flatten;
use super::conversions::ImageConversion;
use super::read_options::ImageSize;
use super::{DatasetError, Location, ReadOptions};
use crate::files;

/// Endings of files that are taken for images; what a file is, its content decides.
pub(super) const ENDINGS: [&str; 3] = ["png", "jpg", "jpeg"];

/// Most pixels of a side of an image file.
const SIDE_MAX: u32 = 1 << 14;
/// Most bytes of an image file, and of its pixels: a header may lie.
const BYTES_MAX: u64 = 256 << 20;

/// An image as its file shows it, upright.
#[derive(Clone, Debug)]
pub struct LoadedImage {
    /// The pixels, as deep as in the file.
    pub image: DynamicImage,
    /// Whether the EXIF orientation turned or mirrored it.
    pub is_reoriented: bool,
    /// Whether this is the first of several frames.
    pub is_animated: bool,
    /// The file.
    pub file: String,
}

/// What a decoder makes of a file.
struct Decoded {
    image: DynamicImage,
    orientation: Orientation,
    is_animated: bool,
}

/// Why a decoder gave up.
type DecodeError = Box<dyn Error + Send + Sync>;

/// Whether a file is an image by its name.
pub fn is_image(path: &Path) -> bool {
    let ending = path.extension().map(|ending| ending.to_string_lossy().to_lowercase());
    ending.is_some_and(|ending| ENDINGS.contains(&ending.as_str()))
}

/// Reads an image file.
///
/// # Errors
/// Returns an error if it cannot be read, or is no whole PNG or JPEG image.
pub fn open_image(path: &Path) -> Result<LoadedImage, DatasetError> {
    let file = path.display().to_string();
    let bytes = files::read_bounded(path, BYTES_MAX);
    let bytes = bytes.map_err(DatasetError::read(Location::whole(file.clone())))?;
    decode(&bytes, file)
}

/// Reads an image from the bytes of its file, which `file` names in errors.
///
/// # Errors
/// Returns an error if they are no whole PNG or JPEG image.
pub fn decode(bytes: &[u8], file: String) -> Result<LoadedImage, DatasetError> {
    let (kind, decoded) = match image::guess_format(bytes) {
        Ok(ImageFormat::Png) => ("PNG", png::decode(bytes)),
        Ok(ImageFormat::Jpeg) => ("JPEG", jpeg::decode(bytes)),
        _ => {
            let found = files::kind_of_bytes(bytes).unwrap_or("something else");
            return Err(DatasetError::NotAnImage { file, found });
        }
    };
    match decoded {
        Ok(Decoded { mut image, orientation, is_animated }) => {
            image.apply_orientation(orientation);
            let is_reoriented = orientation != Orientation::NoTransforms;
            Ok(LoadedImage { image, is_reoriented, is_animated, file })
        }
        Err(source) => Err(DatasetError::Image { file, kind, source }),
    }
}

/// Checks the sizes that a header claims before memory is taken for them.
fn check_sizes(width: u32, height: u32, bytes_per_pixel: u64) -> Result<(), DecodeError> {
    let bytes = u64::from(width) * u64::from(height) * bytes_per_pixel;
    if width.max(height) > SIDE_MAX || bytes > BYTES_MAX {
        let most = BYTES_MAX >> 20;
        let message = format!(
            "an image of {width} x {height} pixels takes {bytes} bytes; at most {SIDE_MAX} pixels a side and \
             {most} MiB are read"
        );
        return Err(message.into());
    }
    // Decoders keep coefficients or a second copy.
    Ok(files::check_memory(3 * bytes, "the image")?)
}

impl LoadedImage {
    /// Returns its bytes, `[height, width]` of shades of grey or `[height, width, 3]` of colours, scaled to
    /// `size` if it has another, and what was done to it.
    ///
    /// # Errors
    /// Returns an error if it is transparent or deep, and `reading` does not say what that means.
    pub fn bytes(
        &self,
        size: ImageSize,
        options: &ReadOptions,
    ) -> Result<(Vec<u8>, ImageConversion), DatasetError> {
        let (image, mut conversion) = flatten(self, options)?;
        let (width, height) = (size.width as u32, size.height as u32);
        conversion.is_scaled = (image.width(), image.height()) != (width, height);
        let [there, wanted] = [(image.width(), height), (width, image.height())]
            .map(|(a, b)| u64::from(a) * u64::from(b));
        // One pixel of rounding is no change of shape.
        conversion.is_stretched =
            there.abs_diff(wanted) > u64::from(image.width().max(image.height()));
        // A triangle as wide as the pixels it makes: large images are averaged, small ones interpolated.
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

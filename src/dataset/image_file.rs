//! One image file: PNG or JPEG, of any size and colour.

use std::path::Path;

use image::imageops::{self, FilterType};
use image::{DynamicImage, ImageError, ImageReader, Limits};

use super::reading::ImageSize;
use super::{DatasetError, Place};

/// Endings of files that are taken for images; what a file is, its content decides.
pub(super) const ENDINGS: [&str; 3] = ["png", "jpg", "jpeg"];

/// Most pixels of a side of an image file, and most bytes that it may take: a header may lie.
const SIDE_MAX: u32 = 1 << 14;
const BYTES_MAX: u64 = 256 << 20;

/// Whether a file is an image by its name.
pub fn is_image(path: &Path) -> bool {
    let ending = path.extension().map(|ending| ending.to_string_lossy().to_lowercase());
    ending.is_some_and(|ending| ENDINGS.contains(&ending.as_str()))
}

/// Reads an image file.
///
/// # Errors
/// When it cannot be read, or is no whole PNG or JPEG image.
pub fn open_image(path: &Path) -> Result<DynamicImage, DatasetError> {
    let file = path.display().to_string();
    let read = || DatasetError::read(Place::whole(file.clone()));
    let mut reader =
        ImageReader::open(path).map_err(read())?.with_guessed_format().map_err(read())?;
    let mut limits = Limits::default();
    limits.max_image_width = Some(SIDE_MAX);
    limits.max_image_height = Some(SIDE_MAX);
    limits.max_alloc = Some(BYTES_MAX);
    reader.limits(limits);
    reader.decode().map_err(|error| match error {
        // A folder, or a disk that fails; a file that ends early is no image.
        ImageError::IoError(source) if source.kind() != std::io::ErrorKind::UnexpectedEof => {
            read()(source)
        }
        error => DatasetError::Image { file: file.clone(), source: Box::new(error) },
    })
}

/// The bytes of an image, `[height, width]` of shades of grey or `[height, width, 3]` of colours,
/// scaled to a size where it has another; transparency does not count.
pub fn bytes_of(image: &DynamicImage, size: ImageSize, colour: bool) -> Vec<u8> {
    let ImageSize { width, height } = size;
    let (width, height) = (width as u32, height as u32);
    let is_scaled = (image.width(), image.height()) != (width, height);
    // A triangle as wide as the pixels it makes: large images are averaged, small ones interpolated.
    let filter = FilterType::Triangle;
    match (colour, is_scaled) {
        (false, false) => image.to_luma8().into_raw(),
        (false, true) => imageops::resize(&image.to_luma8(), width, height, filter).into_raw(),
        (true, false) => image.to_rgb8().into_raw(),
        (true, true) => imageops::resize(&image.to_rgb8(), width, height, filter).into_raw(),
    }
}

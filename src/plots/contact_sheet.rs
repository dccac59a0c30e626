//! Contact sheets: some images of each class, beside its name.

use std::io::{self, Cursor};
use std::path::Path;

use image::imageops::{self, FilterType};
use image::{ImageFormat, Rgb, RgbImage};

use crate::dataset::Dataset;
use crate::figures::labels;
use crate::run_dir::StorageError;
use crate::run_dir::write::write_atomic;

/// Smallest side of an image on the sheet, pixels.
const MIN_SIDE: u32 = 56;
/// Gap between images, pixels.
const GAP: u32 = 4;
/// Largest number of pixels of a sheet.
const MAX_PIXELS: u64 = 1 << 28;
const PAPER: Rgb<u8> = Rgb([255, 255, 255]);
/// Largest width of a class name, and its font size, pixels. Smaller images have smaller names.
const MAX_NAME_WIDTH: u32 = 200;
const NAME_SIZE: u32 = 20;

/// Writes a PNG of the first `columns` training images of each class, one class per row after its name. Small images
/// are enlarged pixel by pixel. Replaces an existing file.
///
/// # Errors
/// Returns an error if the file cannot be written.
pub fn save_contact_sheet(
    path: &Path,
    dataset: &Dataset,
    columns: usize,
) -> Result<(), StorageError> {
    let mut bytes = Cursor::new(Vec::new());
    let drawn = sheet(dataset, columns)
        .and_then(|sheet| sheet.write_to(&mut bytes, ImageFormat::Png).map_err(io::Error::other));
    drawn.map_err(StorageError::io("drawn", path))?;
    write_atomic(path, &bytes.into_inner())
}

fn sheet(dataset: &Dataset, columns: usize) -> io::Result<RgbImage> {
    let (height, width) = (dataset.height as u32, (dataset.width / dataset.channels) as u32);
    let times = (MIN_SIDE / height.max(width)).max(1);
    let [across, down] = [width, height].map(|side| side * times + GAP);
    let (rows, columns) = (dataset.classes as u32, columns as u32);
    let names = names(dataset, height * times);
    let left = names.iter().map(RgbImage::width).max().unwrap_or(0) + GAP;
    let [across_all, down_all] = [(across, columns), (down, rows)]
        .map(|(side, count)| u64::from(side) * u64::from(count) + u64::from(GAP));
    let across_all = across_all + u64::from(left);
    if across_all * down_all > MAX_PIXELS {
        let size = format!("a sheet of {across_all} x {down_all} pixels is too large");
        return Err(io::Error::other(size));
    }
    let mut sheet = RgbImage::from_pixel(across_all as u32, down_all as u32, PAPER);
    for (row, name) in (0..).zip(&names) {
        let y = GAP + row * down + (height * times).saturating_sub(name.height()) / 2;
        imageops::replace(&mut sheet, name, i64::from(GAP), i64::from(y));
    }
    let mut filled = vec![0; dataset.classes];
    for (index, &label) in dataset.training_labels().iter().enumerate() {
        let column = &mut filled[usize::from(label)];
        if *column == columns {
            continue;
        }
        let image = colours(&dataset.picture(index), width, height, dataset.channels);
        let image = imageops::resize(&image, width * times, height * times, FilterType::Nearest);
        let (x, y) = (left + GAP + *column * across, GAP + u32::from(label) * down);
        imageops::replace(&mut sheet, &image, i64::from(x), i64::from(y));
        *column += 1;
    }
    Ok(sheet)
}

/// Renders the class names, at most as high as an image.
fn names(dataset: &Dataset, height: u32) -> Vec<RgbImage> {
    let names: Vec<&str> = dataset.class_names.iter().map(String::as_str).collect();
    labels(&names, NAME_SIZE.min(height), MAX_NAME_WIDTH)
}

/// Converts an image's bytes to RGB.
fn colours(bytes: &[u8], width: u32, height: u32, channels: usize) -> RgbImage {
    RgbImage::from_fn(width, height, |x, y| {
        let at = (y * width + x) as usize * channels;
        Rgb(std::array::from_fn(|colour| bytes[at + colour.min(channels - 1)]))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_class_has_a_row_of_its_images() {
        let images = vec![10, 20, 30, 40, 50, 60, 70, 80];
        let training = (images, vec![1, 0, 1, 1]);
        let set = Dataset::from_parts("pairs", 1, 2, training, (vec![1, 2], vec![0])).unwrap();
        let sheet = sheet(&set, 2).unwrap();
        let times = MIN_SIDE / 2;
        let left = names(&set, times).iter().map(RgbImage::width).max().unwrap() + GAP;
        assert_eq!(
            sheet.dimensions(),
            (left + 2 * (MIN_SIDE + GAP) + GAP, 2 * (times + GAP) + GAP)
        );
        let has_ink = |pixels: &RgbImage| pixels.pixels().any(|pixel| pixel.0 == [0; 3]);
        assert!(has_ink(&imageops::crop_imm(&sheet, 0, 0, left, times + GAP).to_image()));
        let pixel = |row: u32, column: u32, right: u32| {
            let (x, y) = (column * (MIN_SIDE + GAP) + right * times, GAP + row * (times + GAP));
            let x = left + GAP + x;
            sheet.get_pixel(x, y).0
        };
        assert_eq!((pixel(0, 0, 0), pixel(0, 0, 1)), ([30; 3], [40; 3]));
        assert_eq!((pixel(1, 0, 0), pixel(1, 1, 1)), ([10; 3], [60; 3]));
        // No second image of class 0, and no third of class 1.
        assert_eq!((pixel(0, 1, 0), sheet.get_pixel(0, 0).0), ([255; 3], [255; 3]));
        assert!(sheet.pixels().all(|pixel| pixel.0 != [70; 3]));
    }
}

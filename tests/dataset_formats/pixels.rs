//! Properties that change the meaning of pixels: EXIF orientation, transparency, bit depth, colour and brightness.
//! Each is applied, converted on request, or refused.

use apical::dataset::unlabelled::{Preprocess, collect};
use apical::dataset::{Background, Dataset, PixelRules, ReadOptions};
use image::{
    DynamicImage, GrayAlphaImage, GrayImage, ImageBuffer, ImageFormat, Luma, LumaA, Rgb, RgbImage,
    Rgba, RgbaImage,
};
use tempfile::TempDir;

use super::images::encoded;
use super::{error_of, folder_of};

/// Creates a folder of two classes with `bytes` as a training image. The other images are 2 x 2 pixels, one of them white.
pub(super) fn folder_with(bytes: Vec<u8>) -> TempDir {
    let plain =
        || encoded(GrayImage::from_vec(2, 2, vec![255, 0, 0, 0]).unwrap(), ImageFormat::Png);
    folder_of([
        ("train/a/0.png", bytes),
        ("train/b/0.png", plain()),
        ("test/a/0.png", plain()),
        ("test/b/0.png", plain()),
    ])
}

pub(super) fn first_image(bytes: Vec<u8>, options: &ReadOptions) -> (Vec<u8>, Vec<String>) {
    let set = Dataset::open_as(folder_with(bytes).path(), options).unwrap();
    (set.image(0).to_vec(), set.conversions)
}

pub(super) fn assert_error(bytes: Vec<u8>, options: &ReadOptions, expected: &str) {
    let message = error_of(&folder_with(bytes), "", options);
    assert!(message.contains(expected), "{message}\nlacks: {expected}");
}

/// Returns EXIF data with only an orientation, in little or big endian order.
fn exif(orientation: u8, is_big: bool) -> Vec<u8> {
    match is_big {
        false => [
            b"II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0",
            &[orientation, 0, 0, 0, 0, 0, 0, 0][..],
        ]
        .concat(),
        true => [
            b"MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01",
            &[0, orientation, 0, 0, 0, 0, 0, 0][..],
        ]
        .concat(),
    }
}

/// Inserts an EXIF chunk before the pixels of a PNG, or after them.
fn png_with_exif(png: &[u8], exif: &[u8], is_behind: bool) -> Vec<u8> {
    let mut chunk = (exif.len() as u32).to_be_bytes().to_vec();
    let checked = [b"eXIf", exif].concat();
    chunk.extend(&checked);
    chunk.extend(crc32(&checked).to_be_bytes());
    // The header chunk ends at 33; the end chunk has 12 bytes.
    let at = if is_behind { png.len() - 12 } else { 33 };
    [&png[..at], &chunk, &png[at..]].concat()
}

pub(super) fn crc32(bytes: &[u8]) -> u32 {
    let step = |crc: u32, _| if crc & 1 == 1 { (crc >> 1) ^ 0xedb8_8320 } else { crc >> 1 };
    !bytes.iter().fold(u32::MAX, |crc, &byte| (0..8).fold(crc ^ u32::from(byte), step))
}

fn jpeg_with_exif(jpeg: &[u8], exif: &[u8]) -> Vec<u8> {
    let body = [b"Exif\0\0", exif].concat();
    let length = (body.len() as u16 + 2).to_be_bytes();
    [&jpeg[..2], &[0xff, 0xe1], &length, &body, &jpeg[2..]].concat()
}

/// The PNG has three rows of two pixels: 10, 20; 30, 40; 50, 60.
#[test]
fn exif_orientations_are_applied() {
    let upright: [(u8, [u8; 6], [u32; 2]); 8] = [
        (1, [10, 20, 30, 40, 50, 60], [2, 3]),
        (2, [20, 10, 40, 30, 60, 50], [2, 3]),
        (3, [60, 50, 40, 30, 20, 10], [2, 3]),
        (4, [50, 60, 30, 40, 10, 20], [2, 3]),
        (5, [10, 30, 50, 20, 40, 60], [3, 2]),
        (6, [50, 30, 10, 60, 40, 20], [3, 2]),
        (7, [60, 40, 20, 50, 30, 10], [3, 2]),
        (8, [20, 40, 60, 10, 30, 50], [3, 2]),
    ];
    let stored = GrayImage::from_vec(2, 3, vec![10, 20, 30, 40, 50, 60]).unwrap();
    let png = encoded(stored, ImageFormat::Png);
    for (orientation, expected, [width, height]) in upright {
        for (is_big, is_behind) in [(false, false), (true, true)] {
            let bytes = png_with_exif(&png, &exif(orientation, is_big), is_behind);
            let folder = folder_with(bytes);
            let set = Dataset::open(folder.path()).unwrap();
            assert_eq!([set.width, set.height], [width as usize, height as usize], "{orientation}");
            assert_eq!(set.image(0), expected, "orientation {orientation}");
            let is_reported = set
                .conversions
                .iter()
                .any(|line| line.ends_with("rotated by its EXIF orientation"));
            assert_eq!(is_reported, orientation > 1);
        }
    }
    // A JPEG of 16 x 32 with a bright upper left quarter.
    let bright = |x: u32, y: u32| Luma([if x < 8 && y < 16 { 250 } else { 5 }]);
    let jpeg = encoded(GrayImage::from_fn(16, 32, bright), ImageFormat::Jpeg);
    // Column and row of that quarter in the upright image.
    let corners = [[0, 0], [1, 0], [1, 1], [0, 1], [0, 0], [1, 0], [1, 1], [0, 1]];
    for (orientation, corner) in (1..).zip(corners) {
        let folder = folder_of([("a.jpg", jpeg_with_exif(&jpeg, &exif(orientation, false)))]);
        let size = if orientation < 5 { [32, 16] } else { [16, 32] };
        let preprocess = Preprocess::of([size[0], size[1], 1], &PixelRules::default(), None);
        let images = collect(&[folder.path().join("a.jpg")], preprocess).unwrap();
        let at = |[x, y]: [usize; 2]| {
            images.bytes[(y * size[0] / 2 + 2) * size[1] + x * size[1] / 2 + 2]
        };
        for other in [[0, 0], [1, 0], [0, 1], [1, 1]] {
            assert_eq!(
                at(other) > 128,
                other == corner,
                "orientation {orientation}, quarter {other:?}"
            );
        }
        assert_eq!(
            images.conversions.len(),
            usize::from(orientation > 1),
            "{:?}",
            images.conversions
        );
    }
}

#[test]
fn transparent_pixels_need_a_background() {
    let on = |background| ReadOptions { background: Some(background), ..ReadOptions::default() };
    let pixels = [[100, 255], [100, 0], [100, 128], [0, 255]];
    let grey = GrayAlphaImage::from_vec(2, 2, pixels.concat()).unwrap();
    let bytes = encoded(DynamicImage::from(grey), ImageFormat::Png);
    assert_error(
        bytes.clone(),
        &ReadOptions::default(),
        "train/a/0.png: expected an opaque image, found transparent pixels",
    );
    let (image, conversions) = first_image(bytes.clone(), &on(Background::Black));
    assert_eq!(image, [100, 0, 50, 0]);
    assert!(conversions[0].ends_with("train: 1 image composited onto black"), "{conversions:?}");
    assert_eq!(first_image(bytes, &on(Background::White)).0, [100, 255, 177, 0]);

    // Opaque images need no background.
    let opaque = RgbaImage::from_pixel(2, 2, Rgba([90, 90, 90, 255]));
    let (image, conversions) =
        first_image(encoded(opaque, ImageFormat::Png), &ReadOptions::default());
    assert_eq!((image, conversions), (vec![90; 4], vec![]));
    // An image of 16-bit grey and alpha.
    let deep =
        ImageBuffer::<LumaA<u16>, _>::from_vec(2, 1, vec![65535, 65535, 65535, 32768]).unwrap();
    let (image, _) =
        first_image(encoded(DynamicImage::from(deep), ImageFormat::Png), &on(Background::Black));
    assert_eq!(image, [255, 128]);
}

#[test]
fn images_of_16_bits_keep_shades_or_are_refused() {
    let deep = |values: [u16; 4]| {
        let image = ImageBuffer::<Luma<u16>, _>::from_vec(2, 2, values.to_vec()).unwrap();
        encoded(DynamicImage::from(image), ImageFormat::Png)
    };
    let with_max_value = |max_value| ReadOptions { max_value, ..ReadOptions::default() };
    // A 12-bit camera image would keep 16 shades.
    let camera = deep([0, 1600, 4095, 2048]);
    let expected = "expected 16-bit values up to 65535, found a largest value of 4095, which keeps only 16 shades";
    assert_error(camera.clone(), &ReadOptions::default(), expected);
    // The other images have 8 bits, too few for 4095.
    assert_error(
        camera.clone(),
        &with_max_value(Some(4095)),
        "train/b/0.png: expected a 16-bit image",
    );
    let preprocess = |max_value| {
        let options = with_max_value(Some(max_value));
        let folder = folder_of([("a.png", camera.clone())]);
        let preprocess = Preprocess::of([2, 2, 1], &PixelRules::default(), Some(&options));
        collect(&[folder.path().join("a.png")], preprocess).map(|images| images.bytes)
    };
    assert_eq!(preprocess(4095).unwrap(), [0, 100, 255, 128]);
    assert_eq!(preprocess(65535).unwrap(), [0, 6, 16, 8]);
    let error = preprocess(4000).unwrap_err().to_string();
    assert!(
        error.ends_with("a.png: expected values up to 4000 (--max-value), found 4095"),
        "{error}"
    );

    let (image, conversions) = first_image(deep([65535, 257, 0, 32896]), &ReadOptions::default());
    assert_eq!(image, [255, 1, 0, 128]);
    assert!(conversions[0].contains("1 image of 16 bits divided by 257"), "{conversions:?}");
    let set = Dataset::open(folder_with(deep([65535, 257, 0, 32896])).path()).unwrap();
    assert_eq!(set.rules.max_value, Some(65535));
    // An 8-bit image with a maximum value of 16.
    let dark = encoded(GrayImage::from_vec(2, 2, vec![16, 0, 8, 4]).unwrap(), ImageFormat::Png);
    let options = with_max_value(Some(16));
    let folder = folder_of([("a.png", dark)]);
    let preprocess = Preprocess::of([2, 2, 1], &PixelRules::default(), Some(&options));
    assert_eq!(
        collect(&[folder.path().join("a.png")], preprocess).unwrap().bytes,
        [255, 0, 128, 64]
    );
}

#[test]
fn conversion_to_grey_is_reported() {
    let colours = RgbImage::from_vec(2, 1, vec![255, 0, 0, 10, 10, 10]).unwrap();
    let (image, conversions) =
        first_image(encoded(colours, ImageFormat::Png), &ReadOptions::default());
    assert_eq!(image, [54, 10]);
    assert!(
        conversions[0]
            .ends_with("1 image converted to grey (0.2126 red + 0.7152 green + 0.0722 blue)"),
        "{conversions:?}"
    );
    let grey = RgbImage::from_pixel(2, 1, Rgb([7, 7, 7]));
    let conversions = first_image(encoded(grey, ImageFormat::Png), &ReadOptions::default()).1;
    assert!(!conversions.join("\n").contains("grey"), "{conversions:?}");
}

#[test]
fn other_brightness_is_refused_or_reported() {
    let folder = folder_of([(
        "a.png",
        encoded(GrayImage::from_vec(2, 1, vec![255, 200]).unwrap(), ImageFormat::Png),
    )]);
    let paths = [folder.path().join("a.png")];
    // The training images were bytes up to 16.
    let rules = PixelRules { white: 16, mean: Some(2), ..PixelRules::default() };
    let preprocess = Preprocess::of([1, 2, 1], &rules, None);
    let error =
        collect(&paths, preprocess).unwrap().check_brightness(16, &rules, preprocess).unwrap_err();
    assert!(error.to_string().contains("is 16, found 255"), "{error}");
    let options = ReadOptions { max_value: Some(255), ..ReadOptions::default() };
    let preprocess = Preprocess::of([1, 2, 1], &rules, Some(&options));
    let images = collect(&paths, preprocess).unwrap();
    assert_eq!(images.bytes, [16, 13]);
    let notes = images.check_brightness(16, &rules, preprocess).unwrap();
    assert!(
        notes[0]
            .contains("mostly light (mean 14), the training images mostly dark (mean 2): --invert"),
        "{notes:?}"
    );
    let preprocess = Preprocess { inverted: true, ..preprocess };
    let images = collect(&paths, preprocess).unwrap();
    assert_eq!(images.bytes, [0, 3]);
    // Dark images are reported.
    let rules = PixelRules { mean: Some(10), ..PixelRules::default() };
    let notes = images.check_brightness(255, &rules, preprocess).unwrap();
    assert!(notes[0].starts_with("the images are dark: their largest byte is 3"), "{notes:?}");
}

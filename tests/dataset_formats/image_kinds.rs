//! Kinds of image files, written by Pillow (`image_kinds/make.py`).

use std::fs;
use std::path::{Path, PathBuf};

use apical::dataset::image_file::{decode, open_image};
use apical::dataset::{Dataset, ImageSize, ReadOptions};

use super::folder_of;
use super::pixels::{assert_error, first_image};

/// Pixels of a lossy image may differ from Pillow's by this much.
const LOSSY_TOLERANCE: u8 = 4;

/// Image as Pillow decodes it.
struct Expected {
    path: PathBuf,
    size: ImageSize,
    colour: bool,
    bytes: Vec<u8>,
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/dataset_formats/image_kinds")
}

fn read(name: &str) -> Vec<u8> {
    fs::read(folder().join(name)).unwrap()
}

fn expected() -> Vec<Expected> {
    let pixels = fs::read_to_string(folder().join("pixels.txt")).unwrap();
    let parse = |line: &str| {
        let [name, width, height, channels, bytes] =
            line.split(' ').collect::<Vec<_>>().try_into().unwrap();
        let byte = |at: usize| u8::from_str_radix(&bytes[at..at + 2], 16).unwrap();
        Expected {
            path: folder().join(name),
            size: ImageSize { width: width.parse().unwrap(), height: height.parse().unwrap() },
            colour: channels == "3",
            bytes: (0..bytes.len()).step_by(2).map(byte).collect(),
        }
    };
    pixels.lines().map(parse).collect()
}

#[test]
fn pixels_of_each_kind_equal_those_of_pillow() {
    let all = expected();
    assert_eq!(all.len(), 27);
    for Expected { path, size, colour, bytes } in all {
        let options = ReadOptions { colour, ..ReadOptions::default() };
        let image = open_image(&path).unwrap();
        let (found, conversion) = image.bytes(size, &options).unwrap();
        assert!(!conversion.is_scaled, "{}", path.display());
        let tolerance = if path.ends_with("lossy.webp") { LOSSY_TOLERANCE } else { 0 };
        let worst = found.iter().zip(&bytes).map(|(a, b)| a.abs_diff(*b)).max();
        assert_eq!(found.len(), bytes.len(), "{}", path.display());
        assert!(worst <= Some(tolerance), "{}: {worst:?}", path.display());
        let is_first = ["frames", "pages"].contains(&path.file_stem().unwrap().to_str().unwrap());
        assert_eq!(conversion.is_animated, is_first, "{}", path.display());
    }
}

#[test]
fn each_kind_is_found_by_its_extension() {
    let names = ["bmp", "gif", "webp", "tif", "pgm"].map(|ending| {
        (
            format!("train/a/1.{ending}"),
            read(&format!(
                "{}.{ending}",
                match ending {
                    "webp" => "lossless",
                    _ => "grey",
                }
            )),
        )
    });
    let files: Vec<(&str, Vec<u8>)> =
        names.iter().map(|(name, bytes)| (name.as_str(), bytes.clone())).collect();
    let grey = || read("grey.tif");
    let others = [("train/b/0.TIFF", grey()), ("test/a/0.PGM", read("grey.pgm"))];
    let folder = folder_of(files.into_iter().chain(others));
    let set = Dataset::open(folder.path()).unwrap();
    assert_eq!((set.training_count, set.test_count, set.warnings.len()), (6, 1, 1));
    assert!(set.warnings[0].ends_with("test/b: no test images"), "{:?}", set.warnings);
    assert_eq!((set.height, set.width), (4, 6));
}

#[test]
fn conversions_of_each_kind_are_reported() {
    let assert_told = |name: &str, expected: &str| {
        let options =
            ReadOptions { size: Some(ImageSize { width: 6, height: 4 }), ..Default::default() };
        let (_, conversions) = first_image(read(name), &options);
        let all = conversions.join("\n");
        assert!(all.contains(&format!("train: 1 image {expected}")), "{name}: {all}");
    };
    for name in ["frames.gif", "frames.webp", "frames.png", "pages.tif"] {
        assert_told(name, "of several frames or pages: only the first is used");
    }
    let scaled = "scaled: the largest value by its header becomes 255";
    for name in ["text15.pgm", "bytes15.pgm", "bytes4095.pgm", "wide.pgm"] {
        assert_told(name, scaled);
    }
    for name in ["wide.tif", "wide-big-endian.tif", "wide-deflate.tif"] {
        assert_told(name, "of 16 bits divided by 257: 65535 becomes 255");
    }
}

#[test]
fn given_max_value_replaces_the_header_of_pgm() {
    let options = |max_value| ReadOptions {
        max_value: Some(max_value),
        size: Some(ImageSize { width: 6, height: 4 }),
        ..ReadOptions::default()
    };
    let image = decode(&read("text15.pgm"), "text15.pgm".to_string()).unwrap();
    let size = ImageSize { width: 6, height: 4 };
    let (bytes, conversion) = image.bytes(size, &options(14)).unwrap();
    // The largest value of the file is 13.
    assert_eq!(bytes[23], ((2 * 255 * 13 + 14) / (2 * 14)) as u8);
    assert!(!conversion.is_rescaled);
    let error = image.bytes(size, &options(12)).unwrap_err().to_string();
    assert_eq!(error, "text15.pgm: expected values up to 12 (--max-value), found 13");
    let error = image.bytes(size, &options(16)).unwrap_err().to_string();
    let expected = "an image of larger values (--max-value 16), found values up to 15";
    assert_eq!(error, format!("text15.pgm: expected {expected}"));
}

#[test]
fn truncated_images_of_each_kind_are_refused() {
    let options = ReadOptions::default();
    for Expected { path, size, colour, .. } in expected() {
        let (bytes, name) = (fs::read(&path).unwrap(), path.display().to_string());
        let options = ReadOptions { colour, ..options };
        let whole = decode(&bytes, name.clone()).unwrap().bytes(size, &options).unwrap();
        // The last number of a text may lose digits unnoticed.
        let is_text = name.contains("text");
        let lengths = if is_text { bytes.len() - "255\n".len() } else { bytes.len() };
        for length in 0..lengths {
            // Bytes after the pixels, such as padding or an end of line, may be missing.
            if let Ok(image) = decode(&bytes[..length], name.clone()) {
                let cut = image.bytes(size, &options).unwrap();
                assert_eq!(cut.0, whole.0, "{name}, {length} of {} bytes", bytes.len());
            }
        }
    }
}

#[test]
fn unsupported_colours_of_tiff_are_refused() {
    // The value of the tag "bits per sample" of a grey TIFF, 8, becomes 12.
    let mut bytes = read("grey.tif");
    let tag = [2, 1, 3, 0, 1, 0, 0, 0, 8, 0];
    let at = bytes.windows(tag.len()).position(|found| found == tag).unwrap();
    bytes[at + 8] = 12;
    assert_error(bytes, &ReadOptions::default(), "train/a/0.png: damaged TIFF image");
}

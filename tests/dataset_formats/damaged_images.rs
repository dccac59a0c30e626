//! Damaged images, and files of other formats.

use std::fs;

use apical::dataset::unlabelled::{Preprocess, collect};
use apical::dataset::{Dataset, PixelRules, ReadOptions};
use image::{ImageFormat, Rgb, RgbImage};

use super::images::encoded;
use super::pixels::{assert_error, folder_with};
use super::{error_of, folder_of};

/// Files are truncated at several lengths, with and without an appended end marker.
#[test]
fn damaged_jpegs_are_refused() {
    let noise = |x: u32, y: u32| Rgb([(x * 37 + y * 91) as u8, (x * y) as u8, (x ^ y) as u8]);
    let valid = encoded(RgbImage::from_fn(64, 48, noise), ImageFormat::Jpeg);
    assert!(Dataset::open(folder_with(valid.clone()).path()).is_ok());
    // Cameras append data after the end.
    assert!(Dataset::open(folder_with([&valid[..], b"more"].concat()).path()).is_ok());
    let kind = "train/a/0.png: damaged JPEG image";
    for twentieths in 1..20 {
        let length = valid.len() * twentieths / 20;
        assert_error(valid[..length].to_vec(), &ReadOptions::default(), kind);
    }
    assert_error(valid[..valid.len() - 1].to_vec(), &ReadOptions::default(), kind);
    let half = valid.len() / 2;
    assert_error([&valid[..half], &[0xff, 0xd9]].concat(), &ReadOptions::default(), kind);
    // An incomplete download: zeros up to the file's length.
    let mut hole = valid.clone();
    hole[half..].fill(0);
    assert_error(hole, &ReadOptions::default(), kind);
}

#[test]
fn damaged_pngs_are_refused() {
    let noise = |x: u32, y: u32| Rgb([(x * 37 + y * 91) as u8, (x * y) as u8, (x ^ y) as u8]);
    let valid = encoded(RgbImage::from_fn(64, 48, noise), ImageFormat::Png);
    let kind = "train/a/0.png: damaged PNG image";
    for twentieths in 1..20 {
        let length = valid.len() * twentieths / 20;
        assert_error(valid[..length].to_vec(), &ReadOptions::default(), kind);
    }
    assert_error(valid[..valid.len() - 1].to_vec(), &ReadOptions::default(), kind);
    let mut flipped = valid.clone();
    flipped[valid.len() / 2] ^= 1;
    assert_error(flipped, &ReadOptions::default(), kind);
}

#[test]
fn other_file_formats_are_named() {
    for (bytes, kind) in [
        (&b"\0\0\0\x20ftypavif"[..], "an AVIF image"),
        (b"PK\x03\x04\x14\0", "a zip archive (.zip, .npz)"),
        (b"\0\0\x08\x01\0\0\0\x01\0", "an IDX file"),
    ] {
        assert_error(
            bytes.to_vec(),
            &ReadOptions::default(),
            &format!("expected an image (PNG, JPEG, BMP, GIF, WebP, TIFF, or PGM), found {kind}"),
        );
    }
    let folder = folder_of([("a.avif", b"\0\0\0\x20ftypavif".to_vec())]);
    let preprocess = Preprocess::of([2, 2, 1], &PixelRules::default(), None);
    let error = collect(&[folder.path().join("a.avif")], preprocess).unwrap_err();
    assert!(error.to_string().ends_with("or PGM), found an AVIF image"), "{error}");
    assert_eq!(error.hint(), Some("convert it to PNG"));
    let missing = ["b.png", "c.png"].map(|name| folder.path().join(name));
    let message = collect(&missing, preprocess).unwrap_err().to_string();
    assert!(message.starts_with("cannot read 2 files\n"), "{message}");
    assert_eq!(message.matches("cannot read the file: No such file").count(), 2, "{message}");
}

#[cfg(unix)]
#[test]
fn links_to_devices_are_refused() {
    let folder = folder_with(vec![]);
    let path = folder.path().join("train/a/0.png");
    fs::remove_file(&path).unwrap();
    std::os::unix::fs::symlink("/dev/urandom", &path).unwrap();
    let message = error_of(&folder, "", &ReadOptions::default());
    assert!(message.contains("0.png: cannot read the file"), "{message}");
}

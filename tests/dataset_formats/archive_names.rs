//! Names of arrays in `.npz` archives: duplicate, wrong and unused ones.

use apical::dataset::{Dataset, ReadOptions};

use super::archives::{folder_with, keras, npy, npz};
use super::{error_of, folder_of};

/// Replaces the name `from` by `to`, of equal length, wherever it occurs in the archive.
fn renamed(archive: &[u8], from: &str, to: &str) -> Vec<u8> {
    assert_eq!(from.len(), to.len());
    let mut bytes = archive.to_vec();
    for at in 0..bytes.len() - from.len() {
        if bytes[at..].starts_with(from.as_bytes()) {
            bytes[at..at + to.len()].copy_from_slice(to.as_bytes());
        }
    }
    bytes
}

#[test]
fn duplicate_names_are_refused() {
    for name in ["x_train", "another"] {
        let mut arrays = keras();
        arrays.push(("another", npy(&[1], &[1_u8])));
        arrays.push(("7654321", npy(&[1], &[1_u8])));
        let bytes = npz(&arrays, zip::CompressionMethod::Stored);
        let folder = folder_of([("mnist.npz", renamed(&bytes, "7654321", name))]);
        assert_eq!(
            error_of(&folder, "mnist.npz", &ReadOptions::default()),
            format!("mnist.npz: expected distinct names, found '{name}.npy' twice")
        );
    }
}

#[test]
fn misnamed_arrays_are_reported_missing() {
    let bytes = npz(&keras(), zip::CompressionMethod::Stored);
    let missing = "mnist.npz: expected an array of ";
    for (from, to, found) in [
        (
            "x_train",
            "../rain",
            "training images, such as x_train, found ../rain, x_test, y_test, y_train",
        ),
        (
            "x_train",
            "/_train",
            "training images, such as x_train, found /_train, x_test, y_test, y_train",
        ),
        ("y_test.npy", "y_test.npz", "test labels, such as y_test, found x_test, x_train, y_train"),
    ] {
        let folder = folder_of([("mnist.npz", renamed(&bytes, from, to))]);
        let message = error_of(&folder, "mnist.npz", &ReadOptions::default());
        assert_eq!(message, format!("{missing}{found}"));
    }
    let folder = folder_with(&[]);
    let message = error_of(&folder, "mnist.npz", &ReadOptions::default());
    let sets = "arrays of images and labels, such as x_train, y_train, x_test and y_test";
    assert_eq!(message, format!("mnist.npz: expected {sets}, found none"));
}

#[test]
fn unused_arrays_are_reported() {
    let mut arrays = keras();
    arrays.push(("x_val", npy(&[1], &[1_u8])));
    let set = Dataset::open(&folder_with(&arrays).path().join("mnist.npz")).unwrap();
    assert!(set.warnings[0].ends_with("mnist.npz: arrays not used: x_val"), "{:?}", set.warnings);
}

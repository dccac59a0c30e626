//! Parquet files of image sets, written by `datasets` and pyarrow (`parquet/make.py`).

use std::fs;
use std::path::Path;

use apical::dataset::{Dataset, DatasetError, ReadOptions};
use apical::text::with_causes;
use tempfile::TempDir;

use super::{error_of, folder_of};

const TRAINING: [&str; 2] = ["train-00000-of-00002.parquet", "train-00001-of-00002.parquet"];
const TEST: &str = "test-00000-of-00001.parquet";

fn read(name: &str) -> Vec<u8> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/dataset_formats/parquet");
    fs::read(folder.join(name)).unwrap()
}

/// Copies these files into a folder, below `prefix`.
fn copies(prefix: &str, names: &[&str]) -> TempDir {
    let files: Vec<(String, Vec<u8>)> =
        names.iter().map(|name| (format!("{prefix}{name}"), read(name))).collect();
    folder_of(files.iter().map(|(name, bytes)| (name.as_str(), bytes.clone())))
}

fn all(prefix: &str) -> TempDir {
    copies(prefix, &[TRAINING[0], TRAINING[1], TEST])
}

#[test]
fn parquet_of_datasets_is_read_with_class_names() {
    let (in_root, in_data) = (all(""), all("data/"));
    for path in
        [in_root.path().to_owned(), in_data.path().to_owned(), in_root.path().join(TRAINING[0])]
    {
        let set = Dataset::open(&path).unwrap();
        assert_eq!((set.training_count, set.test_count), (4, 2));
        assert_eq!((set.height, set.width, set.channels), (2, 3, 1));
        assert_eq!(set.labels(), [0, 1, 1, 0, 1, 0]);
        assert_eq!(set.class_names, ["cat", "dog"]);
        let shades: Vec<u8> = (0..6).map(|index| set.image(index)[0]).collect();
        assert_eq!(shades, [10, 20, 30, 40, 50, 60]);
        assert_eq!(set.image(4), [50, 50, 25, 50, 50, 25]);
        assert!(set.source_files[0].format.starts_with("Parquet, 4 rows, 2 files"));
    }
}

fn half() -> ReadOptions {
    ReadOptions { test_fraction: Some("0.5".parse().unwrap()), ..ReadOptions::default() }
}

/// Opens one file as a set of which a half is the test set.
fn open_half(name: &str) -> Result<Dataset, DatasetError> {
    Dataset::open_as(&copies("", &[name]).path().join(name), &half())
}

#[test]
fn parquet_of_one_file_is_split() {
    for name in ["plain.parquet", "others.parquet"] {
        let set = open_half(name).unwrap();
        assert_eq!((set.training_count, set.test_count), (2, 2));
        assert_eq!(set.class_names, ["0", "1"]);
        let mut shades: Vec<u8> = (0..4).map(|index| set.image(index)[0]).collect();
        shades.sort_unstable();
        assert_eq!(shades, [70, 80, 90, 100]);
    }
    let folder = copies("", &["plain.parquet"]);
    let message = error_of(&folder, "plain.parquet", &ReadOptions::default());
    assert!(message.starts_with("plain.parquet: expected a test set, found none"), "{message}");
}

#[test]
fn unused_parts_of_parquet_are_reported() {
    let warnings = open_half("others.parquet").unwrap().warnings;
    assert!(warnings[0].ends_with("others.parquet: columns not used: id"), "{warnings:?}");
    let folder = copies("", &[TRAINING[0], TRAINING[1], TEST, "plain.parquet"]);
    let warnings = Dataset::open(folder.path()).unwrap().warnings;
    assert!(warnings[0].ends_with(": files not used: plain.parquet"), "{warnings:?}");
    // The set has the classes cat and dog, of which these rows have the first.
    let folder = copies("", &[TRAINING[1]]);
    fs::rename(folder.path().join(TRAINING[1]), folder.path().join("cats.parquet")).unwrap();
    let message = error_of(&folder, "cats.parquet", &half());
    assert!(message.contains("expected a class with two or more images"), "{message}");
}

#[test]
fn parquet_that_is_not_read_says_why() {
    for (name, why) in [
        ("paths.parquet", "expected the bytes of an image in each row, found rows without"),
        ("unlabelled.parquet", "row 1: expected a label from 0 to 255, found -1"),
        ("null_label.parquet", "expected a label in each row, found rows without"),
        ("version_2.parquet", "data pages of version 2 are not read: write the file with"),
        ("zstd.parquet", "compression by ZSTD"),
    ] {
        let message = with_causes(&open_half(name).unwrap_err());
        assert!(message.contains(why), "{message}");
    }
    for (name, hint) in [
        ("text_labels.parquet", Some("dataset.class_encode_column")),
        ("unlabelled.parquet", Some("a label of -1 means that a row has none")),
        ("large_label.parquet", None),
    ] {
        let error = open_half(name).unwrap_err();
        assert_eq!(error.hint().is_some(), hint.is_some(), "{error:?}");
        let found = error.hint().unwrap_or_default();
        assert!(found.contains(hint.unwrap_or_default()), "{found}");
    }
}

#[test]
fn class_names_file_names_classes_of_parquet() {
    let named = copies("", &["plain.parquet"]);
    fs::write(named.path().join("class_names.txt"), "cat\ndog\n").unwrap();
    for path in [named.path().to_owned(), named.path().join("plain.parquet")] {
        assert_eq!(Dataset::open_as(&path, &half()).unwrap().class_names, ["cat", "dog"]);
    }
    let of_features = all("");
    fs::write(of_features.path().join("class_names.txt"), "a\nb\n").unwrap();
    let set = Dataset::open(of_features.path()).unwrap();
    assert_eq!(set.class_names, ["cat", "dog"]);
    assert!(set.warnings[0].contains("class_names.txt: not used"), "{:?}", set.warnings);
}

#[test]
fn incomplete_parquet_sets_are_refused() {
    let message = error_of(&copies("", &[TRAINING[0], TEST]), "", &ReadOptions::default());
    let expected = format!("{}: expected the parts 0 to 1 of 2 of this set", TRAINING[0]);
    assert_eq!(message, format!("{expected}, found {}", TRAINING[0]));
    let alone = copies("", &[TRAINING[1]]);
    for name in ["", TRAINING[1]] {
        let message = error_of(&alone, name, &half());
        let expected = format!("{}: expected the parts 0 to 1 of 2 of this set", TRAINING[1]);
        assert_eq!(message, format!("{expected}, found {}", TRAINING[1]));
    }
    let message = error_of(&copies("", &[TEST, "plain.parquet"]), "", &ReadOptions::default());
    assert_eq!(message, "DIR: expected files train-*.parquet, found files of other names");
    let both = all("a/");
    fs::create_dir(both.path().join("b")).unwrap();
    fs::write(both.path().join("b/train.parquet"), read(TEST)).unwrap();
    let message = error_of(&both, "", &ReadOptions::default());
    assert_eq!(message, "DIR: expected one folder of .parquet files, found a, b");
}

#[test]
fn damaged_parquet_is_refused_without_a_panic() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("damaged.parquet");
    let open = |bytes: &[u8]| {
        fs::write(&path, bytes).unwrap();
        let result = Dataset::open_as(&path, &half()).map(|_| ());
        // A panic of the crate becomes this error.
        let is_panic = |error: &DatasetError| with_causes(error).contains("cannot be decoded");
        assert!(!result.as_ref().is_err_and(is_panic), "{result:?}");
        result
    };
    for name in ["plain.parquet", "others.parquet", TRAINING[0]] {
        let bytes = read(name);
        assert!(open(&bytes).is_ok());
        for length in (0..bytes.len()).step_by(7) {
            let error = open(&bytes[..length]).unwrap_err().to_string();
            assert!(error.contains("damaged.parquet: expected a Parquet file, found "), "{error}");
        }
        for at in 0..bytes.len() {
            for change in [0x01, 0xff] {
                let mut other = bytes.clone();
                other[at] ^= change;
                // Names, statistics and pixels may change unnoticed.
                let _ = open(&other);
            }
        }
    }
}

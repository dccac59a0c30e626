//! CSV tables.

use std::fs;

use apical::dataset::{Dataset, ReadOptions};
use proptest::prelude::*;
use tempfile::TempDir;

use super::{class_names, coloured, error_of, folder_of, sized};

const TRAINING: &str = "0,4,2,3,1\n1,5,6,7,200\n2,0,0,0,9\n";
pub const TEST: &str = "1,4,3,2,1\n";

pub fn folder(training: &str, test: &str) -> TempDir {
    folder_of([("train.csv", training.into()), ("test.csv", test.into())])
}

#[test]
fn lines_are_a_label_and_square_pixels() {
    let header = "label,1x1,1x2,2x1,2x2\r\n";
    for training in [
        TRAINING.to_string(),
        format!("{header}{}", TRAINING.replace('\n', "\r\n")),
        TRAINING.replace(',', " , ").replace('\n', "\n\n"),
        TRAINING.trim_end().to_string(),
        format!("\u{feff}{TRAINING}"),
    ] {
        let folder = folder(&training, TEST);
        let set = Dataset::open(folder.path()).unwrap();
        assert_eq!((set.training_count, set.test_count), (3, 1), "{training:?}");
        assert_eq!((set.height, set.width, set.classes, set.max_pixel), (2, 2, 3, 200));
        assert_eq!(set.labels(), [0, 1, 2, 1]);
        assert_eq!((set.image(1), set.image(3)), (&[5, 6, 7, 200][..], &[4, 3, 2, 1][..]));
        assert_eq!(set.class_names, ["0", "1", "2"]);
    }
}

#[test]
fn training_file_finds_its_test_file() {
    let folder =
        folder_of([("my_train_set.csv", TRAINING.into()), ("my_test_set.csv", TEST.into())]);
    let set = Dataset::open(&folder.path().join("my_train_set.csv")).unwrap();
    assert_eq!((set.training_count, set.test_count), (3, 1));

    fs::rename(folder.path().join("my_test_set.csv"), folder.path().join("else")).unwrap();
    let expected = "my_train_set.csv: expected a test set, found none; put it into \
                    my_test_set.csv, in the same format, or split it off with --test-fraction 0.2";
    assert_eq!(error_of(&folder, "my_train_set.csv", &ReadOptions::default()), expected);
    fs::rename(folder.path().join("else"), folder.path().join("digits.csv")).unwrap();
    let expected = "digits.csv: expected a test set, found none; add one, or split it off with \
                    --test-fraction 0.2";
    assert_eq!(error_of(&folder, "digits.csv", &ReadOptions::default()), expected);
}

#[test]
fn missing_file_is_named() {
    let only = |name| folder_of([(name, TRAINING.into())]);
    let expected = "train.csv: expected a test set, found none; put it into test.csv, in the same format, or split it off with \
         --test-fraction 0.2";
    assert_eq!(error_of(&only("train.csv"), "", &ReadOptions::default()), expected);
    let expected = "DIR: expected one of the files train.csv in this folder, found none";
    assert_eq!(error_of(&only("test.csv"), "", &ReadOptions::default()), expected);
}

#[test]
fn other_shapes_are_read_if_requested() {
    let folder = folder("0,6,2,3,4,5,1\n1,7,8,9,10,11,12\n", "0,1,1,1,1,1,1\n");
    let expected = "train.csv, line 1: expected square images, or --image-size, \
                    found 6 values per image";
    assert_eq!(error_of(&folder, "", &ReadOptions::default()), expected);
    let set = Dataset::open_as(folder.path(), &sized(3, 2)).unwrap();
    assert_eq!((set.height, set.width, set.channels), (2, 3, 1));
    let options = ReadOptions { colour: true, ..sized(2, 1) };
    let set = Dataset::open_as(folder.path(), &options).unwrap();
    assert_eq!((set.height, set.width, set.channels), (1, 6, 3));
    let expected =
        "train.csv, line 1: expected 9 values per image (3 x 3), found 6 values per image";
    assert_eq!(error_of(&folder, "", &sized(3, 3)), expected);
    let message = error_of(&folder, "", &coloured());
    assert!(message.contains("images of three values per pixel"), "{message}");
}

#[test]
fn class_names_are_read_from_their_file() {
    let folder = folder(TRAINING, TEST);
    let names = folder.path().join("class_names.txt");
    fs::write(&names, "zero\none \n two, too\n").unwrap();
    assert_eq!(class_names(folder.path()), ["zero", "one", "two, too"]);
    assert_eq!(class_names(&folder.path().join("train.csv")), ["zero", "one", "two, too"]);
    fs::write(&names, "zero\none\n").unwrap();
    let expected = "DIR: expected 3 names, one per class, found 2";
    assert_eq!(error_of(&folder, "", &ReadOptions::default()), expected);
}

#[test]
fn errors_name_line_and_column() {
    let assert_error = |training: &str, test: &str, expected: &str| {
        assert_eq!(error_of(&folder(training, test), "", &ReadOptions::default()), expected);
    };
    let number = "an integer from 0 to 255, found";
    let wrong = "0,4,2,3,1\n1,5,6,256,200\n";
    assert_error(
        wrong,
        TEST,
        &format!("train.csv, line 2, column 4: expected a pixel, {number} '256'"),
    );
    let wrong = "label,a,b,c,d\n\n0,4,2,3,1\n-1,5,6,7,8\n";
    assert_error(
        wrong,
        TEST,
        "train.csv, line 4, column 1: expected a label, an integer from 0 to 255 or a name, found '-1'",
    );
    let wrong = "label,a,b,c,d\r\n0,4,2,3,1\r\n1,2,3,x,4\r\n";
    assert_error(
        wrong,
        TEST,
        &format!("train.csv, line 3, column 4: expected a pixel, {number} 'x'"),
    );
    let wrong = "0,0.5,2,3,4\n";
    assert_error(
        TRAINING,
        wrong,
        &format!("test.csv, line 1, column 2: expected a pixel, {number} '0.5'"),
    );
    let wrong = format!("0,{},2,3,4\n", "7".repeat(1000));
    let found = format!("'{}..'", "7".repeat(20));
    assert_error(
        TRAINING,
        &wrong,
        &format!("test.csv, line 1, column 2: expected a pixel, {number} {found}"),
    );
    assert_error(
        "0,4,2,3,1\n1,5,6,7\n",
        TEST,
        "train.csv, line 2: expected 5 fields as in line 1, found 4",
    );
}

#[test]
fn inconsistent_tables_are_refused() {
    let assert_error = |training: &str, test: &str, expected: &str| {
        assert_eq!(error_of(&folder(training, test), "", &ReadOptions::default()), expected);
    };
    let commas = "a label and pixels, separated by commas";
    assert_error("01234\n", TEST, &format!("train.csv, line 1: expected {commas}, found 1"));
    for empty in ["", "\n\n", "label,a,b,c,d\n"] {
        assert_error(empty, TEST, &format!("train.csv: expected lines of {commas}, found none"));
    }
    assert_error(
        TRAINING,
        "label,a,b,c,d\n0,4,2,3,1\n3,1,2,3,4\n",
        "test.csv, line 3, column 1: expected a label in 0..=2 as in train.csv, found 3",
    );
    assert_error(
        "4,9,2,3,4\n4,1,2,3,4\n",
        TEST,
        "train.csv, line 1, column 1: expected at least two classes, found the label 4 only",
    );
    assert_error(
        "0,0,0,0,0\n1,0,0,0,0\n",
        TEST,
        "train.csv: expected a pixel above 0, found black images only",
    );
    assert_error(
        TRAINING,
        "1,1,1,1,1,1,1,1,1,1\n",
        "test.csv: expected images of 2 x 2 as in train.csv, found 3 x 3",
    );
}

#[test]
fn fractions_are_scaled_by_max_value() {
    let options = ReadOptions { max_value: Some(1), ..ReadOptions::default() };
    let folder = folder("0,0,0.5,1,0.25\n1,0,0,0,1\n", "1,0,0,0,1\n");
    let set = Dataset::open_as(folder.path(), &options).unwrap();
    assert_eq!((set.image(0), set.max_pixel), (&[0, 128, 255, 64][..], 255));
    assert_eq!((set.rules.max_value, set.rules.white), (Some(1), 255));
    let text = &set.source_files[0].format;
    assert!(text.ends_with("values 0 to 1"), "{text}");
    assert_eq!(set.conversions, ["pixels are scaled: 1 becomes 255 (--max-value)"]);
    let wrong = ReadOptions { max_value: Some(4095), ..ReadOptions::default() };
    let deep = self::folder("0,0,4095,1,16\n1,0,0,0,4096\n", "1,0,0,0,1\n");
    let expected =
        "train.csv, line 2, column 5: expected a pixel, a number from 0 to 4095, found '4096'";
    assert_eq!(error_of(&deep, "", &wrong), expected);
}

proptest! {
    #[test]
    fn reader_never_panics(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let folder = folder_of([("train.csv", bytes.clone()), ("test.csv", bytes)]);
        if let Ok(set) = Dataset::open(folder.path()) {
            prop_assert_eq!(set.images().len(), (set.training_count + set.test_count) * set.pixels());
        }
    }
}

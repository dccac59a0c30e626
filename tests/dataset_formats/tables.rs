//! CSV files.

use std::fs;

use apical::dataset::{Dataset, Reading};
use proptest::prelude::*;
use tempfile::TempDir;

use super::{class_names, coloured, folder_of, refusal, sized};

const TRAINING: &str = "0,1,2,3,4\n1,5,6,7,200\n2,0,0,0,9\n";
const TEST: &str = "1,4,3,2,1\n";

fn folder(training: &str, test: &str) -> TempDir {
    folder_of([("train.csv", training.into()), ("test.csv", test.into())])
}

#[test]
fn lines_are_a_label_and_a_square_of_pixels() {
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
        assert_eq!((set.height, set.width, set.classes, set.range), (2, 2, 3, 200));
        assert_eq!(set.labels(), [0, 1, 2, 1]);
        assert_eq!((set.image(1), set.image(3)), (&[5, 6, 7, 200][..], &[4, 3, 2, 1][..]));
        assert_eq!(set.class_names, ["0", "1", "2"]);
    }
}

#[test]
fn one_of_two_files_finds_the_other() {
    let folder =
        folder_of([("my_train_set.csv", TRAINING.into()), ("my_test_set.csv", TEST.into())]);
    let set = Dataset::open(&folder.path().join("my_train_set.csv")).unwrap();
    assert_eq!((set.training_count, set.test_count), (3, 1));

    fs::rename(folder.path().join("my_test_set.csv"), folder.path().join("else")).unwrap();
    let expected = "my_train_set.csv: expected images to test on, found none; put them into \
                    my_test_set.csv, in the same form";
    assert_eq!(refusal(&folder, "my_train_set.csv", &Reading::default()), expected);
    fs::rename(folder.path().join("else"), folder.path().join("digits.csv")).unwrap();
    let expected = "digits.csv: expected images to test on, found none; call this file train.csv, and put them \
                    into test.csv beside it";
    assert_eq!(refusal(&folder, "digits.csv", &Reading::default()), expected);
}

#[test]
fn a_missing_file_of_two_is_named() {
    let only = |name| folder_of([(name, TRAINING.into())]);
    let expected = "train.csv: expected images to test on, found none; put them into test.csv, in the same form";
    assert_eq!(refusal(&only("train.csv"), "", &Reading::default()), expected);
    let expected = "DIR: expected one of the files train.csv in this folder, found none";
    assert_eq!(refusal(&only("test.csv"), "", &Reading::default()), expected);
}

#[test]
fn other_shapes_and_colours_are_read_when_told() {
    let folder = folder("0,1,2,3,4,5,6\n1,7,8,9,10,11,12\n", "0,1,1,1,1,1,1\n");
    let expected = "train.csv, line 1: expected images with as many rows as columns of pixels, or an image \
                    size, found 6 values an image";
    assert_eq!(refusal(&folder, "", &Reading::default()), expected);
    let set = Dataset::open_as(folder.path(), &sized(3, 2)).unwrap();
    assert_eq!((set.height, set.width, set.channels), (2, 3, 1));
    let reading = Reading { size: sized(2, 1).size, colour: true };
    let set = Dataset::open_as(folder.path(), &reading).unwrap();
    assert_eq!((set.height, set.width, set.channels), (1, 6, 3));
    let expected = "train.csv, line 1: expected 9 values an image (3 x 3), found 6 values an image";
    assert_eq!(refusal(&folder, "", &sized(3, 3)), expected);
    let message = refusal(&folder, "", &coloured());
    assert!(message.contains("columns of pixels, three values each"), "{message}");
}

#[test]
fn names_of_classes_lie_in_a_file_beside() {
    let folder = folder(TRAINING, TEST);
    let names = folder.path().join("class_names.txt");
    fs::write(&names, "zero\none \n two, too\n").unwrap();
    assert_eq!(class_names(folder.path()), ["zero", "one", "two, too"]);
    fs::write(&names, "zero\none\n").unwrap();
    let expected = "DIR: expected 3 names, one for each class, found 2";
    assert_eq!(refusal(&folder, "", &Reading::default()), expected);
}

#[test]
fn faults_are_refused_with_line_and_column() {
    let refused = |training: &str, test: &str, expected: &str| {
        assert_eq!(refusal(&folder(training, test), "", &Reading::default()), expected);
    };
    let number = "a whole number from 0 to 255, found";
    let wrong = "0,1,2,3,4\n1,5,6,256,200\n";
    refused(wrong, TEST, &format!("train.csv, line 2, column 4: expected a pixel, {number} '256'"));
    let wrong = "label,a,b,c,d\n\n0,1,2,3,4\n-1,5,6,7,8\n";
    refused(wrong, TEST, &format!("train.csv, line 4, column 1: expected a label, {number} '-1'"));
    let wrong = "label,a,b,c,d\r\n0,1,2,3,4\r\n1,2,3,x,4\r\n";
    refused(wrong, TEST, &format!("train.csv, line 3, column 4: expected a pixel, {number} 'x'"));
    let wrong = "0,0.5,2,3,4\n";
    refused(
        TRAINING,
        wrong,
        &format!("test.csv, line 1, column 2: expected a pixel, {number} '0.5'"),
    );
    let wrong = format!("0,{},2,3,4\n", "7".repeat(1000));
    let found = format!("'{}..'", "7".repeat(20));
    refused(
        TRAINING,
        &wrong,
        &format!("test.csv, line 1, column 2: expected a pixel, {number} {found}"),
    );
    refused(
        "0,1,2,3,4\n1,5,6,7\n",
        TEST,
        "train.csv, line 2: expected 5 fields as in line 1, found 4",
    );
    let commas = "a label and pixels, with commas between them";
    refused("0;1;2;3;4\n", TEST, &format!("train.csv, line 1: expected {commas}, found 1"));
    for nothing in ["", "\n\n", "label,a,b,c,d\n"] {
        refused(nothing, TEST, &format!("train.csv: expected lines of {commas}, found none"));
    }
    refused(
        TRAINING,
        "label,a,b,c,d\n0,1,2,3,4\n3,1,2,3,4\n",
        "test.csv, line 3, column 1: expected a label in 0..=2 as in train.csv, found 3",
    );
    refused(
        "4,1,2,3,4\n4,1,2,3,4\n",
        TEST,
        "train.csv, line 1, column 1: expected at least two classes, found the label 4 only",
    );
    refused(
        "0,0,0,0,0\n1,0,0,0,0\n",
        TEST,
        "train.csv: expected a pixel above 0, found black images only",
    );
    refused(
        TRAINING,
        "1,1,1,1,1,1,1,1,1,1\n",
        "test.csv: expected images of 2 x 2 as in train.csv, found 3 x 3",
    );
}

proptest! {
    #[test]
    fn no_bytes_make_the_reader_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let folder = folder_of([("train.csv", bytes.clone()), ("test.csv", bytes)]);
        if let Ok(set) = Dataset::open(folder.path()) {
            prop_assert_eq!(set.images().len(), (set.training_count + set.test_count) * set.pixels());
        }
    }
}

//! Labels and line numbers in CSV tables, and tables without labels.

use std::fs;

use apical::dataset::{Dataset, ReadOptions};

use super::error_of;
use super::tables::{TEST, folder};

#[test]
fn test_labels_without_training_images_are_told() {
    let training = "label,0,1,2,3\n1,5,6,7,8\n3,1,2,3,4\n";
    let test = "label,0,1,2,3\n0,5,6,7,8\n2,1,2,3,4\n3,1,1,1,9\n";
    let folder = folder(training, test);
    let set = Dataset::open(folder.path()).unwrap();
    let told = ": no training images of class 0, 2, which the test images have";
    assert!(set.warnings[0].ends_with(told), "{:?}", set.warnings);
    fs::write(folder.path().join("class_names.txt"), "ant\nbee\ncat\ndog\n").unwrap();
    let set = Dataset::open(folder.path()).unwrap();
    assert!(set.warnings[0].contains(" of class ant, cat, which "), "{:?}", set.warnings);
}

#[test]
fn texts_are_names_of_classes() {
    for training in [
        "label,0,1,2,3\ndog,5,6,7,8\ncat,1,2,3,4\n\"a, fox\",0,0,0,9\n",
        "dog,5,6,7,8\ncat,1,2,3,4\n\"a, fox\",0,0,0,9\n",
        "0,1,2,3,species\n5,6,7,8,dog\n1,2,3,4,cat\n0,0,0,9,\"a, fox\"\n"
            .replace("species", "Class")
            .as_str(),
        "5,6,7,8,dog\n1,2,3,4,cat\n0,0,0,9,\"a, fox\"\n",
    ] {
        let set = Dataset::open(folder(training, training).path()).unwrap();
        assert_eq!(set.class_names, ["a, fox", "cat", "dog"], "{training}");
        assert_eq!((set.labels(), set.image(0)), (&[2, 1, 0, 2, 1, 0][..], &[5, 6, 7, 8][..]));
        assert_eq!(set.conversions, ["labels are names: 3 classes, sorted: a, fox, cat, dog"]);
    }
    // A test set may lack classes, but not add one.
    let training = "label,0,1,2,3\ndog,5,6,7,8\ncat,1,2,3,4\n";
    let test = "label,0,1,2,3\ndog,5,6,7,8\n";
    assert_eq!(Dataset::open(folder(training, test).path()).unwrap().labels(), [1, 0, 1]);
    let test = "label,0,1,2,3\ncat,5,6,7,8\nCat,1,2,3,4\n";
    let expected = "test.csv, line 3, column 1: expected a class of train.csv, found 'Cat'";
    assert_eq!(error_of(&folder(training, test), "", &ReadOptions::default()), expected);
    let numbers = "label,0,1,2,3\n1,5,6,7,8\n0,1,2,3,4\n";
    let expected = "test.csv, line 2, column 1: expected an integer from 0 to 255 as in train.csv, found 'dog'";
    assert_eq!(error_of(&folder(numbers, training), "", &ReadOptions::default()), expected);
}

#[test]
fn missing_and_too_many_names_are_refused() {
    let expected = "expected a label, an integer from 0 to 255 or a name, found";
    for missing in ["", "nan", "1.5", "256", "-1"] {
        let table = format!("label,0,1,2,3\ncat,5,6,7,8\n{missing},1,2,3,4\n");
        let message = error_of(&folder(&table, TEST), "", &ReadOptions::default());
        assert_eq!(message, format!("train.csv, line 3, column 1: {expected} '{missing}'"));
    }
    let many: String = (0..300).map(|index| format!("class {index},1,2,3,4\n")).collect();
    let message = error_of(&folder(&many, TEST), "", &ReadOptions::default());
    let expected =
        "train.csv, line 257, column 1: expected at most 256 names of classes, found 'class 256'";
    assert_eq!(message, expected);
}

#[test]
fn index_of_pandas_is_ignored_if_it_counts() {
    let table = |name: &str, first: usize, second: usize| {
        format!("{name},label,0,1,2,3\n{first},1,5,6,7,8\n{second},0,1,2,3,4\n")
    };
    // A part of a frame counts on: frame[60000:].to_csv.
    for (name, first) in [("", 0), ("Unnamed: 0", 0), ("", 60_000)] {
        let table = table(name, first, first + 1);
        let set = Dataset::open(folder(&table, &table).path()).unwrap();
        assert_eq!((set.training_labels(), set.image(0)), (&[1, 0][..], &[5, 6, 7, 8][..]));
        let note = format!("train.csv: column 1 '{name}' has line numbers and is ignored");
        assert!(set.conversions[0].ends_with(&note), "{:?}", set.conversions);
    }
    let shuffled = table("", 5, 17);
    let shuffled = folder(&shuffled, &shuffled);
    let error = Dataset::open(shuffled.path()).unwrap_err();
    let expected =
        "line 3, column 1: expected the line number 6 in a column without a name, found '17'";
    assert!(error.to_string().ends_with(expected), "{error}");
    let hint = "write the table without an index (pandas: index=False), or name the column 'id'";
    assert_eq!(error.hint(), Some(hint));
    let named = table("id", 5, 17);
    assert_eq!(Dataset::open(folder(&named, &named).path()).unwrap().labels(), [1, 0, 1, 0]);
}

#[test]
fn tables_without_labels_are_for_predict() {
    let training = "label,0,1,2,3\n1,5,6,7,8\n0,1,2,3,4\n";
    for (training, test, expected) in [
        (
            training,
            "pixel0,pixel1,pixel2,pixel3\n5,6,7,8\n1,2,3,4\n",
            "test.csv, line 1: expected a label column, named label, labels, class, classes, target, \
             found pixel0, pixel1, pixel2, pixel3",
        ),
        (
            "1,5,6,7,8\n0,1,2,3,4\n",
            "5,6,7,8\n1,2,3,4\n",
            "test.csv, line 1: expected a label and 4 pixels as in train.csv, found 4 columns",
        ),
    ] {
        let files = folder(training, test);
        assert_eq!(error_of(&files, "", &ReadOptions::default()), expected);
        let hint = Dataset::open(files.path()).unwrap_err().hint().unwrap_or_default().to_string();
        assert!(hint.contains("is for 'apical predict'"), "{hint}");
        // With a fraction, the test set is a part of the training table.
        let fraction = Some("0.5".parse().unwrap());
        let options = ReadOptions { test_fraction: fraction, ..ReadOptions::default() };
        let training = training.to_string() + training.lines().last().unwrap() + "\n1,7,7,7,7\n";
        let files = folder(&training, test);
        let set = Dataset::open_as(files.path(), &options).unwrap();
        assert_eq!((set.training_count, set.test_count), (2, 2));
        assert!(set.warnings[0].ends_with("test.csv: not used, since it has no labels"));
    }
}

#[test]
fn labels_in_the_last_column_are_refused() {
    // numpy.hstack([images, labels]) without a header.
    let line = |index: usize| format!("0,{},7,{},{}\n", index % 5, 250 - index, index % 3);
    let table: String = (0..30).map(line).collect();
    let error = Dataset::open(folder(&table, &table).path()).unwrap_err();
    let expected = "train.csv, line 1, column 1: expected a column of labels, found numbers with gaps, while the last \
                    column counts from 0 or 1";
    assert!(error.to_string().ends_with(expected), "{error}");
}

#[test]
fn test_table_has_the_columns_of_training() {
    let training = "label,a,b,c,d\n1,5,6,7,8\n0,1,2,3,4\n";
    let assert_error = |training: &str, test: &str, expected: &str| {
        let message = error_of(&folder(training, test), "", &ReadOptions::default());
        assert_eq!(
            message,
            format!("test.csv, line 1: expected columns as in train.csv, found {expected}")
        );
    };
    assert_error(training, "label,b,a,c,d\n1,5,6,7,8\n", "'b' instead of 'a'");
    assert_error("a,b,c,d,label\n5,6,7,8,1\n1,2,3,4,0\n", "5,6,7,8,1\n", "other columns");
    let moved = "a,b,c,d,label\n5,6,7,8,1\n";
    assert_eq!(Dataset::open(folder(training, moved).path()).unwrap().image(2), [5, 6, 7, 8]);
}

//! Numbers in CSV tables: integers, and fractions from 0 to 1 or to 255.

use apical::dataset::{Dataset, ReadOptions};

use super::error_of;
use super::tables::{TEST, folder};

/// Returns the images, conversions and largest byte of a table that is training set and test set.
fn read(table: &str) -> (Vec<u8>, Vec<String>, u8) {
    let set = Dataset::open(folder(table, table).path()).unwrap();
    let count = set.training_count * set.pixels();
    (set.images()[..count].to_vec(), set.conversions.clone(), set.rules.white)
}

#[test]
fn fractions_up_to_1_are_multiplied_by_255() {
    // pandas.DataFrame(images / 255).to_csv: 51 / 255 is written as 0.2.
    let (images, conversions, white) =
        read("label,0,1,2,3\n1,0.2,0.0,1.0,0.6\n0,0.0,0.4,1.0,0.0\n");
    assert_eq!((images, white), (vec![51, 0, 255, 153, 0, 102, 255, 0], 255));
    assert_eq!(conversions, ["pixels are fractions from 0 to 1: multiplied by 255 and rounded"]);
    // numpy.savetxt with its default format.
    let (images, ..) = read(
        "1.000000000000000000e+00 2.000000000000000111e-01 0.000000000000000000e+00 1.000000000000000000e+00 \
         5.999999999999999778e-01\n0.000000000000000000e+00 0.000000000000000000e+00 4.000000000000000222e-01 \
         1.000000000000000000e+00 0.000000000000000000e+00\n",
    );
    assert_eq!(images, [51, 0, 255, 153, 0, 102, 255, 0]);
    // A fraction is found late: the first lines are read again.
    let (images, ..) = read("1,0,0,1,0\n0,0,1,1,0\n1,0,0,0,0.2\n");
    assert_eq!(images, [0, 0, 255, 0, 0, 255, 255, 0, 0, 0, 0, 51]);
}

#[test]
fn fractions_up_to_255_are_rounded() {
    let (images, conversions, _) = read("label,0,1,2,3\n1,0.4,12.5,200.0,3\n0,0,254.7,9,9\n");
    assert_eq!(images, [0, 13, 200, 3, 0, 255, 9, 9]);
    assert_eq!(conversions, ["pixels are fractions from 0 to 255: rounded to integers"]);
    // Integers with a decimal point are integers.
    let (images, conversions, _) = read("label,0,1,2,3\n1,0.0,16.0,2.0,3.0\n0,0,1.0,9,9\n");
    assert_eq!((images, conversions.len()), (vec![0, 16, 2, 3, 0, 1, 9, 9], 0));
}

#[test]
fn unclear_scales_are_refused() {
    let refuse = |training: &str, test: &str, expected: &str| {
        assert_eq!(error_of(&folder(training, test), "", &ReadOptions::default()), expected);
    };
    let scales = "expected integers from 0 to 255, fractions from 0 to 1, or fractions whose largest is 128 to 255";
    refuse(
        "0,0.5,2,3,16\n1,0.5,2,3,4\n",
        TEST,
        &format!("train.csv: {scales}, found numbers from 0.5 to 16"),
    );
    refuse(
        "0,0,2,3,127.5\n1,0.5,2,3,4\n",
        TEST,
        &format!("train.csv: {scales}, found numbers from 0 to 127.5"),
    );
    let pixel = "expected a pixel, an integer from 0 to 255, found";
    refuse(
        "0,-0.42,2.8,1,1\n1,0.5,2,3,4\n",
        TEST,
        &format!("train.csv, line 1, column 2: {pixel} '-0.42'"),
    );
    refuse(
        "0,0.5,2,3,nan\n1,0.5,2,3,4\n",
        TEST,
        &format!("train.csv, line 1, column 5: {pixel} 'nan'"),
    );
    // The test set follows the training set.
    let unit = "0,0.5,0,1,1\n1,0.5,0,0,0\n";
    refuse(
        unit,
        TEST,
        "test.csv, line 1, column 2: expected a pixel, a number from 0 to 1, found '4'",
    );
    let (bytes, rounded) = ("0,0,1,0,1\n1,1,0,0,1\n", "0,0.5,200,1,1\n1,0.5,0,0,0\n");
    refuse(bytes, unit, &format!("test.csv, line 1, column 2: {pixel} '0.5'"));
    refuse(
        rounded,
        unit,
        "test.csv, line 1: expected a number from 0 to 255 as in train.csv, found fractions from 0 to 1",
    );
    let bright = "0,0,200,0,1\n1,1,0,0,1\n";
    let mixed = "test.csv: expected values on the scale of train.csv, found bytes of 0 and 1";
    refuse(bright, bytes, mixed);
}

#[test]
fn decimal_commas_are_refused() {
    // pandas: to_csv(sep=';', decimal=',').
    let files = folder("label;0;1;2;3\n1;0,5;0,0;1,0;0,2\n0;0,0;1,0;1,0;1,0\n", TEST);
    let error = Dataset::open(files.path()).unwrap_err();
    assert!(error.to_string().ends_with("an integer from 0 to 255, found '0,5'"), "{error}");
    assert_eq!(error.hint(), Some("save the table with decimal points, not commas"));
}

//! Arrays that NumPy wrote, see `numpy/make.py`.

use std::fs;
use std::path::{Path, PathBuf};

use apical::dataset::{ChannelOrder, Dataset, ReadOptions};

use super::archives::{folder_with, keras, npy};
use super::{coloured, error_of, folder_of, sized};

fn path_of(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/dataset_formats/numpy").join(name)
}

fn open(name: &str, options: &ReadOptions) -> Dataset {
    Dataset::open_as(&path_of(name), options).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// Returns `values` bytes of each image as `make.py` computes them.
fn expected_images(numbers: std::ops::Range<usize>, values: usize) -> Vec<u8> {
    let image =
        |number: usize| (0..values).map(move |value| ((number * 37 + value * 11) % 256) as u8);
    numbers.flat_map(image).collect()
}

/// Asserts that a file has the images and labels of `make.py`, of `values` bytes each.
#[track_caller]
fn assert_same(name: &str, options: &ReadOptions, values: usize) -> Dataset {
    let dataset = open(name, options);
    assert_eq!((dataset.height, dataset.width), (4, values / 4), "{name}");
    assert!(dataset.images() == expected_images(0..9, values), "{name}");
    assert_eq!(dataset.labels(), [0, 1, 2, 0, 1, 2, 2, 1, 0], "{name}");
    dataset
}

/// Asserts that a conversion is told exactly once.
#[track_caller]
fn assert_told(dataset: &Dataset, text: &str) {
    let told = dataset.conversions.iter().filter(|line| line.contains(text));
    assert_eq!(told.count(), 1, "{:?}\nlacks: {text}", dataset.conversions);
}

#[test]
fn array_types_are_converted_to_bytes() {
    let plain = ReadOptions::default();
    for (name, told) in [
        ("float16-fractions", "pixels are fractions from 0 to 1: multiplied by 255"),
        ("float32-fractions", "pixels are fractions from 0 to 1: multiplied by 255"),
        ("float64-fractions", "pixels are fractions from 0 to 1: multiplied by 255"),
        ("big-endian-float", "pixels are fractions from 0 to 1: multiplied by 255"),
        ("fortran", "pixels are fractions from 0 to 1: multiplied by 255"),
        ("float64-bytes", "float64 from 0 to 254: kept as whole numbers"),
        ("float32-rounded", "pixels are fractions from 0 to 255: rounded"),
    ] {
        assert_told(&assert_same(&format!("{name}.npz"), &plain, 20), told);
    }
    for name in ["uint8", "int64", "big-endian-integer"] {
        assert!(assert_same(&format!("{name}.npz"), &plain, 20).conversions.is_empty(), "{name}");
    }
    let truth = open("bool.npz", &plain);
    let expected = expected_images(0..9, 20);
    assert!(
        truth.images().iter().zip(expected).all(|(&byte, of)| byte == 255 * u8::from(of > 127))
    );
    assert_told(&truth, "bool: True becomes 255");
}

#[test]
fn array_shapes_and_orders_are_read_row_by_row() {
    let plain = ReadOptions::default();
    assert_same("last-1.npz", &plain, 20);
    assert_same("first-1.npz", &plain, 20);
    assert_same("rows.npz", &sized(5, 4), 20);
    let fortran = assert_same("fortran-rows.npz", &sized(5, 4), 20);
    assert!(fortran.source_files[0].format.contains("shape [6, 20], column by column"));
    for (name, order) in [("last-3", "last"), ("first-3", "first"), ("fortran-first-3", "first")] {
        let dataset = assert_same(&format!("{name}.npz"), &coloured(), 60);
        let format = &dataset.source_files[0].format;
        assert!(format.contains(&format!("channels {order}, values 0 to 255")), "{format}");
    }
    let grey = open("first-3.npz", &plain);
    assert_eq!(grey.images(), open("last-3.npz", &plain).images());
    assert_told(&grey, "converted to grey");
    let colours = expected_images(0..1, 3);
    let luma = 0.2126 * f64::from(colours[0])
        + 0.7152 * f64::from(colours[1])
        + 0.0722 * f64::from(colours[2]);
    assert_eq!(grey.image(0)[0], luma as u8);
    let first = ReadOptions { channel_order: Some(ChannelOrder::First), ..coloured() };
    assert!(Dataset::open_as(&path_of("last-3.npz"), &first).is_err());
}

#[test]
fn array_labels_are_numbers_one_hot_or_names() {
    let plain = ReadOptions::default();
    assert_same("labels-column.npz", &plain, 20);
    for name in ["labels-one-hot.npz", "labels-one-hot-fortran.npz"] {
        assert_told(
            &assert_same(name, &plain, 20),
            "y_train: rows of 3 values are one-hot classes",
        );
    }
    assert_told(&assert_same("labels-float.npz", &plain, 20), "y_train: floats are class numbers");
    for name in ["labels-text.npz", "labels-bytes.npz"] {
        let dataset = assert_same(name, &plain, 20);
        assert_eq!(dataset.class_names, ["ant", "bee", "cow"]);
        assert_told(&dataset, "y_train: classes by name: ant, bee, cow");
    }
    let numbers = assert_same("labels-numbers-as-text.npz", &plain, 20);
    assert_eq!(numbers.class_names, ["2", "9", "10"]);
}

#[test]
fn one_hot_labels_of_other_widths_are_refused() {
    let mut arrays = keras();
    arrays[1] = ("y_train", npy(&[3, 3], &[1_u8, 0, 0, 0, 1, 0, 0, 0, 1]));
    arrays[3] = ("y_test", npy(&[1, 4], &[0_u8, 1, 0, 0]));
    let message = error_of(&folder_with(&arrays), "mnist.npz", &ReadOptions::default());
    let expected =
        "mnist.npz, array y_test: expected rows of 3 values as in the other labels, found 4";
    assert_eq!(message, expected);
}

#[test]
fn array_names_of_medmnist_and_kmnist_are_known() {
    let plain = ReadOptions::default();
    let medmnist = assert_same("medmnist.npz", &plain, 20);
    assert_eq!((medmnist.validation_count(), medmnist.validation_labels()), (2, &[1, 0][..]));
    assert_eq!(medmnist.image(9), expected_images(9..10, 20));
    let validated = medmnist.subset(2, 0, 0).unwrap();
    assert_eq!((validated.training_count, validated.test_labels()), (6, &[1, 0][..]));
    assert_same("kmnist", &plain, 20);
    assert_same("npy", &plain, 20);
    assert_same("npy/x_train.npy", &plain, 20);
    let error = Dataset::open(&path_of("pair.npz")).unwrap_err().to_string();
    assert!(error.contains("expected a test set, found none"), "{error}");
    let split = ReadOptions { test_fraction: Some("0.5".parse().unwrap()), ..plain };
    let pair = open("pair.npz", &split);
    assert_eq!((pair.training_count, pair.test_count), (3, 3));
    let mut images: Vec<&[u8]> = (0..6).map(|index| pair.image(index)).collect();
    images.sort_unstable();
    let all = expected_images(0..6, 20);
    let mut all: Vec<&[u8]> = all.chunks(20).collect();
    all.sort_unstable();
    assert_eq!(images, all);
}

/// Returns a folder with some of the files of `npy/`.
fn npy_files(names: &[&str]) -> tempfile::TempDir {
    let bytes = |name: &str| fs::read(path_of("npy").join(name)).unwrap();
    folder_of(names.iter().map(|name| (*name, bytes(name))))
}

#[test]
fn missing_array_files_are_named() {
    let folder = npy_files(&["x_train.npy", "y_train.npy", "x_test.npy"]);
    let expected =
        "expected an array of test labels, such as y_test, found x_test, x_train, y_train";
    let message = error_of(&folder, "", &ReadOptions::default());
    assert!(message.ends_with(expected), "{message}");
    let folder = npy_files(&["x_test.npy", "y_test.npy"]);
    let message = error_of(&folder, "x_test.npy", &ReadOptions::default());
    assert!(message.contains("expected arrays of images and labels, such as x_train"), "{message}");
}

#[test]
fn channels_option_is_refused_for_other_data() {
    let table = b"0,1,2,3,4\n1,5,6,7,8\n".to_vec();
    let folder = folder_of([("train.csv", table.clone()), ("test.csv", table)]);
    let options = ReadOptions { channel_order: Some(ChannelOrder::Last), ..ReadOptions::default() };
    let message = error_of(&folder, "", &options);
    assert!(message.contains("expected arrays, for which --channels is given"), "{message}");
}

#[test]
fn uncertain_pixel_values_are_refused() {
    let with = |training: &[f32], test: &[f32], options: &ReadOptions| {
        let mut arrays = keras();
        let repeated: Vec<f32> = training.iter().copied().cycle().take(12).collect();
        arrays[0].1 = npy(&[3, 2, 2], &repeated);
        arrays[2].1 = npy(&[1, 2, 2], test);
        let folder = folder_with(&arrays);
        match Dataset::open_as(&folder.path().join("mnist.npz"), options) {
            Ok(set) => Ok(set.images()[10..].to_vec()),
            Err(_) => Err(error_of(&folder, "mnist.npz", options)),
        }
    };
    let plain = ReadOptions::default();
    let refused = |training: &[f32], test: &[f32], expected: &str| {
        let message = with(training, test, &plain).unwrap_err();
        assert!(message.contains(expected), "{message}\nlacks: {expected}");
    };
    let bytes = [0.0, 200.0, 9.0, 255.0];
    refused(
        &[0.5, -1.2, 0.3, 2.0],
        &bytes,
        "array x_train, index 1: expected a value of at least 0, found -1.2",
    );
    refused(&[0.5, 1.0, f32::NAN, 0.0], &bytes, "index 2: expected a finite number, found NaN");
    refused(
        &[0.5, 3.5, 0.0, 1.0],
        &bytes,
        "fractions whose largest is 128 to 255, found numbers from 0 to 3.5",
    );
    refused(&[0.0, 0.125, 0.0, 0.1], &bytes, "which keeps only 33 shades");
    refused(&[0.0, 256.0, 0.0, 1.0], &bytes, "found numbers from 0 to 256");
    // Training and test set on different scales.
    refused(
        &[0.5, 1.0, 0.0, 0.25],
        &bytes,
        "x_test: expected values on the scale of x_train, found float32 from 0 to 255",
    );
    refused(
        &bytes,
        &[0.5, 1.0, 0.0, 0.25],
        "x_test: expected values on the scale of x_train, found float32 from 0 to 1",
    );

    let scaled = ReadOptions { max_value: Some(4), ..plain };
    assert_eq!(
        with(&[0.5, 3.5, 0.0, 4.0], &[2.0, 1.0, 0.0, 4.0], &scaled),
        Ok(vec![0, 255, 128, 64, 0, 255])
    );
    let message = with(&[0.5, 3.5, 0.0, 4.5], &bytes, &scaled).unwrap_err();
    assert!(message.contains("index 3: expected a number from 0 to 4, found 4.5"), "{message}");
    let whole = [0.0, 1.0, 0.0, 1.0];
    assert_eq!(with(&whole, &whole, &plain), Ok(vec![0, 255, 0, 255, 0, 255]));
}

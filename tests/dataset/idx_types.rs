//! Element types of IDX files: integers and floats, for images and labels.

use apical::dataset::{Dataset, ReadOptions};

use super::*;

/// Returns an IDX file of this element type.
fn typed<const N: usize>(
    element: u8,
    sizes: &[u32],
    values: &[f64],
    bytes: fn(f64) -> [u8; N],
) -> Vec<u8> {
    let data: Vec<u8> = values.iter().flat_map(|&value| bytes(value)).collect();
    let mut file = idx(sizes, &data);
    file[2] = element;
    file
}

fn int16(value: f64) -> [u8; 2] {
    (value as i16).to_be_bytes()
}

fn int32(value: f64) -> [u8; 4] {
    (value as i32).to_be_bytes()
}

fn float32(value: f64) -> [u8; 4] {
    (value as f32).to_be_bytes()
}

/// Returns a folder of two training images of 1 x 2 pixels and a test image.
fn folder(training: Vec<u8>, labels: Vec<u8>, test: Vec<u8>) -> TempDir {
    let files = vec![
        (TRAINING_IMAGES, training),
        (TRAINING_LABELS, labels),
        (TEST_IMAGES, test),
        (TEST_LABELS, idx(&[1], &[0])),
    ];
    folder_of(&files, str::to_owned)
}

fn error_of(folder: &TempDir, options: &ReadOptions) -> String {
    let message = Dataset::open_as(folder.path(), options).unwrap_err().to_string();
    message.replace(&folder.path().join("").display().to_string(), "")
}

#[test]
fn integers_of_any_type_are_read() {
    let pixels = [0.0, 200.0, 7.0, 255.0];
    for (images, labels) in [
        (typed(0x0b, &[2, 1, 2], &pixels, int16), typed(0x0c, &[2], &[1.0, 0.0], int32)),
        (typed(0x0c, &[2, 1, 2], &pixels, int32), typed(0x0b, &[2], &[1.0, 0.0], int16)),
        (typed(0x0d, &[2, 1, 2], &pixels, float32), typed(0x0d, &[2], &[1.0, 0.0], float32)),
        (
            typed(0x0e, &[2, 1, 2], &pixels, f64::to_be_bytes),
            typed(0x09, &[2], &[1.0, 0.0], |v| [v as u8]),
        ),
    ] {
        let set = Dataset::open(folder(images, labels, idx(&[1, 1, 2], &[9, 0])).path()).unwrap();
        assert_eq!(set.images(), [0, 200, 7, 255, 9, 0]);
        assert_eq!((set.labels(), set.conversions.len()), (&[1, 0, 0][..], 0));
    }
}

#[test]
fn floats_follow_the_scale_of_training() {
    let labels = || idx(&[2], &[1, 0]);
    let unit = typed(0x0d, &[2, 1, 2], &[0.0, 51.0 / 255.0, 1.0, 0.5], float32);
    let test = |value| typed(0x0e, &[1, 1, 2], &[value, 0.0], f64::to_be_bytes);
    let set = Dataset::open(folder(unit.clone(), labels(), test(0.2)).path()).unwrap();
    assert_eq!(set.images(), [0, 51, 255, 128, 51, 0]);
    assert_eq!(
        set.conversions,
        ["pixels are fractions from 0 to 1: multiplied by 255 and rounded"]
    );
    assert_eq!(set.rules.white, 255);
    let expected =
        "t10k-images-idx3-ubyte, byte offset 16: expected a pixel, a number from 0 to 1, found 2";
    assert_eq!(error_of(&folder(unit, labels(), test(2.0)), &ReadOptions::default()), expected);
    let deep = || typed(0x0b, &[2, 1, 2], &[0.0, 4095.0, 1.0, 16.0], int16);
    let expected = "train-images-idx3-ubyte, byte offset 16: expected integers from 0 to 255, fractions from 0 to 1, or \
                    fractions whose largest is 128 to 255, found numbers from 0 to 4095";
    assert_eq!(error_of(&folder(deep(), labels(), test(0.0)), &ReadOptions::default()), expected);
    let options = ReadOptions { max_value: Some(4095), ..ReadOptions::default() };
    let set = Dataset::open_as(folder(deep(), labels(), test(4095.0)).path(), &options).unwrap();
    assert_eq!(set.images(), [0, 255, 0, 1, 255, 0]);
}

#[test]
fn labels_beyond_a_byte_are_refused() {
    let images = || idx(&[2, 1, 2], &[0, 9, 9, 0]);
    for (labels, at, found) in [
        (typed(0x0c, &[2], &[0.0, 256.0], int32), 12, "256"),
        (typed(0x0b, &[2], &[-1.0, 0.0], int16), 8, "-1"),
        (typed(0x0d, &[2], &[0.5, 0.0], float32), 8, "0.5"),
        (typed(0x0d, &[2], &[f64::NAN, 0.0], float32), 8, "NaN"),
    ] {
        let folder = folder(images(), labels, idx(&[1, 1, 2], &[1, 2]));
        let expected = format!(
            "train-labels-idx1-ubyte, byte offset {at}: expected a label from 0 to 255, found {found}"
        );
        assert_eq!(error_of(&folder, &ReadOptions::default()), expected);
    }
}

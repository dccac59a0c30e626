//! `.npz` archives.

use std::io::{Cursor, Write};

use apical::dataset::{Dataset, ReadOptions};
use proptest::prelude::*;
use tempfile::TempDir;
use zip::write::{SimpleFileOptions, ZipWriter};

use super::{class_names, coloured, error_of, folder_of, sized};

/// Element type of a NumPy array.
pub trait Element: Copy {
    /// NumPy's name of the type.
    const DESCR: &str;

    fn bytes(self) -> Vec<u8>;
}

macro_rules! elements {
    ($($type:ty: $descr:literal)*) => {
        $(impl Element for $type {
            const DESCR: &str = $descr;

            fn bytes(self) -> Vec<u8> {
                self.to_le_bytes().to_vec()
            }
        })*
    };
}

elements!(u8: "|u1" i8: "|i1" u16: "<u2" u32: "<u4" i32: "<i4" i64: "<i8" f32: "<f4");

/// Returns an array in NumPy's format.
pub fn npy<T: Element>(shape: &[u64], values: &[T]) -> Vec<u8> {
    let sizes: String = shape.iter().map(|size| format!("{size}, ")).collect();
    let sizes = sizes.trim_end();
    let header =
        format!("{{'descr': '{}', 'fortran_order': False, 'shape': ({sizes}), }}", T::DESCR);
    let elements: Vec<u8> = values.iter().flat_map(|value| value.bytes()).collect();
    npy_with_header(&format!("{header:<117}\n"), &elements)
}

/// Returns an array with this header and these bytes, which may contradict each other.
fn npy_with_header(header: &str, bytes: &[u8]) -> Vec<u8> {
    let length = (header.len() as u16).to_le_bytes();
    [b"\x93NUMPY\x01\x00", &length[..], header.as_bytes(), bytes].concat()
}

pub fn npz(arrays: &[(&str, Vec<u8>)], method: zip::CompressionMethod) -> Vec<u8> {
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().compression_method(method);
    for (name, bytes) in arrays {
        archive.start_file(format!("{name}.npy"), options).unwrap();
        archive.write_all(bytes).unwrap();
    }
    archive.finish().unwrap().into_inner()
}

/// Returns arrays in the layout of Keras's MNIST: three training images of 2 x 2 pixels and one test image.
pub fn keras() -> Vec<(&'static str, Vec<u8>)> {
    vec![
        ("x_train", npy(&[3, 2, 2], &[1_u8, 2, 3, 4, 5, 6, 7, 200, 0, 0, 0, 9])),
        ("y_train", npy(&[3], &[0_u8, 1, 2])),
        ("x_test", npy(&[1, 2, 2], &[4_u8, 3, 2, 1])),
        ("y_test", npy(&[1], &[1_u8])),
    ]
}

pub fn folder_with(arrays: &[(&str, Vec<u8>)]) -> TempDir {
    folder_of([("mnist.npz", npz(arrays, zip::CompressionMethod::Deflated))])
}

/// Asserts that the archive with one changed array is refused.
#[track_caller]
fn assert_error(array: &str, bytes: Vec<u8>, expected: &str) {
    let mut arrays = keras();
    arrays.iter_mut().find(|(name, _)| *name == array).unwrap().1 = bytes;
    let message = error_of(&folder_with(&arrays), "mnist.npz", &ReadOptions::default());
    assert_eq!(message, format!("mnist.npz, array {array}{expected}"));
}

#[test]
fn single_archive_has_both_sets() {
    for method in [zip::CompressionMethod::Stored, zip::CompressionMethod::Deflated] {
        let folder = folder_of([("mnist.npz", npz(&keras(), method))]);
        let set = Dataset::open(&folder.path().join("mnist.npz")).unwrap();
        assert_eq!((set.training_count, set.test_count), (3, 1));
        assert_eq!((set.height, set.width, set.classes, set.max_pixel), (2, 2, 3, 200));
        assert_eq!((set.labels(), set.image(1)), (&[0, 1, 2, 1][..], &[5, 6, 7, 200][..]));
        assert_eq!(set.class_names, ["0", "1", "2"]);
    }
    // The format is detected without the extension.
    let folder = folder_of([("mnist", npz(&keras(), zip::CompressionMethod::Stored))]);
    assert_eq!(Dataset::open(&folder.path().join("mnist")).unwrap().test_count, 1);
}

#[test]
fn two_archives_have_one_set_each() {
    let set = |count: u64, pixels: &[u8], labels: &[i64]| {
        let arrays = [("images", npy(&[count, 4], pixels)), ("labels", npy(&[count], labels))];
        npz(&arrays, zip::CompressionMethod::Stored)
    };
    let folder = folder_of([
        ("train.npz", set(2, &[1, 2, 3, 4, 5, 6, 7, 8], &[1, 0])),
        ("test.npz", set(1, &[4, 3, 2, 1], &[1])),
        ("class_names.txt", b"cat\ndog".to_vec()),
    ]);
    for name in ["", "train.npz"] {
        let set = Dataset::open(&folder.path().join(name)).unwrap();
        assert_eq!((set.training_count, set.test_count), (2, 1));
        assert_eq!((set.labels(), set.image(2)), (&[1, 0, 1][..], &[4, 3, 2, 1][..]));
    }
    assert_eq!(class_names(folder.path()), ["cat", "dog"]);
    std::fs::remove_file(folder.path().join("test.npz")).unwrap();
    let expected = "train.npz: expected a test set, found none; put it into test.npz, in the same format, or split it off with \
         --test-fraction 0.2";
    assert_eq!(error_of(&folder, "", &ReadOptions::default()), expected);
    assert_eq!(error_of(&folder, "train.npz", &ReadOptions::default()), expected);
}

#[test]
fn labels_of_any_integer_type_are_read() {
    let with = |labels: Vec<u8>| {
        let mut arrays = keras();
        arrays[1].1 = labels;
        let folder = folder_with(&arrays);
        let set = Dataset::open(&folder.path().join("mnist.npz")).unwrap();
        assert_eq!(set.training_labels(), [2, 1, 0]);
    };
    with(npy(&[3], &[2_i64, 1, 0]));
    with(npy(&[3], &[2_i32, 1, 0]));
    with(npy(&[3], &[2_u16, 1, 0]));
    with(npy(&[3], &[2_i8, 1, 0]));
    with(npy(&[3, 1], &[2_u32, 1, 0]));
    let big_endian = npy_with_header(
        "{'descr': '>i2', 'fortran_order': False, 'shape': (3,), }",
        &[0, 2, 0, 1, 0, 0],
    );
    with(big_endian);
    let range = ": expected a label from 0 to 255, found";
    assert_error("y_train", npy(&[3], &[0_i64, 256, 1]), &format!(", index 1{range} 256"));
    assert_error("y_train", npy(&[3], &[0_i64, 1, -1]), &format!(", index 2{range} -1"));
    assert_error("y_train", npy(&[3], &[-1_i8, 1, 1]), &format!(", index 0{range} -1"));
    assert_error("y_train", npy(&[3], &[0_f32, 0.5, 2.0]), &format!(", index 1{range} 0.5"));
    assert_error("y_train", npy(&[3], &[0.0, f32::NAN, 2.0]), &format!(", index 1{range} NaN"));
    let one_hot = ", index 0: expected rows of zeros and a single one (one-hot), found another row";
    assert_error("y_train", npy(&[1, 3], &[0_u8, 1, 2]), one_hot);
    assert_error("y_train", npy(&[1, 3], &[0_u8, 1, 1]), one_hot);
    let shape = ": expected the shape [labels], [labels, 1] or, one-hot, [labels, classes], found [1, 1, 3]";
    assert_error("y_train", npy(&[1, 1, 3], &[0_u8, 1, 2]), shape);
    let label = ", index 0: expected a label in 0..=2 as in mnist.npz, found 3";
    assert_error("y_test", npy(&[1], &[3_u8]), label);
}

#[test]
fn colour_arrays_are_read_if_requested() {
    let mut arrays = keras();
    arrays[0].1 = npy(&[3, 1, 2, 3], &(0..18).collect::<Vec<u8>>());
    arrays[2].1 = npy(&[1, 1, 2, 3], &[9_u8; 6]);
    let folder = folder_with(&arrays);
    let set = Dataset::open_as(&folder.path().join("mnist.npz"), &coloured()).unwrap();
    assert_eq!((set.height, set.width, set.channels), (1, 6, 3));
    assert_eq!(set.image(1), [6, 7, 8, 9, 10, 11]);
    // Without colours, the second axis could be that of a single channel.
    let shapes = "mnist.npz, array x_train: expected one axis of channels (of length 1 or 3), found two: images of \
                  [1, 2, 3]";
    assert_eq!(error_of(&folder, "mnist.npz", &ReadOptions::default()), shapes);

    let folder = folder_with(&keras());
    let size = "mnist.npz, array x_train: expected images of 3 x 2 (--image-size), found 2 x 2";
    assert_eq!(error_of(&folder, "mnist.npz", &sized(2, 3)), size);
    let message = error_of(&folder, "mnist.npz", &coloured());
    assert!(message.contains("expected the shape [images, height, width, 3]"), "{message}");
}

#[test]
fn invalid_arrays_are_refused() {
    let header =
        |shape: &str| format!("{{'descr': '|u1', 'fortran_order': False, 'shape': {shape}, }}");
    let false_header = npy_with_header(&header("(99999999, 99999, 9)"), &[1, 2, 3]);
    assert_error("x_train", false_header, ": expected 89999099100009 bytes of data, found 3");
    let false_header = npy_with_header(&header("(99999999999, 99999999999, 9)"), &[1, 2, 3]);
    let sizes = "99999999999 x 99999999999 x 9 x 1";
    assert_error(
        "x_train",
        false_header,
        &format!(": expected sizes that fit in memory, found {sizes} bytes"),
    );
    assert_error(
        "x_train",
        npy_with_header(&header("(3, 2, 2)"), &[9; 13]),
        ": expected 12 bytes of data, found more",
    );
    assert_error(
        "x_train",
        npy::<u8>(&[0, 2, 2], &[]),
        ": expected a number of images of at least 1, found 0",
    );
    let damaged = ": damaged or invalid .npz file";
    assert_error("x_train", vec![], damaged);
    assert_error("x_train", b"something that is no array".to_vec(), damaged);
    let header = "{'descr': '|O', 'fortran_order': False, 'shape': (3, 2, 2), }";
    assert_error(
        "x_train",
        npy_with_header(header, &[]),
        ": expected an array of numbers or of text, found Python objects (|O)",
    );
    let header = "{'shape': ((((((((, }";
    let found = format!(": expected an array as numpy.save writes it, found '{header}'");
    assert_error("x_train", npy_with_header(header, &[]), &found);
    let labels = ": expected 3 labels, one per image of mnist.npz, found 2";
    assert_error("y_train", npy(&[2], &[0_u8, 1]), labels);
}

#[test]
fn missing_arrays_error_lists_those_present() {
    let folder = folder_with(&keras()[..3]);
    let expected = "mnist.npz: expected an array of test labels, such as y_test, found x_test, x_train, y_train";
    assert_eq!(error_of(&folder, "mnist.npz", &ReadOptions::default()), expected);
    let folder = folder_of([
        ("train.npz", npz(&keras(), zip::CompressionMethod::Stored)),
        ("test.npz", vec![]),
    ]);
    let expected = "train.npz: expected arrays of images and labels, such as x_train, y_train, x_test and y_test, \
                    found none";
    assert_eq!(error_of(&folder, "", &ReadOptions::default()), expected);
    let folder = folder_of([("mnist.npz", b"PK\x03\x04 and no more".to_vec())]);
    let expected = "mnist.npz: damaged or invalid .npz file";
    assert_eq!(error_of(&folder, "mnist.npz", &ReadOptions::default()), expected);
}

proptest! {
    #[test]
    fn reader_never_panics(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..6),
        cut in any::<prop::sample::Index>(),
        is_cut: bool,
        header in "[-(){}\\[\\],' :a-z0-9|<>]{0,80}",
    ) {
        let mut arrays = keras();
        let mut bytes = npz(&arrays, zip::CompressionMethod::Stored);
        for (index, value) in &changes {
            let at = index.index(bytes.len());
            bytes[at] = *value;
        }
        if is_cut {
            bytes.truncate(cut.index(bytes.len()));
        }
        arrays[0].1 = npy_with_header(&format!("{{'descr': '|u1', {header}"), &[1; 12]);
        let with_odd_header = npz(&arrays, zip::CompressionMethod::Deflated);
        let folder = folder_of([("a.npz", bytes), ("b.npz", with_odd_header)]);
        for name in ["a.npz", "b.npz"] {
            if let Ok(set) = Dataset::open(&folder.path().join(name)) {
                prop_assert_eq!(set.training_count, 3);
            }
        }
    }
}

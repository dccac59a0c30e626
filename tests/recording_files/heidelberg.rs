//! HDF5 files in the layout of the Spiking Heidelberg Digits. `heidelberg/write.py` wrote them by h5py and PyTables and
//! printed the expected numbers. The real files are not in the tree.

use std::fs;
use std::panic::catch_unwind;
use std::path::{Path, PathBuf};

use apical::dataset::spikes::SpikeOptions;
use tempfile::TempDir;

use super::{forward, open, spikes};

/// `(step, unit)` of the spikes of the first, third and fourth recording of `h5py_train.h5`; the second is empty.
const TRAINING: [&[(u32, u32)]; 3] = [
    &[(201, 608), (436, 296), (716, 191), (1328, 579), (1331, 179)],
    &[
        (38, 286),
        (187, 13),
        (284, 525),
        (367, 43),
        (424, 196),
        (461, 348),
        (564, 339),
        (634, 81),
        (753, 686),
        (769, 524),
        (1054, 673),
        (1103, 64),
    ],
    &[(224, 507), (387, 225), (757, 678)],
];
/// The same of the first recording of `h5py_test.h5`.
const FIRST_TEST: [(u32, u32); 5] = [(128, 569), (366, 509), (417, 695), (840, 131), (1139, 616)];

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/recording_files/heidelberg").join(name)
}

/// Returns a folder with these fixtures as `shd_train.h5` and `shd_test.h5`.
fn folder_with(writer: &str) -> TempDir {
    let folder = TempDir::new().unwrap();
    for set in ["train", "test"] {
        let to = folder.path().join(format!("shd_{set}.h5"));
        fs::copy(fixture(&format!("{writer}_{set}.h5")), to).unwrap();
    }
    folder
}

#[test]
fn files_of_h5py_and_pytables_are_recordings() {
    // Contiguous and in the latest format; in chunks, compressed, shuffled and with times of 32 bits, high byte first.
    for writer in ["h5py", "packed", "pytables"] {
        let folder = folder_with(writer);
        for path in [folder.path().to_owned(), folder.path().join("shd_train.h5")] {
            let set = open(&path, SpikeOptions::default()).unwrap();
            assert_eq!((set.training_count, set.test_count, set.pixels()), (4, 4, 700));
            assert_eq!(set.class_names, ["zero", "one", "fünf"]);
            assert_eq!(set.labels(), [0, 1, 2, 1, 0, 1, 2, 1]);
            for (index, expected) in
                [(0, TRAINING[0]), (1, &[]), (2, TRAINING[1]), (3, TRAINING[2])]
            {
                assert_eq!(spikes(&set, index), expected, "{writer}");
            }
            assert_eq!(spikes(&set, 4), FIRST_TEST, "{writer}");
            let bits = if writer == "packed" { 32 } else { 16 };
            let test = &set.source_files[1].format;
            assert_eq!(
                *test,
                format!("HDF5, 4 recordings, times as floats of {bits} bits in s, 700 channels")
            );
        }
    }
}

#[test]
fn validation_file_is_an_own_validation_set() {
    let folder = folder_with("h5py");
    fs::copy(fixture("h5py_train.h5"), folder.path().join("shd_valid.h5")).unwrap();
    let set = open(folder.path(), SpikeOptions::default()).unwrap();
    assert_eq!((set.training_count, set.test_count, set.validation_count()), (4, 4, 4));
    assert_eq!(spikes(&set, 8), TRAINING[0]);
    assert_eq!((set.labels().len(), set.validation_labels()), (8, &[0, 1, 2, 1][..]));
    assert_eq!(set.source_files.len(), 3);
    // A run without validation images leaves it out, and one with them tests it.
    let plain = set.clone().subset(0, 0, 0).unwrap();
    assert_eq!((plain.recordings().unwrap().count(), spikes(&plain, 4)), (8, FIRST_TEST.to_vec()));
    let validated = set.subset(3, 0, 0).unwrap();
    assert_eq!((validated.training_count, validated.test_count), (4, 3));
    assert_eq!(spikes(&validated, 4), TRAINING[0]);
}

#[test]
fn folder_names_one_unpacked_training_file() {
    let folder = folder_with("h5py");
    let path = |name: &str| folder.path().join(name);
    fs::copy(path("shd_train.h5"), path("ssc_train.h5")).unwrap();
    let error = open(folder.path(), forward(0, 100)).unwrap_err();
    assert!(
        error.contains("expected one training file, found shd_train.h5, ssc_train.h5"),
        "{error}"
    );
    fs::remove_file(path("ssc_train.h5")).unwrap();
    let training = path("shd_train.h5");
    for ending in ["h5.gz", "h5.zip", "hdf5.gz", "hdf5.zip"] {
        let packed = path(&format!("shd_train.{ending}"));
        fs::rename(&training, &packed).unwrap();
        for path in [folder.path(), &packed] {
            let error = open(path, forward(0, 100)).unwrap_err();
            assert!(error.contains("expected an HDF5 file, found a packed one"), "{error}");
        }
        fs::rename(&packed, &training).unwrap();
    }
    fs::remove_file(path("shd_test.h5")).unwrap();
    let error = open(folder.path(), forward(0, 100)).unwrap_err();
    assert!(error.contains("expected a test set, found none"), "{error}");
}

#[test]
fn other_hdf5_files_are_refused_with_their_arrays() {
    let folder = folder_with("h5py");
    let (training, test) = (folder.path().join("shd_train.h5"), folder.path().join("shd_test.h5"));
    let bytes = fs::read(&training).unwrap();
    // The name of the group of both arrays.
    let renamed = replaced(&bytes, b"spikes\0", b"spokes\0");
    fs::write(&training, renamed).unwrap();
    let error = open(&training, forward(0, 100)).unwrap_err();
    assert!(
        error.contains(
            "expected the arrays spikes/times, spikes/units, labels, found extra, spokes, labels"
        ),
        "{error}"
    );
    fs::write(&training, &bytes).unwrap();
    fs::write(&test, replaced(&fs::read(&test).unwrap(), "fünf".as_bytes(), "fóuf".as_bytes()))
        .unwrap();
    let error = open(&training, forward(0, 100)).unwrap_err();
    assert!(error.contains("shd_test.h5: expected the class names of"), "{error}");
}

#[test]
fn negative_integers_of_hdf5_files_are_refused() {
    let folder = folder_with("h5py");
    let training = folder.path().join("shd_train.h5");
    let original = fs::read(&training).unwrap();
    // Types of units and labels: 16 bits without a sign; with a sign; 8 bits with a sign.
    let unsigned = [0x10, 0, 0, 0, 2, 0, 0, 0, 0, 0, 16, 0];
    let signed = [0x10, 8, 0, 0, 2, 0, 0, 0, 0, 0, 16, 0];
    let signed_bytes = [0x10, 8, 0, 0, 1, 0, 0, 0, 0, 0, 8, 0];
    let mut bytes = original.clone();
    let units_type = bytes.windows(12).position(|found| found == unsigned).unwrap();
    bytes[units_type..units_type + 12].copy_from_slice(&signed_bytes);
    fs::write(&training, bytes).unwrap();
    let error = open(&training, forward(0, 100)).unwrap_err();
    let text = "array spikes/units, index 0: expected units from 0 to 699, found -65";
    assert!(error.contains(text), "{error}");
    let bytes = replaced(&original, &unsigned, &signed);
    let labels = [0, 0, 1, 0, 2, 0, 1, 0];
    let negative = [0xFF, 0xFF, 1, 0, 2, 0, 1, 0];
    fs::write(&training, replaced(&bytes, &labels, &negative)).unwrap();
    let error = open(&training, forward(0, 100)).unwrap_err();
    let text = "array labels, index 0: expected a label from 0 to 255, found -1";
    assert!(error.contains(text), "{error}");
}

fn replaced(bytes: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    assert_eq!(from.len(), to.len());
    let mut bytes = bytes.to_vec();
    let at: Vec<usize> =
        (0..bytes.len() - from.len()).filter(|&at| bytes[at..].starts_with(from)).collect();
    assert!(!at.is_empty());
    at.iter().for_each(|&at| bytes[at..at + to.len()].copy_from_slice(to));
    bytes
}

#[test]
fn damaged_hdf5_files_never_panic() {
    for writer in ["h5py", "packed", "pytables"] {
        let folder = folder_with(writer);
        let training = folder.path().join("shd_train.h5");
        let bytes = fs::read(&training).unwrap();
        let mut refused = 0;
        let mut check = |damaged: &[u8], what: String| {
            fs::write(&training, damaged).unwrap();
            let opened = catch_unwind(|| open(&training, SpikeOptions::default()).is_err());
            refused += usize::from(opened.unwrap_or_else(|_| panic!("{writer}: {what}")));
        };
        for length in (0..bytes.len()).step_by(211) {
            check(&bytes[..length], format!("cut to {length} bytes"));
        }
        for at in (0..bytes.len()).step_by(29) {
            for value in [0, 1, 0xFF] {
                let mut damaged = bytes.clone();
                damaged[at] = value;
                check(&damaged, format!("byte {at} is {value}"));
            }
        }
        assert!(refused > 100, "{writer}: {refused}");
    }
}

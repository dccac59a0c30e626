//! Proves: files of recorded spikes are detected and read: `.npz` archives, HDF5 files and N-MNIST. Binning equals tonic's
//! `ToFrame` for all events, also those at the end. Errors state file, location, expected and found content.
//!
//! Does not prove: that networks train on recordings (see `recordings.rs`).

#[path = "recording_files/heidelberg.rs"]
mod heidelberg;
#[path = "recording_files/n_mnist.rs"]
mod n_mnist;
#[path = "recording_files/tonic.rs"]
mod tonic;

use std::fs;
use std::io::{Cursor, Write};
use std::path::Path;

use apical::dataset::spikes::{RecordingPart, SpikeOptions, TimeRange};
use apical::dataset::{DataIdentity, Dataset, ReadOptions};
use apical::model::events::{event_step, event_unit};
use tempfile::TempDir;
use zip::write::{SimpleFileOptions, ZipWriter};

/// An array in NumPy's format: name, element type, shape and bytes.
type Array = (&'static str, &'static str, Vec<usize>, Vec<u8>);

macro_rules! array {
    ($name:literal, $kind:literal, $values:expr) => {{
        let values = $values;
        let bytes: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
        ($name, $kind, vec![values.len()], bytes)
    }};
}

fn npz(arrays: &[Array]) -> Vec<u8> {
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, kind, shape, bytes) in arrays {
        let shape: String = shape.iter().map(|size| format!("{size}, ")).collect();
        let header = format!("{{'descr': '{kind}', 'fortran_order': False, 'shape': ({shape}), }}");
        let header = format!("{header:<117}\n");
        archive.start_file(format!("{name}.npy"), SimpleFileOptions::default()).unwrap();
        archive.write_all(b"\x93NUMPY\x01\x00").unwrap();
        archive.write_all(&(header.len() as u16).to_le_bytes()).unwrap();
        archive.write_all(header.as_bytes()).unwrap();
        archive.write_all(bytes).unwrap();
    }
    archive.finish().unwrap().into_inner()
}

/// Two recordings of a sensor of 2 x 1 x 3 units: times in µs.
fn arrays() -> Vec<Array> {
    vec![
        array!("times", "<i8", [0_i64, 999, 1000, -1, 70_000]),
        array!("units", "<u2", [5_u16, 5, 0, 1, 2]),
        array!("offsets", "<i8", [0_i64, 3, 5]),
        array!("labels", "|u1", [0_u8, 1]),
        array!("shape", "<i8", [2_i64, 1, 3]),
    ]
}

/// Returns a folder with `train.npz` and `test.npz` of these arrays.
fn folder_with(arrays: &[Array]) -> TempDir {
    let folder = TempDir::new().unwrap();
    for name in ["train.npz", "test.npz"] {
        fs::write(folder.path().join(name), npz(arrays)).unwrap();
    }
    folder
}

/// Returns `(step, unit)` of each spike of a recording.
fn spikes(dataset: &Dataset, index: usize) -> Vec<(u32, u32)> {
    let events = dataset.recording(index).iter();
    events.map(|&event| (event_step(event), event_unit(event))).collect()
}

fn open(path: &Path, spikes: SpikeOptions) -> Result<Dataset, String> {
    let options = ReadOptions { spikes, ..ReadOptions::default() };
    Dataset::open_as(path, &options).map_err(|error| error.to_string())
}

#[test]
fn archives_of_integers_and_floats_hold_equal_recordings() {
    let mut floats = arrays();
    floats[0] = array!("times", "<f4", [0.0_f32, 0.999, 1.0, -0.001, 70.0]);
    let mut halves = arrays();
    // 0, 0.999, 1, -0.001 and 70 as floats of 16 bits.
    halves[0] = array!("times", "<f2", [0_u16, 0x3BFE, 0x3C00, 0x9419, 0x5460]);
    for arrays in [arrays(), floats, halves] {
        let folder = folder_with(&arrays);
        for path in [folder.path().to_owned(), folder.path().join("train.npz")] {
            let set = open(&path, SpikeOptions::default()).unwrap();
            assert_eq!((set.training_count, set.test_count, set.classes), (2, 2, 2));
            // The channels are one above the other.
            assert_eq!((set.height, set.width, set.pixels()), (2, 3, 6));
            assert_eq!(spikes(&set, 0), [(0, 5), (0, 5), (1, 0)]);
            assert_eq!(spikes(&set, 3), [(70, 2)]);
            let parts = set.recordings().unwrap().parts;
            assert_eq!(parts.forward, RecordingPart { first: 0, len: 71 });
            assert_eq!((parts.test, parts.target), (parts.forward, None));
            let told = set.conversions.join("\n");
            assert!(told.contains("8 events in steps of 1 ms"), "{told}");
            assert!(told.contains("2 events before time 0 left out"), "{told}");
            assert!(told.contains("2 channels of 1 x 3 units"), "{told}");
        }
    }
}

#[test]
fn options_choose_parts_and_units() {
    let folder = folder_with(&arrays());
    let part = TimeRange { start: 0, end: 20 };
    let options = SpikeOptions {
        forward: Some(part),
        pool: 3,
        merge_channels: true,
        single_spikes: true,
        ..SpikeOptions::default()
    };
    let set = open(folder.path(), options).unwrap();
    assert_eq!((set.pixels(), spikes(&set, 0)), (1, vec![(0, 0), (1, 0)]));
    let told = set.conversions.join("\n");
    assert!(told.contains("2 events outside the parts"), "{told}");
    let warnings = set.warnings.join("\n");
    assert_eq!(set.warnings.len(), 2, "{warnings}");
    assert!(warnings.contains("1 test recording without events"), "{warnings}");
    // The identity reopens the same set, and others have another fingerprint.
    let identity = DataIdentity::of(&set);
    assert_eq!(identity.read_options.spikes, options);
    assert!(
        identity
            .arguments()
            .ends_with(" --forward-part 0-20 --pool 3 --merge-channels --single-spikes")
    );
    let json = serde_json::to_string(&identity).unwrap();
    assert_eq!(serde_json::from_str::<DataIdentity>(&json).unwrap(), identity);
    let other = SpikeOptions { forward: Some(TimeRange { end: 19, ..part }), ..options };
    assert_ne!(open(folder.path(), other).unwrap().sha256(), identity.sha256);
    assert_eq!(open(folder.path(), options).unwrap().sha256(), identity.sha256);
}

#[test]
fn invalid_archive_states_array_and_index() {
    let changed = |index: usize, array: Array| {
        let mut arrays = arrays();
        arrays[index] = array;
        arrays
    };
    for (arrays, text) in [
        (
            changed(0, array!("times", "<i8", [0_i64; 4])),
            "array times: expected 5 times, one per unit, found 4",
        ),
        (
            changed(0, array!("times", "<f8", [0.0, 1.0, f64::NAN, 0.0, 0.0])),
            "array times, index 2: expected a finite time",
        ),
        (
            changed(1, array!("units", "<u2", [5_u16, 5, 6, 1, 2])),
            "array units, index 2: expected units below 6",
        ),
        (
            changed(1, array!("units", "<i8", [5_i64, 5, -1, 1, 2])),
            "array units, index 2: expected an integer from 0",
        ),
        (changed(1, array!("units", "<f4", [0_f32; 5])), "array units: expected integers"),
        (
            changed(2, array!("offsets", "<i8", [1_i64, 3, 5])),
            "array offsets, index 0: expected 0 as the first offset, found 1",
        ),
        (
            changed(2, array!("offsets", "<i8", [0_i64, 3, 4])),
            "array offsets, index 2: expected 5 as the last offset",
        ),
        (
            changed(2, array!("offsets", "<i8", [0_i64, 6, 5])),
            "array offsets, index 2: expected an offset of at least 6",
        ),
        (changed(2, array!("offsets", "<i8", [0_i64, 5])), "array offsets: expected 3 offsets"),
        (
            changed(2, array!("offsets", "<u8", [0_u64, u64::MAX, 5])),
            "array offsets, index 1: expected an integer below 2^63",
        ),
        (
            changed(3, array!("labels", "|u1", [1_u8, 1])),
            "array labels, index 0: expected at least two classes",
        ),
        (changed(4, array!("shape", "<i8", [0_i64])), "array shape: expected a sensor of 1 to"),
        (
            changed(4, array!("shape", "<i8", [1_i64 << 40, 1 << 40])),
            "array shape: expected a sensor of 1 to",
        ),
        (
            changed(4, array!("shape", "<i8", [1_i64, 1, 1, 6])),
            "array shape: expected one to three sizes",
        ),
        (
            changed(4, array!("shape", "<i8", [300_i64, 300])),
            "expected 1 to 65536 units, found 1 x 300 x 300",
        ),
        (arrays()[..4].to_vec(), "expected the arrays times, units, offsets, labels, shape"),
    ] {
        let folder = folder_with(&arrays);
        let error = open(folder.path(), SpikeOptions::default()).unwrap_err();
        assert!(error.contains(text), "{error}\nlacks: {text}");
    }
    for (start, end, text) in [
        (80, 90, "expected parts that begin before 71 ms, the end of the recordings, found 80-90"),
        (20, 70, "expected events in the training set, found none"),
    ] {
        let error = open(folder_with(&arrays()).path(), forward(start, end)).unwrap_err();
        assert!(error.contains(text), "{error}\nlacks: {text}");
    }
}

fn forward(start: u32, end: u32) -> SpikeOptions {
    SpikeOptions { forward: Some(TimeRange { start, end }), ..SpikeOptions::default() }
}

#[test]
fn part_beyond_the_last_event_is_a_warning() {
    let folder = folder_with(&arrays());
    let options = SpikeOptions { test: Some(TimeRange { start: 50, end: 72 }), ..forward(0, 100) };
    let warnings = open(folder.path(), options).unwrap().warnings.join("\n");
    for text in [
        "forward phase: 29 of the 100 steps of its part are empty: no recording has an event after ms 70",
        "test: 1 of the 22 steps of its part are empty",
    ] {
        assert!(warnings.contains(text), "{warnings}\nlacks: {text}");
    }
    let until_last = open(folder.path(), forward(0, 71)).unwrap().warnings;
    assert_eq!(until_last, [""; 0]);
}

#[test]
fn archive_without_test_set_is_an_error() {
    let folder = folder_with(&arrays());
    fs::remove_file(folder.path().join("test.npz")).unwrap();
    let error = open(&folder.path().join("train.npz"), SpikeOptions::default()).unwrap_err();
    assert!(error.contains("expected a test set, found none"), "{error}");
}

#[test]
fn test_fraction_splits_a_lone_file_of_recordings() {
    let mut lone = arrays();
    // Eight recordings of 0 to 7 spikes of unit 0; the classes alternate.
    lone[0] = array!("times", "<i8", std::array::from_fn::<i64, 28, _>(|time| 1000 * time as i64));
    lone[1] = array!("units", "<u2", [0_u16; 28]);
    lone[2] = array!("offsets", "<i8", [0_i64, 0, 1, 3, 6, 10, 15, 21, 28]);
    lone[3] = array!("labels", "|u1", [0_u8, 1, 0, 1, 0, 1, 0, 1]);
    let folder = folder_with(&lone);
    fs::remove_file(folder.path().join("test.npz")).unwrap();
    fs::copy(folder.path().join("train.npz"), folder.path().join("all.npz")).unwrap();
    fs::write(folder.path().join("class_names.txt"), "even\nodd\n").unwrap();
    let fraction = "0.25".parse().unwrap();
    let options = ReadOptions { test_fraction: Some(fraction), ..ReadOptions::default() };
    for name in ["train.npz", "all.npz", ""] {
        let set = Dataset::open_as(&folder.path().join(name), &options).unwrap();
        assert_eq!((set.training_count, set.test_count), (6, 2), "{name}");
        assert_eq!(set.class_names, ["even", "odd"], "{name}");
        let mut spikes: Vec<usize> = (0..8).map(|index| set.recording(index).len()).collect();
        // Labels move with their recordings.
        let classes: Vec<u8> = spikes.iter().map(|&spikes| spikes as u8 % 2).collect();
        assert_eq!(set.labels(), classes);
        assert_eq!(classes[6..].iter().sum::<u8>(), 1);
        spikes.sort_unstable();
        assert_eq!(spikes, [0, 1, 2, 3, 4, 5, 6, 7]);
        let told = set.conversions.join("\n");
        assert!(
            told.contains("2 of 8 recordings are the test set (--test-fraction 0.25)"),
            "{told}"
        );
        assert_eq!(set.read_options.test_fraction, Some(fraction));
    }
    let pair = folder_with(&lone);
    let error = Dataset::open_as(pair.path(), &options).unwrap_err().to_string();
    assert!(error.contains("expected data without a test set (--test-fraction)"), "{error}");
}

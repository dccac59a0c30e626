//! Folders of N-MNIST.

use std::fs;

use apical::dataset::spikes::SpikeOptions;
use tempfile::TempDir;

use super::{open, spikes};

/// Returns a record of N-MNIST.
fn record(time: u32, x: u8, y: u8, on: bool) -> [u8; 5] {
    let [_, high, middle, low] = time.to_be_bytes();
    [x, y, high | if on { 0x80 } else { 0 }, middle, low]
}

#[test]
fn n_mnist_folders_are_recordings() {
    let folder = TempDir::new().unwrap();
    for set in ["Train", "Test"] {
        for (class, x) in [("0", 4), ("1", 30)] {
            let class = folder.path().join(set).join(class);
            fs::create_dir_all(&class).unwrap();
            let records = [
                record(500, x, 2, true),
                [0, 240, 0, 0, 0],
                record(500, x, 3, false), // at 8.692 ms
            ];
            fs::write(class.join("00001.bin"), records.as_flattened()).unwrap();
            fs::write(class.join("00002.bin"), record(1999, 0, 0, false)).unwrap();
        }
    }
    let set = open(folder.path(), SpikeOptions::default()).unwrap();
    assert_eq!((set.training_labels(), set.test_count), (&[0, 0, 1, 1][..], 4));
    assert_eq!((set.height, set.width), (68, 34));
    assert_eq!(spikes(&set, 2), [(0, 1156 + 2 * 34 + 30), (8, 3 * 34 + 30)]);
    assert_eq!(spikes(&set, 3), [(1, 0)]);
    assert_eq!(set.class_names, ["0", "1"]);
    let pooled = SpikeOptions { pool: 2, merge_channels: true, ..SpikeOptions::default() };
    let pooled = open(folder.path(), pooled).unwrap();
    assert_eq!((pooled.height, pooled.width), (17, 17));
    assert_eq!(spikes(&pooled, 2), [(0, 17 + 15), (8, 17 + 15)]);
    let bad = folder.path().join("Test/1/00003.bin");
    fs::write(&bad, [0; 7]).unwrap();
    let error = open(folder.path(), SpikeOptions::default()).unwrap_err();
    let expected = format!("{}, byte offset 5: expected records of 5 bytes", bad.display());
    assert!(error.contains(&expected), "{error}");
    fs::remove_file(bad).unwrap();
    fs::create_dir(folder.path().join("Test/2")).unwrap();
    let error = open(folder.path(), SpikeOptions::default()).unwrap_err();
    assert!(
        error.contains("expected classes of the training set only, found the folder 2"),
        "{error}"
    );
}

//! Proves: no file in the fuzzers' corpora makes a reader panic, and the valid ones are read. The corpora hold valid
//! files, damaged ones and all earlier findings.
//!
//! Does not prove: that no other file makes a reader panic (run the fuzzers, see `fuzz/README.md`).

#[path = "../fuzz/entries.rs"]
mod entries;

use std::fs;
use std::path::{Path, PathBuf};

use apical::config::file;
use apical::dataset::Dataset;
use apical::dataset::idx::read_images;
use apical::dataset::image_file::decode;
use apical::run_dir::checkpoint_file;

fn corpus(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(name)
}

/// Reads each file of a corpus, also truncated and with flipped bits.
fn read_corpus(name: &str, read: fn(&[u8])) {
    let mut count = 0;
    for entry in fs::read_dir(corpus(name)).unwrap() {
        let bytes = fs::read(entry.unwrap().path()).unwrap();
        read(&bytes);
        // Truncated at about 40 lengths, and with each of the first 256 bits flipped.
        for length in (0..bytes.len()).step_by(bytes.len().div_ceil(40).max(1)) {
            read(&bytes[..length]);
        }
        for bit in 0..bytes.len().min(32) * 8 {
            let mut other = bytes.clone();
            other[bit / 8] ^= 1 << (bit % 8);
            read(&other);
        }
        count += 1;
    }
    assert!(count > 0, "the corpus {name} is empty");
}

#[test]
fn corpus_files_do_not_panic() {
    read_corpus("idx", entries::idx);
    read_corpus("npz", entries::npz);
    read_corpus("npy", entries::npy);
    read_corpus("recordings", entries::recordings);
    read_corpus("heidelberg", entries::heidelberg);
    read_corpus("n_mnist", entries::n_mnist);
    read_corpus("csv", entries::csv);
    read_corpus("image", entries::image);
    read_corpus("image_zip", entries::image_zip);
    read_corpus("parquet", entries::parquet);
    read_corpus("config", entries::config);
    read_corpus("checkpoint", entries::checkpoint);
}

#[test]
fn valid_corpus_files_are_read() {
    let bytes = |name: &str| fs::read(corpus(name)).unwrap();
    assert_eq!(read_images(&bytes("idx/images")[..], "images").unwrap().sizes, [3, 2, 2]);
    let folder = tempfile::tempdir().unwrap();
    let npz = folder.path().join("both.npz");
    fs::write(&npz, bytes("npz/both")).unwrap();
    assert_eq!(Dataset::open(&npz).unwrap().training_count, 3);
    let arrays = tempfile::tempdir().unwrap();
    for (name, array) in [("x", "images"), ("y", "labels")] {
        for set in ["train", "test"] {
            let file = arrays.path().join(format!("{name}_{set}.npy"));
            fs::write(file, bytes(&format!("npy/{array}"))).unwrap();
        }
    }
    assert_eq!(Dataset::open(arrays.path()).unwrap().training_labels(), [0, 1]);
    let recordings = tempfile::tempdir().unwrap();
    for name in ["train.npz", "test.npz"] {
        fs::write(recordings.path().join(name), bytes("recordings/floats")).unwrap();
    }
    assert_eq!(Dataset::open(recordings.path()).unwrap().recording(0).len(), 3);
    for entry in fs::read_dir(corpus("image")).unwrap() {
        let path = entry.unwrap().path();
        assert!(decode(&fs::read(&path).unwrap(), path.display().to_string()).is_ok(), "{path:?}");
    }
    let zip = folder.path().join("data.zip");
    fs::write(&zip, bytes("image_zip/sets")).unwrap();
    assert_eq!(Dataset::open(&zip).unwrap().training_count, 2);
    for name in ["train.csv", "test.csv"] {
        fs::write(folder.path().join(name), bytes("csv/header")).unwrap();
    }
    assert_eq!(Dataset::open(folder.path()).unwrap().pixels(), 4);
    let text = String::from_utf8(bytes("config/quick")).unwrap();
    assert_eq!(file::parse(&text).unwrap(), apical::config::Config::default());
    assert!(checkpoint_file::from_bytes(&bytes("checkpoint/small"), "small".to_string()).is_ok());
}

//! Proves that nothing in the fuzzers' corpora, which hold valid files, broken ones and all that was ever found, makes a
//! reader panic, and that the valid ones are read.
//!
//! Does not prove that there is nothing else to find: that takes the fuzzers (fuzz/README.md).

#[path = "../fuzz/entries.rs"]
mod entries;

use std::fs;
use std::path::{Path, PathBuf};

use apical::config::file;
use apical::dataset::Dataset;
use apical::dataset::idx::read_images;
use apical::run_dir::checkpoint_file;

fn corpus(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(name)
}

fn all(name: &str, read: fn(&[u8])) {
    let mut count = 0;
    for entry in fs::read_dir(corpus(name)).unwrap() {
        let bytes = fs::read(entry.unwrap().path()).unwrap();
        read(&bytes);
        // Broken off anywhere, and with each bit of the beginning turned.
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
fn nothing_in_the_corpora_makes_a_reader_panic() {
    all("idx", entries::idx);
    all("npz", entries::npz);
    all("csv", entries::csv);
    all("config", entries::config);
    all("checkpoint", entries::checkpoint);
}

#[test]
fn the_valid_seeds_are_valid() {
    let bytes = |name: &str| fs::read(corpus(name)).unwrap();
    assert_eq!(read_images(&bytes("idx/images")[..], "images").unwrap().sizes, [3, 2, 2]);
    let folder = tempfile::tempdir().unwrap();
    let npz = folder.path().join("both.npz");
    fs::write(&npz, bytes("npz/both")).unwrap();
    assert_eq!(Dataset::open(&npz).unwrap().training_count, 3);
    for name in ["train.csv", "test.csv"] {
        fs::write(folder.path().join(name), bytes("csv/header")).unwrap();
    }
    assert_eq!(Dataset::open(folder.path()).unwrap().pixels(), 4);
    let text = String::from_utf8(bytes("config/quick")).unwrap();
    assert_eq!(file::parse(&text).unwrap(), apical::config::Config::default());
    assert!(checkpoint_file::from_bytes(&bytes("checkpoint/small"), "small".to_string()).is_ok());
}

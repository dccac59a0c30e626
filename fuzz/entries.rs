//! What is fuzzed: each reader of files from outside takes any bytes, and says what is wrong with them or takes them,
//! without a panic. The fuzz targets call these, and so does `tests/corpora.rs` with what is in `corpus/`.

use std::fs;
use std::path::PathBuf;

use apical::config::file;
use apical::dataset::Dataset;
use apical::dataset::idx::{read_images, read_labels};
use apical::run_dir::checkpoint_file;

/// A file of images, and one of labels, in the IDX format, plain or gzip.
pub fn idx(bytes: &[u8]) {
    let _ = read_images(bytes, "images");
    let _ = read_labels(bytes, "labels");
}

/// An archive of numpy with both sets.
pub fn npz(bytes: &[u8]) {
    let folder = folder("npz");
    let path = folder.join("both.npz");
    fs::write(&path, bytes).expect("a temporary file");
    let _ = Dataset::open(&path);
    let _ = fs::remove_dir_all(folder);
}

/// A table with the training set, which is the test set too.
pub fn csv(bytes: &[u8]) {
    let folder = folder("csv");
    for name in ["train.csv", "test.csv"] {
        fs::write(folder.join(name), bytes).expect("a temporary file");
    }
    let _ = Dataset::open(&folder);
    let _ = fs::remove_dir_all(folder);
}

/// A file of settings: what is read is written so that it is read again.
pub fn config(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let Ok(config) = file::parse(text) else { return };
    if config.validate(784, 10).is_ok() {
        let text = toml::to_string(&config).expect("settings have TOML");
        assert_eq!(file::parse(&text).expect("what was written"), config);
    }
}

/// A checkpoint, which is a file of weights too.
pub fn checkpoint(bytes: &[u8]) {
    let _ = checkpoint_file::from_bytes(bytes, "file".to_string());
}

/// A folder of this process and thread.
fn folder(what: &str) -> PathBuf {
    let name =
        format!("apical-fuzz-{what}-{}-{:?}", std::process::id(), std::thread::current().id());
    let folder = std::env::temp_dir().join(name);
    fs::create_dir_all(&folder).expect("a temporary folder");
    folder
}

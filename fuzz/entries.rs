//! Entry points of the fuzz targets, one per reader of external files. A reader must accept any bytes or return an
//! error, without a panic. `tests/corpora.rs` calls them with the files in `corpus/`.

use std::fs;
use std::path::PathBuf;

use apical::config::file;
use apical::dataset::idx::{read_images, read_labels};
use apical::dataset::image_file::decode;
use apical::dataset::unlabelled::{Preprocess, collect};
use apical::dataset::{Background, Dataset, ImageSize, PixelRules, ReadOptions};
use apical::run_dir::checkpoint_file;
use apical::text::with_causes;

/// Reads IDX files of images and of labels, plain or gzip, alone and as files of EMNIST, and the names of its classes.
pub fn idx(bytes: &[u8]) {
    let _ = read_images(bytes, "images");
    let _ = read_labels(bytes, "labels");
    // Two images of 1 x 2 pixels and their labels.
    let mut images = vec![0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 2, 1, 2, 3, 4];
    let mut labels = vec![0, 0, 8, 1, 0, 0, 0, 2, 1, 2];
    let mut mapping = b"1 65 97\n2 66 98\n".to_vec();
    match bytes {
        [0, 0, _, 1 | 2, ..] => labels = bytes.to_vec(),
        [0, 0, ..] | [0x1f, 0x8b, ..] => images = bytes.to_vec(),
        _ => mapping = bytes.to_vec(),
    }
    let folder = folder("idx");
    for (name, content) in [
        ("train-images-idx3-ubyte", &images),
        ("train-labels-idx1-ubyte", &labels),
        ("test-images-idx3-ubyte", &images),
        ("test-labels-idx1-ubyte", &labels),
        ("mapping.txt", &mapping),
    ] {
        let path = folder.join(format!("emnist-letters-{name}"));
        fs::write(path, content).expect("the temporary file is written");
    }
    let _ = Dataset::open(&folder);
    let _ = fs::remove_dir_all(folder);
}

/// Reads a NumPy archive of training and test set.
pub fn npz(bytes: &[u8]) {
    let folder = folder("npz");
    let path = folder.join("both.npz");
    fs::write(&path, bytes).expect("the temporary file is written");
    let _ = Dataset::open(&path);
    let _ = fs::remove_dir_all(folder);
}

/// Reads a NumPy array as the images of a data set, and as the labels of another.
pub fn npy(bytes: &[u8]) {
    let images: &[u8] = include_bytes!("corpus/npy/images");
    let labels: &[u8] = include_bytes!("corpus/npy/labels");
    for (images, labels) in [(bytes, labels), (images, bytes)] {
        let folder = folder("npy");
        for (name, bytes) in [("x", images), ("y", labels)] {
            for set in ["train", "test"] {
                let file = folder.join(format!("{name}_{set}.npy"));
                fs::write(file, bytes).expect("the temporary file is written");
            }
        }
        let _ = Dataset::open(&folder);
        let _ = fs::remove_dir_all(folder);
    }
}

/// Reads a NumPy archive of recordings as training set and as test set.
pub fn recordings(bytes: &[u8]) {
    open_files("recordings", &["train.npz", "test.npz"], bytes);
}

/// Reads an HDF5 file of recordings as training set and as test set.
pub fn heidelberg(bytes: &[u8]) {
    open_files("heidelberg", &["shd_train.h5", "shd_test.h5"], bytes);
}

/// Reads a file of N-MNIST as a recording of each of two classes.
pub fn n_mnist(bytes: &[u8]) {
    open_files("n-mnist", &["Train/0/1.bin", "Train/1/1.bin", "Test/0/1.bin"], bytes);
}

/// Reads an image file of any kind, scaled and in colour.
pub fn image(bytes: &[u8]) {
    let Ok(image) = decode(bytes, "image".to_string()) else { return };
    let size = ImageSize { width: 5, height: 3 };
    let background = Some(Background::White);
    let options = ReadOptions { colour: true, background, ..ReadOptions::default() };
    let _ = image.bytes(size, &options);
}

/// Reads a Parquet file of images, which is split. A panic that becomes an error fails.
pub fn parquet(bytes: &[u8]) {
    let folder = folder("parquet");
    let path = folder.join("all.parquet");
    fs::write(&path, bytes).expect("the temporary file is written");
    let test_fraction = Some("0.5".parse().expect("a fraction"));
    let options = ReadOptions { test_fraction, ..ReadOptions::default() };
    let result = Dataset::open_as(&path, &options);
    let is_panic = |error| with_causes(error).contains("a part cannot be decoded");
    assert!(!result.as_ref().is_err_and(|error| is_panic(error)), "{:?}", result.err());
    let _ = fs::remove_dir_all(folder);
}

/// Reads a zip archive of image folders.
pub fn image_zip(bytes: &[u8]) {
    let folder = folder("image-zip");
    let path = folder.join("data.zip");
    fs::write(&path, bytes).expect("the temporary file is written");
    let _ = Dataset::open(&path);
    let _ = fs::remove_dir_all(folder);
}

/// Reads a CSV table as training set and as test set, as a set that is not split, and as images of 2 x 2 pixels to
/// predict.
pub fn csv(bytes: &[u8]) {
    open_files("csv", &["train.csv", "test.csv"], bytes);
    let folder = folder("csv");
    let path = folder.join("all.csv");
    fs::write(&path, bytes).expect("the temporary file is written");
    let _ = Dataset::open(&path);
    let _ = collect(&[path], Preprocess::of([2, 2, 1], &PixelRules::default(), None));
    let _ = fs::remove_dir_all(folder);
}

/// Reads a settings file. Valid settings must survive a write and a read.
pub fn config(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let Ok(config) = file::parse(text) else { return };
    if config.validate(784, 10).is_ok() {
        let text = toml::to_string(&config).expect("the settings are written");
        assert_eq!(file::parse(&text).expect("written settings are read"), config);
    }
}

/// Reads a checkpoint file.
pub fn checkpoint(bytes: &[u8]) {
    let _ = checkpoint_file::from_bytes(bytes, "file".to_string());
}

/// Opens the data set of a temporary folder with these files, all of the same bytes.
fn open_files(format: &str, files: &[&str], bytes: &[u8]) {
    let folder = folder(format);
    for file in files.iter().map(|file| folder.join(file)) {
        fs::create_dir_all(file.parent().expect("a file is in a folder"))
            .expect("the temporary folder is created");
        fs::write(file, bytes).expect("the temporary file is written");
    }
    let _ = Dataset::open(&folder);
    let _ = fs::remove_dir_all(folder);
}

/// Creates a temporary folder for this process and thread.
fn folder(format: &str) -> PathBuf {
    let name =
        format!("apical-fuzz-{format}-{}-{:?}", std::process::id(), std::thread::current().id());
    let folder = std::env::temp_dir().join(name);
    fs::create_dir_all(&folder).expect("the temporary folder is created");
    folder
}

//! Proves: the embedded MNIST equals the published one. IDX folders are read with each naming style, plain and gzip.
//! The error for an invalid folder states file, byte offset and expected content. No bytes make the IDX reader panic.
//!
//! Does not prove: that a false size in a header never allocates more memory than the file's length: the tested sizes
//! exceed any machine's memory. A failing disk is simulated by a reader.

#[path = "dataset/damaged.rs"]
mod damaged;
#[path = "dataset/idx_names.rs"]
mod idx_names;
#[path = "dataset/idx_types.rs"]
mod idx_types;

use std::fs;
use std::io::{Read, Write};
use std::path::Path;

use apical::dataset::Dataset;
use apical::dataset::embedded::MNIST_FILES;
use flate2::{Compression, read::GzDecoder, write::GzEncoder};
use sha2::{Digest, Sha256};
use tempfile::TempDir;

const TRAINING_IMAGES: &str = "train-images-idx3-ubyte";
const TRAINING_LABELS: &str = "train-labels-idx1-ubyte";
const TEST_IMAGES: &str = "t10k-images-idx3-ubyte";
const TEST_LABELS: &str = "t10k-labels-idx1-ubyte";

type Files = Vec<(&'static str, Vec<u8>)>;

fn idx(sizes: &[u32], data: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0, 0, 8, sizes.len() as u8];
    bytes.extend(sizes.iter().flat_map(|size| size.to_be_bytes()));
    bytes.extend(data);
    bytes
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// Returns the files of four training and two test images of 2 x 3 pixels, with three classes and maximum pixel 200.
fn small_set() -> Files {
    let mut pixels: Vec<u8> = (0..24).collect();
    pixels[7] = 200;
    vec![
        (TRAINING_IMAGES, idx(&[4, 2, 3], &pixels)),
        (TRAINING_LABELS, idx(&[4], &[0, 1, 2, 1])),
        (TEST_IMAGES, idx(&[2, 2, 3], &[50; 12])),
        (TEST_LABELS, idx(&[2], &[2, 0])),
    ]
}

fn folder_of(files: &Files, name: impl Fn(&str) -> String) -> TempDir {
    let folder = TempDir::new().unwrap();
    for (file, bytes) in files {
        fs::write(folder.path().join(name(file)), bytes).unwrap();
    }
    folder
}

/// Returns the error for these files, without the folder's path.
fn error_of(files: &Files) -> String {
    let folder = folder_of(files, str::to_owned);
    let message = Dataset::open(folder.path()).unwrap_err().to_string();
    message.replace(&folder.path().join("").display().to_string(), "")
}

/// Asserts that the small set with a changed `file` gives the error "FILE, byte offset FAULT".
#[track_caller]
fn assert_error(file: &str, change: impl FnOnce(&mut Vec<u8>), fault: &str) {
    let mut files = small_set();
    let (_, bytes) = files.iter_mut().find(|(name, _)| *name == file).unwrap();
    change(bytes);
    assert_eq!(error_of(&files), format!("{file}, byte offset {fault}"));
}

fn hexadecimal_sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn embedded_mnist_is_the_published_one() {
    let mnist = Dataset::mnist().unwrap();
    assert_eq!((mnist.training_count, mnist.test_count), (60_000, 10_000));
    assert_eq!((mnist.height, mnist.width, mnist.pixels()), (28, 28, 784));
    assert_eq!((mnist.classes, mnist.max_pixel), (10, 255));
    assert_eq!(mnist.images().len(), 70_000 * 784);
    assert_eq!(mnist.labels().len(), 70_000);
    assert_eq!(mnist.training_labels()[..5], [5, 0, 4, 1, 9]);
    assert_eq!(mnist.test_labels()[..5], [7, 2, 1, 0, 4]);
    assert_eq!(mnist.image(60_000).len(), 784);
}

#[test]
fn embedded_checksums_match_their_readme() {
    let readme = include_str!("../data/mnist/README.md");
    for (name, bytes) in MNIST_FILES {
        let mut content = Vec::new();
        GzDecoder::new(bytes).read_to_end(&mut content).unwrap();
        let content_name = name.trim_end_matches(".gz");
        for (name, bytes) in [(name, bytes), (content_name, content.as_slice())] {
            let line = format!("{}  {name}", hexadecimal_sha256(bytes));
            let listed = readme.lines().any(|found| found == line);
            assert!(listed, "README lacks {line:?}");
        }
    }
}

#[test]
fn sample_is_the_beginning_of_mnist() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/sample");
    let sample = Dataset::open(&folder).unwrap();
    let full = Dataset::mnist().unwrap().subset(0, 1600, 400).unwrap();
    assert_eq!((sample.training_count, sample.test_count), (1600, 400));
    assert!(sample.images() == full.images() && sample.labels() == full.labels());
}

#[test]
fn idx_naming_styles_give_equal_sets() {
    let plain = small_set();
    let mut compressed = plain.clone();
    compressed.iter_mut().for_each(|(_, bytes)| *bytes = gzip(bytes));
    // Each content with each name: a name can be wrong about compression.
    let styles = [("-idx", ""), ("-idx", ".gz"), (".idx", ""), (".idx", ".gz")];
    for files in [&plain, &compressed] {
        for (separator, suffix) in styles {
            let folder = folder_of(files, |name| name.replace("-idx", separator) + suffix);
            let set = Dataset::open(folder.path()).unwrap();
            assert_eq!(set.name, folder.path().display().to_string());
            assert_eq!((set.training_count, set.test_count), (4, 2));
            assert_eq!((set.height, set.width), (2, 3));
            assert_eq!((set.classes, set.max_pixel), (3, 200));
            assert_eq!(
                (set.channels, &set.class_names[..]),
                (1, &["0", "1", "2"].map(String::from)[..])
            );
            assert_eq!(set.image(1), [6, 200, 8, 9, 10, 11]);
            assert_eq!(set.image(4), [50; 6]);
            assert_eq!(set.labels(), [0, 1, 2, 1, 2, 0]);
        }
    }
}

#[test]
fn folder_named_like_a_file_is_skipped() {
    let folder = folder_of(&small_set(), |name| name.replace("-idx", ".idx"));
    fs::create_dir(folder.path().join(TRAINING_IMAGES)).unwrap();
    assert_eq!(Dataset::open(folder.path()).unwrap().training_count, 4);
}

#[test]
fn missing_paths_are_named_in_the_error() {
    let mut files = small_set();
    files.remove(3);
    let folder = folder_of(&files, str::to_owned);
    let path = folder.path();
    let error_of = |path: &Path| Dataset::open(path).unwrap_err().to_string();
    let names = "t10k-labels-idx1-ubyte, t10k-labels-idx1-ubyte.gz, \
                 t10k-labels.idx1-ubyte, t10k-labels.idx1-ubyte.gz";
    let expected = format!("expected one of the files {names} in this folder, found none");
    assert_eq!(error_of(path), format!("{}: {expected}", path.display()));

    let nowhere = path.join("nowhere");
    let expected = "cannot open the data set";
    assert_eq!(error_of(&nowhere), format!("{}: {expected}", nowhere.display()));

    let file = path.join(TEST_IMAGES);
    let expected = "expected a folder, an IDX file of training images, a .csv file, a .zip file of images, \
                    an .npz file, an .npy file, or a .parquet file, found an IDX file";
    assert_eq!(error_of(&file), format!("{}: {expected}", file.display()));
}

#[test]
fn inconsistent_files_are_refused() {
    let fault = format!("4: expected 4 labels, one per image of {TRAINING_IMAGES}, found 3");
    let labels = idx(&[3], &[0, 1, 2]);
    assert_error(TRAINING_LABELS, |bytes| *bytes = labels, &fault);
    let fault = format!("4: expected 2 labels, one per image of {TEST_IMAGES}, found 1");
    assert_error(TEST_LABELS, |bytes| *bytes = idx(&[1], &[0]), &fault);
    let images = idx(&[2, 3, 2], &[1; 12]);
    let fault = format!("8: expected images of 2 x 3 as in {TRAINING_IMAGES}, found 3 x 2");
    assert_error(TEST_IMAGES, |bytes| *bytes = images, &fault);
    let images = idx(&[2, 2, 4], &[1; 16]);
    let fault = format!("12: expected images of 2 x 3 as in {TRAINING_IMAGES}, found 2 x 4");
    assert_error(TEST_IMAGES, |bytes| *bytes = images, &fault);
    let fault = format!("9: expected a label in 0..=2 as in {TRAINING_LABELS}, found 3");
    assert_error(TEST_LABELS, |bytes| bytes[9] = 3, &fault);
}

#[test]
fn degenerate_training_set_is_refused() {
    let fault = "16: expected a pixel above 0, found black images only";
    assert_error(TRAINING_IMAGES, |bytes| bytes[16..].fill(0), fault);
    let fault = "8: expected at least two classes, found the label 7 only";
    assert_error(TRAINING_LABELS, |bytes| bytes[8..].fill(7), fault);
}

#[test]
fn arrays_in_memory_pass_the_same_checks() {
    let set = |height: usize, images: usize, labels: &[u8]| {
        let training = (vec![9; images], labels.to_vec());
        Dataset::from_parts("mine", height, 3, training, (vec![7; 6], vec![1]))
    };
    let full = set(2, 18, &[0, 1, 2]).unwrap();
    assert_eq!((full.training_count, full.test_count), (3, 1));
    assert_eq!((full.classes, full.max_pixel), (3, 9));

    let assert_error = |height: usize, images: usize, labels: &[u8], fault: &str| {
        let message = set(height, images, labels).unwrap_err().to_string();
        assert_eq!(message, format!("mine (training {fault}"));
    };
    let fault = "images), byte offset 17: expected 18 bytes of data (3 x 2 x 3), found 17";
    assert_error(2, 17, &[0, 1, 2], fault);
    let fault = "images), byte offset 0: expected a height of at least 1, found 0";
    assert_error(0, 18, &[0, 1, 2], fault);
    let fault = "images), byte offset 0: expected a number of images of at least 1, found 0";
    assert_error(2, 0, &[0, 1, 2], fault);
    let sizes = format!("{} x 3", usize::MAX);
    let fault = format!("byte offset 0: expected sizes that fit in memory, found {sizes} bytes");
    assert_error(usize::MAX, 18, &[0, 1, 2], &format!("images), {fault}"));
    let fault = "labels), byte offset 0: expected a number of labels of at least 1, found 0";
    assert_error(2, 18, &[], fault);
    let expected = "expected 3 labels, one per image of mine (training images), found 2";
    assert_error(2, 18, &[0, 1], &format!("labels), byte offset 0: {expected}"));
    let fault = "labels), byte offset 0: expected at least two classes, found the label 1 only";
    assert_error(2, 18, &[1, 1, 1], fault);
}

#[test]
fn classes_in_memory_may_have_no_images() {
    let set = |names: usize, label: u8| {
        let names = (0..names).map(|class| format!("class {class}")).collect();
        let training = (vec![9, 0], vec![label, label]);
        Dataset::of_classes("mine", names, [1, 1], training, (vec![0], vec![2]))
    };
    let dataset = set(3, 1).unwrap();
    assert_eq!((dataset.classes, dataset.class_names[2].as_str()), (3, "class 2"));
    let message = set(3, 3).unwrap_err().to_string();
    assert!(message.contains("expected a label in 0..=2"), "{message}");
    assert_eq!(set(1, 0).unwrap_err().to_string(), "mine: expected at least two classes, found 1");
}

#[test]
fn subset_keeps_the_first_images_of_both_sets() {
    let folder = folder_of(&small_set(), str::to_owned);
    let full = Dataset::open(folder.path()).unwrap();
    let subset = full.clone().subset(0, 2, 1).unwrap();
    assert_eq!((subset.training_count, subset.test_count), (2, 1));
    assert_eq!(subset.images()[..12], full.images()[..12]);
    assert_eq!(subset.images()[12..], full.images()[24..30]);
    assert_eq!(subset.labels(), [0, 1, 2]);
    assert_eq!((subset.classes, subset.max_pixel), (3, 200));

    let all = full.clone().subset(0, 0, 0).unwrap();
    assert_eq!(all.images(), full.images());
    assert_eq!(all.labels(), full.labels());
    for (training, test, available, requested) in
        [(5, 0, "4 training", "requested 5"), (0, 3, "2 test", "requested 3")]
    {
        let error = full.clone().subset(0, training, test).unwrap_err();
        let expected = format!("expected at most {available} images (0 means all), {requested}");
        assert_eq!(error.to_string(), format!("{}: {expected}", full.name));
    }
}

#[test]
fn validation_images_replace_the_test_set() {
    let folder = folder_of(&small_set(), str::to_owned);
    let full = Dataset::open(folder.path()).unwrap();
    let subset = full.clone().subset(2, 0, 0).unwrap();
    assert_eq!((subset.training_count, subset.test_count), (2, 2));
    assert_eq!(subset.images(), &full.images()[..24]);
    assert_eq!(subset.labels(), full.training_labels());
    assert_eq!((subset.classes, subset.max_pixel), (full.classes, full.max_pixel));

    let error = full.clone().subset(1, 0, 0).unwrap_err().to_string();
    assert!(
        error.contains("invalid validation set of one class: 1 held out, all of class 1"),
        "{error}"
    );

    let fewer = full.clone().subset(2, 1, 1).unwrap();
    assert_eq!(fewer.images(), [&full.images()[..6], &full.images()[12..18]].concat());
    let error = full.clone().subset(4, 0, 0).unwrap_err().to_string();
    assert!(error.contains("expected at most 3 validation images"), "{error}");
    let error = full.subset(2, 3, 0).unwrap_err().to_string();
    assert!(error.contains("expected at most 2 training images"), "{error}");
}

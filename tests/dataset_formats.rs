//! Proves: folders of images, CSV tables, `.npz` archives and Parquet files are detected and read: pixels, labels,
//! class names, sizes and colours. The error for an invalid data set states file, location, expected and found content.
//! No reader panics.
//!
//! Does not prove: the quality of scaling; the tests check only the positions of dark and light areas. The image crate
//! tests all variants of PNG and JPEG.

#[path = "dataset_formats/archive_names.rs"]
mod archive_names;
#[path = "dataset_formats/archives.rs"]
mod archives;
#[path = "dataset_formats/columns.rs"]
mod columns;
#[path = "dataset_formats/damaged_images.rs"]
mod damaged_images;
#[path = "dataset_formats/image_kinds.rs"]
mod image_kinds;
#[path = "dataset_formats/image_zips.rs"]
mod image_zips;
#[path = "dataset_formats/images.rs"]
mod images;
#[path = "dataset_formats/lone_sets.rs"]
mod lone_sets;
#[path = "dataset_formats/numpy_arrays.rs"]
mod numpy_arrays;
#[cfg(feature = "parquet")]
#[path = "dataset_formats/parquet.rs"]
mod parquet;
#[path = "dataset_formats/pixels.rs"]
mod pixels;
#[path = "dataset_formats/set_folders.rs"]
mod set_folders;
#[path = "dataset_formats/table_files.rs"]
mod table_files;
#[path = "dataset_formats/table_labels.rs"]
mod table_labels;
#[path = "dataset_formats/table_values.rs"]
mod table_values;
#[path = "dataset_formats/tables.rs"]
mod tables;
#[path = "dataset_formats/variants.rs"]
mod variants;
#[cfg(not(feature = "parquet"))]
#[path = "dataset_formats/without_parquet.rs"]
mod without_parquet;

use std::fs;
use std::path::Path;

use apical::dataset::{Dataset, ImageSize, ReadOptions};
use tempfile::TempDir;

/// Creates a folder with these files. Names may include subfolders.
fn folder_of<'a>(files: impl IntoIterator<Item = (&'a str, Vec<u8>)>) -> TempDir {
    let folder = TempDir::new().unwrap();
    for (name, bytes) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }
    folder
}

fn sized(width: usize, height: usize) -> ReadOptions {
    ReadOptions { size: Some(ImageSize { width, height }), ..ReadOptions::default() }
}

fn coloured() -> ReadOptions {
    ReadOptions { colour: true, ..ReadOptions::default() }
}

/// Returns the error for a path, without the folder's path.
fn error_of(folder: &TempDir, name: &str, reading: &ReadOptions) -> String {
    // Joining an empty name would append a slash.
    let path = if name.is_empty() { folder.path().to_owned() } else { folder.path().join(name) };
    let message = Dataset::open_as(&path, reading).unwrap_err().to_string();
    let path = folder.path().display().to_string();
    message.replace(&format!("{path}/"), "").replace(&path, "DIR")
}

/// Returns the class names of a data set.
fn class_names(path: &Path) -> Vec<String> {
    Dataset::open(path).unwrap().class_names
}

#[test]
fn folder_without_data_set_lists_the_formats() {
    let folder = folder_of([("notes.txt", vec![]), ("cat/a.png", vec![]), ("dog/b.txt", vec![])]);
    let message = error_of(&folder, "", &ReadOptions::default());
    for text in [
        "the four IDX files",
        "the folders train and test with a folder of images for each class",
        "train.csv and test.csv",
        "train.npz and test.npz",
        "found cat, dog, notes.txt",
    ] {
        assert!(message.contains(text), "{message}\nlacks: {text}");
    }
    let folder = TempDir::new().unwrap();
    let message = error_of(&folder, "", &ReadOptions::default());
    assert!(message.ends_with("found an empty folder"), "{message}");
}

#[test]
fn image_size_parses_valid_text_only() {
    assert_eq!("28x20".parse(), Ok(ImageSize { width: 28, height: 20 }));
    assert_eq!(ImageSize { width: 28, height: 20 }.to_string(), "28x20");
    for wrong in ["", "28", "28x", "x28", "0x28", "28x-1", "28x28x3", "1025x28", "28 x 28"] {
        let error = wrong.parse::<ImageSize>().unwrap_err();
        assert!(
            error.contains("expected WIDTHxHEIGHT such as 28x28, sides of 1 to 1024 pixels"),
            "{error}"
        );
    }
}

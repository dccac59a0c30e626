//! Names of the folders of the sets, nested classes, and files of the system.

use apical::dataset::{Dataset, ReadOptions};
use image::{GrayImage, ImageFormat, Luma};

use super::images::encoded;
use super::{error_of, folder_of};

/// Returns an image of this shade.
pub(super) fn shade(shade: u8) -> Vec<u8> {
    encoded(GrayImage::from_pixel(2, 2, Luma([shade])), ImageFormat::Png)
}

/// Returns the files of two classes in these folders.
fn sets(names: &[String]) -> impl Iterator<Item = (&str, Vec<u8>)> {
    names.iter().enumerate().map(|(index, name)| (name.as_str(), shade(index as u8 + 1)))
}

fn names_in(folders: &[&str]) -> Vec<String> {
    let classes = folders.iter().flat_map(|folder| [format!("{folder}/a"), format!("{folder}/b")]);
    classes.map(|class| format!("{class}/0.png")).collect()
}

#[test]
fn folders_of_the_sets_have_several_names() {
    for (training, test) in [
        ("train", "test"),
        ("Train", "Test"),
        ("training", "testing"),
        ("Training", "Testing"),
        ("TRAIN", "TEST"),
    ] {
        let names = names_in(&[training, test]);
        let set = Dataset::open(folder_of(sets(&names)).path()).unwrap();
        assert_eq!((set.training_count, set.test_count), (2, 2), "{training}");
        assert_eq!(set.images()[..4], [1; 4]);
        assert_eq!((set.conversions.len(), set.warnings.len()), (0, 0));
    }
}

#[test]
fn validation_set_is_the_test_set_if_there_is_none() {
    for validation in ["val", "valid", "validation", "Val"] {
        let names = names_in(&["train", validation]);
        let set = Dataset::open(folder_of(sets(&names)).path()).unwrap();
        assert_eq!((set.training_count, set.test_count), (2, 2));
        assert_eq!(set.image(2), [3; 4]);
        let told = format!("{validation}: the validation set is the test set, since there is none");
        assert!(set.conversions[0].ends_with(&told), "{:?}", set.conversions);
    }
    let names = names_in(&["train", "val", "test", "unlabelled"]);
    let set = Dataset::open(folder_of(sets(&names)).path()).unwrap();
    // Both are used.
    assert_eq!((set.test_count, set.image(2)), (2, &[5; 4][..]));
    assert_eq!((set.validation_count(), set.image(4)), (2, &[3; 4][..]));
    assert_eq!(set.conversions, Vec::<String>::new());
    assert!(set.warnings[0].ends_with(": folders not used: unlabelled"), "{:?}", set.warnings);
}

#[cfg(target_os = "linux")]
#[test]
fn two_folders_of_one_set_are_refused() {
    for (training, other) in [("Train", "train"), ("train", "training")] {
        let names = names_in(&[training, other, "test"]);
        let message = error_of(&folder_of(sets(&names)), "", &ReadOptions::default());
        let expected = format!("DIR: expected one folder train, found {training} and {other}");
        assert_eq!(message, expected);
    }
    let names = names_in(&["train", "val", "valid"]);
    let message = error_of(&folder_of(sets(&names)), "", &ReadOptions::default());
    assert_eq!(message, "DIR: expected one folder val, found val and valid");
}

#[test]
fn images_of_a_class_may_be_in_subfolders() {
    let names = [
        "train/a/images/0.JPEG",
        "train/a/images/1.JPEG",
        "train/b/images/0.JPEG",
        "val/b/x/0.JPEG",
    ];
    let files = names.iter().enumerate().map(|(index, &name)| (name, shade(index as u8 + 1)));
    let others = [("train/a/a_boxes.txt", vec![]), ("val/a/images/note.txt", vec![])];
    let set = Dataset::open(folder_of(files.chain(others)).path()).unwrap();
    assert_eq!((set.training_count, set.test_count), (3, 1));
    assert_eq!(set.class_names, ["a", "b"]);
    let format = &set.source_files[0].format;
    assert_eq!(format, "2 class folders, 2 with the images in subfolders, 3 images");
    let warnings = set.warnings.join("\n");
    assert!(
        warnings.contains("train/a: 1 file skipped, not images by their extension: a_boxes.txt"),
        "{warnings}"
    );
}

#[test]
fn folders_of_images_that_are_not_read_are_reported() {
    let names = [
        "train/a/0.png",
        "train/a/more/1.png",
        "train/b/x/0.png",
        "train/b/x/deep/1.png",
        "test/a/0.png",
    ];
    let files = names.iter().enumerate().map(|(index, &name)| (name, shade(index as u8 + 1)));
    let set = Dataset::open(folder_of(files).path()).unwrap();
    assert_eq!((set.training_count, set.test_count), (2, 1));
    let warnings = set.warnings.join("\n");
    for told in [
        "train/a: 1 folder skipped, beside the images: more",
        "train/b: 1 folder skipped, too deep: deep",
    ] {
        assert!(warnings.contains(told), "{warnings}");
    }
}

#[test]
fn files_of_systems_are_ignored() {
    let names = names_in(&["train", "test"]);
    let others = [
        "__MACOSX/train/a/._0.png",
        "train/__MACOSX/0.png",
        "train/.DS_Store",
        "train/a/._0.png",
        "train/a/Thumbs.db",
        "test/b/desktop.ini",
    ];
    let others = others.map(|name| (name, b"of the system".to_vec()));
    let set = Dataset::open(folder_of(sets(&names).chain(others)).path()).unwrap();
    assert_eq!((set.training_count, set.test_count, set.warnings.len()), (2, 2, 0));
}

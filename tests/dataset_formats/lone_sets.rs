//! Sets without a test set, from which `test_fraction` splits one off.

use apical::dataset::{Background, DataIdentity, Dataset, ReadOptions};
use tempfile::TempDir;

use super::archives::{npy, npz};
use super::set_folders::shade;
use super::{error_of, folder_of};

fn fraction(fraction: &str) -> ReadOptions {
    ReadOptions { test_fraction: Some(fraction.parse().unwrap()), ..ReadOptions::default() }
}

/// Creates a folder of 20 cats, ten dogs and two foxes of different shades, in classes below `prefix`.
fn animals(prefix: &str) -> TempDir {
    let classes = [("cat", 20, 1), ("dog", 10, 101), ("fox", 2, 201)];
    let names: Vec<(String, u8)> = classes
        .into_iter()
        .flat_map(|(class, count, first)| {
            (0..count).map(move |index| (format!("{prefix}{class}/{index:02}.png"), first + index))
        })
        .collect();
    folder_of(names.iter().map(|(name, value)| (name.as_str(), shade(*value))))
}

#[test]
fn test_fraction_splits_class_folders() {
    for prefix in ["", "train/", "Training/"] {
        let folder = animals(prefix);
        let set = Dataset::open_as(folder.path(), &fraction("0.2")).unwrap();
        assert_eq!((set.training_count, set.test_count), (25, 7), "{prefix}");
        assert_eq!(set.class_names, ["cat", "dog", "fox"]);
        let of_class = |class| set.test_labels().iter().filter(|&&label| label == class).count();
        assert_eq!([0, 1, 2].map(of_class), [4, 2, 1]);
        let mut shades: Vec<u8> = (0..32).map(|index| set.image(index)[0]).collect();
        for (index, &shade) in shades.iter().enumerate() {
            assert_eq!(set.labels()[index], shade / 100, "the label belongs to the image");
        }
        shades.sort_unstable();
        shades.dedup();
        assert_eq!(shades.len(), 32, "no image is in both sets");
        let told = "7 of 32 images are the test set (--test-fraction 0.2): each class's share, drawn with a fixed seed";
        let conversions = &set.conversions;
        assert!(conversions.len() == 1 && conversions[0].ends_with(told), "{conversions:?}");
    }
}

/// Runs store the fraction, not the images: the same fraction must draw the same images in each version.
#[test]
fn test_fraction_draws_with_a_fixed_seed() {
    let read = || Dataset::open_as(animals("").path(), &fraction("0.3")).unwrap();
    let (first, second) = (read(), read());
    assert_eq!(first.sha256(), second.sha256());
    assert_eq!(first.read_options.test_fraction, Some("0.3".parse().unwrap()));
    let options = ReadOptions {
        background: Some(Background::White),
        max_value: Some(255),
        csv_header: Some(false),
        ..fraction("0.3")
    };
    let identity = DataIdentity { read_options: options, ..DataIdentity::of(&first) };
    let arguments = " --background white --max-value 255 --csv-header false --test-fraction 0.3";
    assert!(identity.arguments().ends_with(arguments), "{}", identity.arguments());
    let test = first.training_count..first.training_count + first.test_count;
    let mut shades: Vec<u8> = test.map(|index| first.image(index)[0]).collect();
    shades.sort_unstable();
    assert_eq!(shades, [4, 5, 8, 16, 17, 19, 101, 105, 107, 201]);
}

#[test]
fn lone_set_without_test_fraction_is_refused() {
    let make = "expected a test set, found none; add one, or split it off with --test-fraction 0.2";
    for prefix in ["", "train/"] {
        let message = error_of(&animals(prefix), "", &ReadOptions::default());
        assert_eq!(message, format!("DIR: {make}"));
    }
}

#[test]
fn test_fraction_beside_a_test_set_is_refused() {
    let names = ["train/a/0.png", "train/b/0.png", "val/a/0.png", "val/b/0.png"];
    let folder = folder_of(names.map(|name| (name, shade(9))));
    let message = error_of(&folder, "", &fraction("0.2"));
    let expected = "expected data without a test set (--test-fraction), found the test set val";
    assert_eq!(message, format!("DIR: {expected}"));
}

#[test]
fn test_fraction_splits_a_lone_table() {
    let table = || (0..20).map(|index| format!("{},{index}\n", index % 2)).collect::<String>();
    for (file, path) in
        [("digits.csv", "digits.csv"), ("train.csv", "train.csv"), ("train.csv", "")]
    {
        let folder = folder_of([(file, table().into_bytes())]);
        let path = folder.path().join(path);
        let set = Dataset::open_as(&path, &fraction("0.25")).unwrap();
        assert_eq!((set.training_count, set.test_count), (14, 6), "{file}");
        let is_own = |index: usize| set.labels()[index] == set.image(index)[0] % 2;
        assert!((0..20).all(is_own), "{file}");
    }
    let folder = folder_of([("train.csv", table().into()), ("test.csv", table().into())]);
    let message = error_of(&folder, "", &fraction("0.2"));
    let expected =
        "expected data without a test set (--test-fraction), found the test set test.csv";
    assert_eq!(message, format!("DIR: {expected}"));
}

#[test]
fn test_fraction_splits_a_lone_archive() {
    let images: Vec<u8> = (0..20).collect();
    let labels: Vec<i64> = (0..20).map(|index| index % 2).collect();
    let arrays = [("images", npy(&[20, 1], &images)), ("labels", npy(&[20], &labels))];
    let archive = npz(&arrays, zip::CompressionMethod::Stored);
    for (file, path) in
        [("digits.npz", "digits.npz"), ("train.npz", "train.npz"), ("train.npz", "")]
    {
        let folder = folder_of([(file, archive.clone())]);
        let path = folder.path().join(path);
        let set = Dataset::open_as(&path, &fraction("0.25")).unwrap();
        assert_eq!((set.training_count, set.test_count), (14, 6), "{file}");
    }
}

//! Zip archives of image folders.

use std::io::{Cursor, Write};
use std::path::Path;

use apical::dataset::unlabelled::{Preprocess, collect};
use apical::dataset::{Dataset, PixelRules, ReadOptions};
use zip::CompressionMethod;
use zip::write::{SimpleFileOptions, ZipWriter};

use super::set_folders::shade;
use super::{error_of, folder_of};

fn zip<N: AsRef<str>>(files: &[(N, Vec<u8>)], method: CompressionMethod) -> Vec<u8> {
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().compression_method(method);
    for (name, bytes) in files {
        archive.start_file(name.as_ref(), options).unwrap();
        archive.write_all(bytes).unwrap();
    }
    archive.finish().unwrap().into_inner()
}

/// Returns two classes in these sets, of different shades.
fn sets(prefix: &str, names: &[&str]) -> Vec<(String, Vec<u8>)> {
    let classes = names.iter().flat_map(|name| ["a", "b"].map(|class| format!("{name}/{class}")));
    let files =
        classes.flat_map(|class| [0, 1].map(|index| format!("{prefix}{class}/{index}.png")));
    files.enumerate().map(|(index, name)| (name, shade(index as u8 + 1))).collect()
}

fn deflated(files: &[(String, Vec<u8>)]) -> Vec<u8> {
    zip(files, CompressionMethod::Deflated)
}

#[test]
fn zip_is_read_as_the_folder_in_it() {
    let files = sets("", &["train", "test"]);
    let unpacked = folder_of(files.iter().map(|(name, bytes)| (name.as_str(), bytes.clone())));
    let expected = Dataset::open(unpacked.path()).unwrap();
    for (prefix, method) in [
        ("", CompressionMethod::Stored),
        ("", CompressionMethod::Deflated),
        ("data/", CompressionMethod::Deflated),
        ("./data\\inner/", CompressionMethod::Stored),
    ] {
        let files = sets(prefix, &["train", "test"]);
        let folder = folder_of([("data.zip", zip(&files, method))]);
        let set = Dataset::open(&folder.path().join("data.zip")).unwrap();
        assert_eq!(set.sha256(), expected.sha256(), "{prefix}");
        assert_eq!((set.class_names, set.warnings.len()), (expected.class_names.clone(), 0));
    }
}

#[test]
fn zip_of_classes_is_split() {
    for prefix in ["", "pets/"] {
        let files: Vec<_> = sets(prefix, &["train"])
            .into_iter()
            .map(|(name, bytes)| (name.replace("train/", ""), bytes))
            .chain([(format!("__MACOSX/{prefix}a/._0.png"), b"of the system".to_vec())])
            .collect();
        let folder = folder_of([("pets.zip", deflated(&files))]);
        let options =
            ReadOptions { test_fraction: Some("0.5".parse().unwrap()), ..ReadOptions::default() };
        let set = Dataset::open_as(&folder.path().join("pets.zip"), &options).unwrap();
        assert_eq!((set.training_count, set.test_count), (2, 2));
        assert_eq!((set.class_names.join(" "), set.warnings.len()), ("a b".to_string(), 0));
        let message = error_of(&folder, "pets.zip", &ReadOptions::default());
        assert!(message.starts_with("pets.zip: expected a test set, found none"), "{message}");
    }
}

#[test]
fn unusable_names_in_a_zip_are_skipped() {
    let mut files = sets("", &["train", "test"]);
    let deep = format!("{}x.png", "d/".repeat(20_000));
    for name in ["../train/a/up.png", "train/../../a.png", "/", "", &deep] {
        files.push((name.to_string(), shade(99)));
    }
    files.push(("/train/a/root.png".to_string(), shade(50)));
    files.push(("train//b/./\u{1b}[2J\0.png".to_string(), shade(51)));
    let folder = folder_of([("data.zip", deflated(&files))]);
    let set = Dataset::open(&folder.path().join("data.zip")).unwrap();
    assert_eq!((set.training_count, set.test_count), (6, 4));
    let told = "5 files skipped, the name leaves the archive or has too many folders: ";
    assert!(set.warnings[0].contains(told) && set.warnings[0].len() < 500, "{:?}", set.warnings);
}

#[test]
fn names_of_one_file_in_a_zip_are_refused() {
    let mut files = sets("", &["train", "test"]);
    files.push(("./train//a/0.png".to_string(), shade(99)));
    let folder = folder_of([("data.zip", deflated(&files))]);
    let message = error_of(&folder, "data.zip", &ReadOptions::default());
    let expected = "data.zip: expected distinct names, found './train//a/0.png' twice";
    assert_eq!(message, expected);
}

#[test]
fn images_of_a_zip_are_predicted_as_those_of_a_folder() {
    let mut files = sets("new/", &["train", "test"]);
    files.push(("notes.txt".to_string(), b"no image".to_vec()));
    let unpacked = folder_of(files.iter().map(|(name, bytes)| (name.as_str(), bytes.clone())));
    let folder = folder_of([("data.zip", deflated(&files)), ("empty.zip", deflated(&files[8..]))]);
    let preprocess = Preprocess::of([2, 3, 1], &PixelRules::default(), None);
    let read = |path: &Path| collect(&[path.to_owned()], preprocess);
    let (expected, zip) = (read(unpacked.path()).unwrap(), folder.path().join("data.zip"));
    let found = read(&zip).unwrap();
    assert_eq!((found.count(), &found.bytes), (8, &expected.bytes));
    assert_eq!(found.names[0], zip.join("new/test/a/0.png").display().to_string());
    let error = read(&folder.path().join("empty.zip")).unwrap_err().to_string();
    assert!(error.contains("in this archive, found none"), "{error}");
    let refused = [
        (ReadOptions { csv_header: Some(true), ..ReadOptions::default() }, "--csv-header"),
        (ReadOptions { transposed: Some(false), ..ReadOptions::default() }, "--transposed"),
    ];
    for (options, name) in refused {
        let preprocess = Preprocess::of([2, 3, 1], &PixelRules::default(), Some(&options));
        for path in [&zip, unpacked.path()] {
            let error = collect(&[path.to_owned()], preprocess).unwrap_err().to_string();
            assert!(error.contains(&format!(", for which {name} is given, found ")), "{error}");
        }
    }
}

#[test]
fn gzip_file_is_no_zip_archive() {
    let folder = folder_of([("data.gz", vec![0x1f, 0x8b, 8, 0])]);
    let message = error_of(&folder, "data.gz", &ReadOptions::default());
    assert!(message.ends_with("found a gzip file"), "{message}");
}

#[test]
fn damaged_and_other_zips_are_refused() {
    let error = |bytes: Vec<u8>| {
        error_of(&folder_of([("data.zip", bytes)]), "data.zip", &ReadOptions::default())
    };
    let whole = deflated(&sets("", &["train", "test"]));
    let message = error(whole[..whole.len() - 30].to_vec());
    assert!(message.starts_with("data.zip: damaged zip archive"), "{message}");
    // The first image's compressed bytes start after its header and name.
    let mut flipped = whole.clone();
    flipped[30 + "train/a/0.png".len() + 20] ^= 0x55;
    let message = error(flipped);
    assert!(message.contains("data.zip/train/a/0.png: "), "{message}");
    let tables = [("train.csv", b"0,1".to_vec()), ("test.csv", b"0,1".to_vec())];
    let message = error(zip(&tables, CompressionMethod::Stored));
    assert_eq!(
        message,
        "data.zip: expected a folder of images per class, found test.csv, train.csv"
    );
}

/// A file of zeros shrinks to a thousandth. Only the check is tested, with 300 MB that are never unpacked.
#[test]
fn zip_that_unpacks_to_much_more_is_refused() {
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
    for (name, bytes) in sets("", &["train", "test"]) {
        archive.start_file(name, options).unwrap();
        archive.write_all(&bytes).unwrap();
    }
    archive.start_file("train/a/zeros.png", options).unwrap();
    let zeros = vec![0; 1 << 20];
    (0..300).for_each(|_| archive.write_all(&zeros).unwrap());
    let bytes = archive.finish().unwrap().into_inner();
    assert!(bytes.len() < 1 << 20);
    let folder = folder_of([("data.zip", bytes)]);
    let message = error_of(&folder, "data.zip", &ReadOptions::default());
    assert!(message.contains("data.zip/train/a/zeros.png: cannot read the file"), "{message}");
}

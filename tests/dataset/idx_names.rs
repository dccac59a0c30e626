//! Names of IDX files: EMNIST, QMNIST and torchvision's folders.

use apical::dataset::{Dataset, ReadOptions};

use super::*;

/// Returns the small set under the names of a set such as `emnist-letters-`, with this part for the test set.
fn named(folder: &Path, prefix: &str, test: &str, first_label: u8) {
    fs::create_dir_all(folder).unwrap();
    for (name, bytes) in small_set() {
        let mut bytes = bytes;
        if name.contains("labels") {
            bytes[8..].iter_mut().for_each(|label| *label += first_label);
        }
        fs::write(folder.join(prefix.to_string() + &name.replace("t10k", test)), bytes).unwrap();
    }
}

fn open_error(path: &Path) -> (String, String) {
    let error = Dataset::open(path).unwrap_err();
    let hint = error.hint().unwrap_or_default().to_string();
    (error.to_string().replace(&path.display().to_string(), "DIR"), hint)
}

#[test]
fn emnist_is_read_upright_with_its_letters() {
    let folder = TempDir::new().unwrap();
    named(folder.path(), "emnist-letters-", "test", 1);
    let set = Dataset::open(folder.path()).unwrap();
    // The rows 0 1 2 and 3 4 5 of the file are columns.
    assert_eq!((set.height, set.width), (3, 2));
    assert_eq!(set.image(0), [0, 3, 1, 4, 2, 5]);
    assert_eq!(set.labels(), [0, 1, 2, 1, 2, 0]);
    assert_eq!(set.class_names, ["1", "2", "3"]);
    let [training, _, renumbered] = &set.conversions[..] else { panic!("{:?}", set.conversions) };
    assert!(
        training
            .contains("emnist-letters-train-images-idx3-ubyte: images are transposed, as files")
    );
    assert_eq!(renumbered, "labels 1 to 3 are read as classes 0 to 2");

    // The codes of a capital and a small letter; the small one, as `apical data fetch` names the classes.
    let mapping = folder.path().join("emnist-letters-mapping.txt");
    fs::write(&mapping, "1 65 97\n2 66 98\n3 67 99\n").unwrap();
    assert_eq!(Dataset::open(folder.path()).unwrap().class_names, ["a", "b", "c"]);
    fs::write(folder.path().join("class_names.txt"), "x\ny\nz\n").unwrap();
    assert_eq!(Dataset::open(folder.path()).unwrap().class_names, ["x", "y", "z"]);
    fs::remove_file(folder.path().join("class_names.txt")).unwrap();
    for damaged in ["1 65\n3 66\n", "a b\n", "1\n", "2 65\n", "1 1114112\n"] {
        fs::write(&mapping, damaged).unwrap();
        let (message, _) = open_error(folder.path());
        assert!(message.contains("expected a label, one more than the last"), "{message}");
    }
    fs::remove_file(&mapping).unwrap();

    let kept = ReadOptions { transposed: Some(false), ..ReadOptions::default() };
    let set = Dataset::open_as(folder.path(), &kept).unwrap();
    assert_eq!((set.height, set.width, set.conversions.len()), (2, 3, 1));
    // Without the name of EMNIST the option decides.
    let other = TempDir::new().unwrap();
    named(other.path(), "", "test", 0);
    let set = Dataset::open(other.path()).unwrap();
    assert_eq!((set.image(0), set.conversions.len()), (&[0, 1, 2, 3, 4, 5][..], 0));
    let turned = ReadOptions { transposed: Some(true), ..ReadOptions::default() };
    assert_eq!(Dataset::open_as(other.path(), &turned).unwrap().image(0), [0, 3, 1, 4, 2, 5]);
}

#[test]
fn labels_from_1_keep_a_named_class_0() {
    let folder = TempDir::new().unwrap();
    named(folder.path(), "", "t10k", 1);
    fs::write(folder.path().join("class_names.txt"), "none\na\nb\nc\n").unwrap();
    let set = Dataset::open(folder.path()).unwrap();
    assert_eq!((set.classes, set.labels()), (4, &[1, 2, 3, 2, 3, 1][..]));
}

#[test]
fn several_sets_of_a_folder_are_listed() {
    let folder = TempDir::new().unwrap();
    for prefix in ["emnist-letters-", "emnist-digits-"] {
        named(folder.path(), prefix, "test", 0);
    }
    let (message, hint) = open_error(folder.path());
    let expected =
        "DIR: expected one data set of IDX files, found 2: emnist-digits, emnist-letters";
    assert_eq!(message, expected);
    assert_eq!(hint, "pass the folder of one of them, or its file of training images");
    let path = folder.path().join("emnist-letters-train-images-idx3-ubyte");
    let set = Dataset::open(&path).unwrap();
    assert!(set.source_files.iter().all(|file| file.file.contains("emnist-letters-")));
    fs::remove_file(folder.path().join("emnist-letters-test-labels-idx1-ubyte")).unwrap();
    let missing = "expected one of the files emnist-letters-test-labels-idx1-ubyte, \
                   emnist-letters-test-labels-idx1-ubyte.gz, emnist-letters-test-labels.idx1-ubyte, \
                   emnist-letters-test-labels.idx1-ubyte.gz in this folder, found none";
    let message = Dataset::open(&path).unwrap_err().to_string();
    assert!(message.ends_with(missing), "{message}");
}

#[test]
fn two_test_sets_are_refused() {
    let folder = TempDir::new().unwrap();
    named(folder.path(), "", "t10k", 0);
    named(folder.path(), "", "test", 0);
    let (message, _) = open_error(folder.path());
    assert_eq!(message, "DIR: expected one test set, found t10k-images and test-images");
}

#[test]
fn folder_above_raw_of_torchvision_is_read() {
    let folder = TempDir::new().unwrap();
    named(&folder.path().join("MNIST/raw"), "", "t10k", 0);
    for path in
        [folder.path().to_owned(), folder.path().join("MNIST"), folder.path().join("MNIST/raw")]
    {
        assert_eq!(Dataset::open(&path).unwrap().labels(), [0, 1, 2, 1, 2, 0]);
    }
    named(&folder.path().join("FashionMNIST/raw"), "", "t10k", 0);
    named(&folder.path().join("EMNIST/raw"), "emnist-letters-", "test", 1);
    let (message, _) = open_error(folder.path());
    let expected = "DIR: expected one data set of IDX files, found 3: EMNIST/raw/emnist-letters, FashionMNIST/raw, \
                    MNIST/raw";
    assert_eq!(message, expected);
    assert_eq!(Dataset::open(&folder.path().join("EMNIST")).unwrap().image(0), [0, 3, 1, 4, 2, 5]);
}

#[test]
fn qmnist_labels_are_the_first_of_eight_columns() {
    let folder = TempDir::new().unwrap();
    let write = |name: &str, bytes: Vec<u8>| fs::write(folder.path().join(name), bytes).unwrap();
    let labels = |labels: &[u8]| {
        let rows = labels.iter().flat_map(|&label| [label.into(), 4, 7, 300, 70_000, 0, 0, 0_i32]);
        let data: Vec<u8> = rows.flat_map(i32::to_be_bytes).collect();
        let mut bytes = idx(&[labels.len() as u32, 8], &data);
        bytes[2] = 0x0c;
        bytes
    };
    for (part, images, bytes) in [
        ("train", small_set()[0].1.clone(), labels(&[0, 1, 2, 1])),
        ("test", small_set()[2].1.clone(), labels(&[2, 0])),
    ] {
        write(&format!("qmnist-{part}-images-idx3-ubyte.gz"), gzip(&images));
        write(&format!("qmnist-{part}-labels-idx2-int.gz"), gzip(&bytes));
    }
    let set = Dataset::open(folder.path()).unwrap();
    assert_eq!(
        (set.labels(), set.image(1)),
        (&[0, 1, 2, 1, 2, 0][..], &[6, 200, 8, 9, 10, 11][..])
    );
    assert!(set.conversions[0].ends_with("the first of 8 columns is the label"));
    assert!(set.source_files[1].format.starts_with("IDX, 32-bit integers, 4 x 8"));
    write("qmnist-test-labels-idx2-int.gz", labels(&[2, 255]));
    let (message, _) = open_error(folder.path());
    assert!(message.contains("byte offset 44: expected a label in 0..=2"), "{message}");
    let mut odd = idx(&[2, 3], &[0; 6]);
    odd[3] = 2;
    write("qmnist-test-labels-idx2-int.gz", odd);
    let (message, _) = open_error(folder.path());
    assert!(
        message
            .ends_with("expected one label per image, or 8 columns as in QMNIST, found 3 columns"),
        "{message}"
    );
}

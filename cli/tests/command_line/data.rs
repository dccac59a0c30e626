//! `data`: summary, problems and contact sheet. See `cli/tests/fetch.rs` for downloads.

use std::fs;

use image::GrayImage;
use serde_json::json;
use tempfile::TempDir;

use super::{TRAINING_LABELS, apical, fails, folder_with_data, json_of, output_of, write_idx};

fn summary(folder: &TempDir, arguments: &[&str]) -> serde_json::Value {
    json_of(apical(folder).arg("data").args(arguments).arg("--json")).remove(0)
}

#[test]
fn data_prints_shapes_and_counts() {
    let folder = folder_with_data();
    let found = summary(&folder, &["data"]);
    assert_eq!(
        (&found["height"], &found["width"], &found["channels"]),
        (&6.into(), &5.into(), &1.into())
    );
    assert_eq!((&found["training_images"], &found["test_images"]), (&300.into(), &200.into()));
    assert_eq!((&found["max_pixel"], &found["name"]), (&255.into(), &"data".into()));
    assert_eq!(found["training_classes"], json!([30, 30, 30, 30, 30, 30, 30, 30, 30, 30]));
    assert_eq!(found["test_classes"], json!([20, 20, 20, 20, 20, 20, 20, 20, 20, 20]));
    assert_eq!(found["class_names"][9], "9");

    let text = output_of(apical(&folder).args(["data", "data"]));
    for line in [
        "images      5 x 6 pixels, grey, bytes 0 to 255",
        "training    300 images",
        "    0        30        20",
    ] {
        assert!(text.contains(line), "{text}\nlacks: {line}");
    }
    // Without a path, the data set is MNIST.
    let found = summary(&folder, &[]);
    assert_eq!(
        (&found["training_classes"][1], &found["test_classes"][1]),
        (&6742.into(), &1135.into())
    );
    assert_eq!(found["problems"], json!([]));
}

#[test]
fn data_prints_problems() {
    let folder = TempDir::new().unwrap();
    let save = |name: &str, bytes: [u8; 4]| {
        let path = folder.path().join("pets").join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        GrayImage::from_raw(2, 2, bytes.to_vec()).unwrap().save(path).unwrap();
    };
    for index in 0..20 {
        save(&format!("train/cat/{index}.png"), [1, 2, 3, index]);
    }
    save("train/dog/a.png", [1, 2, 3, 4]);
    save("train/dog/b.png", [9, 9, 9, 9]);
    save("train/fox/a.png", [7, 0, 0, 0]);
    save("test/cat/a.png", [1, 2, 3, 5]);
    save("test/dog/a.png", [1, 2, 3, 200]);
    fs::write(folder.path().join("pets/train/cat/notes.txt"), "").unwrap();
    let found = summary(&folder, &["pets"]);
    let problems: Vec<String> = serde_json::from_value(found["problems"].clone()).unwrap();
    let expected = [
        "pets/train/cat: 1 file skipped, not images by their extension: notes.txt",
        "pets/test/fox: no test images",
        "no test images of class fox",
        "class dog, fox has at most 1/10 of the training images of the largest class",
        "1 training image of a single grey level",
        "1 test image with a byte above 19, the largest in training",
        "1 training image repeated in the training set",
        "1 training image repeated in the training set with another class",
        "1 test image also in the training set",
    ];
    assert_eq!(problems, expected);
    let text = output_of(apical(&folder).args(["data", "pets"]));
    assert_eq!(text.matches("\nproblem     ").count(), expected.len(), "{text}");
    assert!(text.contains("\n1 dog         2         1\n"), "{text}");
}

#[test]
fn data_prints_how_a_table_is_read() {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("train.csv"), ",p1,p0,label\n0,8,4,0\n1,16,2,1\n").unwrap();
    fs::write(folder.path().join("test.csv"), "label;p0;p1\n1;3;4\n").unwrap();
    let text =
        output_of(apical(&folder).args(["data", ".", "--image-size", "2x1", "--max-value", "16"]));
    for line in [
        "images      2 x 1 pixels, grey, bytes 0 to 255, mean 119.8; a pixel is byte / 255",
        "read        ./train.csv: CSV, separated by commas, 2 lines, with a header; labels in column 4 'label', \
         2 pixels in columns 3 'p0' to 2 'p1', row by row; values 2 to 16",
        "converted   pixels are scaled: 16 becomes 255 (--max-value)",
        "converted   ./train.csv: column 1 '' has line numbers and is ignored",
        "converted   ./train.csv: pixel columns are sorted by the numbers in their names",
        "separated by semicolons, 1 line, with a header",
    ] {
        assert!(text.contains(line), "{text}\nlacks: {line}");
    }
    let found = summary(&folder, &[".", "--image-size", "2x1", "--max-value", "16"]);
    assert_eq!(found["rules"]["max_value"], 16);
    assert_eq!(found["source_files"][0]["file"], "./train.csv");
}

#[test]
fn contact_sheet_shows_images_of_each_class() {
    let folder = folder_with_data();
    output_of(apical(&folder).args([
        "data",
        "data",
        "--contact-sheet",
        "sheet.png",
        "--columns",
        "4",
    ]));
    let sheet = image::open(folder.path().join("sheet.png")).unwrap().to_luma8();
    // 5 x 6 pixels enlarged nine times, with gaps of 4 pixels.
    // The class names are on the left.
    let columns = 4 * (45 + 4) + 4;
    assert_eq!(sheet.height(), 10 * (54 + 4) + 4);
    let left = sheet.width() - columns;
    assert!((5..60).contains(&left), "{left}");
    let images = fs::read(folder.path().join("data/train-images-idx3-ubyte")).unwrap();
    // The first image is of class 0, the second of class 7.
    assert_eq!(sheet.get_pixel(left + 4, 4).0, [images[16]]);
    assert_eq!(sheet.get_pixel(left + 4 + 9, 4 + 7 * 58).0, [images[16 + 30 + 1]]);

    let wrong = ["data", "data", "--contact-sheet", "sheet.jpg"];
    fails(apical(&folder).args(wrong), 2, &["expected a .png file such as sheet.png"]);
}

#[test]
fn data_without_a_data_set_is_refused() {
    let folder = folder_with_data();
    write_idx(&folder.path().join("data").join(TRAINING_LABELS), &[1], vec![0]);
    fails(apical(&folder).args(["data", "data"]), 1, &["expected 300 labels"]);
    fails(apical(&folder).args(["data", "nowhere"]), 1, &["nowhere: cannot open the data set"]);
    let needs = ["data", "--image-size", "4x4"];
    fails(apical(&folder).args(needs), 2, &["required arguments were not provided"]);
    fails(
        apical(&folder).args(["data", "data", "--image-size", "4"]),
        2,
        &["invalid size '4': expected WIDTHxHEIGHT such as 28x28"],
    );
    fails(
        apical(&folder).args(["data", "fetch", "mnust", "--out", "x"]),
        2,
        &["possible values: mnist"],
    );
}

/// The split of a data set without a test set is shown, stored with a run, and found again.
#[test]
fn test_fraction_is_stored_with_the_run() {
    let folder = TempDir::new().unwrap();
    for (class, shade) in [("bright", 200), ("dark", 20)] {
        fs::create_dir_all(folder.path().join("pets").join(class)).unwrap();
        for index in 0..20 {
            let image = GrayImage::from_pixel(4, 4, image::Luma([shade + index]));
            image.save(folder.path().join(format!("pets/{class}/{index}.png"))).unwrap();
        }
    }
    let hint = "or split it off with --test-fraction 0.2";
    fails(apical(&folder).args(["data", "pets"]), 1, &["pets: expected a test set", hint]);
    let wrong = ["data", "pets", "--test-fraction", "1"];
    fails(apical(&folder).args(wrong), 2, &["expected a number above 0 and below 1"]);
    let found = summary(&folder, &["pets", "--test-fraction", "0.25"]);
    assert_eq!(found["test_classes"], json!([5, 5]));
    let told = "pets: 10 of 40 images are the test set (--test-fraction 0.25)";
    assert!(found["conversions"][0].as_str().unwrap().starts_with(told), "{found}");

    let mut train = apical(&folder);
    train.args(["train", "--data", "pets", "--test-fraction", "0.25", "--layers", "8,2"]);
    train.args(["--epochs", "1", "--batch-size", "2", "--out", "run", "--backend", "cpu"]);
    output_of(train.args(["--train-images", "0", "--test-images", "0"]));
    let info = fs::read_to_string(folder.path().join("run/run.json")).unwrap();
    assert!(info.contains("\"test_fraction\": 0.25"), "{info}");
    let test = ["test", "run/weights.safetensors", "--backend", "cpu", "--json"];
    let report = &json_of(apical(&folder).args(test))[0];
    assert_eq!((&report["test_images"], &report["data"]), (&10.into(), &report["trained_on"]));
}

//! `predict`: input forms, predictions and invalid images.

use std::fs;

use assert_cmd::Command;
use image::{GrayImage, ImageFormat};
use serde_json::Value;
use tempfile::TempDir;

use super::{
    TEST_IMAGES, TEST_LABELS, apical, fails, folder_with_data, json_of, output_of, train_on_cpu,
};

/// Creates a folder with data, a run, and the test images as `images/000.png`, ..
fn folder_with_images() -> TempDir {
    let folder = folder_with_data();
    output_of(train_on_cpu(&folder).args(["--batch-size", "4", "--out", "run"]));
    let images = fs::read(folder.path().join("data").join(TEST_IMAGES)).unwrap();
    fs::create_dir(folder.path().join("images")).unwrap();
    for (index, pixels) in images[16..].chunks(30).enumerate() {
        let path = folder.path().join(format!("images/{index:03}.png"));
        GrayImage::from_raw(5, 6, pixels.to_vec()).unwrap().save(path).unwrap();
    }
    folder
}

fn predict(folder: &TempDir, arguments: &[&str]) -> Command {
    let mut command = apical(folder);
    command.args(["predict", "run/weights.safetensors", "--backend", "cpu"]).args(arguments);
    command
}

fn column(lines: &[Value], key: &str) -> Vec<Value> {
    lines.iter().map(|line| line[key].clone()).collect()
}

#[test]
fn predict_agrees_with_test_for_every_input_form() {
    let folder = folder_with_images();
    let idx = format!("data/{TEST_IMAGES}");
    let lines = json_of(&mut predict(&folder, &["--json", &idx]));
    assert_eq!(lines.len(), 200);
    let labels = fs::read(folder.path().join("data").join(TEST_LABELS)).unwrap();
    let wrong = lines.iter().zip(&labels[8..]).filter(|(line, label)| line["class"] != **label);
    let error = 100.0 * wrong.count() as f64 / 200.0;
    // The folder of the run selects its weights.
    let mut test = apical(&folder);
    test.args(["test", "run", "--data", "data", "--backend", "cpu", "--json"]);
    let test_error = json_of(&mut test)[0]["test_error"].as_f64().unwrap();
    // The spikes differ: the standard deviation over 200 images is at most 3.5 %.
    assert!((test_error - error).abs() < 15.0, "{test_error} % in a test, {error} % here");
    assert!((1.0..90.0).contains(&error), "{error} % is not informative");
    for (index, line) in lines.iter().enumerate() {
        assert_eq!(line["image"], format!("{idx}[{index}]"));
        assert_eq!(line["name"], line["class"].to_string());
        let scores: Vec<f64> = serde_json::from_value(line["scores"].clone()).unwrap();
        let class = line["class"].as_u64().unwrap() as usize;
        assert_eq!(scores.len(), 10);
        assert!(scores.iter().all(|&score| score <= scores[class]), "{line}");
        assert_eq!(
            (&line["vote_fraction"], line["class_counts"][class].as_u64()),
            (&1.0.into(), Some(1))
        );
        assert!(line["seconds"].as_f64().unwrap() > 0.0);
    }

    // The same images in a folder, or by path on standard input.
    let of_folder = json_of(&mut predict(&folder, &["--json", "images"]));
    assert_eq!(column(&of_folder, "scores"), column(&lines, "scores"));
    assert_eq!(of_folder[7]["image"], "images/007.png");
    let names: String = (0..200).map(|index| format!("images/{index:03}.png\n")).collect();
    let of_stdin = json_of(predict(&folder, &["--json", "-"]).write_stdin(names));
    assert_eq!(column(&of_stdin, "scores"), column(&lines, "scores"));

    // The scores of an image do not depend on the other images or their order.
    let single = json_of(&mut predict(&folder, &["--json", "images/007.png"]));
    assert_eq!(single[0]["scores"], lines[7]["scores"]);
    let twice = ["--json", "images/009.png", "images/007.png", "images/009.png", "--repeats", "2"];
    let once = json_of(&mut predict(&folder, &["--json", "images/009.png", "--repeats", "2"]));
    let twice = json_of(&mut predict(&folder, &twice));
    assert_eq!([&twice[0]["scores"], &twice[2]["scores"]], [&once[0]["scores"]; 2]);
    assert_ne!(lines[8]["scores"], lines[7]["scores"]);

    // One line per image and a header.
    let table = output_of(&mut predict(&folder, &["images/003.png", "images/001.png"]));
    let rows: Vec<&str> = table.lines().collect();
    assert_eq!(rows.len(), 3, "{table}");
    assert!(rows[0].starts_with("image") && rows[1].starts_with("images/003.png  "), "{table}");
}

#[test]
fn tables_are_predicted_as_their_images() {
    let folder = folder_with_images();
    let images = fs::read(folder.path().join("data").join(TEST_IMAGES)).unwrap();
    let images: Vec<&[u8]> = images[16..].chunks(30).collect();
    let row = |values: Vec<String>| values.join(",") + "\n";
    let lines = |value: &dyn Fn(u8) -> String| -> String {
        images.iter().map(|image| row(image.iter().map(|&byte| value(byte)).collect())).collect()
    };
    let plain = lines(&|byte| byte.to_string());
    let header = row((0..30).map(|pixel| format!("pixel{pixel}")).collect());
    let labelled: String = plain.lines().map(|line| format!("7,{line}\n")).collect();
    let expected = json_of(&mut predict(&folder, &["--json", &format!("data/{TEST_IMAGES}")]));
    for (name, table) in [
        ("plain.csv", plain.clone()),
        ("kaggle.csv", header.clone() + &plain),
        ("labelled.csv", labelled.clone()),
        ("named.csv", format!("label,{header}{labelled}")),
        ("blanks.txt", plain.replace(',', " ")),
        ("fractions.tsv", lines(&|byte| (f64::from(byte) / 255.0).to_string()).replace(',', "\t")),
    ] {
        fs::write(folder.path().join(name), table).unwrap();
        let found = json_of(&mut predict(&folder, &["--json", name]));
        assert_eq!(column(&found, "scores"), column(&expected, "scores"), "{name}");
        assert_eq!(found[7]["image"], format!("{name}[7]"));
    }
    fs::write(folder.path().join("short.csv"), "1,2,3\n").unwrap();
    let size = "short.csv, line 1: expected 30 pixels per line, as the images of the training have";
    fails(&mut predict(&folder, &["short.csv"]), 1, &[size]);
}

#[test]
fn predict_scales_and_inverts_images() {
    let folder = folder_with_images();
    let path = |name: &str| folder.path().join(name);
    let image = image::open(path("images/005.png")).unwrap().to_luma8();
    let nearest = image::imageops::FilterType::Nearest;
    image::imageops::resize(&image, 40, 48, nearest).save(path("large.png")).unwrap();
    let mut inverted = image.clone();
    image::imageops::invert(&mut inverted);
    inverted.save(path("inverted.png")).unwrap();
    let rgb = image::DynamicImage::from(image).to_rgb8();
    rgb.save_with_format(path("colour.jpeg"), ImageFormat::Png).unwrap();

    let scores = |arguments: &[&str]| column(&json_of(&mut predict(&folder, arguments)), "scores");
    let expected = scores(&["--json", "images/005.png"]);
    assert_eq!(scores(&["--json", "--invert", "inverted.png"]), expected);
    assert_eq!(scores(&["--json", "colour.jpeg"]), expected);
    assert_ne!(scores(&["--json", "inverted.png"]), expected);
    let line = |arguments: &[&str]| json_of(&mut predict(&folder, arguments)).remove(0);
    let large = line(&["--json", "--repeats", "20", "large.png"]);
    assert_eq!(large["class"], line(&["--json", "--repeats", "20", "images/005.png"])["class"]);
}

#[test]
fn predict_repeats_draw_new_spikes() {
    let folder = folder_with_images();
    let lines = json_of(&mut predict(&folder, &["--json", "--repeats", "8", "images"]));
    let mut uncertain = 0;
    for line in &lines {
        let votes: Vec<u32> = serde_json::from_value(line["class_counts"].clone()).unwrap();
        assert_eq!(votes.iter().sum::<u32>(), 8);
        let class = line["class"].as_u64().unwrap() as usize;
        assert_eq!(votes[class], *votes.iter().max().unwrap());
        assert_eq!(line["vote_fraction"], f64::from(votes[class]) / 8.0);
        uncertain += usize::from(votes[class] < 8);
    }
    assert!(uncertain > 0, "all presentations agree");
    // One presentation equals the first of several.
    let once = json_of(&mut predict(&folder, &["--json", "images"]));
    let agree = once.iter().zip(&lines).filter(|(a, b)| a["class"] == b["class"]).count();
    assert!((100..200).contains(&agree), "{agree}");
    let other = json_of(&mut predict(&folder, &["--json", "--seed", "9", "images"]));
    assert_ne!(column(&other, "scores"), column(&once, "scores"));
    let table = output_of(&mut predict(&folder, &["--repeats", "8", "images/000.png"]));
    assert!(table.contains("votes"), "{table}");
}

#[test]
fn predict_scores_are_equal_on_all_devices() {
    let folder = folder_with_images();
    let scores = |machine: &[&str]| {
        let mut command = apical(&folder);
        command.args(["predict", "run/weights.safetensors", "images", "--json", "--repeats", "2"]);
        column(&json_of(command.args(machine)), "scores")
    };
    let expected = scores(&["--backend", "cpu", "--threads", "1"]);
    assert_eq!(expected.len(), 200);
    assert_eq!(scores(&["--backend", "cpu", "--threads", "3"]), expected);
    assert_eq!(scores(&["--backend", "gpu"]), expected);
}

#[test]
fn predict_invalid_images_are_refused() {
    let folder = folder_with_images();
    fs::write(folder.path().join("images/text.png"), "hello").unwrap();
    fs::write(folder.path().join("noise"), "hello").unwrap();
    fs::create_dir(folder.path().join("empty")).unwrap();
    let kind = "expected an image (PNG, JPEG, BMP, GIF, WebP, TIFF, or PGM), found text";
    fails(&mut predict(&folder, &["images"]), 1, &[&format!("images/text.png: {kind}")]);
    fails(&mut predict(&folder, &["nowhere.png"]), 1, &["nowhere.png: cannot read the file"]);
    fails(&mut predict(&folder, &["noise"]), 1, &[&format!("noise: {kind}")]);
    let two = ["cannot read 2 files", "nope.png: cannot read the file: No such file"];
    fails(&mut predict(&folder, &["nope.png", "nowhere.png"]), 1, &two);
    fs::write(folder.path().join("a.avif"), b"\0\0\0\x20ftypavif").unwrap();
    let avif = ["or PGM), found an AVIF image", "hint: convert it to PNG"];
    fails(&mut predict(&folder, &["a.avif"]), 1, &avif);
    let none = "or PGM) in this folder, found none";
    fails(&mut predict(&folder, &["empty"]), 1, &[none]);
    fails(&mut predict(&folder, &[]), 2, &["<IMAGES>"]);
    fails(predict(&folder, &["-"]).write_stdin(""), 2, &["expected image paths on standard input"]);
    let labels = format!("data/{TEST_LABELS}");
    fails(&mut predict(&folder, &[&labels]), 1, &["expected 3 dimension(s)"]);
    let header = ["expected CSV files, for which --csv-header is given, found an IDX file"];
    fails(&mut predict(&folder, &[&labels, "--csv-header", "true"]), 1, &header);
}

/// Classes have the names of their folders, from training to the plots.
#[test]
fn class_names_are_stored_with_the_weights() {
    let folder = TempDir::new().unwrap();
    for (class, bright) in [("bright", 220), ("dark", 30)] {
        for (set, count) in [("train", 20), ("test", 5)] {
            let images = folder.path().join("pets").join(set).join(class);
            fs::create_dir_all(&images).unwrap();
            for index in 0..count {
                let image =
                    GrayImage::from_fn(4, 4, |x, _| image::Luma([bright + (x + index) as u8]));
                image.save(images.join(format!("{index}.png"))).unwrap();
            }
        }
    }
    let mut train = apical(&folder);
    train.args([
        "train",
        "--data",
        "pets",
        "--layers",
        "8,2",
        "--epochs",
        "2",
        "--batch-size",
        "2",
    ]);
    output_of(train.args([
        "--out",
        "run",
        "--backend",
        "cpu",
        "--train-images",
        "0",
        "--test-images",
        "0",
    ]));
    let mut test = apical(&folder);
    test.args(["test", "run/weights.safetensors", "--data", "pets", "--backend", "cpu"]);
    let table = output_of(&mut test);
    assert!(table.contains("\n0 bright") && table.contains("\n1 dark"), "{table}");
    assert_eq!(
        json_of(test.arg("--json"))[0]["class_names"],
        serde_json::json!(["bright", "dark"])
    );
    let line = &json_of(&mut predict(&folder, &["--json", "pets/test/dark/0.png"]))[0];
    let names = ["bright", "dark"];
    assert_eq!(line["name"], names[line["class"].as_u64().unwrap() as usize]);
    let table = output_of(&mut predict(&folder, &["pets/test"]));
    assert_eq!(table.lines().count(), 11, "{table}");

    let mut plot = apical(&folder);
    output_of(plot.args(["plot", "run", "--data", "pets", "--backend", "cpu"]));
    let confusion = fs::read_to_string(folder.path().join("run/plots/confusion.csv")).unwrap();
    assert!(confusion.contains("\nbright,dark,"), "{confusion}");
    let drawn = fs::read_to_string(folder.path().join("run/plots/confusion.svg")).unwrap();
    assert!(drawn.contains("bright"), "{drawn}");
}

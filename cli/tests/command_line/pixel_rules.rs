//! Pixel rules and read options of a run, applied to other data.

use std::fs;
use std::path::Path;

use assert_cmd::Command;
use tempfile::TempDir;

use super::classes::train_on;
use super::{
    TEST_IMAGES, TEST_LABELS, TRAINING_IMAGES, TRAINING_LABELS, apical, fails, json_of, output_of,
    stderr_of, write_idx,
};

/// Writes IDX files with stripes in three classes. `training` and `test` change the bytes of the images.
fn write_stripes(data: &Path, training: fn(u8) -> u8, test: fn(u8) -> u8) {
    fs::create_dir_all(data).unwrap();
    for (images, labels, count, change) in
        [(TRAINING_IMAGES, TRAINING_LABELS, 300, training), (TEST_IMAGES, TEST_LABELS, 60, test)]
    {
        let byte = |image: usize, at: usize| {
            let is_ink = (at + image % 3).is_multiple_of(4);
            change(if is_ink { 255 - (image % 16) as u8 } else { (at % 3) as u8 })
        };
        let pixels = (0..count).flat_map(|image| (0..30).map(move |at| byte(image, at)));
        write_idx(&data.join(images), &[count as u32, 6, 5], pixels.collect());
        let labels_of = (0..count).map(|image| (image % 3) as u8).collect();
        write_idx(&data.join(labels), &[count as u32], labels_of);
    }
}

#[test]
fn other_data_uses_the_pixel_rules_of_training() {
    let folder = TempDir::new().unwrap();
    let data = |name: &str| folder.path().join(name);
    write_stripes(&data("own"), |byte| byte, |byte| byte);
    write_stripes(&data("dimmer"), |byte| byte / 2, |byte| byte);
    write_stripes(&data("dark"), |byte| byte / 16, |byte| byte / 16);
    write_stripes(&data("inverted"), |byte| 255 - byte, |byte| 255 - byte);
    output_of(&mut train_on(&folder, "own", &["--train-images", "0", "--out", "run"]));
    output_of(&mut train_on(&folder, "dark", &["--train-images", "0", "--out", "dark-run"]));
    let test = |run: &str, arguments: &[&str]| {
        let mut command = apical(&folder);
        command.args(["test", run, "--backend", "cpu", "--data"]).args(arguments);
        command
    };
    // The result of the test images does not depend on the training images of the data set.
    let confusion = |command: &mut Command| json_of(command.arg("--json"))[0]["confusion"].clone();
    let expected = confusion(&mut test("run", &["own"]));
    assert_eq!(confusion(&mut test("run", &["dimmer"])), expected);
    let stderr = stderr_of(&mut test("run", &["dimmer"]));
    assert!(stderr.contains("dimmer: a pixel is byte / 255, as in training"), "{stderr}");
    assert_eq!(confusion(&mut test("run", &["inverted", "--invert"])), expected);
    let stderr = stderr_of(&mut test("run", &["inverted"]));
    assert!(
        stderr.contains("inverted: the images are mostly light") && stderr.contains("--invert")
    );

    let hint = "hint: --max-value N maps N to the white of the training images";
    fails(&mut test("run", &["dark"]), 1, &["dark: expected bytes up to about 255", hint]);
    fails(&mut test("dark-run", &["own"]), 1, &["own: expected bytes up to about 15", hint]);
    let stderr = stderr_of(&mut test("dark-run", &["own", "--max-value", "255"]));
    assert!(stderr.contains("own: values scaled: 255 becomes 15"), "{stderr}");
    let record = ["record", "dark-run", "--quantities", "spikes", "--out", "r.npz"];
    fails(apical(&folder).args(record).args(["--data", "own"]), 1, &["bytes up to about 15", hint]);
}

#[test]
fn other_data_uses_the_read_options_of_the_run() {
    let folder = TempDir::new().unwrap();
    let data = |name: &str| folder.path().join(name);
    write_stripes(&data("own"), |byte| byte / 16, |byte| byte / 16);
    write_stripes(&data("other"), |byte| byte / 17, |byte| byte / 17);
    let arguments = ["--train-images", "0", "--max-value", "15", "--out", "run"];
    output_of(&mut train_on(&folder, "own", &arguments));
    let test = ["test", "run", "--backend", "cpu", "--json", "--data", "other"];
    let report = &json_of(apical(&folder).args(test))[0];
    assert_eq!(report["data"]["read_options"]["max_value"], 15);
    let report = &json_of(apical(&folder).args(test).args(["--max-value", "30"]))[0];
    assert_eq!(report["data"]["read_options"]["max_value"], 30);
}

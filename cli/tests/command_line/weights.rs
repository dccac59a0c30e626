//! `test`: results, flags and invalid weights.

use std::fs;

use assert_cmd::Command;
use serde_json::Value;
use tempfile::TempDir;

use super::{
    TEST_IMAGES, TEST_LABELS, TRAINING_IMAGES, TRAINING_LABELS, apical, fails, folder_with_data,
    json_of, output_of, stderr_of, train_on_cpu, write_idx,
};

fn test(folder: &TempDir) -> Command {
    let mut command = apical(folder);
    command.args(["test", "run/weights.safetensors", "--data", "data", "--backend", "cpu"]);
    command
}

/// Creates a folder with data and a run.
fn folder_with_run() -> TempDir {
    let folder = folder_with_data();
    // Spikes at up to 200 Hz vary so much that repeated tests differ.
    let preset = ["--preset", "hidden-1-batch-32", "--batch-size", "4"];
    output_of(train_on_cpu(&folder).args(preset).args(["--out", "run"]));
    folder
}

#[test]
fn test_reports_error_and_confusion() {
    let folder = folder_with_run();
    let [tested] = &json_of(test(&folder).arg("--json"))[..] else { panic!("expected one object") };
    let metrics = fs::read_to_string(folder.path().join("run/metrics.jsonl")).unwrap();
    let finished: Value = serde_json::from_str(metrics.lines().last().unwrap()).unwrap();
    assert_eq!(tested["weights_sha256"], finished["weights_sha256"]);
    assert_eq!((&tested["backend"], &tested["test_images"]), (&"cpu".into(), &200.into()));
    assert_eq!(tested["test_errors"], serde_json::json!([tested["test_error"]]));
    assert_eq!(tested["test_error_sd"], Value::Null);
    // The evaluation of one epoch draws the same spikes as this test.
    assert_eq!(tested["test_error"], finished["test_error"]);
    let confusion = tested["confusion"].as_array().unwrap();
    assert_eq!((confusion.len(), tested["class_errors"].as_array().unwrap().len()), (10, 10));
    let images: u64 = confusion
        .iter()
        .flat_map(|row| row.as_array().unwrap())
        .map(|count| count.as_u64().unwrap())
        .sum();
    assert_eq!(images, 200);

    let table = output_of(&mut test(&folder));
    assert_eq!(table.lines().count(), 14, "{table}");
    let error = tested["test_error"].as_f64().unwrap();
    assert!(table.starts_with(&format!("test error {error:.2} % of 200 test images")), "{table}");
}

#[test]
fn test_repeats_draw_new_spikes_and_add_counts() {
    let folder = folder_with_run();
    let once = &json_of(test(&folder).arg("--json"))[0];
    let thrice = &json_of(test(&folder).args(["--json", "--repeats", "3"]))[0];
    let errors: Vec<f64> = serde_json::from_value(thrice["test_errors"].clone()).unwrap();
    assert_eq!((errors.len(), &once["test_error"]), (3, &errors[0].into()));
    assert!(errors[1] != errors[0] || errors[2] != errors[0], "{errors:?}");
    let mean = errors.iter().sum::<f64>() / 3.0;
    let square = errors.iter().map(|error| (error - mean).powi(2)).sum::<f64>() / 2.0;
    for (key, expected) in [("test_error", mean), ("test_error_sd", square.sqrt())] {
        assert!((thrice[key].as_f64().unwrap() - expected).abs() < 1e-9, "{key}");
    }
    let confusion: Vec<Vec<u32>> = serde_json::from_value(thrice["confusion"].clone()).unwrap();
    assert_eq!((confusion.concat().iter().sum(), &thrice["test_images"]), (600, &200.into()));
    let table = output_of(test(&folder).args(["--repeats", "3"]));
    let line =
        format!("test error {mean:.2} % of 200 test images (sd {:.2} over 3 tests)", square.sqrt());
    assert!(table.starts_with(&line), "{table}");
    fails(test(&folder).args(["--repeats", "0"]), 2, &["0 is not in 1..=10000"]);
}

#[test]
fn test_flags_override_training_settings() {
    let folder = folder_with_run();
    let mut command = test(&folder);
    let tested = json_of(command.args(["--json", "--test-images", "0", "--seed", "5"]));
    assert_eq!(tested[0]["test_images"], 200);
    let tested = json_of(test(&folder).args(["--json", "--test-images", "30"]));
    assert_eq!(tested[0]["test_images"], 30);
    output_of(test(&folder).args(["--test-ms", "40", "--threads", "1"]));
    let reason = "test_average_from_ms = 30: expected less than test_ms (20)";
    fails(test(&folder).args(["--test-ms", "20"]), 2, &[reason]);
    let reason = "expected at most 200 test images";
    fails(test(&folder).args(["--test-images", "201"]), 2, &[reason]);
}

/// Path of a run's weights, relative to the folder.
const WEIGHTS: &str = "run/weights.safetensors";

/// Asserts that `test` refuses a run whose weights have these bytes.
#[track_caller]
fn assert_error(folder: &TempDir, bytes: &[u8], text: &str) {
    fs::write(folder.path().join(WEIGHTS), bytes).unwrap();
    fails(&mut test(folder), 1, &["run/weights.safetensors: ", text]);
}

/// Returns the bytes with the first `from` replaced by `to`, of equal length.
fn replaced(bytes: &[u8], from: &str, to: &str) -> Vec<u8> {
    assert_eq!(from.len(), to.len());
    let at = bytes.windows(from.len()).position(|slice| slice == from.as_bytes()).unwrap();
    [&bytes[..at], to.as_bytes(), &bytes[at + from.len()..]].concat()
}

/// Returns weights without a checksum, as another program writes them.
fn unchecked(bytes: &[u8]) -> Vec<u8> {
    let without_checksum = replaced(bytes, "\"sha256\"", "\"sha257\"");
    replaced(&without_checksum, "\"apical_version\"", "\"apical_versiom\"")
}

#[test]
fn test_damaged_weights_are_refused() {
    let folder = folder_with_run();
    let path = folder.path().join(WEIGHTS);
    let valid = fs::read(&path).unwrap();
    let incomplete = "expected a complete safetensors file, found ";
    assert_error(&folder, b"", incomplete);
    assert_error(&folder, b"\x80\x02}q\x00X\x07\x00\x00\x00weights", incomplete);
    assert_error(&folder, &valid[..valid.len() / 2], incomplete);
    assert_error(&folder, &valid[..valid.len() - 1], incomplete);
    assert_error(
        &folder,
        &replaced(&valid, "psp_kernel_ms = 10", "psp_kernel_ms = 11"),
        "does not match its checksum",
    );
    let mut flipped = valid.clone();
    *flipped.last_mut().unwrap() ^= 1;
    assert_error(&folder, &flipped, "the file is damaged: its content does not match its checksum");
    assert_error(
        &folder,
        &replaced(&valid, "\"sha256\"", "\"sha257\""),
        "the file is damaged: apical wrote it with a checksum, which is missing",
    );
    fs::remove_file(&path).unwrap();
    let texts = ["run/weights.safetensors: ", "the file cannot be read", "caused by: "];
    fails(&mut test(&folder), 1, &texts);
}

#[test]
fn test_weights_without_checksum_print_a_notice() {
    let folder = folder_with_run();
    let path = folder.path().join(WEIGHTS);
    fs::write(&path, unchecked(&fs::read(&path).unwrap())).unwrap();
    for command in [&["test"][..], &["record", "--quantities=spikes", "--indices=0", "--out=x.npz"]]
    {
        let mut tested = apical(&folder);
        tested.args(command).args([WEIGHTS, "--data", "data", "--backend", "cpu"]);
        let stderr = stderr_of(&mut tested);
        assert_eq!(stderr.matches("no checksum").count(), 1, "{stderr}");
    }
}

#[test]
fn test_weights_with_invalid_content_are_refused() {
    let folder = folder_with_run();
    let unchecked = unchecked(&fs::read(folder.path().join(WEIGHTS)).unwrap());
    for (from, to, text) in [
        ("\"W1\"", "\"V1\"", "expected the tensors W0, b0, Y0, W1, b1 only, found 'V1'"),
        ("[20,30]", "[30,20]", "'W0' to have shape [20, 30], found [30, 20]"),
        ("F32", "I32", "to be F32, found I32"),
        ("\"classes\"", "\"clasess\"", "the metadata 'classes', as apical writes it"),
        ("batch_size", "botch_size", "cannot parse the settings in the metadata 'config'"),
        ("psp_kernel_ms = 10", "psp_kernel_ms = 99", "invalid setting in the metadata 'config'"),
    ] {
        assert_error(&folder, &replaced(&unchecked, from, to), text);
    }
}

#[test]
fn test_data_of_another_shape_is_refused() {
    let folder = folder_with_run();
    let data = folder.path().join("data");
    let hint = "hint: give the training data set with --data";
    for images in [TRAINING_IMAGES, TEST_IMAGES] {
        write_idx(&data.join(images), &[2, 5, 6], vec![1; 60]);
    }
    for labels in [TRAINING_LABELS, TEST_LABELS] {
        write_idx(&data.join(labels), &[2], vec![0, 9]);
    }
    let reason = "data: the network expects images of 6 x 5 pixels, this data set has 5 x 6";
    fails(&mut test(&folder), 1, &[reason, hint]);

    for images in [TRAINING_IMAGES, TEST_IMAGES] {
        write_idx(&data.join(images), &[2, 6, 5], vec![1; 60]);
    }
    write_idx(&data.join(TRAINING_LABELS), &[2], vec![9, 10]);
    let reason =
        "data: expected the classes of the network (0, 1, 2, 3, 4, 5, 6, 7, 8, 9), found 0";
    fails(&mut test(&folder), 1, &[reason, "hint: use images of these classes"]);
}

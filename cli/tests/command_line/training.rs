//! `train`: results, output and seeds.

use std::process::Stdio;

use serde_json::Value;

use super::{apical, folder_with_data, json_of, output_of, train_on_cpu};

/// Returns the hash in the line "weights     sha256 ...".
pub fn hash_of(output: &str) -> String {
    let line = output.lines().find(|line| line.starts_with("weights")).unwrap();
    line.split_whitespace().last().unwrap().to_string()
}

#[track_caller]
fn has_keys(value: &Value, keys: &[&str]) {
    for key in keys {
        assert!(value.get(key).is_some_and(|value| !value.is_null()), "{value} lacks {key}");
    }
}

#[test]
fn train_separates_results_and_progress() {
    let folder = folder_with_data();
    let mut command = train_on_cpu(&folder);
    let output = command.args(["--threads", "1", "--eval-every", "100"]).assert().success();
    let stdout = String::from_utf8(output.get_output().stdout.clone()).unwrap();
    let stderr = String::from_utf8(output.get_output().stderr.clone()).unwrap();
    let names: Vec<&str> = stdout.lines().map(|line| line.split("  ").next().unwrap()).collect();
    assert_eq!(names, ["test error", "time", "images", "backend", "device", "weights"]);
    assert!(stdout.contains("% of 200 test images"), "{stdout}");
    assert!(stdout.contains("1 thread\n"), "{stdout}");
    for text in [
        "training 30-20-10 on data: 1 x 300 images, 200 test images",
        "backend cpu, device 1 thread",
        "epoch 1/1, 128 images: test error ",
        "epoch 1/1: training error ",
    ] {
        assert!(stderr.contains(text), "{stderr}\nlacks: {text}");
    }
    // No progress bar in a log.
    assert!(!stderr.contains('\r') && !stderr.contains('\u{1b}'), "{stderr:?}");
}

#[test]
fn train_json_lines_have_documented_keys() {
    let folder = folder_with_data();
    let mut command = train_on_cpu(&folder);
    let lines = json_of(command.args(["--json", "--eval-every", "150"]));
    let events: Vec<&str> = lines.iter().map(|line| line["event"].as_str().unwrap()).collect();
    assert_eq!(events, ["partial_eval", "epoch", "finished"]);
    has_keys(&lines[0], &["epoch", "images", "test_error", "test_images"]);
    has_keys(&lines[1], &["epoch", "train_error", "test_error", "images_per_second", "loss"]);
    let keys = ["test_error", "seconds", "backend", "device", "bit_exact", "weights_sha256"];
    has_keys(&lines[2], &keys);
    assert_eq!(lines[2]["bit_exact"], Value::from(true));
    assert_eq!((&lines[1]["epoch"], &lines[2]["backend"]), (&Value::from(1), &Value::from("cpu")));
    assert_eq!(lines[1]["test_error"], lines[2]["test_error"]);
    let error = lines[2]["test_error"].as_f64().unwrap();
    assert!((0.0..=100.0).contains(&error) && (error * 2.0).fract() == 0.0, "{error}");
}

#[test]
fn train_result_is_independent_of_threads() {
    let folder = folder_with_data();
    let hash = |arguments: &[&str]| hash_of(&output_of(train_on_cpu(&folder).args(arguments)));
    let first = hash(&["--threads", "1"]);
    assert_eq!(first.len(), 64);
    assert_eq!(hash(&["--threads", "2"]), first);
    assert_eq!(hash(&["--seed", "1"]), first);
    assert_ne!(hash(&["--seed", "2"]), first);
}

#[test]
fn train_closed_stdout_is_not_an_error() {
    let folder = folder_with_data();
    let program = assert_cmd::cargo::cargo_bin!("apical");
    for arguments in
        [&["--json", "--epochs", "3"][..], &["--json", "--epochs", "3", "--out", "run"]]
    {
        let mut child = std::process::Command::new(program)
            .current_dir(folder.path())
            .args(["train", "--data", "data", "--layers", "20,10", "--backend", "cpu"])
            .args(arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        drop(child.stdout.take());
        let output = child.wait_with_output().unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(0), "{stderr}");
        assert!(!stderr.contains("panicked"), "{stderr}");
        // Without --out, the closed output ends the training.
        let has_last_epoch = stderr.contains("epoch 3/3");
        assert_eq!(has_last_epoch, arguments.contains(&"--out"), "{stderr}");
    }
    assert!(folder.path().join("run/weights.safetensors").exists());
}

#[test]
fn weight_stats_every_records_statistics() {
    let folder = folder_with_data();
    let weight_lines = |arguments: &[&str]| -> Vec<Value> {
        let mut command = apical(&folder);
        command.args(["train", "--data", "data", "--layers", "20,10", "--epochs", "4"]);
        let lines = json_of(command.args(["--backend", "cpu", "--json"]).args(arguments));
        lines.into_iter().filter(|line| line["event"] == "weights").collect()
    };
    assert!(weight_lines(&[]).is_empty());
    let lines = weight_lines(&["--weight-stats-every", "2"]);
    let epochs: Vec<&Value> = lines.iter().map(|line| &line["epoch"]).collect();
    assert_eq!(epochs, [2, 4]);
    for line in &lines {
        let layers = line["layers"].as_array().unwrap();
        assert_eq!(layers.len(), 2);
        for (layer, has_feedback) in layers.iter().zip([true, false]) {
            has_keys(&layer["weights"], &["mean", "sd", "largest"]);
            assert_eq!(layer["feedback"].is_object(), has_feedback);
        }
    }
    // Feedback weights are fixed, the others change.
    assert_eq!(lines[0]["layers"][0]["feedback"], lines[1]["layers"][0]["feedback"]);
    assert_ne!(lines[0]["layers"][0]["weights"], lines[1]["layers"][0]["weights"]);
}

#[test]
fn layerwise_feedback_without_g_apical_warns() {
    let folder = folder_with_data();
    let warning = "warning: only the highest hidden layer learns";
    for (arguments, warned) in [
        (&["--feedback", "layerwise", "--layers", "8,6,10"][..], true),
        (&["--sweep", "feedback=broadcast,layerwise", "--layers", "8,6,10"], true),
        (&["--feedback", "layerwise", "--layers", "8,6,10", "--g-apical", "0.05"], false),
        (&["--feedback", "layerwise", "--layers", "8,10"], false),
    ] {
        let mut command = apical(&folder);
        command.args(["train", "--data", "data", "--backend", "cpu", "--epochs", "1"]);
        command.args(["--train-images", "16", "--test-images", "10"]);
        let output = command.args(arguments).assert().success();
        let stderr = String::from_utf8(output.get_output().stderr.clone()).unwrap();
        assert_eq!(stderr.matches(warning).count(), usize::from(warned), "{stderr}");
        assert_eq!(stderr.contains("hint: set --g-apical above 0"), warned, "{stderr}");
    }
}

//! `tune`: candidates, images, output, files and resuming.

use std::fs;
use std::path::Path;

use apical::config::Config;
use assert_cmd::Command;
use serde_json::Value;
use tempfile::TempDir;

use super::{
    TEST_IMAGES, TEST_LABELS, apical, fails, folder_with_data, json_of, output_of, write_idx,
};

/// Returns a search of four candidates with two networks each in two rungs of 83 and 250 training images.
fn tune(folder: &TempDir) -> Command {
    let mut command = apical(folder);
    command.args(["tune", "--out", "found", "--data", "data", "--backend", "cpu"]);
    command.args(["--layers", "20,10", "--epochs", "1", "--batch-size", "10", "--seed", "3"]);
    command.args(["--search", "eta=0.02,0.0001", "--search", "optimizer=adam,rmsprop"]);
    command.args(["--replicas", "2", "--parallel", "3"]);
    command
}

fn events<'a>(lines: &'a [Value], event: &str) -> Vec<&'a Value> {
    lines.iter().filter(|line| line["event"] == event).collect()
}

fn error_of(candidate: &Value) -> f64 {
    candidate["validation_error"]["mean"].as_f64().unwrap()
}

fn read(folder: &TempDir, name: &str) -> String {
    fs::read_to_string(folder.path().join("found").join(name)).unwrap()
}

/// Writes the settings of a trial to a file for `train --config`.
fn config_file(folder: &TempDir, trial: &Value) -> String {
    let config: Config = serde_json::from_value(trial["config"].clone()).unwrap();
    let path = folder.path().join("trial.toml");
    fs::write(&path, toml::to_string(&config).unwrap()).unwrap();
    path.to_str().unwrap().to_string()
}

#[test]
fn tune_trains_better_candidates_longer() {
    let folder = folder_with_data();
    let lines = json_of(tune(&folder).arg("--json"));
    let [first, last] = events(&lines, "rung")[..] else { panic!("expected two rungs: {lines:?}") };
    let lengths = |rung: &Value| (rung["epochs"].clone(), rung["images"].clone());
    assert_eq!(lengths(first), (1.into(), 83.into()));
    assert_eq!(lengths(last), (1.into(), 250.into()));
    // A third of four candidates, rounded up to two, is kept, and one of them is the best.
    for (rung, count, before) in [(first, 4, 2), (last, 2, 1)] {
        let candidates = rung["candidates"].as_array().unwrap();
        assert_eq!(candidates.len(), count);
        assert!(candidates.is_sorted_by_key(error_of), "{candidates:?}");
        let is_kept: Vec<bool> = candidates.iter().map(|c| c["is_kept"] == true).collect();
        assert_eq!(is_kept, (0..count).map(|rank| rank < before).collect::<Vec<_>>());
    }
    let numbers = |rung: &Value, kept_only: bool| -> Vec<i64> {
        let candidates = rung["candidates"].as_array().unwrap().iter();
        let candidates = candidates.filter(|c| !kept_only || c["is_kept"] == true);
        let mut numbers: Vec<i64> = candidates.map(|c| c["candidate"].as_i64().unwrap()).collect();
        numbers.sort();
        numbers
    };
    assert_eq!(numbers(first, true), numbers(last, false));

    // The error of a candidate is the mean of its networks.
    let trials = events(&lines, "trial");
    assert_eq!(trials.len(), (4 + 2) * 2);
    let best = events(&lines, "best")[0];
    let errors: Vec<f64> = trials
        .iter()
        .filter(|trial| trial["config"]["train_images"] == 250)
        .filter(|trial| trial["config"]["eta"] == best["settings"]["eta"])
        .filter(|trial| trial["config"]["optimizer"] == best["settings"]["optimizer"])
        .map(|trial| trial["epochs"][0]["test_error"].as_f64().unwrap())
        .collect();
    assert_eq!(errors.len(), 2);
    assert!((errors.iter().sum::<f64>() / 2.0 - error_of(best)).abs() < 1e-9);

    // best.toml trains on all images.
    let config: Config = toml::from_str(&read(&folder, "best.toml")).unwrap();
    let eta: Vec<f64> = serde_json::from_value(best["settings"]["eta"].clone()).unwrap();
    assert_eq!(
        (config.eta, config.validation_images, config.train_images, config.seed),
        (eta, 0, 0, 3)
    );
    let mut train = apical(&folder);
    output_of(train.args(["train", "--data", "data", "--config", "found/best.toml"]));
}

#[test]
fn tune_network_equals_the_one_trained_alone() {
    let folder = folder_with_data();
    for trial in events(&json_of(tune(&folder).arg("--json")), "trial") {
        assert_eq!(trial["config"]["validation_images"], 50);
        let mut train = apical(&folder);
        train.args(["train", "--data", "data", "--backend", "cpu", "--json", "--config"]);
        let alone = json_of(train.arg(config_file(&folder, trial)));
        assert_eq!(alone.last().unwrap()["weights_sha256"], trial["weights_sha256"]);
        assert_eq!(alone.last().unwrap()["test_error"], trial["epochs"][0]["test_error"]);
    }
}

#[test]
fn tune_does_not_use_the_test_set() {
    let folder = folder_with_data();
    let lines = json_of(tune(&folder).arg("--json"));
    fs::remove_dir_all(folder.path().join("found")).unwrap();
    // Replace the test set by black images of one class.
    let data = folder.path().join("data");
    write_idx(&data.join(TEST_IMAGES), &[200, 6, 5], vec![0; 200 * 30]);
    write_idx(&data.join(TEST_LABELS), &[200], vec![3; 200]);
    let other = json_of(tune(&folder).arg("--json"));
    assert_eq!(events(&other, "rung"), events(&lines, "rung"));
    assert_eq!(events(&other, "best"), events(&lines, "best"));
    // These images have another error, so the search did not use them.
    let test_error = |lines: Vec<Value>| lines.last().unwrap()["test_error"].as_f64().unwrap();
    let mut train = apical(&folder);
    train.args(["train", "--data", "data", "--json", "--config", "found/best.toml"]);
    let of_black_images = test_error(json_of(&mut train));
    assert!(
        (of_black_images - error_of(events(&lines, "best")[0])).abs() > 1.0,
        "{of_black_images}"
    );
}

#[test]
fn tune_resumes_after_truncated_trials() {
    let folder = folder_with_data();
    let uninterrupted = json_of(tune(&folder).arg("--json"));
    let table = read(&folder, "rungs.csv");
    let trials = read(&folder, "trials.jsonl");
    // Truncate in the middle of the fourth line.
    let mut ends = trials.match_indices('\n').map(|(at, _)| at + 1);
    let length = ends.nth(2).unwrap() + 20;
    fs::write(folder.path().join("found/trials.jsonl"), &trials[..length]).unwrap();
    for name in ["rungs.csv", "rungs.svg", "rungs.png", "best.toml"] {
        fs::remove_file(folder.path().join("found").join(name)).unwrap();
    }
    let output = tune(&folder).arg("--json").assert().success().get_output().clone();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(stderr.contains("rung 1/2: 4 candidates, 8 networks (3 trained before)"), "{stderr}");
    let resumed = String::from_utf8(output.stdout).unwrap();
    let resumed: Vec<Value> =
        resumed.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(events(&resumed, "trial").len(), 12 - 3);
    assert_eq!(events(&resumed, "rung"), events(&uninterrupted, "rung"));
    assert_eq!(events(&resumed, "best"), events(&uninterrupted, "best"));
    assert_eq!(read(&folder, "rungs.csv"), table);

    // All networks are already trained.
    let before = read(&folder, "trials.jsonl");
    let resumed = json_of(tune(&folder).arg("--json"));
    assert!(events(&resumed, "trial").is_empty());
    assert_eq!(events(&resumed, "best"), events(&uninterrupted, "best"));
    assert_eq!(read(&folder, "trials.jsonl"), before);
}

#[test]
fn tune_writes_rungs_as_table_csv_and_figure() {
    let folder = folder_with_data();
    let output = output_of(&mut tune(&folder));
    let lines: Vec<Vec<&str>> =
        output.lines().map(|line| line.split_whitespace().collect()).collect();
    let header = "candidate eta optimizer networks validation error % sd training error %";
    assert_eq!(lines[0], ["rung", "1/2"]);
    assert_eq!(lines[1].join(" "), header);
    assert_eq!(lines[2].last(), Some(&"kept"));
    let best = output.lines().find(|line| line.starts_with("best ")).unwrap();
    assert!(best.contains("eta = 0.02, optimizer = "), "{best}");
    assert!(output.contains("apical train --config found/best.toml"), "{output}");

    let mut table = csv::Reader::from_path(folder.path().join("found/rungs.csv")).unwrap();
    let rows: Vec<csv::StringRecord> = table.records().map(Result::unwrap).collect();
    assert_eq!(rows.len(), 4 + 2);
    // The table equals the file.
    assert_eq!((&rows[0][3], &rows[0][4]), (lines[2][0], lines[2][1]));
    let error: f64 = rows[0][7].parse().unwrap();
    assert_eq!(format!("{error:.2}"), lines[2][4]);

    let svg = read(&folder, "rungs.svg");
    let texts =
        ["validation error, %", "eta", "optimizer", "rmsprop", "rung 2, 250 images", "best"];
    for text in texts {
        assert!(svg.contains(text), "{text}");
    }
    let png = image::open(folder.path().join("found/rungs.png")).unwrap();
    assert!(png.width() > 1000 && png.height() > 500);
}

#[test]
fn tune_refuses_a_folder_of_another_search() {
    let folder = folder_with_data();
    output_of(&mut tune(&folder));
    let before = read(&folder, "trials.jsonl");
    let other = |arguments: &[&str], difference: &str| {
        let texts = ["found: this folder holds another search", difference, "another folder"];
        fails(tune(&folder).args(arguments), 2, &texts);
    };
    other(&["--warmup-images", "50"], "warmup_images is 0 in the folder, 50 now");
    other(&["--search", "beta1=0.8,0.9"], "search is");
    other(&["--rungs", "1"], "rungs is 2 in the folder, 1 now");
    assert_eq!(read(&folder, "trials.jsonl"), before);
    // The folder of a run is refused, too.
    let mut train = apical(&folder);
    train.args(["train", "--data", "data", "--config", "found/best.toml", "--out", "run"]);
    output_of(&mut train);
    let mut command = apical(&folder);
    command.args(["tune", "--data", "data", "--out", "run", "--search", "eta=0.1,0.2"]);
    fails(&mut command, 1, &["run", "move this run"]);
}

#[test]
fn tune_invalid_search_is_refused_at_start() {
    let folder = folder_with_data();
    let assert_error = |arguments: &[&str], exit_code: i32, text: &str| {
        let mut command = apical(&folder);
        command.args(["tune", "--data", "data", "--out", "nothing", "--backend", "cpu"]);
        fails(command.args(arguments), exit_code, &[text]);
        assert!(!Path::exists(&folder.path().join("nothing")), "{arguments:?}");
    };
    let eta = ["--search", "eta=0.1,0.2"];
    let with = |arguments: &[&'static str]| [&eta, arguments].concat();
    assert_error(&[], 2, "--search");
    assert_error(&["--search", "etta=1,2"], 2, "unknown setting 'etta', did you mean 'eta'?");
    assert_error(&["--search", "epochs=1,2"], 2, "epochs cannot be searched");
    assert_error(
        &with(&["--eta", "0.3"]),
        2,
        "cannot set eta: it is both given by --eta and searched",
    );
    assert_error(&with(&["--rungs", "0"]), 2, "rungs = 0: 1 to 16");
    assert_error(&with(&["--reduction-factor", "1"]), 2, "reduction_factor = 1: at least 2");
    assert_error(&with(&["--rungs", "9"]), 2, "fewer than the minibatch of 32");
    assert_error(&with(&["--validation-images", "300"]), 2, "change --validation-images");
    assert_error(&with(&["--train-images", "251"]), 2, "change --train-images");
    assert_error(&["--search", "beta1=0.9,1.5"], 2, "beta1");
    assert_error(&with(&["--parallel", "0"]), 2, "--parallel");
}

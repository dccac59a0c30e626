//! `train --out`: the files of a run.

use std::fs;
use std::path::Path;
use std::time::Duration;

use apical::config::Config;
use apical::run_dir::{checkpoint_file, weights};
use serde_json::Value;

use super::training::hash_of;
use super::{apical, fails, folder_with_data, json_of, output_of, train_on_cpu};

fn lines_of(path: &Path) -> Vec<Value> {
    let text = fs::read_to_string(path).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn train_out_contains_everything_to_repeat_the_run() {
    let folder = folder_with_data();
    let mut command = train_on_cpu(&folder);
    let arguments =
        ["--out", "runs/first", "--seed", "18446744073709551615", "--psp-kernel-ms", "9"];
    let output = output_of(command.args(arguments).args(["--eval-every", "150"]));
    let written = Path::new("runs/first").join("weights.safetensors");
    assert!(output.contains(&format!("written     {}", written.display())), "{output}");

    let run = folder.path().join("runs/first");
    let mut files: Vec<_> =
        fs::read_dir(&run).unwrap().map(|file| file.unwrap().file_name()).collect();
    files.sort();
    let expected = [
        "apical.lock",
        "checkpoints",
        "config.toml",
        "metrics.jsonl",
        "run.json",
        "timings.jsonl",
        "weights.safetensors",
    ];
    assert_eq!(files, expected);

    let config: Config =
        toml::from_str(&fs::read_to_string(run.join("config.toml")).unwrap()).unwrap();
    assert_eq!(
        (config.seed, config.psp_kernel_ms, config.layers.as_slice()),
        (u64::MAX, 9, &[20, 10][..])
    );

    let metrics = fs::read_to_string(run.join("metrics.jsonl")).unwrap();
    let metrics: Vec<Value> =
        metrics.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let events: Vec<&str> = metrics.iter().map(|line| line["event"].as_str().unwrap()).collect();
    assert_eq!(events, ["partial_eval", "epoch", "finished"]);
    let hash = metrics[2]["weights_sha256"].as_str().unwrap();
    assert!(output.contains(hash), "{output}");

    let saved = weights::load(&run.join("weights.safetensors")).unwrap();
    assert_eq!(weights::weights_sha256(&saved.network), hash);
    assert_eq!(saved.config, config);
    assert_eq!((saved.images.height, saved.images.width, saved.images.classes), (6, 5, 10));

    let mut repeated = apical(&folder);
    repeated.args([
        "train",
        "--data",
        "data",
        "--config",
        "runs/first/config.toml",
        "--backend",
        "cpu",
    ]);
    assert_eq!(hash_of(&output_of(&mut repeated)), hash);
    // A flag overrides the file.
    assert_ne!(hash_of(&output_of(repeated.args(["--seed", "3"]))), hash);
}

#[test]
fn train_json_lines_equal_metrics_and_timings() {
    let folder = folder_with_data();
    let mut command = train_on_cpu(&folder);
    let output = json_of(command.args(["--json", "--eval-every", "150", "--out", "run"]));
    let run = folder.path().join("run");
    let timings = lines_of(&run.join("timings.jsonl"));
    let timing = |event: &str| timings.iter().find(|line| line["event"] == event);
    let metrics = lines_of(&run.join("metrics.jsonl"));
    assert_eq!(metrics.len(), output.len());
    for (metrics, output) in metrics.iter().zip(output) {
        let mut both = metrics.as_object().unwrap().clone();
        if let Some(timing) = timing(metrics["event"].as_str().unwrap()) {
            both.extend(timing.as_object().unwrap().clone());
        }
        assert_eq!(Value::from(both), output);
    }
    let checkpoint = timing("checkpoint").expect("the epoch has a checkpoint");
    assert_eq!((&checkpoint["epoch"], &checkpoint["images"]), (&2.into(), &0.into()));
}

#[test]
fn equal_runs_have_equal_files() {
    let folder = folder_with_data();
    let files = |run: &str, arguments: &[&str]| {
        let mut command = apical(&folder);
        command.args(["train", "--data", "data", "--layers", "20,10", "--epochs", "2"]);
        command.args(["--eval-every", "150", "--out", run]);
        output_of(command.args(arguments));
        let run = folder.path().join(run);
        let mut files: Vec<(String, Vec<u8>)> = Vec::new();
        for directory in [run.clone(), run.join("checkpoints")] {
            for entry in fs::read_dir(directory).unwrap().map(Result::unwrap) {
                let name = entry.file_name().into_string().unwrap();
                let is_promised = name == "metrics.jsonl" || name.ends_with(".safetensors");
                if is_promised {
                    files.push((name, fs::read(entry.path()).unwrap()));
                }
            }
        }
        files.sort();
        files
    };
    let first = files("first", &["--backend", "cpu", "--threads", "1"]);
    assert_eq!(first.len(), 5, "expected metrics, weights, the best and two checkpoints");
    for (run, arguments) in [
        ("second", ["--backend", "cpu", "--threads", "2"]),
        ("gpu", ["--backend", "gpu", "--device", "0"]),
    ] {
        for ((name, bytes), (other, others)) in first.iter().zip(files(run, &arguments)) {
            assert_eq!(*name, other);
            // Backends store different parts of the history that are no longer needed.
            let is_promised = run != "gpu" || !name.contains("epoch-") && !name.contains("best");
            assert!(!is_promised || *bytes == others, "{run}: {name} differs");
        }
    }
}

#[test]
fn one_epoch_writes_last_and_best_checkpoint() {
    let folder = folder_with_data();
    for (run, arguments) in [
        ("usual", &[][..]),
        ("held-out", &["--validation-images", "60"]),
        ("rare", &["--checkpoint-every", "5epochs"]),
        ("many", &["--replicas", "2"]),
    ] {
        let images = if run == "held-out" { "200" } else { "300" };
        let mut command = apical(&folder);
        command.args(["train", "--data", "data", "--layers", "20,10", "--epochs", "1"]);
        command.args(["--train-images", images, "--backend", "cpu", "--out", run]);
        output_of(command.args(arguments));
        let of_network = if run == "many" { "many/replica-001" } else { run };
        let checkpoints = folder.path().join(of_network).join("checkpoints");
        let best = fs::read(checkpoints.join("best.safetensors")).unwrap();
        let last = fs::read(checkpoints.join("epoch-000002-image-0000000000.safetensors")).unwrap();
        assert!(best == last, "{run}");
    }
}

#[test]
fn best_checkpoint_has_the_lowest_test_error() {
    let folder = folder_with_data();
    for every in ["1epoch", "4epochs"] {
        let mut command = apical(&folder);
        command.args(["train", "--data", "data", "--layers", "20,10", "--epochs", "6"]);
        command.args(["--eta", "0.4", "--batch-size", "2", "--checkpoint-every", every]);
        output_of(command.args(["--backend", "cpu", "--seed", "3", "--out", every]));
        let run = folder.path().join(every);
        let epochs = lines_of(&run.join("metrics.jsonl"));
        let errors = epochs.iter().filter(|line| line["event"] == "epoch");
        let errors: Vec<f64> = errors.map(|line| line["test_error"].as_f64().unwrap()).collect();
        let lowest = errors.iter().copied().fold(f64::INFINITY, f64::min);
        let first = errors.iter().position(|&error| error == lowest).unwrap();
        let best =
            checkpoint_file::load(&run.join("checkpoints/best.safetensors")).unwrap().checkpoint;
        // The position is the start of the next epoch, counted from 1.
        assert_eq!(best.position.epoch as usize, first + 2, "{every}: {errors:?}");
        assert_eq!(best.test_error(), Some(lowest));
    }
}

#[test]
fn train_does_not_overwrite_a_run() {
    let folder = folder_with_data();
    output_of(train_on_cpu(&folder).args(["--out", "run"]));
    let run = folder.path().join("run");
    let weights = fs::read(run.join("weights.safetensors")).unwrap();
    // The run is refused before the first of these many epochs.
    let mut command = apical(&folder);
    command.args(["train", "--data", "data", "--layers", "20,10", "--backend", "cpu"]);
    command.args(["--epochs", "1000000", "--out", "run"]).timeout(Duration::from_secs(60));
    let texts = ["already holds a run", "hint: choose another folder with --out"];
    fails(&mut command, 1, &texts);
    assert_eq!(fs::read(run.join("weights.safetensors")).unwrap(), weights);

    let mut command = train_on_cpu(&folder);
    let texts = ["data/train-images-idx3-ubyte: cannot be created", "caused by: "];
    fails(command.args(["--out", "data/train-images-idx3-ubyte"]), 1, &texts);
}

#[test]
fn train_without_out_writes_nothing() {
    let folder = folder_with_data();
    output_of(&mut train_on_cpu(&folder));
    let files: Vec<_> = fs::read_dir(folder.path()).unwrap().collect();
    assert_eq!(files.len(), 1, "{files:?}");
    assert_eq!(fs::read_dir(folder.path().join("data")).unwrap().count(), 4);
}

//! `train` with many networks: results, files, sweeps and groups.

use std::fs;
use std::path::Path;

use apical::config::Config;
use assert_cmd::Command;
use serde_json::Value;
use tempfile::TempDir;

use super::{apical, fails, folder_with_data, json_of, output_of, stderr_of, train_on_cpu};

/// Returns the lines of one event.
fn events<'a>(lines: &'a [Value], event: &str) -> Vec<&'a Value> {
    lines.iter().filter(|line| line["event"] == event).collect()
}

/// Returns `apical train` on the CPU with a file of settings.
fn rerun(folder: &TempDir, config: &Path) -> Command {
    let mut command = apical(folder);
    command.args(["train", "--data", "data", "--backend", "cpu", "--json", "--config"]).arg(config);
    command
}

#[test]
fn replica_equals_the_network_trained_alone() {
    let folder = folder_with_data();
    let mut command = train_on_cpu(&folder);
    let lines = json_of(command.args(["--json", "--replicas", "3", "--seed", "5"]));
    let epochs = events(&lines, "epoch");
    let finished = events(&lines, "finished");
    let [summary] = events(&lines, "summary")[..] else { panic!("expected one summary") };
    assert_eq!((epochs.len(), finished.len(), lines.len()), (3, 3, 7));
    for (replica, (epoch, finished)) in epochs.into_iter().zip(&finished).enumerate() {
        assert_eq!((&epoch["replica"], &finished["replica"]), (&replica.into(), &replica.into()));
        assert_eq!(finished["seed"], 5 + replica);
        let seed = finished["seed"].to_string();
        let alone = json_of(train_on_cpu(&folder).args(["--json", "--seed", &seed]));
        assert_eq!(finished["weights_sha256"], alone[1]["weights_sha256"]);
        assert_eq!(finished["test_error"], alone[1]["test_error"]);
        for key in ["train_error", "test_error", "loss"] {
            assert_eq!(epoch[key], alone[0][key], "{key}");
        }
    }
    let errors: Vec<f64> = finished.iter().map(|f| f["test_error"].as_f64().unwrap()).collect();
    let mean = errors.iter().sum::<f64>() / 3.0;
    let square = errors.iter().map(|error| (error - mean).powi(2)).sum::<f64>() / 2.0;
    let combination = &summary["combinations"][0];
    assert_eq!((&summary["networks"], &combination["networks"]), (&3.into(), &3.into()));
    for (value, expected) in [("mean", mean), ("sd", square.sqrt()), ("sem", (square / 3.0).sqrt())]
    {
        let value = combination["test_error"][value].as_f64().unwrap();
        assert!((value - expected).abs() < 1e-9, "{value}, expected {expected}");
    }
}

#[test]
fn replicas_print_networks_and_combinations() {
    let folder = folder_with_data();
    let mut command = train_on_cpu(&folder);
    command.args(["--replicas", "2", "--sweep", "eta=0.01,0.02:0.01"]);
    let output = output_of(&mut command);
    let lines: Vec<Vec<&str>> =
        output.lines().map(|line| line.split_whitespace().collect()).collect();
    assert_eq!(lines[0], ["network", "seed", "eta", "test", "error", "%", "weights", "sha256"]);
    let networks: Vec<_> = lines[1..5].iter().map(|line| &line[..3]).collect();
    let expected =
        [["0", "1", "0.01"], ["1", "2", "0.01"], ["2", "1", "0.02:0.01"], ["3", "2", "0.02:0.01"]];
    assert_eq!(networks, expected);
    assert_eq!(lines[6], ["eta", "networks", "mean", "test", "error", "%", "sd", "SEM"]);
    assert_eq!((&lines[7][..2], &lines[8][..2]), (&["0.01", "2"][..], &["0.02:0.01", "2"][..]));
    let names: Vec<&str> = lines[10..].iter().map(|line| line[0]).collect();
    assert_eq!(names, ["time", "backend", "device"]);

    let stderr = stderr_of(&mut command);
    for text in [
        "training 4 x 30-20-10 on data: 1 x 300 images, 200 test images each",
        "epoch 1/1, 4 networks: training error ",
        "(sd ",
    ] {
        assert!(stderr.contains(text), "{stderr}\nlacks: {text}");
    }
    // Networks with equal array shapes train in one group.
    assert!(!stderr.contains("group "), "{stderr}");
}

/// Removes the values that depend on time or device.
fn without_times(lines: &[Value]) -> Vec<Value> {
    let mut lines = lines.to_vec();
    for line in &mut lines {
        line.as_object_mut().unwrap().retain(|key, _| {
            !key.ends_with("per_second")
                && !["seconds", "backend", "device", "bit_exact"].contains(&key.as_str())
        });
    }
    lines
}

/// Asserts that summary.csv has the combinations of summary.json.
fn assert_csv_equals_json(table: &str, summary: &Value) {
    let lines: Vec<&str> = table.lines().collect();
    assert!(lines[0].starts_with("g_apical,networks,test_error_mean,test_error_sd"), "{table}");
    for (line, combination) in lines[1..].iter().zip(summary["combinations"].as_array().unwrap()) {
        let values: Vec<f64> = line.split(',').map(|value| value.parse().unwrap()).collect();
        let values_of =
            |error: &str| ["mean", "sd", "sem"].map(|value| combination[error][value].clone());
        let (test, train) = (values_of("test_error"), values_of("train_error"));
        let head = [&combination["settings"]["g_apical"], &combination["networks"]];
        let expected: Vec<f64> =
            head.into_iter().chain(&test).chain(&train).map(|v| v.as_f64().unwrap()).collect();
        assert_eq!(values.len(), expected.len());
        for (value, expected) in values.iter().zip(expected) {
            assert!((value - expected).abs() < 1e-9, "{line}: {value}, expected {expected}");
        }
    }
    assert_eq!(lines.len(), 3);
}

#[test]
fn replicas_write_a_run_each_and_a_summary() {
    let folder = folder_with_data();
    let mut command = train_on_cpu(&folder);
    command.args(["--sweep", "g-apical=0,0.05", "--sweep", "seed=8,3", "--out", "runs/sweep"]);
    let stderr = stderr_of(command.args(["--eval-every", "150"]));
    let groups: Vec<&str> = stderr.lines().filter(|line| line.starts_with("group ")).collect();
    let group = |number| {
        format!(
            "group {number}/2: training 2 of 4 networks in parallel; networks with other array shapes follow"
        )
    };
    assert_eq!(groups, [group(1), group(2)]);

    let run = folder.path().join("runs/sweep");
    let files = |folder: &Path| {
        let files = fs::read_dir(folder).unwrap().map(|file| file.unwrap().file_name());
        let mut files: Vec<String> = files.map(|name| name.into_string().unwrap()).collect();
        files.sort();
        files
    };
    let folders = ["replica-000", "replica-001", "replica-002", "replica-003"];
    assert_eq!(
        files(&run),
        [&["apical.lock"], &folders[..], &["run.json", "summary.csv", "summary.json"]].concat()
    );

    let json = fs::read_to_string(run.join("summary.json")).unwrap();
    let summary: Value = serde_json::from_str(&json).unwrap();
    for (replica, (g_apical, seed)) in [(0.0, 8), (0.0, 3), (0.05, 8), (0.05, 3)].iter().enumerate()
    {
        let single = run.join(folders[replica]);
        assert_eq!(
            files(&single),
            ["checkpoints", "config.toml", "metrics.jsonl", "timings.jsonl", "weights.safetensors"]
        );
        let config: Config =
            toml::from_str(&fs::read_to_string(single.join("config.toml")).unwrap()).unwrap();
        assert_eq!((config.g_apical, config.seed), (*g_apical, *seed));
        let metrics = fs::read_to_string(single.join("metrics.jsonl")).unwrap();
        let metrics: Vec<Value> =
            metrics.lines().map(|line| serde_json::from_str(line).unwrap()).collect();

        // The lines equal those of the network trained alone, except for times.
        let alone = json_of(&mut rerun(&folder, &single.join("config.toml")));
        assert_eq!(without_times(&metrics), without_times(&alone));
        assert_eq!(metrics.len(), 3);

        let result = &summary["replicas"][replica];
        assert_eq!((&result["replica"], &result["seed"]), (&replica.into(), &(*seed).into()));
        assert_eq!(result["settings"], serde_json::json!({ "g_apical": g_apical }));
        for key in ["test_error", "weights_sha256"] {
            assert_eq!(result[key], metrics[2][key]);
        }
    }
    assert_csv_equals_json(&fs::read_to_string(run.join("summary.csv")).unwrap(), &summary);
}

#[test]
fn one_replica_writes_a_plain_run() {
    let folder = folder_with_data();
    let lines = json_of(train_on_cpu(&folder).args(["--json", "--replicas", "1"]));
    let alone = json_of(train_on_cpu(&folder).arg("--json"));
    assert_eq!(lines.len(), 2);
    assert_eq!(lines[1]["weights_sha256"], alone[1]["weights_sha256"]);
    assert!(lines.iter().all(|line| line.get("replica").is_none()));
}

#[test]
fn replicas_beyond_memory_train_in_groups() {
    let folder = folder_with_data();
    let many = |memory: &str| {
        let mut command = apical(&folder);
        command.args(["train", "--data", "data", "--backend", "cpu", "--layers", "4000,10"]);
        command.args([
            "--epochs",
            "1",
            "--train-images",
            "20",
            "--test-images",
            "10",
            "--batch-size",
            "64",
        ]);
        command.args(["--replicas", "3", "--memory", memory]);
        command
    };
    let mut command = many("1");
    let needs = [
        "the arrays of 1 network of layers 4000,10 with 20 images in parallel need ",
        "hint: reduce --batch-size",
    ];
    fails(&mut command, 1, &needs);
    let error = String::from_utf8(command.assert().get_output().stderr.clone()).unwrap();
    let mebibytes = error.split(needs[0]).nth(1).unwrap().split(" MiB").next().unwrap();
    let for_one = (mebibytes.parse::<f64>().unwrap() + 0.1).ceil().to_string();

    let mut command = many(&for_one);
    let stderr = stderr_of(&mut command);
    let groups: Vec<&str> = stderr.lines().filter(|line| line.starts_with("group ")).collect();
    for (number, group) in (1..=3).zip(&groups) {
        let expected = format!(
            "group {number}/3: training 1 of 3 networks in parallel; more do not fit: the arrays of 2 \
             networks of layers 4000,10 "
        );
        let memory = format!("{for_one}.00 MiB of available memory");
        assert!(group.starts_with(&expected) && group.contains(&memory), "{group}");
    }
    assert_eq!(groups.len(), 3, "{stderr}");
    assert_eq!(json_of(command.arg("--json")).len(), 7);
}

#[test]
fn folder_with_a_run_is_not_overwritten() {
    let folder = folder_with_data();
    output_of(train_on_cpu(&folder).args(["--out", "one"]));
    output_of(train_on_cpu(&folder).args(["--out", "many", "--replicas", "2"]));
    for (out, replicas) in [("one", "2"), ("many", "2"), ("many", "1")] {
        let mut command = train_on_cpu(&folder);
        let texts = ["already holds a run", "hint: choose another folder with --out"];
        fails(command.args(["--out", out, "--replicas", replicas]), 1, &texts);
    }
}

#[test]
fn sweep_applies_to_settings_of_a_file() {
    let folder = folder_with_data();
    fs::write(
        folder.path().join("settings.toml"),
        "layers = [12, 10]\npsp_kernel_ms = 7\nepochs = 1",
    )
    .unwrap();
    let mut command = rerun(&folder, Path::new("settings.toml"));
    let lines = json_of(command.args(["--train-images", "50", "--sweep", "psp_kernel_ms=7,8"]));
    let hashes: Vec<&Value> =
        events(&lines, "finished").iter().map(|line| &line["weights_sha256"]).collect();
    let alone = json_of(rerun(&folder, Path::new("settings.toml")).args(["--train-images", "50"]));
    assert_eq!(hashes[0], &alone[1]["weights_sha256"]);
    assert_ne!(hashes[0], hashes[1]);
}

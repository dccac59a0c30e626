//! Data set of a command: default, moved or changed data, and data of reports.

use std::fs;

use tempfile::TempDir;

use super::{
    TEST_IMAGES, TEST_LABELS, apical, fails, folder_with_data, json_of, output_of, stderr_of,
    train_on_cpu,
};

/// Creates a folder with a data set and a run on it.
fn folder_with_run() -> TempDir {
    let folder = folder_with_data();
    output_of(train_on_cpu(&folder).args(["--out", "run"]));
    folder
}

#[test]
fn commands_default_to_the_data_of_the_run() {
    let folder = folder_with_run();
    let message = "data: data (300 training and 200 test images, sha256 ";
    let stderr = stderr_of(apical(&folder).args(["plot", "run", "--backend", "cpu"]));
    assert!(stderr.contains(message), "{stderr}");
    let counts = fs::read_to_string(folder.path().join("run/plots/confusion.csv")).unwrap();
    let count = |line: &str| line.rsplit(',').next().and_then(|count| count.parse::<u32>().ok());
    assert_eq!(counts.lines().filter_map(count).sum::<u32>(), 200);

    let test = ["test", "run/weights.safetensors", "--backend", "cpu"];
    let stderr = stderr_of(apical(&folder).args(test));
    assert!(stderr.contains(message) && stderr.contains("tested on data;"), "{stderr}");
    let report = &json_of(apical(&folder).args(test).arg("--json"))[0];
    assert_eq!((&report["test_images"], &report["data"]["name"]), (&200.into(), &"data".into()));
    assert_eq!(report["data"], report["trained_on"]);

    let record = ["record", "run/weights.safetensors", "--quantities", "spikes"];
    let mut command = apical(&folder);
    let stderr = stderr_of(command.args(record).args(["--out", "r.npz", "--backend", "cpu"]));
    assert!(stderr.contains(message), "{stderr}");
    // Its axes.json is not compressed.
    let bytes = fs::read(folder.path().join("r.npz")).unwrap();
    let about = format!("{{\"data\":{}", report["data"]);
    assert!(String::from_utf8_lossy(&bytes).contains(&about), "{about}");

    // From another folder, the relative path is found from the folders above the run.
    fs::create_dir(folder.path().join("elsewhere")).unwrap();
    let mut command = apical(&folder);
    command.current_dir(folder.path().join("elsewhere"));
    output_of(command.args(["test", "../run/weights.safetensors", "--backend", "cpu"]));
    // A copy of only the weights needs --data.
    let elsewhere = TempDir::new().unwrap();
    fs::copy(folder.path().join("run/weights.safetensors"), elsewhere.path().join("w")).unwrap();
    let reason = "w: cannot find the data set that it was trained on, data (300 training";
    let hint = "hint: give their current path with --data";
    fails(apical(&elsewhere).args(["test", "w", "--backend", "cpu"]), 1, &[reason, hint]);
}

#[test]
fn moved_or_changed_data_is_detected() {
    let folder = folder_with_run();
    fs::rename(folder.path().join("data"), folder.path().join("moved")).unwrap();
    let plot = ["plot", "run", "--backend", "cpu"];
    let resume = ["train", "--resume", "run", "--backend", "cpu"];
    let missing = "run: cannot find the data set that it was trained on, data (300";
    fails(apical(&folder).args(plot), 1, &[missing, "with --data"]);
    fails(apical(&folder).args(resume), 1, &[missing, "with --data"]);
    output_of(apical(&folder).args(plot).args(["--data", "moved"]));
    output_of(apical(&folder).args(resume).args(["--data", "moved"]));

    let images = folder.path().join("moved").join(TEST_IMAGES);
    let mut bytes = fs::read(&images).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    fs::write(&images, bytes).unwrap();
    let other = "run: cannot use other images than those of the run: it was trained on data (300";
    fails(apical(&folder).args(plot).args(["--data", "moved"]), 1, &[other, "this is moved (300"]);
    fails(apical(&folder).args(resume).args(["--data", "moved"]), 1, &[other]);
    // Tests accept other images and report them.
    let test = ["test", "run/weights.safetensors", "--backend", "cpu", "--data", "moved"];
    let stderr = stderr_of(apical(&folder).args(test));
    for text in ["; trained on other data: data (300", "tested on moved, trained on data;"] {
        assert!(stderr.contains(text), "{stderr}");
    }
    fs::rename(folder.path().join("moved"), folder.path().join("data")).unwrap();
    let changed = "expected the data set that it was trained on, data (300";
    fails(apical(&folder).args(plot), 1, &[changed, "data holds other images", "with --data"]);
    fails(apical(&folder).args(&test[..4]), 1, &[changed]);
}

#[test]
fn experiments_name_their_data_in_reports() {
    let folder = folder_with_data();
    let reproduce = ["reproduce", "fig4", "--quick", "--data", "data", "--backend", "cpu"];
    output_of(apical(&folder).args(reproduce).args(["--out", "out"]));
    let read = |name: &str| fs::read_to_string(folder.path().join("out").join(name)).unwrap();
    for name in ["report.html", "reproduction.md"] {
        assert!(read(name).contains("Data: data (300 training and 200 test images"), "{name}");
    }
    let result: serde_json::Value = serde_json::from_str(&read("fig4-quick/result.json")).unwrap();
    assert_eq!(result["data"]["name"], "data");
    // The paper used MNIST.
    let note = "not judged: the paper used MNIST, this used data";
    for finding in result["findings"].as_array().unwrap() {
        assert!(finding["agrees"].is_null(), "{finding}");
        assert!(finding["note"].as_str().unwrap().starts_with(note), "{finding}");
    }
    let judged = read("fig4-quick/result.json").replace("\"agrees\": null", "\"agrees\": true");
    let judged = judged.replace("\"agrees\":null", "\"agrees\":true");
    fs::write(folder.path().join("out/fig4-quick/result.json"), judged).unwrap();
    output_of(apical(&folder).args(["report", "out"]));
    for name in ["report.html", "reproduction.md"] {
        assert!(read(name).contains("not judged") && !read(name).contains(">yes<"), "{name}");
    }
    assert!(result["command"].as_str().unwrap().ends_with(" --data data"), "{result}");

    let labels = folder.path().join("data").join(TEST_LABELS);
    let mut bytes = fs::read(&labels).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    fs::write(&labels, bytes).unwrap();
    let reason = "cannot put experiments on different data into one folder";
    let hint = "hint: choose another folder with --out";
    fails(apical(&folder).args(reproduce).args(["--out", "out"]), 2, &[reason, hint]);
    // A report on both data sets has a warning.
    output_of(apical(&folder).args(reproduce).args(["--out", "other"]));
    fs::rename(folder.path().join("other/fig4-quick"), folder.path().join("out/fig4-other"))
        .unwrap();
    output_of(apical(&folder).args(["report", "out"]));
    assert!(read("report.html").contains("Warning: the experiments used different data"));
}

#[test]
fn settings_of_a_run_on_other_data_print_a_warning() {
    let folder = folder_with_run();
    let mut command = apical(&folder);
    command.args([
        "train",
        "--config",
        "run/config.toml",
        "--train-images",
        "20",
        "--test-images",
        "20",
    ]);
    let stderr = stderr_of(command.args(["--backend", "cpu"]));
    let warning = "warning: run/config.toml is of a run on data (300 training and 200 test images";
    assert!(stderr.contains(warning) && stderr.contains("without --data, MNIST"), "{stderr}");
}

#[test]
fn wrong_kind_of_file_error_has_a_hint() {
    let folder = folder_with_run();
    // The folder of a run selects its weights.
    output_of(apical(&folder).args(["test", "run"]));
    let hint = "hint: use the folder: apical plot run";
    fails(apical(&folder).args(["plot", "run/weights.safetensors"]), 1, &[hint]);
    fs::remove_file(folder.path().join("run/weights.safetensors")).unwrap();
    let found = "hint: use run/checkpoints/best.safetensors";
    let reason = "run: expected the weights of a run, found a folder without weights.safetensors";
    fails(apical(&folder).args(["test", "run"]), 1, &[reason, found]);
    let record = ["record", "run", "--quantities", "spikes", "--out", "r.npz"];
    fails(apical(&folder).args(record), 1, &[reason, found]);
}

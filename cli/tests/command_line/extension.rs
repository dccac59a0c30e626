//! Runs that are extended to more epochs, and runs that start with given weights.

use std::fs;

use assert_cmd::Command;
use tempfile::TempDir;

use super::resume::assert_same_run;
use super::{apical, fails, folder_with_data, output_of, stderr_of};

fn train(folder: &TempDir, arguments: &[&str]) -> Command {
    let mut command = apical(folder);
    command.args(["train", "--data=data", "--layers=20,10", "--train-images=100"]);
    command.args(["--test-images=50", "--backend=cpu", "--lr-schedule=constant"]);
    command.args(arguments);
    command
}

#[test]
fn extended_run_equals_a_longer_one() {
    let folder = folder_with_data();
    output_of(&mut train(&folder, &["--out=long", "--epochs=5"]));
    output_of(&mut train(&folder, &["--out=run", "--epochs=2"]));
    let resume = |arguments: &[&str]| {
        let mut command = apical(&folder);
        command.args(["train", "--resume", "run"]).args(arguments);
        command
    };
    let stderr = stderr_of(&mut resume(&["--epochs=3"]));
    assert!(stderr.contains("resuming in epoch 3 after 0 images"), "{stderr}");
    // No warning of settings that differ.
    assert!(!stderr.contains("config.toml"), "{stderr}");
    output_of(&mut train(&folder, &["--out=run", "--epochs=5", "--go-on"]));
    assert_same_run(&folder, "long", "run");
    let text = |run: &str| fs::read_to_string(folder.path().join(run).join("config.toml")).unwrap();
    assert_eq!(text("long"), text("run"));
    assert!(stderr_of(&mut resume(&["--epochs=5"])).contains("already finished"));
    fails(&mut resume(&["--epochs=4"]), 2, &["other settings: epochs is 5, not 4"]);
    let mut shorter = train(&folder, &["--out=run", "--epochs=4", "--go-on"]);
    fails(&mut shorter, 2, &["other settings: epochs is 5, not 4"]);
    // Without a checkpoint, the run cannot be extended, and nothing is lost.
    fs::remove_dir_all(folder.path().join("run/checkpoints")).unwrap();
    let texts = ["cannot extend this finished run", "hint: start a new run from its weights"];
    fails(&mut resume(&["--epochs=6"]), 1, &texts);
    for name in ["metrics.jsonl", "weights.safetensors"] {
        let content = |run: &str| fs::read(folder.path().join(run).join(name)).unwrap();
        assert!(content("long") == content("run"), "{name}");
    }
}

#[test]
fn parts_of_a_sweep_are_extended_one_by_one() {
    let folder = folder_with_data();
    let sweep = |out: &'static str, epochs: &'static str, part: &'static str| {
        train(&folder, &["--sweep=eta=0.01,0.02", "--out", out, epochs, "--part", part])
    };
    output_of(&mut sweep("long", "--epochs=3", "1/1"));
    for (epochs, part) in
        [("--epochs=2", "1/2"), ("--epochs=2", "2/2"), ("--epochs=3", "1/2"), ("--epochs=3", "2/2")]
    {
        output_of(&mut sweep("run", epochs, part));
        if (epochs, part) == ("--epochs=3", "1/2") {
            // The result of two epochs does not count.
            let mut summary = apical(&folder);
            let output = summary.args(["summary", "run"]).assert().code(5).get_output().clone();
            let stderr = String::from_utf8(output.stderr).unwrap();
            assert!(stderr.contains("replica-001: 2 of 3 epochs done (part 2/2)"), "{stderr}");
        }
    }
    output_of(apical(&folder).args(["summary", "run"]));
    for replica in ["replica-000", "replica-001"] {
        assert_same_run(&folder, &format!("long/{replica}"), &format!("run/{replica}"));
    }
    let summary = |run: &str| fs::read(folder.path().join(run).join("summary.json")).unwrap();
    assert!(summary("long") == summary("run"));
}

#[test]
fn run_whose_rates_depend_on_the_epochs_is_not_extended() {
    let folder = folder_with_data();
    let cosine = ["--out=run", "--epochs=1", "--set", "seed=3"];
    let mut command = apical(&folder);
    command.args(["train", "--data=data", "--layers=20,10", "--train-images=100"]);
    output_of(command.args(["--backend=cpu", "--lr-schedule=cosine"]).args(cosine));
    let mut resumed = apical(&folder);
    let texts =
        ["cannot extend this run to 2 epochs: with --lr-schedule cosine", "--initial-weights"];
    fails(resumed.args(["train", "--resume=run", "--epochs=2"]), 2, &texts);
    let swept = ["--out=swept", "--sweep=epochs=1,2"];
    output_of(&mut train(&folder, &swept));
    let mut resumed = apical(&folder);
    resumed.args(["train", "--resume=swept", "--epochs=20"]);
    fails(&mut resumed, 2, &["its sweep defines the numbers of epochs"]);
}

#[test]
fn run_starts_with_given_weights() {
    let folder = folder_with_data();
    output_of(&mut train(&folder, &["--out=first", "--epochs=1"]));
    let start = "--initial-weights=first/weights.safetensors";
    let second =
        |out: &'static str| ["--epochs=3", "--seed=2", "--replicas=2", start, "--out", out];
    output_of(&mut train(&folder, &second("whole")));
    output_of(&mut train(&folder, &["--epochs=3", "--seed=2", "--replicas=2", "--out=random"]));
    let weights = |run: &str| fs::read(folder.path().join(run)).unwrap();
    let name = "replica-001/weights.safetensors";
    assert!(weights(&format!("whole/{name}")) != weights(&format!("random/{name}")));
    // The folder has a copy, so that a network without a checkpoint can start again.
    output_of(&mut train(&folder, &second("run")));
    fs::remove_dir_all(folder.path().join("run/replica-001")).unwrap();
    fs::rename(folder.path().join("first"), folder.path().join("moved")).unwrap();
    output_of(apical(&folder).args(["train", "--resume", "run"]));
    for replica in ["replica-000", "replica-001"] {
        assert_same_run(&folder, &format!("whole/{replica}"), &format!("run/{replica}"));
    }
    // Other weights, none, and weights of another shape.
    let other = "--initial-weights=random/replica-000/weights.safetensors";
    let go_on = ["--epochs=3", "--seed=2", "--replicas=2", "--out=run", "--go-on"];
    let texts = ["other settings: initial weights is "];
    fails(train(&folder, &go_on).arg(other), 2, &texts);
    fails(&mut train(&folder, &go_on), 2, &texts);
    fails(train(&folder, &["--out=new"]).args(["--initial-weights=nothing"]), 1, &["nothing"]);
    let mut wide = apical(&folder);
    wide.args(["train", "--data=data", "--backend=cpu", "--layers=21,10", "--out=new"]);
    wide.arg("--initial-weights=moved/weights.safetensors");
    fails(&mut wide, 2, &["they have layers 20,10, the run has layers 21,10"]);
    let mut larger = apical(&folder);
    larger.args(["train", "--backend=cpu", "--layers=20,10", "--train-images=32", "--out=new"]);
    larger.arg("--initial-weights=moved/weights.safetensors");
    fails(&mut larger, 1, &["expects images of 6 x 5 pixels", "has 28 x 28"]);
    assert!(!folder.path().join("new").exists());
}

#[test]
fn weights_of_other_feedback_are_refused_early() {
    let folder = folder_with_data();
    let deep = |arguments: &[&str]| {
        let mut command = apical(&folder);
        command.args(["train", "--data=data", "--backend=cpu", "--epochs=1"]).args(arguments);
        command
    };
    output_of(deep(&["--layers=20,12,10", "--out=first"]).arg("--feedback=broadcast"));
    let start = ["--initial-weights=first/weights.safetensors", "--out=new"];
    let texts = [
        "cannot start with the weights of --initial-weights: they have broadcast feedback, the run has layerwise",
        "give --feedback broadcast",
    ];
    for more in ["--feedback=layerwise", "--sweep=feedback=broadcast,layerwise"] {
        fails(deep(&["--layers=20,12,10", more]).args(start), 2, &texts);
    }
    assert!(!folder.path().join("new").exists());
    // With one hidden layer, both feed back from the output.
    output_of(&mut deep(&["--layers=20,10", "--out=shallow"]));
    let start = ["--initial-weights=shallow/weights.safetensors", "--out=other"];
    output_of(deep(&["--layers=20,10", "--feedback=layerwise"]).args(start));
    let bursts = ["--preset=bursts-1", "--layers=20,10", "--event-feedback=homeostatic"];
    let start = ["--initial-weights=shallow/weights.safetensors", "--out=new"];
    let texts = ["they have cancelling event feedback, the run has homeostatic", "give --event-"];
    fails(deep(&bursts).args(start), 2, &texts);
    assert!(!folder.path().join("new").exists());
}

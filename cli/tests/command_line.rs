//! Proves: each command behaves as its help says, with the documented files, JSON and exit codes. The seed determines
//! a network, trained alone or with others. Stopped or killed runs resume to equal bits. Invalid settings, data sets,
//! weights and folders are errors that name their location, without a panic.
//!
//! Does not prove: that networks learn (see `tests/learning.rs`), or that GPUs are right (see `tests/exactness.rs`).
//! No test device differs from the CPU, so exit code 4 is tested with a fabricated difference in the command's unit
//! tests. Progress bars and progress lines after 10 s are not tested.

#[path = "command_line/bench.rs"]
mod bench;
#[path = "command_line/bench_dense.rs"]
mod bench_dense;
#[path = "command_line/classes.rs"]
mod classes;
#[path = "command_line/damage.rs"]
mod damage;
#[path = "command_line/data.rs"]
mod data;
#[path = "command_line/devices.rs"]
mod devices;
#[path = "command_line/drivers.rs"]
mod drivers;
#[path = "command_line/event_files.rs"]
mod event_files;
#[path = "command_line/extension.rs"]
mod extension;
#[path = "command_line/faults.rs"]
mod faults;
#[cfg(unix)]
#[path = "command_line/job_scripts.rs"]
mod job_scripts;
#[path = "command_line/parts.rs"]
mod parts;
#[path = "command_line/pixel_rules.rs"]
mod pixel_rules;
#[path = "command_line/predict.rs"]
mod predict;
#[path = "command_line/recordings.rs"]
mod recordings;
#[path = "command_line/replicas.rs"]
mod replicas;
#[path = "command_line/resume.rs"]
mod resume;
#[path = "command_line/run_data.rs"]
mod run_data;
#[path = "command_line/simd.rs"]
mod simd;
#[cfg(unix)]
#[path = "command_line/stopping.rs"]
mod stopping;
#[path = "command_line/studies.rs"]
mod studies;
#[path = "command_line/tensorboard.rs"]
mod tensorboard;
#[path = "command_line/training.rs"]
mod training;
#[path = "command_line/training_files.rs"]
mod training_files;
#[path = "command_line/tune.rs"]
mod tune;
#[path = "command_line/weights.rs"]
mod weights;

use std::fs;
use std::path::Path;

use apical::cpu::Width;
use assert_cmd::Command;
use predicates::str::contains;
use serde_json::Value;
use tempfile::TempDir;

const TRAINING_IMAGES: &str = "train-images-idx3-ubyte";
const TRAINING_LABELS: &str = "train-labels-idx1-ubyte";
const TEST_IMAGES: &str = "t10k-images-idx3-ubyte";
const TEST_LABELS: &str = "t10k-labels-idx1-ubyte";

/// Returns the command in its own folder, without environment variables that select devices.
fn apical(folder: &TempDir) -> Command {
    let mut command = assert_cmd::cargo::cargo_bin_cmd!("apical");
    command.current_dir(folder.path());
    // Let a software GPU use its default threads, see tests/run.
    command.env_remove("LP_NUM_THREADS");
    command
}

/// Returns `apical train` for a small network on the data set in `folder`.
fn train(folder: &TempDir) -> Command {
    let mut command = apical(folder);
    command.args(["train", "--data", "data", "--layers", "20,10", "--epochs", "1"]);
    command.args(["--train-images", "300", "--test-images", "200"]);
    command
}

/// Returns the same command on the CPU, which every machine has.
fn train_on_cpu(folder: &TempDir) -> Command {
    let mut command = train(folder);
    command.args(["--backend", "cpu"]);
    command
}

/// Creates a folder with `data/`: 300 training and 200 test images of 6 x 5 pixels in 10 classes with different stripes.
fn folder_with_data() -> TempDir {
    let folder = TempDir::new().unwrap();
    let data = folder.path().join("data");
    fs::create_dir(&data).unwrap();
    for (images, labels, count) in
        [(TRAINING_IMAGES, TRAINING_LABELS, 300), (TEST_IMAGES, TEST_LABELS, 200)]
    {
        let label = |image: usize| (image * 7 % 10) as u8;
        let pixel = |image: usize, at: usize| {
            let is_ink = (at + usize::from(label(image))).is_multiple_of(5);
            if is_ink { 255 - (image % 50) as u8 } else { (at % 3) as u8 }
        };
        let pixels = (0..count).flat_map(|image| (0..30).map(move |at| pixel(image, at)));
        write_idx(&data.join(images), &[count as u32, 6, 5], pixels.collect());
        write_idx(&data.join(labels), &[count as u32], (0..count).map(label).collect());
    }
    folder
}

fn write_idx(path: &Path, sizes: &[u32], content: Vec<u8>) {
    let mut bytes = vec![0, 0, 8, sizes.len() as u8];
    bytes.extend(sizes.iter().flat_map(|size| size.to_be_bytes()));
    bytes.extend(content);
    fs::write(path, bytes).unwrap();
}

/// Runs a command that must succeed and returns its standard output.
#[track_caller]
fn output_of(command: &mut Command) -> String {
    let output = command.assert().success().get_output().clone();
    String::from_utf8(output.stdout).unwrap()
}

/// Runs a command that must succeed and returns its standard error.
#[track_caller]
fn stderr_of(command: &mut Command) -> String {
    let output = command.assert().success().get_output().clone();
    String::from_utf8(output.stderr).unwrap()
}

/// Runs a command that must succeed and returns its JSON lines.
#[track_caller]
fn json_of(command: &mut Command) -> Vec<Value> {
    let output = output_of(command);
    output.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// Asserts that the command fails with this exit code and prints no results. Standard error must contain all texts and
/// a line that starts with `error: `.
#[track_caller]
fn fails(command: &mut Command, exit_code: i32, texts: &[&str]) {
    let output = command.assert().code(exit_code).stdout("").get_output().clone();
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(error.lines().any(|line| line.starts_with("error: ")), "{error}");
    assert!(!error.contains("panicked"), "{error}");
    for text in texts {
        assert!(error.contains(text), "{error}\nlacks: {text}");
    }
}

#[test]
fn help_and_version_go_to_standard_output() {
    let folder = TempDir::new().unwrap();
    let help = output_of(apical(&folder).arg("--help"));
    for text in ["train", "tune", "test", "devices", "compare", "Exit codes", "3  no usable device"]
    {
        assert!(help.contains(text), "{help}");
    }
    let version = concat!("apical ", env!("CARGO_PKG_VERSION"));
    assert_eq!(output_of(apical(&folder).arg("-V")), format!("{version}\n"));
    let long = output_of(apical(&folder).arg("--version"));
    assert!(long.starts_with(&format!("{version} (commit ")) && long.contains(", wgpu "), "{long}");
    assert!(long.trim_end().ends_with(&format!(", {})", Width::current().name())), "{long}");
    assert!(!long.contains("wgpu unknown"), "{long}");
    let help = output_of(apical(&folder).args(["train", "--help"]));
    for text in ["defaults are those of the preset quick", "[default: 500,10]", "[default: 10]"] {
        assert!(help.contains(text), "{help}");
    }
    let help = output_of(apical(&folder).args(["compare", "-h"]));
    let epochs = help.split_once("--epochs").unwrap().1.split_once("--").unwrap().0;
    assert!(epochs.contains("[default: 1]"), "{epochs}");
}

#[test]
fn completions_and_manual_cover_every_command() {
    let folder = TempDir::new().unwrap();
    for (shell, text) in [
        ("bash", "complete -F _apical"),
        ("zsh", "#compdef apical"),
        ("fish", "complete -c apical"),
        ("powershell", "Register-ArgumentCompleter"),
        ("elvish", "edit:completion"),
    ] {
        let file = output_of(apical(&folder).args(["completions", shell]));
        assert!(file.contains(text) && file.contains("reproduce"), "{shell}");
    }
    let page = output_of(apical(&folder).arg("man"));
    assert!(page.contains(".TH apical 1") && page.contains("reproduce"), "{page}");
    output_of(apical(&folder).args(["man", "--out", "deep/man1"]));
    for command in ["apical", "apical-train", "apical-data-fetch"] {
        let page =
            fs::read_to_string(folder.path().join(format!("deep/man1/{command}.1"))).unwrap();
        assert!(page.contains(".SH OPTIONS") && page.contains(".SH SYNOPSIS"), "{command}");
    }
    fs::write(folder.path().join("file"), "").unwrap();
    fails(
        apical(&folder).args(["man", "--out", "file"]),
        1,
        &["file: cannot write the manual pages"],
    );
}

#[test]
fn quiet_prints_only_errors_without_colour() {
    let folder = folder_with_data();
    let quiet = train_on_cpu(&folder).arg("-q").assert().success().stderr("");
    assert!(!quiet.get_output().stdout.is_empty());
    fails(train_on_cpu(&folder).args(["-q", "--batch-size", "0"]), 2, &["batch_size = 0"]);
    fails(apical(&folder).args(["devices", "-q", "-v"]), 2, &["cannot be used with"]);
    let help = apical(&folder).env("NO_COLOR", "1").args(["train", "--help"]).assert().success();
    assert!(!help.get_output().stdout.contains(&0x1b));
}

#[test]
fn invalid_command_line_is_refused() {
    let folder = TempDir::new().unwrap();
    let assert_error = |arguments: &[&str], text: &str| {
        fails(apical(&folder).args(arguments), 2, &[text]);
    };
    assert_error(&["trian"], "a similar subcommand exists: 'train'");
    assert_error(
        &["train", "--preset", "qick"],
        "possible values: quick, paper-0, paper-1, paper-2",
    );
    assert_error(&["train", "--epoch", "1"], "a similar argument exists: '--epochs'");
    assert_error(&["train", "--epochs", "many"], "invalid value 'many' for '--epochs <N>'");
    assert_error(&["train", "--seed", "-1"], "unexpected argument '-1'");
    assert_error(&["train", "--preset", "quick", "--config", "x"], "cannot be used with");
    assert_error(&["train", "--backend", "tpu"], "possible values: auto, gpu, cpu");
    assert_error(&["train", "--threads", "9999"], "9999 is not in 0..=1024");
    assert_error(&["train", "--device", ""], "--device");
    assert_error(
        &["train", "--backend", "cpu", "--device", "0"],
        "cannot use --device with --backend cpu",
    );
    assert_error(&["test"], "<WEIGHTS>");
    assert_error(&["compare", "--backend", "cpu"], "cannot compare the CPU with itself");
    assert_error(
        &["compare", "--cpu-through", "soup"],
        "possible values: symmetric_feedback, encode_spikes, recorded_spikes, encode_rates, pack_spike_mask",
    );
    // Without a command, the help is printed as an error.
    let without_command = apical(&folder).assert().code(2).stdout("");
    without_command.stderr(contains("Usage: apical [OPTIONS] <COMMAND>"));
}

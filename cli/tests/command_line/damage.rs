//! Damaged folders of runs: each run resumes to the files of an uninterrupted run and reports the damage, or is
//! refused with a hint. Two programs never write to one folder.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command as Process, Stdio};

use apical::run_dir::FolderLock;
use assert_cmd::Command;
use tempfile::TempDir;

use super::resume::assert_same_run;
use super::{apical, fails, folder_with_data, output_of, stderr_of};

/// Three short epochs with partial evaluations.
const TRAINING: [&str; 18] = [
    "train",
    "--data",
    "data",
    "--layers",
    "20,10",
    "--epochs",
    "3",
    "--train-images",
    "90",
    "--eval-every",
    "45",
    "--checkpoint-every",
    "30",
    "--keep-checkpoints",
    "9",
    "--backend",
    "cpu",
    "--threads=1",
];

fn train(folder: &TempDir, run: &str) -> Command {
    let mut command = apical(folder);
    command.args(TRAINING).args(["--out", run]);
    command
}

fn resume(folder: &TempDir, run: &str) -> Command {
    let mut command = apical(folder);
    command.args(["train", "--resume", run, "--backend", "cpu"]);
    command
}

/// Creates a folder with an uninterrupted run in `whole`.
fn folder_with_run() -> TempDir {
    let folder = folder_with_data();
    output_of(&mut train(&folder, "whole"));
    folder
}

/// Copies the run `whole` in its state `behind` checkpoints before the last.
fn copy_stopped(folder: &TempDir, run: &str, behind: usize) -> PathBuf {
    let (from, to) = (folder.path().join("whole"), folder.path().join(run));
    fs::create_dir_all(to.join("checkpoints")).unwrap();
    for name in ["run.json", "config.toml", "metrics.jsonl", "timings.jsonl"] {
        fs::copy(from.join(name), to.join(name)).unwrap();
    }
    let mut names = files(&from.join("checkpoints"));
    names.truncate(names.len() - behind);
    for name in names {
        let file = Path::new("checkpoints").join(name);
        fs::copy(from.join(&file), to.join(&file)).unwrap();
    }
    to
}

fn files(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name());
    let mut files: Vec<String> = entries.map(|name| name.into_string().unwrap()).collect();
    files.sort();
    files
}

#[test]
fn resume_restores_damaged_metrics_from_checkpoint() {
    let folder = folder_with_run();
    let metrics_bytes = fs::read(folder.path().join("whole/metrics.jsonl")).unwrap();
    let end = |line: usize| {
        let ends = metrics_bytes.iter().enumerate().filter(|(_, byte)| **byte == b'\n');
        ends.map(|(at, _)| at + 1).nth(line).unwrap()
    };
    let without_second = [&metrics_bytes[..end(0)], &metrics_bytes[end(1)..]].concat();
    let garbage = [&metrics_bytes[..end(0)], b"garbage\n", &metrics_bytes[end(0)..]].concat();
    for (kind, bytes, text) in [
        ("empty", Some(Vec::new()), "bytes were missing"),
        ("truncated", Some(metrics_bytes[..end(1) + 20].to_vec()), "bytes were missing"),
        ("zeros", Some(vec![0; metrics_bytes.len()]), "line 1 differs"),
        ("without-a-line", Some(without_second), "line 2 differs"),
        ("garbage", Some(garbage), "line 2 differs"),
        ("gone", None, "bytes were missing"),
    ] {
        let run = copy_stopped(&folder, kind, 1);
        let metrics = run.join("metrics.jsonl");
        match &bytes {
            Some(bytes) => fs::write(&metrics, bytes).unwrap(),
            None => fs::remove_file(&metrics).unwrap(),
        }
        let stderr = stderr_of(&mut resume(&folder, kind));
        assert!(stderr.contains("metrics.jsonl: ") && stderr.contains(text), "{kind}: {stderr}");
        assert_same_run(&folder, "whole", kind);
        let damaged_copy = fs::read(run.join("metrics.jsonl.damaged")).ok();
        assert_eq!(damaged_copy, bytes.filter(|_| text.starts_with("line")), "{kind}");
    }
}

#[test]
fn resume_replaces_damaged_checkpoints_and_weights() {
    let folder = folder_with_run();
    for (run, name) in [
        ("newest", "checkpoints/epoch-000004-image-0000000000.safetensors"),
        ("best", "checkpoints/best.safetensors"),
        ("weights", "weights.safetensors"),
    ] {
        let path = copy_stopped(&folder, run, 0).join(name);
        let mut bytes = fs::read(folder.path().join("whole").join(name)).unwrap();
        let at = bytes.len() / 2;
        bytes[at] ^= 1;
        fs::write(&path, &bytes).unwrap();
        let stderr = stderr_of(&mut resume(&folder, run));
        assert!(
            stderr.contains(&format!("{name}: cannot")) && stderr.contains(".damaged"),
            "{stderr}"
        );
        assert!(stderr.contains("does not match its checksum"), "{stderr}");
        assert_eq!(fs::read(format!("{}.damaged", path.display())).unwrap(), bytes);
        assert_same_run(&folder, "whole", run);
        assert!(
            fs::read(&path).unwrap() == fs::read(folder.path().join("whole").join(name)).unwrap()
        );
    }
}

#[test]
fn resume_without_readable_checkpoint_prints_hint() {
    let folder = folder_with_run();
    let run = copy_stopped(&folder, "run", 0);
    for name in files(&run.join("checkpoints")) {
        fs::write(run.join("checkpoints").join(name), "").unwrap();
    }
    let texts = ["cannot read any of its 10 checkpoints", "hint: restore a copy", "--config"];
    fails(&mut resume(&folder, "run"), 1, &texts);
    // A finished run needs no checkpoint.
    fs::copy(folder.path().join("whole/weights.safetensors"), run.join("weights.safetensors"))
        .unwrap();
    assert!(stderr_of(&mut resume(&folder, "run")).contains("this run is already finished"));
}

#[test]
fn resume_lists_edited_settings_by_key() {
    let folder = folder_with_run();
    let config = fs::read_to_string(folder.path().join("whole/config.toml")).unwrap();
    let edited = config.replace("epochs = 3", "epochs = 9").replace("seed = 1", "seed = 2");
    for (run, text, expected) in [
        (
            "edited",
            Some(edited.as_str()),
            &["epochs is 9 in this file", "seed is 2 in this file"][..],
        ),
        ("garbage", Some("epochs = ["), &["cannot read these settings: "]),
        ("gone", None, &["was missing and is written again"]),
        ("same", Some(config.as_str()), &[]),
    ] {
        let path = copy_stopped(&folder, run, 1).join("config.toml");
        match text {
            Some(text) => fs::write(&path, text).unwrap(),
            None => fs::remove_file(&path).unwrap(),
        }
        let stderr = stderr_of(&mut resume(&folder, run));
        assert_eq!(stderr.matches("config.toml: ").count(), expected.len(), "{stderr}");
        assert!(expected.iter().all(|text| stderr.contains(text)), "{stderr}");
        assert_same_run(&folder, "whole", run);
        // An edited file is not changed.
        assert_eq!(fs::read_to_string(path).unwrap(), text.unwrap_or(&config));
    }
}

#[test]
fn folder_in_use_is_refused_unchanged() {
    let folder = folder_with_data();
    let run = folder.path().join("run");
    let lock = FolderLock::acquire(&run).unwrap();
    fails(&mut train(&folder, "run"), 1, &["another process has this folder in use"]);
    let mut many = train(&folder, "run");
    fails(many.args(["--replicas", "2"]), 1, &["another process has this folder in use"]);
    let tune = ["tune", "--data", "data", "--layers", "20,10", "--epochs", "1", "--search"];
    let mut command = apical(&folder);
    command.args(tune).args(["eta=0.1,0.2", "--backend", "cpu", "--out", "run"]);
    fails(&mut command, 1, &["another process has this folder in use"]);
    let mut command = apical(&folder);
    command.args(["reproduce", "fig4", "--quick", "--data", "data", "--out", "run"]);
    fails(&mut command, 1, &["another process has this folder in use"]);
    assert_eq!(files(&run), ["apical.lock"]);
    drop(lock);
    fs::write(run.join("run.json.99999999.partial"), "{").unwrap();
    output_of(&mut train(&folder, "run"));
    assert!(files(&run).iter().all(|name| !name.ends_with(".partial")));
}

#[test]
fn concurrent_starts_in_one_folder_train_once() {
    let folder = folder_with_data();
    for round in 0..8 {
        let run = format!("run-{round}");
        let start = |seed: &str| {
            let mut command = Process::new(assert_cmd::cargo::cargo_bin!("apical"));
            command.current_dir(folder.path()).args(TRAINING).args(["--out", &run]);
            command.args(["--seed", seed]).stdout(Stdio::null()).stderr(Stdio::null());
            command.spawn().unwrap()
        };
        let children = ["1", "2", "3"].map(start);
        let codes = children.map(|mut child| child.wait().unwrap().code());
        let winner = codes.iter().position(|code| *code == Some(0)).expect("one process trains");
        assert_eq!(codes.iter().filter(|code| **code == Some(1)).count(), 2, "{codes:?}");
        let text = |name: &str| fs::read_to_string(folder.path().join(&run).join(name)).unwrap();
        let seed = winner + 1;
        assert!(text("config.toml").contains(&format!("seed = {seed}\n")), "{codes:?}");
        assert!(text("run.json").contains(&format!("\"seed\": {seed},")), "{codes:?}");
        assert!(stderr_of(&mut resume(&folder, &run)).contains("this run is already finished"));
    }
}

#[test]
fn go_on_resumes_an_existing_run() {
    let folder = folder_with_run();
    let begin = |run: &str| {
        let mut command = train(&folder, run);
        command.arg("--go-on");
        command
    };
    output_of(&mut begin("new"));
    assert_same_run(&folder, "whole", "new");
    copy_stopped(&folder, "old", 1);
    assert!(stderr_of(&mut begin("old")).contains("resuming in epoch 3"));
    assert_same_run(&folder, "whole", "old");
    assert!(stderr_of(&mut begin("old")).contains("this run is already finished"));
    let texts = ["other settings: eta is [", ", not [0.7]", "hint: choose another folder"];
    fails(begin("old").args(["--eta", "0.7"]), 2, &texts);
    let texts = ["other settings: replicas is 1, not 2"];
    fails(begin("old").args(["--replicas", "2"]), 2, &texts);
    fails(apical(&folder).args(["train", "--go-on"]), 2, &["--out <DIR>"]);
}

/// A limit on file sizes acts like a full disk: a write can fail at any byte of a file.
#[cfg(unix)]
#[test]
fn full_disk_loses_neither_metrics_nor_bits() {
    let folder = folder_with_run();
    let program = assert_cmd::cargo::cargo_bin!("apical");
    let mut failed = 0;
    for blocks in [0, 1, 2, 3, 4, 6, 8, 10, 12, 14, 16, 18, 20, 24, 28, 32, 40, 48] {
        let run = format!("full-{blocks}");
        // Blocks have 512 bytes. The trap keeps the signal from ending the program.
        let script = format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$0\" \"$@\"");
        let mut command = Process::new("sh");
        command.current_dir(folder.path()).args(["-c", &script]).arg(program);
        let output = command.args(TRAINING).args(["--out", &run]).output().unwrap();
        let error = String::from_utf8(output.stderr).unwrap();
        if output.status.success() {
            continue;
        }
        failed += 1;
        assert_eq!(output.status.code(), Some(1), "{blocks}: {error}");
        assert!(error.contains("cannot be ") && error.contains("caused by: "), "{blocks}: {error}");
        let resumed = match folder.path().join(&run).join("run.json").exists() {
            true => resume(&folder, &run),
            false => train(&folder, &run),
        };
        let mut resumed = resumed;
        output_of(&mut resumed);
        assert_same_run(&folder, "whole", &run);
    }
    assert!(failed > 3, "the limits are too wide");
}

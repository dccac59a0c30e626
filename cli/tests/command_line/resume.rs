//! Runs that are stopped, killed or fail, and resume to the weights and metrics of an uninterrupted run.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command as Process, Stdio};
use std::thread::sleep;
use std::time::Duration;

use apical::random::{PhiloxRng, RngStream};
use apical::run_dir::{checkpoint_file, weights};
use rand::Rng;
use tempfile::TempDir;

use super::{apical, fails, folder_with_data, json_of, output_of};

/// Arguments of a training with many short epochs, partial evaluations and frequent checkpoints.
const TRAINING: [&str; 15] = [
    "train",
    "--data",
    "data",
    "--layers",
    "20,10",
    "--epochs=6",
    "--test-images",
    "100",
    "--batch-size",
    "3",
    "--eval-every",
    "90",
    "--eval-images",
    "20",
    "--checkpoint-every=30",
];

/// Returns the same training with endless epochs in the folder `run`.
fn endless() -> Vec<&'static str> {
    let with_many_epochs =
        |argument| if argument == "--epochs=6" { "--epochs=100000" } else { argument };
    TRAINING.map(with_many_epochs).into_iter().chain(["--out", "run"]).collect()
}

/// Starts a command in the folder without waiting for it.
fn start(folder: &TempDir, arguments: &[&str]) -> Child {
    let program = assert_cmd::cargo::cargo_bin!("apical");
    let mut command = Process::new(program);
    command.current_dir(folder.path()).args(arguments).args(["--threads", "1"]);
    command.args(["--backend", "cpu"]);
    command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
}

/// Asserts that all files of a run can be read.
fn check_files(run: &Path) {
    for folder in [run.to_owned(), run.join("checkpoints")] {
        for entry in fs::read_dir(&folder).into_iter().flatten() {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|extension| extension == "safetensors") {
                weights::load(&path).unwrap();
                if folder != run {
                    checkpoint_file::load(&path).unwrap();
                }
            }
        }
    }
}

/// Asserts that both runs have equal metrics, weights and best checkpoints. Checkpoints may differ in history that is
/// no longer needed, which depends on the backend.
#[track_caller]
pub fn assert_same_run(folder: &TempDir, uninterrupted: &str, resumed: &str) {
    for name in ["metrics.jsonl", "weights.safetensors"] {
        let content = |run: &str| fs::read(folder.path().join(run).join(name)).unwrap();
        assert!(content(uninterrupted) == content(resumed), "{resumed}: another {name}");
    }
    let best = |run: &str| {
        let path = folder.path().join(run).join("checkpoints/best.safetensors");
        let saved = checkpoint_file::load(&path).unwrap();
        (saved.checkpoint.position, saved.checkpoint.network, saved.metrics)
    };
    assert!(best(uninterrupted) == best(resumed), "{resumed}: another best checkpoint");
}

/// Kills a training at random times until it finishes, and checks the folder each time. Repeats this until the number
/// of kills reaches APICAL_KILLS.
#[test]
fn killed_run_resumes_to_equal_results() {
    let min_kills: u32 = std::env::var("APICAL_KILLS").map_or(12, |kills| kills.parse().unwrap());
    let folder = folder_with_data();
    output_of(apical(&folder).args(TRAINING).args(["--out", "whole", "--backend", "cpu"]));
    let (mut kills, mut training) = (0, 0);
    let mut random = PhiloxRng::new(1, RngStream::Order, 0, 0);
    while kills < min_kills {
        training += 1;
        let run = format!("killed-{training}");
        let mut killed = 0;
        loop {
            let exists = folder.path().join(&run).join("run.json").exists();
            let mut child = match exists {
                true => start(&folder, &["train", "--resume", &run]),
                false => start(&folder, &[&TRAINING[..], &["--out", &run]].concat()),
            };
            // The delays grow, so that the training ends even on a slow machine.
            sleep(Duration::from_micros(
                u64::from(random.next_u32() % 200_000) * (1 + killed / 20),
            ));
            if let Some(status) = child.try_wait().unwrap() {
                assert!(status.success(), "{status}");
                break;
            }
            child.kill().unwrap();
            child.wait().unwrap();
            killed += 1;
            check_files(&folder.path().join(&run));
        }
        kills += killed as u32;
        assert_same_run(&folder, "whole", &run);
    }
    println!("{kills} kills in {training} trainings");
}

#[cfg(unix)]
fn signal(child: &Child, name: &str) {
    let id = child.id().to_string();
    assert!(Process::new("kill").args([name, &id]).status().unwrap().success());
}

/// Waits until a run has a checkpoint.
fn wait_for_checkpoint(run: &Path) {
    while fs::read_dir(run.join("checkpoints")).map_or(0, Iterator::count) == 0 {
        sleep(Duration::from_millis(5));
    }
}

#[cfg(unix)]
#[test]
fn signals_stop_a_run_that_can_be_resumed() {
    let folder = folder_with_data();
    let long = [&TRAINING[..], &["--train-images", "299"]].concat();
    output_of(apical(&folder).args(&long).args(["--out", "whole", "--backend", "cpu"]));
    for (name, code) in [("-INT", 130), ("-TERM", 143)] {
        let run = format!("run{name}");
        let mut child = start(&folder, &[&long[..], &["--out", &run]].concat());
        wait_for_checkpoint(&folder.path().join(&run));
        signal(&child, name);
        let status = child.wait().unwrap();
        // On a fast machine, the run may already have ended.
        let is_finished = folder.path().join(&run).join("weights.safetensors").exists();
        assert_eq!(status.code(), Some(if is_finished { 0 } else { code }));
        check_files(&folder.path().join(&run));
        output_of(apical(&folder).args(["train", "--resume", &run]));
        assert_same_run(&folder, "whole", &run);
        let finished = apical(&folder).args(["train", "--resume", &run]).assert().success();
        let stderr = String::from_utf8(finished.get_output().stderr.clone()).unwrap();
        assert!(stderr.contains("this run is already finished"), "{stderr}");
    }
}

#[test]
fn replicas_resume_from_their_own_checkpoints() {
    let folder = folder_with_data();
    let many = [&TRAINING[..], &["--replicas", "2", "--sweep", "train_images=200,300"]].concat();
    let mut command = apical(&folder);
    command.args(&many).args(["--out", "whole", "--backend", "cpu", "--json"]);
    let uninterrupted = json_of(&mut command);
    let run = folder.path().join("killed");
    let mut random = PhiloxRng::new(1, RngStream::Order, 0, 0);
    let mut killed = 0;
    let results = loop {
        let mut child = match run.join("run.json").exists() {
            true => start(&folder, &["train", "--resume", "killed"]),
            false => start(&folder, &[&many[..], &["--out", "killed"]].concat()),
        };
        sleep(Duration::from_micros(
            u64::from(50_000 + random.next_u32() % 450_000) * (1 + killed / 10),
        ));
        if child.try_wait().unwrap().is_some() {
            break json_of(apical(&folder).args(["train", "--resume", "killed", "--json"]));
        }
        child.kill().unwrap();
        child.wait().unwrap();
        killed += 1;
    };
    for replica in 0..4 {
        let name = |run: &str| format!("{run}/replica-{replica:03}");
        assert_same_run(&folder, &name("whole"), &name("killed"));
    }
    // The results of a resumed run equal those printed before.
    assert_eq!(
        results.last().unwrap()["combinations"],
        uninterrupted.last().unwrap()["combinations"]
    );
    let summary =
        |run: &str| fs::read_to_string(folder.path().join(run).join("summary.csv")).unwrap();
    assert_eq!(summary("whole"), summary("killed"));
}

#[test]
fn resume_invalid_folder_is_refused_unchanged() {
    let folder = folder_with_data();
    let resume = |arguments: &[&str], code: i32, texts: &[&str]| {
        fails(apical(&folder).args(["train", "--resume"]).args(arguments), code, texts);
    };
    resume(&["nowhere"], 1, &["nowhere: no resumable run in this folder"]);
    resume(&["run", "--seed", "9"], 2, &["leave out --seed"]);
    resume(&["nowhere", "--epochs", "9"], 1, &["nowhere: no resumable run in this folder"]);
    resume(&["run", "--preset", "quick"], 2, &["leave out --preset"]);
    fails(apical(&folder).args(["train", "--resume", "run", "--out", "x"]), 2, &["cannot be used"]);
    let every = |text: &str| {
        let flag = format!("--checkpoint-every={text}");
        fails(apical(&folder).args(["train", &flag]), 2, &["expected a number of images, as 5000"]);
    };
    for text in ["0", "0epochs", "often"] {
        every(text);
    }

    let mut child = start(&folder, &endless());
    let run = folder.path().join("run");
    wait_for_checkpoint(&run);
    resume(&["run"], 1, &["another process has this folder in use"]);
    fails(apical(&folder).args(TRAINING).args(["--out", "run"]), 1, &["already holds a run"]);
    child.kill().unwrap();
    child.wait().unwrap();

    let content = |path: &PathBuf| fs::read(path).unwrap();
    let info = run.join("run.json");
    let valid = content(&info);
    // Images other than the training data.
    let data = folder.path().join("data/train-labels-idx1-ubyte");
    let labels = content(&data);
    let mut others = labels.clone();
    let last = others.len() - 1;
    others[last] = (others[last] + 1) % 10;
    fs::write(&data, others).unwrap();
    resume(&["run"], 1, &["holds other images", "with --data"]);
    fs::write(&data, labels).unwrap();
    // Settings that differ from those of the checkpoint.
    let text = String::from_utf8(valid.clone()).unwrap();
    fs::write(&info, text.replace("\"epochs\": 100000", "\"epochs\": 99999")).unwrap();
    resume(&["run"], 1, &["the settings of this checkpoint differ"]);
    fs::write(&info, &valid[..valid.len() / 2]).unwrap();
    resume(&["run"], 1, &["run.json: expected the description of a run"]);
    fs::write(&info, &valid).unwrap();
    check_files(&run);
}

/// As with a full disk, a file that cannot be written ends the run, and earlier files are kept.
#[test]
fn unwritable_checkpoint_ends_the_run() {
    let folder = folder_with_data();
    let mut child = start(&folder, &endless());
    let checkpoints = folder.path().join("run/checkpoints");
    wait_for_checkpoint(&folder.path().join("run"));
    fs::rename(&checkpoints, folder.path().join("kept")).unwrap();
    fs::write(&checkpoints, "no folder").unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(1));
    fs::remove_file(&checkpoints).unwrap();
    fs::rename(folder.path().join("kept"), &checkpoints).unwrap();
    check_files(&folder.path().join("run"));
    let mut resumed = start(&folder, &["train", "--resume", "run"]);
    sleep(Duration::from_millis(300));
    assert!(resumed.try_wait().unwrap().is_none(), "the run was not resumed");
    resumed.kill().unwrap();
    resumed.wait().unwrap();
}

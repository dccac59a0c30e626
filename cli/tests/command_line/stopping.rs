//! Signals: messages, saving, exit codes, and resuming afterwards.

use std::fs;
use std::io::Read;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command as Process, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

use super::{apical, folder_with_data, json_of, output_of};

/// Arguments of a training that spends most of its time in tests.
const LONG_TESTS: [&str; 8] =
    ["train", "--data", "data", "--layers", "60,10", "--train-images", "40", "--test-ms=100000"];

/// Starts a command in the folder, with piped output.
fn start(folder: &TempDir, arguments: &[&str]) -> Child {
    let program = assert_cmd::cargo::cargo_bin!("apical");
    let mut command = Process::new(program);
    command.current_dir(folder.path()).args(arguments).args(["--threads", "1"]);
    command.args(["--backend", "cpu"]).env("XDG_RUNTIME_DIR", folder.path());
    // Under nohup, the command would inherit that SIGHUP is ignored.
    // SAFETY: `signal` may be called between fork and exec.
    let reset_hangup = || unsafe {
        libc::signal(libc::SIGHUP, libc::SIG_DFL);
        Ok(())
    };
    // SAFETY: the closure calls nothing else.
    unsafe { command.pre_exec(reset_hangup) };
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

fn signal(child: &Child, name: &str) {
    let id = child.id().to_string();
    assert!(Process::new("kill").args([name, &id]).status().unwrap().success());
}

/// Waits for the end and returns exit code, standard error and elapsed time.
fn end(mut child: Child) -> (Option<i32>, String, Duration) {
    let start = Instant::now();
    let status = child.wait().unwrap();
    let mut stderr = String::new();
    child.stderr.take().unwrap().read_to_string(&mut stderr).unwrap();
    (status.code(), stderr, start.elapsed())
}

fn wait_for(path: &Path) {
    let start = Instant::now();
    while !path.exists() {
        assert!(start.elapsed() < Duration::from_secs(60), "{} does not appear", path.display());
        sleep(Duration::from_millis(5));
    }
}

fn checkpoints(folder: &TempDir, run: &str) -> usize {
    fs::read_dir(folder.path().join(run).join("checkpoints")).map_or(0, Iterator::count)
}

#[test]
fn signal_during_a_test_saves_and_sets_exit_code() {
    let folder = folder_with_data();
    let signals = [
        ("-INT", 130, "press Ctrl-C twice more to quit without saving"),
        ("-TERM", 143, "stopping (SIGTERM): saving"),
        ("-HUP", 129, "stopping (SIGHUP): saving"),
        ("-USR1", 138, "stopping (SIGUSR1): saving"),
        ("-USR2", 140, "stopping (SIGUSR2): saving"),
    ];
    for (name, code, text) in signals {
        let run = format!("run{name}");
        let child = start(&folder, &[&LONG_TESTS[..], &["--out", &run]].concat());
        wait_for(&folder.path().join(&run).join("metrics.jsonl"));
        sleep(Duration::from_millis(700));
        signal(&child, name);
        // A job script may forward the signal that the cluster has already sent.
        sleep(Duration::from_millis(50));
        if name != "-INT" {
            let _ = Process::new("kill").args([name, &child.id().to_string()]).status();
        }
        let (status, stderr, time) = end(child);
        assert_eq!(status, Some(code), "{name}: {stderr}");
        assert!(stderr.contains(text) && stderr.contains("resumes it"), "{stderr}");
        assert_eq!(checkpoints(&folder, &run), 1, "{name}");
        // On an idle machine, it takes a fraction of a second.
        assert!(time < Duration::from_secs(5), "{name}: {time:?}");
    }
}

/// Waits until the process has handled its signals. The kernel does not keep the order of pending signals.
fn wait_for_handlers(child: &Child) {
    let is_pending = |line: &str| {
        let mask = line.strip_prefix("SigPnd:").or(line.strip_prefix("ShdPnd:"));
        mask.is_some_and(|mask| mask.trim().bytes().any(|digit| digit != b'0'))
    };
    let status = format!("/proc/{}/status", child.id());
    while fs::read_to_string(&status).is_ok_and(|text| text.lines().any(is_pending)) {}
}

/// The second signal arrives before the command's next check for signals, 20 ms.
#[test]
fn first_of_two_signals_sets_exit_code() {
    let folder = folder_with_data();
    let pairs = [
        ("-USR2", "-INT", 140),
        ("-HUP", "-TERM", 129),
        ("-TERM", "-INT", 143),
        ("-INT", "-HUP", 130),
    ];
    for (first, second, code) in pairs {
        let run = format!("run{first}{second}");
        let child = start(&folder, &[&LONG_TESTS[..], &["--out", &run]].concat());
        wait_for(&folder.path().join(&run).join("metrics.jsonl"));
        signal(&child, first);
        wait_for_handlers(&child);
        signal(&child, second);
        let (status, stderr, _) = end(child);
        assert_eq!(status, Some(code), "{first} {second}: {stderr}");
        assert_eq!(checkpoints(&folder, &run), 1, "{first} {second}");
        let name = format!("(SIG{})", &first[1..]);
        assert!(stderr.contains(&name) || first == "-INT", "{first} {second}: {stderr}");
    }
}

#[test]
fn stop_without_training_exits_at_once() {
    let folder = folder_with_data();
    let child = start(&folder, &["test", "nothing.safetensors"]);
    let (status, ..) = end(child);
    assert_eq!(status, Some(1));
    // A test saves nothing and ends at once.
    let trained = ["--test-images", "5", "--epochs", "1", "--out", "run", "--backend", "cpu"];
    let mut train = apical(&folder);
    train
        .args(["train", "--data", "data", "--layers", "60,10", "--train-images", "40"])
        .args(trained);
    output_of(&mut train);
    let test = ["test", "run/weights.safetensors", "--data", "data", "--repeats", "10000"];
    let child = start(&folder, &[&test[..], &["--test-ms", "10000"]].concat());
    sleep(Duration::from_millis(600));
    signal(&child, "-TERM");
    let (status, stderr, time) = end(child);
    assert_eq!(status, Some(143), "{stderr}");
    assert!(stderr.contains("stopping (SIGTERM)") && stderr.contains("stopped"), "{stderr}");
    assert!(time < Duration::from_secs(5), "{time:?}");
}

/// The full pipe of standard output blocks the command before it can save.
#[test]
fn third_interrupt_quits_without_saving() {
    let folder = folder_with_data();
    let mut arguments = vec!["train", "--data", "data", "--layers", "10", "--out", "run", "--json"];
    arguments.extend(["--epochs", "1000", "--batch-size", "1", "--eval-every", "1"]);
    arguments.extend(["--eval-images", "1", "--test-ms", "40", "--test-average-from-ms", "10"]);
    let mut child = start(&folder, &arguments);
    let metrics = folder.path().join("run").join("metrics.jsonl");
    wait_for(&metrics);
    let bytes = || fs::metadata(&metrics).unwrap().len();
    let mut before = 0;
    while before < 40_000 || bytes() > before {
        before = bytes();
        sleep(Duration::from_millis(300));
    }
    for _ in 0..2 {
        signal(&child, "-INT");
        sleep(Duration::from_millis(300));
        assert_eq!(child.try_wait().unwrap(), None);
    }
    signal(&child, "-INT");
    let (status, stderr, _) = end(child);
    assert_eq!(status, Some(137), "{stderr}");
    for text in ["Ctrl-C twice more", "Ctrl-C once more", "quit without saving: "] {
        assert!(stderr.contains(text), "{stderr}");
    }
}

/// Under nohup, a closed terminal must not stop the command.
#[test]
fn ignored_hangup_stays_ignored() {
    let folder = folder_with_data();
    let program = assert_cmd::cargo::cargo_bin!("apical");
    let mut command = Process::new("nohup");
    command.current_dir(folder.path()).arg(program).args(LONG_TESTS).args(["--out", "run"]);
    command.args(["--threads", "1", "--backend", "cpu"]);
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    wait_for(&folder.path().join("run").join("metrics.jsonl"));
    signal(&child, "-HUP");
    sleep(Duration::from_millis(500));
    signal(&child, "-TERM");
    assert_eq!(end(child).0, Some(143));
}

/// Returns the finished trainings of a search, sorted, without values that depend on time.
fn trials(folder: &TempDir, name: &str) -> Vec<String> {
    let text = fs::read_to_string(folder.path().join(name).join("trials.jsonl")).unwrap();
    let trial = |line: &str| {
        let mut trial: Value = serde_json::from_str(line).unwrap();
        for key in ["date", "device", "backend", "networks"] {
            trial.as_object_mut().unwrap().remove(key);
        }
        for epoch in trial["epochs"].as_array_mut().unwrap() {
            epoch.as_object_mut().unwrap().remove("images_per_second");
        }
        trial.to_string()
    };
    let mut trials: Vec<String> = text.lines().map(trial).collect();
    trials.sort();
    trials
}

#[test]
fn tune_resumes_unfinished_trainings() {
    let folder = folder_with_data();
    let search = |out| {
        ["tune", "--out", out, "--data", "data", "--layers", "60,40,10", "--epochs", "12"]
            .into_iter()
            .chain(["--search", "eta=0.02,0.001", "--rungs", "1", "--parallel", "2"])
            .chain(["--batch-size", "4", "--eval-every", "0"])
            .collect::<Vec<_>>()
    };
    output_of(apical(&folder).args(search("whole")).args(["--backend", "cpu"]));
    let (mut stops, mut unfinished) = (0, 0);
    loop {
        let child = start(&folder, &search("found"));
        sleep(Duration::from_millis(150 + 60 * stops));
        let _ = Process::new("kill").args(["-TERM", &child.id().to_string()]).status();
        let (status, stderr, _) = end(child);
        unfinished +=
            fs::read_dir(folder.path().join("found/unfinished")).map_or(0, Iterator::count);
        match status {
            Some(0) => break,
            Some(143) => stops += 1,
            other => panic!("{other:?}: {stderr}"),
        }
        assert!(stops < 200, "no progress");
    }
    assert!(unfinished > 0, "no training was stopped in {stops} stops");
    assert_eq!(trials(&folder, "found"), trials(&folder, "whole"));
    assert!(!folder.path().join("found/unfinished").exists());
    let line = |name: &str| fs::read_to_string(folder.path().join(name).join("best.toml")).unwrap();
    assert_eq!(line("found"), line("whole"));
}

#[test]
fn threads_are_limited_and_reported() {
    let folder = folder_with_data();
    let mut hashes = Vec::new();
    for (threads, slurm) in [("1024", None), ("0", Some("1")), ("1", None)] {
        let mut command = apical(&folder);
        command.args(["train", "--data", "data", "--layers", "20,10", "--epochs", "1", "--json"]);
        command.args(["--backend", "cpu", "--train-images", "30", "--threads", threads]);
        command.envs(slurm.map(|count| ("SLURM_CPUS_PER_TASK", count)));
        let output = command.output().unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        let cpus = std::thread::available_parallelism().unwrap().get();
        match (threads, slurm) {
            ("1024", _) => assert!(stderr.contains("1024 threads requested"), "{stderr}"),
            (_, Some(_)) if cpus > 1 => {
                assert!(stderr.contains("1 thread: SLURM_CPUS_PER_TASK is 1"), "{stderr}");
            }
            _ => {}
        }
        hashes.push(json_of(&mut command).pop().unwrap()["weights_sha256"].clone());
    }
    assert!(hashes.iter().all(|hash| *hash == hashes[0]), "{hashes:?}");
}

/// `record` does not save what it has shown so far: a part of a file would look like a whole recording.
#[test]
fn interrupted_recording_leaves_no_file() {
    let folder = folder_with_data();
    let train = ["train", "--data", "data", "--layers", "60,10", "--train-images", "20", "--out"];
    output_of(apical(&folder).args(train).args(["run", "--epochs", "1", "--backend", "cpu"]));
    let files = || {
        let entries = fs::read_dir(folder.path()).unwrap();
        let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        names.filter(|name| name.starts_with("r.h5")).collect::<Vec<String>>()
    };
    let indices = vec!["0-9"; 10_000].join(",");
    let record = ["record", "run/weights.safetensors", "--data", "data", "--out", "r.h5"];
    let options = ["--quantities", "soma,spikes", "--indices", &indices];
    let child = start(&folder, &[&record[..], &options].concat());
    let begin = Instant::now();
    while files().is_empty() {
        assert!(begin.elapsed() < Duration::from_secs(60), "no file is started");
        sleep(Duration::from_millis(5));
    }
    signal(&child, "-INT");
    let (code, error, _) = end(child);
    assert_eq!(code, Some(130), "{error}");
    assert_eq!(files(), Vec::<String>::new(), "a partial file is left");
}

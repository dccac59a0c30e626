//! Runs that several processes share, as the tasks of a job array do, and the collection of their results.

use std::fs;
use std::path::Path;
use std::process::{Child, Command as Process, Stdio};
use std::thread::sleep;
use std::time::Duration;

use assert_cmd::Command;
use serde_json::Value;
use tempfile::TempDir;

use super::resume::assert_same_run;
use super::{apical, fails, folder_with_data, json_of, output_of, stderr_of};

/// Arguments of a run of six networks.
const RUN: [&str; 13] = [
    "train",
    "--data",
    "data",
    "--layers=20,10",
    "--epochs=3",
    "--train-images=200",
    "--test-images=50",
    "--checkpoint-every=30",
    "--sweep",
    "eta=0.01,0.02,0.03",
    "--replicas=2",
    "--backend=cpu",
    "--threads=1",
];
const NETWORKS: usize = 6;

fn run(folder: &TempDir, arguments: &[&str]) -> Command {
    let mut command = apical(folder);
    command.args(RUN).args(arguments);
    command
}

/// Starts a process of a run without waiting for it.
fn start(folder: &TempDir, arguments: &[&str]) -> Child {
    let mut command = Process::new(assert_cmd::cargo::cargo_bin!("apical"));
    command.current_dir(folder.path()).args(RUN).args(arguments);
    command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
}

fn names(folder: &Path) -> Vec<String> {
    let names = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name());
    let mut names: Vec<String> = names.map(|name| name.into_string().unwrap()).collect();
    names.sort();
    names
}

/// Asserts that two runs have equal results, and that no claim is left.
#[track_caller]
fn assert_same_results(folder: &TempDir, one: &str, other: &str) {
    for replica in 0..NETWORKS {
        let name = |run: &str| format!("{run}/replica-{replica:03}");
        assert_same_run(folder, &name(one), &name(other));
    }
    for name in ["summary.json", "summary.csv"] {
        let content = |run: &str| fs::read_to_string(folder.path().join(run).join(name)).unwrap();
        assert_eq!(content(one), content(other));
    }
    let names = names(&folder.path().join(other));
    assert!(!names.iter().any(|name| name.contains("claim")), "{names:?}");
}

#[test]
fn any_division_into_parts_gives_the_same_files() {
    let folder = folder_with_data();
    output_of(&mut run(&folder, &["--out", "whole"]));
    // All parts start at once. The last has no networks.
    let parts = ["1/7", "2/7", "3/7", "4/7", "5/7", "6/7", "7/7"];
    let children = parts.map(|part| start(&folder, &["--out", "seven", "--part", part]));
    for (part, mut child) in parts.iter().zip(children) {
        assert_eq!(child.wait().unwrap().code(), Some(0), "{part}");
    }
    assert!(!folder.path().join("seven/summary.json").exists());
    output_of(apical(&folder).args(["summary", "seven"]));
    assert_same_results(&folder, "whole", "seven");

    // Each task of an array that begins at 1 in steps of 2 is killed until it ends, as by a failing node.
    for task in ["1", "3"] {
        let mut kills = 0;
        loop {
            let mut command = Process::new(assert_cmd::cargo::cargo_bin!("apical"));
            command.current_dir(folder.path()).args(RUN).args(["--out", "two", "--part", "auto"]);
            command.env("SLURM_ARRAY_TASK_ID", task).env("SLURM_ARRAY_TASK_MIN", "1");
            command.env("SLURM_ARRAY_TASK_STEP", "2").env("SLURM_ARRAY_TASK_COUNT", "2");
            let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
            sleep(Duration::from_millis(150 + 40 * kills));
            if let Some(status) = child.try_wait().unwrap() {
                assert!(status.success(), "{status}");
                break;
            }
            child.kill().unwrap();
            child.wait().unwrap();
            kills += 1;
        }
    }
    output_of(apical(&folder).args(["summary", "two"]));
    assert_same_results(&folder, "whole", "two");

    // The summary of a run that is not divided is already complete.
    let before =
        fs::metadata(folder.path().join("whole/summary.json")).unwrap().modified().unwrap();
    output_of(apical(&folder).args(["summary", "whole"]));
    let after = fs::metadata(folder.path().join("whole/summary.json")).unwrap().modified().unwrap();
    assert_eq!(before, after);
}

#[test]
fn invalid_parts_are_refused() {
    let folder = folder_with_data();
    for part in ["0/4", "5/4", "1/0", "4", "1/70000", "all"] {
        let texts = ["--part", "expected a part and the number of parts, as 1/8"];
        fails(&mut run(&folder, &["--out", "run", "--part", part]), 2, &texts);
    }
    let mut without_array = run(&folder, &["--out", "run", "--part", "auto"]);
    without_array.env_remove("SLURM_ARRAY_TASK_ID");
    fails(&mut without_array, 2, &["SLURM_ARRAY_TASK_ID is not set", "give --part I/N"]);
    fails(&mut run(&folder, &["--part", "1/2"]), 2, &["--out <DIR>"]);
    let mut one = apical(&folder);
    one.args(["train", "--data", "data", "--out", "run", "--part", "1/2"]);
    fails(&mut one, 2, &["cannot divide one network: --part needs --sweep or --replicas"]);
    assert!(!folder.path().join("run").exists());

    output_of(&mut run(&folder, &["--out", "run", "--part", "1/3"]));
    let before = fs::read(folder.path().join("run/run.json")).unwrap();
    let texts = ["run: this run has 3 parts, not 2", "give --part I/N with the N of the run"];
    fails(&mut run(&folder, &["--out", "run", "--part", "1/2"]), 2, &texts);
    let texts = ["other settings: seed is 1, not 2"];
    fails(&mut run(&folder, &["--out", "run", "--part", "1/3", "--seed", "2"]), 2, &texts);
    assert_eq!(fs::read(folder.path().join("run/run.json")).unwrap(), before);
    // Without a part, the process resumes all of them.
    output_of(&mut run(&folder, &["--out", "run", "--go-on"]));
    output_of(&mut run(&folder, &["--out", "whole"]));
    assert_same_results(&folder, "whole", "run");
}

#[test]
fn second_process_of_a_part_is_refused() {
    let folder = folder_with_data();
    let part = |part: &'static str| {
        let arguments = RUN.map(|argument| argument.replace("--epochs=3", "--epochs=100000"));
        let mut command = Process::new(assert_cmd::cargo::cargo_bin!("apical"));
        command.current_dir(folder.path()).args(arguments).args(["--out", "run", "--part", part]);
        command.stdout(Stdio::null()).stderr(Stdio::piped());
        command
    };
    let mut first = part("1/2").spawn().unwrap();
    let claim = folder.path().join("run/part-001.claim");
    while !claim.exists() || !folder.path().join("run/run.json").exists() {
        assert_eq!(first.try_wait().unwrap(), None);
        sleep(Duration::from_millis(5));
    }
    let texts =
        ["run: part 1 of this run is in use by process ", "hint: wait for the other process"];
    let second = part("1/2").output().unwrap();
    assert_eq!(second.status.code(), Some(1));
    let error = String::from_utf8(second.stderr).unwrap();
    assert!(texts.iter().all(|text| error.contains(text)), "{error}");
    fails(apical(&folder).args(["train", "--resume", "run"]), 1, &texts);
    // Another part is free.
    let mut other = part("2/2").spawn().unwrap();
    while !folder.path().join("run/part-002.claim").exists() {
        assert_eq!(other.try_wait().unwrap(), None);
        sleep(Duration::from_millis(5));
    }
    for child in [&mut first, &mut other] {
        child.kill().unwrap();
        child.wait().unwrap();
    }
    // A killed process leaves its claim, which does not delay the next one on the same machine.
    assert!(claim.exists());
    let mut next = part("1/2").spawn().unwrap();
    let owner = || fs::read_to_string(&claim).unwrap_or_default();
    let before = owner();
    while owner() == before {
        assert_eq!(next.try_wait().unwrap(), None);
        sleep(Duration::from_millis(5));
    }
    next.kill().unwrap();
    next.wait().unwrap();
}

#[test]
fn summary_names_missing_and_half_written_networks() {
    let folder = folder_with_data();
    let summary = |code: i32| -> Value {
        let mut command = apical(&folder);
        let output = command.args(["summary", "run", "--json"]).assert().code(code);
        serde_json::from_slice(&output.get_output().stdout).unwrap()
    };
    fails(apical(&folder).args(["summary", "run"]), 1, &["no resumable run in this folder"]);
    output_of(&mut run(&folder, &["--out", "run", "--part", "2/2"]));
    let found = summary(5);
    assert_eq!((&found["networks"], &found["finished"]), (&6.into(), &3.into()));
    let missing = serde_json::json!([
        { "replica": 0, "part": 1, "epochs": null },
        { "replica": 2, "part": 1, "epochs": null },
        { "replica": 4, "part": 1, "epochs": null },
    ]);
    assert_eq!(found["missing"], missing);
    let stderr = apical(&folder).args(["summary", "run"]).assert().code(5).get_output().clone();
    let stderr = String::from_utf8(stderr.stderr).unwrap();
    assert!(stderr.contains("missing: replica-002: not started (part 1/2)\n"), "{stderr}");

    output_of(&mut run(&folder, &["--out", "run", "--part", "1/2"]));
    assert_eq!(summary(0)["missing"], serde_json::json!([]));
    let path = |name: &str| folder.path().join("run").join(name);
    let complete = fs::read(path("summary.json")).unwrap();
    // A network without its weights, one with half a last line, one before its first epoch.
    fs::rename(path("replica-001/weights.safetensors"), path("kept")).unwrap();
    let metrics = [path("replica-002/metrics.jsonl"), path("replica-003/metrics.jsonl")];
    let texts = metrics.each_ref().map(|path| fs::read_to_string(path).unwrap());
    fs::write(&metrics[0], &texts[0][..texts[0].len() - 9]).unwrap();
    fs::write(&metrics[1], "").unwrap();
    let found = summary(5);
    let missing = serde_json::json!([
        { "replica": 1, "part": 2, "epochs": 3 },
        { "replica": 2, "part": 1, "epochs": 3 },
        { "replica": 3, "part": 2, "epochs": 0 },
    ]);
    assert_eq!((&found["missing"], &found["finished"]), (&missing, &3.into()));
    // Combinations count only finished networks.
    assert_eq!(found["combinations"][0]["networks"], 1);
    let partial: Value = serde_json::from_slice(&fs::read(path("summary.json")).unwrap()).unwrap();
    assert_eq!(partial["missing"], serde_json::json!([1, 2, 3]));

    fs::rename(path("kept"), path("replica-001/weights.safetensors")).unwrap();
    for (path, text) in metrics.iter().zip(texts) {
        fs::write(path, text).unwrap();
    }
    summary(0);
    assert!(fs::read(path("summary.json")).unwrap() == complete);
    let before = fs::metadata(path("summary.json")).unwrap().modified().unwrap();
    summary(0);
    assert_eq!(fs::metadata(path("summary.json")).unwrap().modified().unwrap(), before);
    fs::write(path("replica-000/metrics.jsonl"), "").unwrap();
    fs::remove_file(path("replica-000/metrics.jsonl")).unwrap();
    fs::create_dir(path("replica-000/metrics.jsonl")).unwrap();
    fails(apical(&folder).args(["summary", "run"]), 1, &["metrics.jsonl: cannot be read"]);
}

/// A limit on file sizes acts like a full quota.
#[cfg(unix)]
#[test]
fn full_quota_ends_a_part_that_can_be_repeated() {
    let folder = folder_with_data();
    output_of(&mut run(&folder, &["--out", "whole"]));
    for blocks in ["0", "1", "4", "12"] {
        let script = format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$0\" \"$@\"");
        let mut command = Process::new("sh");
        command.current_dir(folder.path()).args(["-c", &script]);
        command.arg(assert_cmd::cargo::cargo_bin!("apical")).args(RUN);
        let output = command.args(["--out", "run", "--part", "1/2"]).output().unwrap();
        let error = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{blocks}: {error}");
        assert!(error.contains("cannot be written") && error.contains("caused by: "), "{error}");
        assert!(error.contains("hint: free space or raise the quota"), "{error}");
        let claims = names(&folder.path().join("run"));
        assert!(!claims.iter().any(|name| name.contains("claim")), "{blocks}: {claims:?}");
    }
    let stderr = stderr_of(&mut run(&folder, &["--out", "run", "--part", "1/2"]));
    assert!(stderr.contains("part 1/2: networks 0, 2, 4\n"), "{stderr}");
    let lines = json_of(run(&folder, &["--out", "run", "--part", "2/2"]).arg("--json"));
    let finished = lines.iter().filter(|line| line["event"] == "finished");
    let replicas: Vec<u64> = finished.map(|line| line["replica"].as_u64().unwrap()).collect();
    assert_eq!(replicas, [1, 3, 5]);
    output_of(apical(&folder).args(["summary", "run"]));
    assert_same_results(&folder, "whole", "run");
}

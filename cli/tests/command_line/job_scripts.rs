//! Time limits and job scripts of a cluster.

use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command as Process, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use super::resume::assert_same_run;
use super::{apical, fails, folder_with_data, output_of};

/// Arguments of a training of some seconds.
const RUN: [&str; 9] = [
    "train",
    "--data=data",
    "--layers=200,10",
    "--epochs=20",
    "--test-images=50",
    "--backend=cpu",
    "--threads=1",
    "--batch-size=2",
    "--eval-every=0",
];

#[test]
fn stop_after_saves_and_resumes_to_equal_bits() {
    let folder = folder_with_data();
    output_of(apical(&folder).args(RUN).args(["--out", "whole"]));
    let mut stops = 0;
    loop {
        // The time grows, so that the training ends on a slow machine, too.
        let time = format!("{}ms", 200 + 100 * stops);
        let mut command = apical(&folder);
        command.args(RUN).args(["--out", "run", "--go-on", "--stop-after", &time]);
        let start = Instant::now();
        let output = command.output().unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        match output.status.code() {
            Some(0) => break,
            Some(75) => assert!(stderr.contains("stopping (--stop-after)"), "{stderr}"),
            other => panic!("{other:?}: {stderr}"),
        }
        // On an idle machine, it takes a fraction of a second.
        assert!(start.elapsed() < Duration::from_secs(10), "{stderr}");
        stops += 1;
        assert!(stops < 100, "no progress");
    }
    assert!(stops > 0, "the training was never stopped");
    assert_same_run(&folder, "whole", "run");
    fails(apical(&folder).args(RUN).args(["--stop-after", "soon"]), 2, &["--stop-after"]);
}

#[test]
fn stopped_search_exits_with_the_code_of_stop_after() {
    let folder = folder_with_data();
    let mut command = apical(&folder);
    command.args(["tune", "--data=data", "--out=found", "--search=eta=0.1,0.2", "--layers=200,10"]);
    command.args(["--backend=cpu", "--epochs=100000", "--rungs=1", "--stop-after=500ms"]);
    let output = command.assert().code(75).get_output().clone();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(stderr.contains("repeat the command to resume"), "{stderr}");
}

/// Writes a program into a folder.
fn write_program(path: &Path, text: &str) {
    fs::write(path, text).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
}

/// Returns a script of the job, and a search path with `apical` and a `scontrol` that writes its arguments to a file.
fn script(folder: &TempDir, arguments: &[&str]) -> (String, OsString) {
    let mut command = apical(folder);
    command.arg("sbatch").args(arguments).arg("--").args(RUN).args(["--out", "run"]);
    let script = output_of(&mut command);
    write_program(&folder.path().join("scontrol"), "#!/bin/sh\necho \"$@\" >> requeued\n");
    let program = assert_cmd::cargo::cargo_bin!("apical");
    let mut paths = vec![folder.path().to_owned(), program.parent().unwrap().to_owned()];
    paths.extend(std::env::split_paths(&std::env::var_os("PATH").unwrap()));
    (script, std::env::join_paths(paths).unwrap())
}

/// Both forms of the script pass SIGTERM of the batch shell to the command, which saves. Slurm is not needed.
#[test]
fn scripts_stop_requeue_and_end_with_equal_bits() {
    if Process::new("bash").arg("--version").stdout(Stdio::null()).status().is_err() {
        eprintln!("not run: no bash");
        return;
    }
    for arguments in [&[][..], &["--requeue"]] {
        let folder = folder_with_data();
        output_of(apical(&folder).args(RUN).args(["--out", "whole"]));
        let (script, path) = script(&folder, arguments);
        fs::write(folder.path().join("job.sh"), &script).unwrap();
        let (mut stops, mut sleeps) = (0, 0);
        loop {
            let mut job = Process::new("bash");
            job.current_dir(folder.path())
                .arg("job.sh")
                .env("PATH", &path)
                .env("SLURM_JOB_ID", "7");
            let mut job = job.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
            sleep(Duration::from_millis(250 + 100 * (stops + sleeps)));
            let _ = Process::new("kill").args(["-TERM", &job.id().to_string()]).status();
            match job.wait().unwrap().code() {
                Some(0) => break,
                Some(143) => stops += 1,
                // The signal came before a handler was installed, on a slow machine.
                None => sleeps += 1,
                other => panic!("{other:?} of {script}"),
            }
            assert!(stops + sleeps < 50, "no progress");
        }
        assert!(stops > 0, "the training was never stopped");
        assert_same_run(&folder, "whole", "run");
        let requeued = fs::read_to_string(folder.path().join("requeued")).unwrap_or_default();
        let expected = if arguments.is_empty() { 0 } else { stops as usize };
        assert_eq!(requeued, "requeue 7\n".repeat(expected));
    }
}

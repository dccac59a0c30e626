//! Proves, with a local server: a data set is fetched completely, an interrupted download is resumed, and the next
//! mirror is used after a failure. Files with a wrong checksum, invalid gzip streams and endless files are discarded.
//!
//! Does not prove: that the known mirrors have the files, or that TLS works. No other machine is contacted.

#[path = "fetch/server.rs"]
mod server;

use std::fs;
use std::io::Write;
use std::path::Path;
use std::time::Duration;

use apical::dataset::Dataset;
use apical::dataset::embedded::MNIST_FILES;
use apical::fetch::{Checksum, Downloader, FetchError, RemoteFile};
use assert_cmd::Command;
use flate2::Compression;
use flate2::write::GzEncoder;
use server::{Behaviour, Server};
use tempfile::TempDir;

/// Returns `apical data fetch mnist` from these servers into the folder `data`.
fn fetch(folder: &TempDir, servers: &[&Server]) -> Command {
    let mut command = assert_cmd::cargo::cargo_bin_cmd!("apical");
    command.current_dir(folder.path()).args(["data", "fetch", "mnist", "--out", "data"]);
    // A local address needs no proxy.
    for name in ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"]
    {
        command.env_remove(name);
    }
    for server in servers {
        command.args(["--mirror", &server.address]);
    }
    command
}

#[track_caller]
fn fails(command: &mut Command, texts: &[&str]) {
    let output = command.assert().code(1).stdout("").get_output().clone();
    let error = String::from_utf8(output.stderr).unwrap();
    for text in texts {
        assert!(error.contains(text), "{error}\nlacks: {text}");
    }
    assert!(!error.contains("panicked"), "{error}");
}

/// Returns the names of the files in `data`.
fn files(folder: &TempDir) -> Vec<String> {
    let entries = fs::read_dir(folder.path().join("data")).unwrap();
    let mut names: Vec<String> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// Asserts that `data` has all files with the right content.
fn assert_complete(folder: &TempDir) {
    let mut expected: Vec<&str> = MNIST_FILES.iter().map(|(name, _)| *name).collect();
    expected.sort_unstable();
    assert_eq!(files(folder), expected);
    for (name, content) in MNIST_FILES {
        let path: &Path = &folder.path().join("data").join(name);
        assert!(fs::read(path).unwrap() == content, "{name}");
    }
}

const FIRST: &str = MNIST_FILES[0].0;

#[test]
fn fetch_downloads_all_files_once() {
    let (folder, server) = (TempDir::new().unwrap(), Server::correct());
    let output = fetch(&folder, &[&server]).arg("--json").assert().success().get_output().clone();
    let json: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&json["training_images"], &json["test_images"]), (&60_000.into(), &10_000.into()));
    assert_complete(&folder);
    assert_eq!(Dataset::open(&folder.path().join("data")).unwrap().training_count, 60_000);
    let requests = server.requests();
    assert_eq!(requests.len(), 4);
    assert!(requests.iter().all(|(_, resume_at)| resume_at.is_none()), "{requests:?}");

    let second = fetch(&folder, &[&server]).assert().success().get_output().clone();
    let stderr = String::from_utf8(second.stderr).unwrap();
    assert_eq!(stderr.matches("is already present").count(), 4, "{stderr}");
    let stdout = String::from_utf8(second.stdout).unwrap();
    assert_eq!(stdout, "data: 60000 training and 10000 test images of 10 classes\n");
    assert_eq!(server.requests().len(), 4);
}

#[test]
fn fetch_resumes_an_interrupted_download() {
    let folder = TempDir::new().unwrap();
    let interrupted = Server::start(|file| {
        if file == FIRST { Behaviour::Interrupted(100_000) } else { Behaviour::Correct }
    });
    let hint =
        "hint: repeat the command to resume the download, or choose another server with --mirror";
    let reason = format!("{}/{FIRST}: connection lost after 100000 bytes", interrupted.address);
    let texts = [&format!("cannot fetch {FIRST} from any mirror"), &reason, hint];
    fails(&mut fetch(&folder, &[&interrupted]), &texts.map(|text| text as &str));
    let partial = format!("{FIRST}.part");
    assert_eq!(files(&folder), [partial.as_str()]);
    assert_eq!(fs::metadata(folder.path().join("data").join(partial)).unwrap().len(), 100_000);

    let correct = Server::correct();
    fetch(&folder, &[&correct]).assert().success();
    assert_complete(&folder);
    assert_eq!(correct.requests()[0], (FIRST.to_string(), Some(100_000)));
    assert!(correct.requests()[1..].iter().all(|(_, resume_at)| resume_at.is_none()));

    // The next server resumes, too; one that sends the whole file also works.
    for behaviour in [Behaviour::Correct, Behaviour::IgnoresRange] {
        let (folder, other) = (TempDir::new().unwrap(), Server::start(move |_| behaviour));
        fetch(&folder, &[&interrupted, &other]).assert().success();
        assert_eq!(other.requests()[0], (FIRST.to_string(), Some(100_000)));
        assert_complete(&folder);
    }
}

#[test]
fn fetch_discards_a_part_of_another_file() {
    for bytes in [1_000, 20_000_000] {
        let (folder, server) = (TempDir::new().unwrap(), Server::correct());
        fs::create_dir(folder.path().join("data")).unwrap();
        fs::write(folder.path().join("data").join(format!("{FIRST}.part")), vec![7; bytes])
            .unwrap();
        fetch(&folder, &[&server]).assert().success();
        assert_complete(&folder);
        let first: Vec<_> =
            server.requests().into_iter().take(2).map(|(_, resume_at)| resume_at).collect();
        assert_eq!(first, [Some(bytes), None]);
    }
}

#[test]
fn fetch_tries_the_next_mirror_after_a_failure() {
    for behaviour in [Behaviour::NotFound, Behaviour::OtherFile, Behaviour::NotGzip] {
        let folder = TempDir::new().unwrap();
        let (bad, correct) = (Server::start(move |_| behaviour), Server::correct());
        let output = fetch(&folder, &[&bad, &correct]).assert().success().get_output().clone();
        assert_complete(&folder);
        assert_eq!((bad.requests().len(), correct.requests().len()), (4, 4));
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert!(stderr.contains(&format!("{}/{FIRST}: ", bad.address)), "{stderr}");
    }
}

#[test]
fn fetch_discards_wrong_files() {
    for (behaviour, text) in [
        (Behaviour::NotFound, "answered with status 404"),
        (Behaviour::OtherFile, "expected a file with the SHA-256 ba891046e6505d7a"),
        (Behaviour::NotGzip, "expected a gzip stream, found damaged or other data"),
        (Behaviour::Endless, "expected at most 67108864 bytes, found more"),
    ] {
        let (folder, server) = (TempDir::new().unwrap(), Server::start(move |_| behaviour));
        fails(&mut fetch(&folder, &[&server]), &[FIRST, text]);
        assert_eq!(files(&folder), Vec::<String>::new());
    }
}

#[test]
fn fetch_limits_the_unpacked_size() {
    let folder = TempDir::new().unwrap();
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(&[0; 100_000]).unwrap();
    fs::write(folder.path().join(FIRST), encoder.finish().unwrap()).unwrap();
    let zeros = "9192c25b734fcbadbe32dadc28089c60db0e39f90cc20ce2e5733f57261acc0c";
    let mut listen = |_| ();
    let mut downloader = Downloader::new(vec![], &mut listen);
    let mut fetch = |max_bytes| {
        let file = RemoteFile { name: FIRST, checksum: Checksum::Decompressed(zeros), max_bytes };
        downloader.fetch(&file, folder.path())
    };
    assert!(fetch(100_000).is_ok());
    assert!(matches!(fetch(99_998), Err(FetchError::Conflict { .. })));
}

#[test]
fn fetch_gives_up_a_slow_server() {
    let (folder, server) = (TempDir::new().unwrap(), Server::start(|_| Behaviour::Slow));
    let mut listen = |_| ();
    let mut downloader =
        Downloader::with_timeout(vec![&server.address], &mut listen, Duration::from_millis(300));
    let file = RemoteFile { name: FIRST, checksum: Checksum::Whole(""), max_bytes: 1 << 20 };
    let error = downloader.fetch(&file, folder.path()).unwrap_err();
    let FetchError::AllMirrorsFailed { failures, .. } = error else { panic!("{error}") };
    assert!(matches!(failures[..], [FetchError::TooSlow { rate: 0..1000, least: 1000, .. }]));
}

#[cfg(unix)]
#[test]
fn fetch_does_not_write_through_a_link() {
    let (folder, server) = (TempDir::new().unwrap(), Server::correct());
    let data = folder.path().join("data");
    fs::create_dir(&data).unwrap();
    let target = folder.path().join("mine");
    fs::write(&target, "mine").unwrap();
    std::os::unix::fs::symlink(&target, data.join(format!("{FIRST}.part"))).unwrap();
    fails(&mut fetch(&folder, &[&server]), &[FIRST, "not a regular file; remove it"]);
    assert_eq!(fs::read_to_string(&target).unwrap(), "mine");
}

#[test]
fn fetch_does_not_overwrite_a_file() {
    let (folder, server) = (TempDir::new().unwrap(), Server::correct());
    fs::create_dir(folder.path().join("data")).unwrap();
    let path = folder.path().join("data").join(FIRST);
    fs::write(&path, "mine").unwrap();
    let text = "already exists with other content; move it away, or fetch into another folder";
    fails(&mut fetch(&folder, &[&server]), &[FIRST, text]);
    assert_eq!(fs::read_to_string(&path).unwrap(), "mine");
    assert!(server.requests().is_empty());
}

#[test]
fn fetch_error_names_an_unreachable_server() {
    let folder = TempDir::new().unwrap();
    let server = Server::unreachable();
    fails(&mut fetch(&folder, &[&server]), &[&server.address, "cannot reach the server"]);
    let mut command = fetch(&folder, &[]);
    let output = command.args(["--emnist-split", "digits"]).assert().code(2).get_output().clone();
    assert!(String::from_utf8(output.stderr).unwrap().contains("cannot use --emnist-split"));
}

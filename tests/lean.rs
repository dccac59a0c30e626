//! Proves: the library by itself brings along no crate of the command line, of plots or of networks; and no dependency
//! says that it wants a newer Rust than we promise.
//!
//! Does not prove: that the library builds alone (`.ci/run` does that), nor that all builds with that Rust, nor which
//! Rust the crates of other platforms want.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use serde_json::Value;

/// What features add, and what the command does.
const FEATURES: [&str; 9] = [
    "clap",
    "clap_builder",
    "crc32c",
    "indicatif",
    "plotters",
    "prost",
    "ratatui",
    "rustls",
    "ureq",
];

/// Runs cargo and returns its output. It may download: `cargo test` of one package leaves out crates that `cargo
/// metadata` reads.
fn cargo(arguments: &[&str]) -> String {
    let output = Command::new(env!("CARGO"))
        .args(arguments)
        .arg("--locked")
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .expect("cargo runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("cargo writes text")
}

/// Returns this machine's target, such as `x86_64-unknown-linux-gnu`.
fn host() -> String {
    let version = cargo(&["--version", "--verbose"]);
    let line = version.lines().find_map(|line| line.strip_prefix("host: "));
    line.expect("cargo names its host").to_string()
}

/// The crates that `cargo add apical` with these arguments brings along.
fn crates(arguments: &[&str]) -> Vec<String> {
    let tree = ["tree", "--package", "apical", "--edges", "normal", "--prefix", "none"];
    let text = cargo(&[&tree[..], &["--format", "{p}"], arguments].concat());
    text.lines().filter_map(|line| line.split(' ').next()).map(str::to_string).collect()
}

#[test]
fn the_library_alone_is_lean() {
    let lean = crates(&[]);
    assert!(lean.contains(&"wgpu".to_string()), "{lean:?}");
    let found: Vec<&str> =
        FEATURES.into_iter().filter(|name| lean.iter().any(|found| found == name)).collect();
    assert!(found.is_empty(), "{found:?}");
    let all = crates(&["--all-features"]);
    for name in ["clap", "plotters", "ureq"] {
        assert!(all.iter().any(|found| found == name), "{name} is not what a feature adds");
    }
}

#[test]
fn no_dependency_wants_a_newer_rust() {
    // A fresh machine has no crates of other platforms. Their own `cargo test` checks those.
    let platform = ["--filter-platform", &host()];
    let metadata = cargo(&[&["metadata", "--format-version", "1"], &platform[..]].concat());
    let metadata: Value = serde_json::from_str(&metadata).expect("it is JSON");
    let version = |text: &str| -> Vec<u32> {
        text.split('.').map(|part| part.parse().expect("a version")).collect()
    };
    let promised = version(env!("CARGO_PKG_RUST_VERSION"));
    let packages = metadata["packages"].as_array().expect("there are packages");
    let mut told = 0;
    for package in packages {
        if let Some(wanted) = package["rust_version"].as_str() {
            told += 1;
            assert!(
                version(wanted) <= [&promised[..], &[0]].concat(),
                "{}: {wanted}",
                package["name"]
            );
        }
    }
    assert!(told > 50, "{told} packages say what they want");
}

/// A crate that tests need with one more feature is compiled again for them, and so is all that depends on it:
/// after `cargo build --release`, `tests/run` then compiled wgpu and the library a second time, minutes on two cores.
#[test]
fn tests_reuse_the_crates_of_the_build() {
    let features = |edges: &str| -> BTreeMap<String, BTreeSet<String>> {
        let text = cargo(&[
            "tree",
            "--edges",
            edges,
            "--prefix",
            "none",
            "--format",
            "{p} {f}",
            "--no-dedupe",
        ]);
        let mut all: BTreeMap<_, BTreeSet<_>> = BTreeMap::new();
        for line in text.lines().filter(|line| line.contains(" v")) {
            let name: Vec<&str> = line.splitn(3, ' ').take(2).collect();
            all.entry(name.join(" ")).or_default().insert(line.to_string());
        }
        all
    };
    let tested = features("normal,build,dev");
    for (name, built) in features("normal,build") {
        assert_eq!(
            tested.get(&name),
            Some(&built),
            "the command takes other features (cli/Cargo.toml)"
        );
    }
}

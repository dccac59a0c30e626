//! Proves: the library without features depends on no crate for the command line, plots or downloads. No dependency
//! declares a newer Rust than this crate. Tests compile dependencies with the same features as the command.
//!
//! Does not prove: that the library builds alone (see `.ci/run`), that all crates build with the declared Rust, or
//! which Rust the crates of other platforms need.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use serde_json::Value;

/// Crates that only features or the command add.
const FEATURES: [&str; 10] = [
    "clap",
    "clap_builder",
    "crc32c",
    "indicatif",
    "parquet",
    "plotters",
    "prost",
    "ratatui",
    "rustls",
    "ureq",
];

/// Runs cargo and returns its output. Cargo may download crates that `cargo test` of one package does not need.
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

/// Returns the library's dependencies, direct and indirect, with these arguments of `cargo tree`.
fn dependencies(arguments: &[&str]) -> Vec<String> {
    let tree = ["tree", "--package", "apical", "--edges", "normal", "--prefix", "none"];
    let text = cargo(&[&tree[..], &["--format", "{p}"], arguments].concat());
    text.lines().filter_map(|line| line.split(' ').next()).map(str::to_string).collect()
}

#[test]
fn library_without_features_has_few_dependencies() {
    let lean = dependencies(&[]);
    assert!(lean.contains(&"wgpu".to_string()), "{lean:?}");
    let found: Vec<&str> =
        FEATURES.into_iter().filter(|name| lean.iter().any(|found| found == name)).collect();
    assert!(found.is_empty(), "{found:?}");
    let all = dependencies(&["--all-features"]);
    for name in ["clap", "plotters", "ureq"] {
        assert!(all.iter().any(|found| found == name), "no feature adds {name}");
    }
}

#[test]
fn dependencies_need_no_newer_rust() {
    // A fresh machine has no crates of other platforms; tests on these platforms check them.
    let platform = ["--filter-platform", &host()];
    let metadata = cargo(&[&["metadata", "--format-version", "1"], &platform[..]].concat());
    let metadata: Value = serde_json::from_str(&metadata).expect("cargo writes JSON");
    let version = |text: &str| -> Vec<u32> {
        text.split('.').map(|number| number.parse().expect("a version number")).collect()
    };
    let declared = version(env!("CARGO_PKG_RUST_VERSION"));
    let packages = metadata["packages"].as_array().expect("there are packages");
    let mut count = 0;
    for package in packages {
        if let Some(required) = package["rust_version"].as_str() {
            count += 1;
            assert!(
                version(required) <= [&declared[..], &[0]].concat(),
                "{}: {required}",
                package["name"]
            );
        }
    }
    assert!(count > 50, "only {count} packages declare a Rust version");
}

/// With one more feature for tests, cargo would compile a crate and its dependents twice: for wgpu and the library,
/// this adds minutes on two cores.
#[test]
fn test_dependencies_have_features_of_the_build() {
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
            "the command uses other features (see cli/Cargo.toml)"
        );
    }
}

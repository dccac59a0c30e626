//! Proves: the library by itself brings along no crate of the command line, of plots or of networks.
//!
//! Does not prove: that it builds alone (`.ci/run` does that).

use std::process::Command;

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

/// The crates that `cargo add apical` with these arguments brings along.
fn crates(arguments: &[&str]) -> Vec<String> {
    let output = Command::new(env!("CARGO"))
        .args(["tree", "--package", "apical", "--edges", "normal", "--prefix", "none"])
        .args(["--format", "{p}", "--offline"])
        .args(arguments)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .expect("cargo runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).expect("cargo writes text");
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

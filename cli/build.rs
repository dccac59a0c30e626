//! Tells the program from which commit it was built, with which wgpu.

use std::fs;
use std::process::Command;

/// That of the workspace, or that of a packaged crate.
const LOCKS: [&str; 2] = ["../Cargo.lock", "Cargo.lock"];

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    for lock in LOCKS.into_iter().filter(|lock| fs::exists(lock).unwrap_or(false)) {
        println!("cargo::rerun-if-changed={lock}");
    }
    // Changes with each commit; a missing file would count as changed each time.
    if let Some(log) = git(&["rev-parse", "--git-path", "logs/HEAD"])
        .filter(|log| fs::exists(log).unwrap_or(false))
    {
        println!("cargo::rerun-if-changed={log}");
    }
    let commit = git(&["rev-parse", "--short=12", "HEAD"]).or_else(packaged_commit);
    println!("cargo::rustc-env=APICAL_COMMIT={}", commit.as_deref().unwrap_or("unknown"));
    println!("cargo::rustc-env=APICAL_WGPU={}", locked("wgpu").as_deref().unwrap_or("unknown"));
}

fn git(arguments: &[&str]) -> Option<String> {
    let output = Command::new("git")
        .args(arguments)
        .output()
        .ok()
        .filter(|output| output.status.success())?;
    Some(String::from_utf8(output.stdout).ok()?.trim().to_string())
}

/// The commit of a packaged crate, which has no repository.
fn packaged_commit() -> Option<String> {
    let text = fs::read_to_string(".cargo_vcs_info.json").ok()?;
    let (_, rest) = text.split_once("\"sha1\": \"")?;
    rest.get(..12).map(str::to_string)
}

/// The version of a crate in `Cargo.lock`.
fn locked(name: &str) -> Option<String> {
    let lock = LOCKS.iter().find_map(|lock| fs::read_to_string(lock).ok())?;
    let (_, rest) = lock.split_once(&format!("name = \"{name}\"\nversion = \""))?;
    rest.split('"').next().map(str::to_string)
}

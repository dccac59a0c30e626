//! Tells the program from which commit it was built, with which wgpu, and where its MNIST is.

use std::fs;
use std::process::Command;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=Cargo.lock");
    // Changes with each commit; a missing file would count as changed each time.
    if let Some(log) = git(&["rev-parse", "--git-path", "logs/HEAD"])
        .filter(|log| fs::exists(log).unwrap_or(false))
    {
        println!("cargo::rerun-if-changed={log}");
    }
    println!("cargo::rerun-if-changed=data");
    println!("cargo::rustc-env=APICAL_MNIST={}", mnist());
    let commit = git(&["rev-parse", "--short=12", "HEAD"]).or_else(packaged_commit);
    println!("cargo::rustc-env=APICAL_COMMIT={}", commit.as_deref().unwrap_or("unknown"));
    println!("cargo::rustc-env=APICAL_WGPU={}", locked("wgpu").as_deref().unwrap_or("unknown"));
}

/// All of MNIST, which the repository has, or the sample that a registry's crate has.
fn mnist() -> &'static str {
    let whole = "data/mnist";
    let has_all = fs::exists(format!("{whole}/train-images-idx3-ubyte.gz")).unwrap_or(false);
    if has_all { whole } else { "data/sample" }
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
    let lock = fs::read_to_string("Cargo.lock").ok()?;
    let (_, rest) = lock.split_once(&format!("name = \"{name}\"\nversion = \""))?;
    rest.split('"').next().map(str::to_string)
}

//! Helpers for running tests, shared by the test binaries of the library and of the command.
#![allow(dead_code)] // neither binary uses all helpers

use std::env;
use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::Path;

/// Reports that a test was not run; the caller then returns. `tests/run` counts and lists these tests.
/// `test` is the test's name, `reason` one line that names the missing requirement.
///
/// Only for requirements that `tests/run` cannot install, such as another driver.
pub fn not_run(test: &str, reason: &str) {
    // Writing directly to stderr bypasses the test harness's capture, so `cargo test` shows the line.
    let line = format!("not run: {test}: {reason}\n");
    io::stderr().write_all(line.as_bytes()).expect("standard error is writable");
    if let Some(path) = env::var_os("APICAL_NOT_RUN") {
        let file = OpenOptions::new().create(true).append(true).open(path);
        file.and_then(|mut file| file.write_all(line.as_bytes())).expect("the list is writable");
    }
}

/// Panics if a Rust file in `folder` is not a module of `all.rs`.
pub fn assert_all_are_modules(folder: &Path, all: &str) {
    for entry in fs::read_dir(folder).expect("the folder is read") {
        let path = entry.expect("the folder is read").path();
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        if path.extension().is_some_and(|ending| ending == "rs") && name != "all" {
            let line = format!("mod {name};");
            assert!(all.lines().any(|found| found == line), "{} lacks `{line}`", folder.display());
        }
    }
}

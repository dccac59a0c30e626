//! Dependencies between the modules of the library.
//!
//! Proves: each module has a row in `docs/development/architecture.md`, and its code, except unit tests, names only
//! modules of lower rows by `crate::`. So the page is right, and there are no cycles. Files have no cycles either, see
//! `file_cycles`, and the files that comments name exist, see `comment_paths`.

mod comment_paths;
mod file_cycles;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// Returns the row of each module, the highest first, from the first listing of the page.
fn rows() -> BTreeMap<String, usize> {
    let page = include_str!("../docs/development/architecture.md");
    let listing = page.split("```").nth(1).expect("the page has a listing");
    let rows = listing.lines().skip_while(|line| !line.starts_with("experiments"));
    let modules = |(row, line): (usize, &str)| -> Vec<(String, usize)> {
        // At least two spaces separate the modules from their description.
        let modules = line.split("  ").next().unwrap_or_default().split(' ');
        modules.map(|module| (module.to_string(), row)).collect()
    };
    rows.enumerate().flat_map(modules).filter(|(module, _)| module.len() > 1).collect()
}

/// Returns the Rust files in a folder and its subfolders, without files of unit tests.
fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).expect("the folder is readable") {
        let path = entry.expect("the folder is readable").path();
        if path.is_dir() {
            files.extend(rust_files(&path));
        } else if path.extension().is_some_and(|e| e == "rs") && !path.ends_with("tests.rs") {
            files.push(path);
        }
    }
    files
}

/// Returns the modules that a file names by `crate::`, except in comments and unit tests.
fn modules_used(text: &str) -> Vec<&str> {
    let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
    let lines = code.lines().filter(|line| !line.trim_start().starts_with("//"));
    let paths = lines.flat_map(|line| line.split("crate::").skip(1));
    let is_name =
        |character: char| character.is_ascii_lowercase() || "_0123456789".contains(character);
    paths.map(|path| path.split(|c| !is_name(c)).next().unwrap_or_default()).collect()
}

#[test]
fn module_uses_only_rows_below() {
    let rows = rows();
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut count = 0;
    for file in rust_files(&source) {
        let path = file.strip_prefix(&source).expect("the file is in the folder");
        let first = path.iter().next().expect("the path has a first part").to_string_lossy();
        let module = first.trim_end_matches(".rs");
        if module == "lib" {
            continue;
        }
        let row = rows.get(module).unwrap_or_else(|| panic!("{module} has no row on the page"));
        let text = fs::read_to_string(&file).expect("the file is readable");
        for used in modules_used(&text).into_iter().filter(|used| *used != module) {
            if let Some(below) = rows.get(used) {
                assert!(
                    below > row,
                    "{}: uses {used}, which is not below {module}",
                    path.display()
                );
                count += 1;
            }
        }
    }
    assert!(count > 500, "only {count} uses found");
}

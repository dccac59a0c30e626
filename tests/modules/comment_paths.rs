//! Files that comments name.
//!
//! Proves: each Rust file, shader and page that a comment of the project names exists. `NAME` stands for any file.
//! Does not prove: that the file contains what the comment says, or the same for Python files and strings.

use std::fs;
use std::path::{Path, PathBuf};

const FOLDERS: [&str; 9] =
    ["benches", "cli", "data", "docs", "examples", "fuzz", "shaders", "src", "tests"];
const EXTENSIONS: [&str; 3] = [".rs", ".wgsl", ".md"];

/// Adds the files of a folder and its subfolders that have one of the extensions.
fn add_files(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("the folder is readable") {
        let path = entry.expect("the folder is readable").path();
        if path.is_dir() {
            if !path.ends_with("target") {
                add_files(&path, files);
            }
        } else if EXTENSIONS.iter().any(|end| path.to_string_lossy().ends_with(end)) {
            files.push(path);
        }
    }
}

/// Returns the names of files in the comments of a text.
fn named_files(text: &str) -> Vec<&str> {
    let comments = text.lines().map(str::trim_start).filter(|line| line.starts_with("//"));
    let is_part = |c: char| c.is_ascii_alphanumeric() || "_-./".contains(c);
    let words = comments.flat_map(|line| line[2..].split(move |c| !is_part(c)));
    let words = words.map(|word| word.trim_matches(['.', '/']));
    words.filter(|word| EXTENSIONS.iter().any(|end| word.ends_with(end))).collect()
}

#[test]
fn files_named_in_comments_exist() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files: Vec<PathBuf> =
        ["README.md", "CHANGELOG.md", "CONTRIBUTING.md"].map(|page| root.join(page)).to_vec();
    for folder in FOLDERS {
        add_files(&root.join(folder), &mut files);
    }
    let mut count = 0;
    for file in files.iter().filter(|file| file.extension().is_some_and(|end| end != "md")) {
        let text = fs::read_to_string(file).expect("the file is readable");
        for name in named_files(&text).into_iter().filter(|name| !name.contains("NAME")) {
            count += 1;
            let is_there = files.iter().any(|path| path.ends_with(name));
            assert!(is_there, "{}: no file {name}", file.display());
        }
    }
    assert!(count > 50, "only {count} names found");
}

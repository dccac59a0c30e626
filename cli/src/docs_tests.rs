//! Proves: each command of README.md and docs/ is one that the program accepts, each relative link leads to a file and a
//! heading, and the generated pages of the reference are those of this program.
//!
//! Does not prove that a command does what the page says.
//!
//! `APICAL_WRITE_DOCS=1 cargo test --release -p apical-cli docs_tests::` writes the generated pages.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use clap::CommandFactory;

use crate::cli::{Cli, EXIT_CODES};

mod kernels_page;
mod reproduction_page;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Markdown pages: README.md, those beside it and those of docs/.
fn pages() -> Vec<(PathBuf, String)> {
    let mut pages = Vec::new();
    let mut folders = vec![root().join("docs")];
    let beside = ["README.md", "CHANGELOG.md", "CONTRIBUTING.md"].map(|name| root().join(name));
    let mut files = beside.to_vec();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("docs/ is there") {
            let path = entry.expect("an entry").path();
            match path.extension().and_then(|extension| extension.to_str()) {
                _ if path.is_dir() => folders.push(path),
                Some("md") => files.push(path),
                _ => {}
            }
        }
    }
    for file in files {
        let text = fs::read_to_string(&file).expect("a page");
        pages.push((file, text));
    }
    assert!(pages.len() > 20, "{} pages", pages.len());
    pages
}

/// Lines of fenced blocks without a language, and the lines outside of fenced blocks.
fn split(text: &str) -> (Vec<&str>, Vec<&str>) {
    let (mut commands, mut prose, mut fence) = (Vec::new(), Vec::new(), None);
    for line in text.lines() {
        match (fence, line.trim_start().strip_prefix("```")) {
            (None, Some(language)) => fence = Some(language),
            (Some(_), Some(_)) => fence = None,
            (Some(""), None) => commands.push(line),
            (Some(_), None) => {}
            (None, None) => prose.push(line),
        }
    }
    (commands, prose)
}

/// Arguments of `apical` in a line of a shell; `None` if the line runs something else.
fn arguments(line: &str) -> Option<Vec<String>> {
    let line = line.trim().trim_start_matches("$ ");
    let line = line.replace("cargo run --release -- ", "apical ");
    let part = line.split('|').map(str::trim).find(|part| part.starts_with("apical "))?;
    let part = part.split(['>', '<']).next()?;
    assert!(!part.contains(['\'', '"']), "quotes are not read: {part}");
    let is_argument = |word: &&str| !word.starts_with('#') && !["&&", ";", "&"].contains(word);
    Some(part.split_whitespace().take_while(is_argument).map(str::to_string).collect())
}

#[test]
fn docs_commands_are_accepted() {
    let mut count = 0;
    for (path, text) in pages() {
        let text = text.replace('\r', "").replace("\\\n", " ");
        for line in split(&text).0 {
            let Some(words) = arguments(line) else { continue };
            count += 1;
            let parsed = Cli::command().try_get_matches_from(&words);
            if let Err(error) = parsed {
                use clap::error::ErrorKind::{DisplayHelp, DisplayVersion};
                let is_shown = matches!(error.kind(), DisplayHelp | DisplayVersion);
                assert!(is_shown, "{}: {line}\n{error}", path.display());
            }
        }
    }
    assert!(count > 40, "{count} commands");
}

/// Name of a heading in links, as GitHub and mdBook make it.
fn anchor(heading: &str) -> String {
    let text = heading.trim_start_matches('#').trim().to_lowercase();
    let kept = text.chars().filter(|c| c.is_alphanumeric() || " -_".contains(*c));
    kept.map(|c| if c == ' ' { '-' } else { c }).collect()
}

fn anchors(text: &str) -> BTreeSet<String> {
    split(text).1.into_iter().filter(|line| line.starts_with('#')).map(anchor).collect()
}

#[test]
fn docs_links_lead_to_files_and_headings() {
    let mut count = 0;
    for (path, text) in pages() {
        for line in split(&text).1 {
            for part in line.split("](").skip(1) {
                let target = part.split(')').next().expect("a part");
                if target.starts_with("http") {
                    continue;
                }
                count += 1;
                let (file, heading) = target.split_once('#').unwrap_or((target, ""));
                let file = match file {
                    "" => path.clone(),
                    file => path.parent().expect("a folder").join(file),
                };
                assert!(file.exists(), "{}: no file {target}", path.display());
                if !heading.is_empty() {
                    let text = fs::read_to_string(&file).expect("a page");
                    let is_there = anchors(&text).contains(heading);
                    assert!(is_there, "{}: no heading {target}", path.display());
                }
            }
        }
    }
    assert!(count > 40, "{count} links");
}

#[test]
fn docs_summary_lists_every_page() {
    let docs = root().join("docs");
    let summary = fs::read_to_string(docs.join("SUMMARY.md")).expect("the summary");
    for (path, _) in pages() {
        let Ok(page) = path.strip_prefix(&docs) else { continue };
        let link = format!("({})", page.to_str().expect("a name").replace('\\', "/"));
        assert!(page == Path::new("SUMMARY.md") || summary.contains(&link), "{link}");
    }
}

/// Compares a generated page with the one in the repository, or writes it.
fn check_generated(page: &str, text: &str) {
    let path = root().join(page);
    if std::env::var_os("APICAL_WRITE_DOCS").is_some() {
        fs::write(&path, text).expect("the page is written");
    }
    let found = fs::read_to_string(&path).unwrap_or_default().replace("\r\n", "\n");
    assert!(
        found == text,
        "{page} is old: APICAL_WRITE_DOCS=1 cargo test --release -p apical-cli docs_tests::"
    );
}

#[test]
fn docs_commands_page_is_current() {
    let options = clap_markdown::MarkdownOptions::new()
        .title("Commands".to_string())
        .show_footer(false)
        .show_table_of_contents(false);
    let text = clap_markdown::help_markdown_custom::<Cli>(&options)
        // The help of each command repeats the exit codes, which have a page of their own.
        .replace(&format!("{EXIT_CODES}\n\n"), "")
        .replace(
            "program.\n",
            "program. Each command ends with one of the [exit codes](exit-codes.md).\n",
        )
        // Headings of each list of options would fill the book's list of contents.
        .replace("###### **", "**");
    check_generated("docs/reference/commands.md", &text);
}

#[test]
fn docs_settings_page_is_current() {
    let settings =
        apical::config::to_commented_toml(&Default::default()).expect("settings are written");
    let text = format!(
        "# Settings\n\nAll settings with the values of the preset `quick`, as `apical config` prints them. Each is \
         also a flag: `batch_size` is `--batch-size`.\n\n```toml\n{}\n```\n",
        settings.trim()
    );
    check_generated("docs/reference/settings.md", &text);
}

/// The pages on development name files of this project. `NAME` stands for a kernel, a format or a quantity.
#[test]
fn docs_files_named_for_developers_exist() {
    let folders = ["src/", "shaders/", "tests/", "cli/", "docs/", "benches/"];
    let mut count = 0;
    for (path, text) in pages() {
        if !path.starts_with(root().join("docs/development")) {
            continue;
        }
        for name in text.split('`').filter(|name| folders.iter().any(|f| name.starts_with(f))) {
            let name = name.replace("dataset/NAME", "dataset/npz").replace("NAME", "plateau");
            count += 1;
            assert!(root().join(&name).exists(), "{}: no file {name}", path.display());
        }
    }
    assert!(count > 20, "{count} files");
}

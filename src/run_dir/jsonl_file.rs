//! Append-only files of JSON lines: one object per line.

use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::StorageError;
use super::warnings::RunWarning;
use super::write::{set_aside, write_atomic};
use crate::files::{LINES_MAX, open_regular_with, read_bounded};

/// Append-only file of JSON lines. Each write opens the file: systems limit a process to about a thousand open files,
/// and a run may have more networks.
#[derive(Debug)]
pub struct JsonlFile {
    path: PathBuf,
}

impl JsonlFile {
    /// Creates an empty file.
    ///
    /// # Errors
    /// Returns [`StorageError::Io`] if the file exists or cannot be created.
    pub fn create(path: &Path) -> Result<Self, StorageError> {
        File::create_new(path).map_err(StorageError::io("created", path))?;
        Ok(JsonlFile { path: path.to_owned() })
    }

    /// Opens an existing file, without checking that it exists.
    pub(super) fn append_to(path: &Path) -> Self {
        JsonlFile { path: path.to_owned() }
    }

    /// Sets the file's content to `lines`. Removes later lines: the resumed run writes them again. If the file does not
    /// start with `lines`, it is rewritten with a warning; a file with other content is kept under another name.
    pub(super) fn restore(
        &self,
        lines: &str,
        warnings: &mut Vec<RunWarning>,
    ) -> Result<(), StorageError> {
        let path = &self.path;
        let found = match read_bounded(path, LINES_MAX) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
            read => read.map_err(StorageError::io("read", path))?,
        };
        let lines = lines.as_bytes();
        if path.exists() && found.starts_with(lines) {
            // The file is at least as long as `lines`: `set_len` adds no zeros.
            let file = open_regular_with(path, File::options().write(true));
            let truncated = file.and_then(|file| file.set_len(lines.len() as u64));
            return truncated.map_err(StorageError::io("written", path));
        }
        if lines.starts_with(&found) {
            let missing = lines.len() - found.len();
            write_atomic(path, lines)?;
            warnings.push(RunWarning::MetricsTruncated { path: path.clone(), missing });
            return Ok(());
        }
        let equal = found.iter().zip(lines).take_while(|(one, other)| one == other).count();
        let line = found[..equal].iter().filter(|&&byte| byte == b'\n').count() + 1;
        let renamed_to = set_aside(path)?;
        write_atomic(path, lines)?;
        warnings.push(RunWarning::MetricsChanged { path: path.clone(), line, renamed_to });
        Ok(())
    }

    /// Syncs the file to disk.
    pub(super) fn sync(&self) -> Result<(), StorageError> {
        let synced = open_regular_with(&self.path, File::options().append(true))
            .and_then(|file| file.sync_all());
        synced.map_err(StorageError::io("synced", &self.path))
    }

    /// Appends one line. Readers see it when this returns.
    ///
    /// # Errors
    /// Returns an error if `value` cannot be written as JSON, or the file cannot be written.
    pub fn append(&self, value: &impl Serialize) -> Result<(), StorageError> {
        let mut line = serde_json::to_string(value)
            .map_err(|source| StorageError::Json { path: self.path.clone(), source })?;
        line.push('\n');
        append(&self.path, line.as_bytes())
    }
}

/// Appends a record to a file in one write, so that readers do not see a part of it. Removes a partly written record
/// if the write fails.
pub(super) fn append(path: &Path, record: &[u8]) -> Result<(), StorageError> {
    let appended = open_regular_with(path, File::options().append(true)).and_then(|mut file| {
        let before = file.metadata()?.len();
        file.write_all(record).inspect_err(|_| {
            // Ignore a failed clean-up; report the original error.
            let _ = file.set_len(before);
        })
    });
    appended.map_err(StorageError::io("written", path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn restore_leaves_exactly_the_given_lines() {
        let lines = "{\"epoch\":1}\n{\"epoch\":2}\n";
        for (before, warning) in [
            (Some(lines.to_string()), None),
            (Some(format!("{lines}{{\"epoch\":3}}\n{{")), None),
            (None, Some("24 bytes were missing")),
            (Some(String::new()), Some("24 bytes were missing")),
            (Some(lines[..20].to_string()), Some("4 bytes were missing")),
            (Some("{\"epoch\":1}\n{\"epoch\":3}\n".to_string()), Some("line 2 differs")),
            (Some("\0".repeat(40)), Some("line 1 differs")),
        ] {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("metrics.jsonl");
            if let Some(text) = &before {
                std::fs::write(&path, text).unwrap();
            }
            let mut warnings = Vec::new();
            JsonlFile::append_to(&path).restore(lines, &mut warnings).unwrap();
            assert_eq!(std::fs::read_to_string(&path).unwrap(), lines, "{before:?}");
            let warnings: Vec<String> = warnings.iter().map(ToString::to_string).collect();
            match warning {
                Some(text) => assert!(warnings[0].contains(text), "{warnings:?}"),
                None => assert!(warnings.is_empty(), "{warnings:?}"),
            }
            let old_text =
                std::fs::read_to_string(folder.path().join("metrics.jsonl.damaged")).ok();
            assert_eq!(
                old_text,
                before.filter(|_| warning.is_some_and(|text| text.starts_with("line")))
            );
        }
    }

    #[test]
    fn append_writes_one_readable_line_each() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("metrics.jsonl");
        let metrics = JsonlFile::create(&path).unwrap();
        for count in 1..=3 {
            metrics.append(&serde_json::json!({ "count": count })).unwrap();
            let text = std::fs::read_to_string(&path).unwrap();
            let lines: Vec<serde_json::Value> =
                text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
            assert_eq!(lines.len(), count);
            assert_eq!(lines[count - 1]["count"], count);
        }
        assert!(JsonlFile::create(&path).is_err());
    }
}

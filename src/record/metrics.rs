//! Metrics as JSON lines: one object a line, appended while a run goes on.

use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::RecordError;
use super::file::{set_aside, write_whole};
use super::notice::Notice;
use crate::files::{LINES_MAX, open_regular_with, read_bounded};

/// A file of JSON lines that only grows. It is opened for each line: a system lets a program keep a
/// thousand files open, and there may be more networks.
#[derive(Debug)]
pub struct Metrics {
    path: PathBuf,
}

impl Metrics {
    /// Starts a file that is not there yet.
    ///
    /// # Errors
    /// When it is there, or cannot be created.
    pub fn create(path: &Path) -> Result<Self, RecordError> {
        File::create_new(path).map_err(RecordError::io("created", path))?;
        Ok(Metrics { path: path.to_owned() })
    }

    /// Goes on with a file that is there.
    pub(super) fn append_to(path: &Path) -> Self {
        Metrics { path: path.to_owned() }
    }

    /// Makes the file hold exactly `lines`. What stands behind them is removed: it is of a part of the run that comes
    /// again. If they are not all there, they are written anew, and a file that held something else is kept.
    pub(super) fn restore(
        &self,
        lines: &str,
        notices: &mut Vec<Notice>,
    ) -> Result<(), RecordError> {
        let path = &self.path;
        let found = match read_bounded(path, LINES_MAX) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
            read => read.map_err(RecordError::io("read", path))?,
        };
        let lines = lines.as_bytes();
        if path.exists() && found.starts_with(lines) {
            // Never longer: that would fill it with zeros.
            let file = open_regular_with(path, File::options().write(true));
            let cut = file.and_then(|file| file.set_len(lines.len() as u64));
            return cut.map_err(RecordError::io("written", path));
        }
        if lines.starts_with(&found) {
            let missing = lines.len() - found.len();
            write_whole(path, lines)?;
            notices.push(Notice::MetricsShort { path: path.clone(), missing });
            return Ok(());
        }
        let same = found.iter().zip(lines).take_while(|(one, other)| one == other).count();
        let line = found[..same].iter().filter(|&&byte| byte == b'\n').count() + 1;
        let kept = set_aside(path)?;
        write_whole(path, lines)?;
        notices.push(Notice::Metrics { path: path.clone(), line, kept });
        Ok(())
    }

    /// Returns once all lines are on the disk.
    pub(super) fn sync(&self) -> Result<(), RecordError> {
        let synced = open_regular_with(&self.path, File::options().append(true))
            .and_then(|file| file.sync_all());
        synced.map_err(RecordError::io("synced", &self.path))
    }

    /// Adds a line; whoever reads the file from now on sees it.
    ///
    /// # Errors
    /// When `value` has no JSON, or the file cannot be written.
    pub fn append(&self, value: &impl Serialize) -> Result<(), RecordError> {
        let mut line = serde_json::to_string(value)
            .map_err(|source| RecordError::Json { path: self.path.clone(), source })?;
        line.push('\n');
        append(&self.path, line.as_bytes())
    }
}

/// Appends a record to a file in one write: a reader meanwhile, or a crash, never meets half of it. If that fails, what
/// was written of it is removed.
pub(super) fn append(path: &Path, record: &[u8]) -> Result<(), RecordError> {
    let appended = open_regular_with(path, File::options().append(true)).and_then(|mut file| {
        let before = file.metadata()?.len();
        file.write_all(record).inspect_err(|_| {
            // The first error is the one to report.
            let _ = file.set_len(before);
        })
    });
    appended.map_err(RecordError::io("written", path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn restored_file_holds_the_lines_and_no_more() {
        let lines = "{\"epoch\":1}\n{\"epoch\":2}\n";
        for (before, notice) in [
            (Some(lines.to_string()), None),
            (Some(format!("{lines}{{\"epoch\":3}}\n{{")), None),
            (None, Some("24 bytes were missing")),
            (Some(String::new()), Some("24 bytes were missing")),
            (Some(lines[..20].to_string()), Some("4 bytes were missing")),
            (Some("{\"epoch\":1}\n{\"epoch\":3}\n".to_string()), Some("line 2 is not as it was")),
            (Some("\0".repeat(40)), Some("line 1 is not as it was")),
        ] {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("metrics.jsonl");
            if let Some(text) = &before {
                std::fs::write(&path, text).unwrap();
            }
            let mut notices = Vec::new();
            Metrics::append_to(&path).restore(lines, &mut notices).unwrap();
            assert_eq!(std::fs::read_to_string(&path).unwrap(), lines, "{before:?}");
            let notices: Vec<String> = notices.iter().map(ToString::to_string).collect();
            match notice {
                Some(text) => assert!(notices[0].contains(text), "{notices:?}"),
                None => assert!(notices.is_empty(), "{notices:?}"),
            }
            let kept = std::fs::read_to_string(folder.path().join("metrics.jsonl.damaged")).ok();
            assert_eq!(
                kept,
                before.filter(|_| notice.is_some_and(|text| text.starts_with("line")))
            );
        }
    }

    #[test]
    fn each_line_is_there_at_once_and_parses() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("metrics.jsonl");
        let metrics = Metrics::create(&path).unwrap();
        for count in 1..=3 {
            metrics.append(&serde_json::json!({ "count": count })).unwrap();
            let text = std::fs::read_to_string(&path).unwrap();
            let lines: Vec<serde_json::Value> =
                text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
            assert_eq!(lines.len(), count);
            assert_eq!(lines[count - 1]["count"], count);
        }
        assert!(Metrics::create(&path).is_err());
    }
}

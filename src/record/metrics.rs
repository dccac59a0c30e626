//! Metrics as JSON lines: one object a line, appended while a run goes on.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::RecordError;

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

    /// Keeps the first `bytes`.
    pub(super) fn cut(&self, bytes: u64) -> Result<(), RecordError> {
        let file = File::options().write(true).open(&self.path);
        let cut = file.and_then(|file| file.set_len(bytes));
        cut.map_err(RecordError::io("written", &self.path))
    }

    /// Bytes so far.
    pub(super) fn bytes(&self) -> Result<u64, RecordError> {
        let metadata = std::fs::metadata(&self.path);
        Ok(metadata.map_err(RecordError::io("read", &self.path))?.len())
    }

    /// Adds a line; whoever reads the file from now on sees it.
    ///
    /// # Errors
    /// When `value` has no JSON, or the file cannot be written.
    pub fn append(&self, value: &impl Serialize) -> Result<(), RecordError> {
        let mut line = serde_json::to_string(value)
            .map_err(|source| RecordError::Json { path: self.path.clone(), source })?;
        line.push('\n');
        // One write a line: a reader meanwhile, or a crash, never meets half an object.
        let file = File::options().append(true).open(&self.path);
        let written = file.and_then(|mut file| file.write_all(line.as_bytes()));
        written.map_err(RecordError::io("written", &self.path))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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

//! A file of JSON lines that is read when it is opened, and then grows.

use std::path::Path;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::file::write_whole;
use super::{Metrics, Notice, RecordError};
use crate::files;

/// The file, and what it holds.
#[derive(Debug)]
pub struct Lines<T> {
    file: Metrics,
    all: Vec<T>,
    notice: Option<Notice>,
}

impl<T: Serialize + DeserializeOwned> Lines<T> {
    /// Reads the file, or starts it if there is none. A last line that a crash cut off is removed, with a
    /// [`notice`](Lines::notice).
    ///
    /// # Errors
    /// When the file cannot be read or written, or a whole line is something else.
    pub fn open(path: &Path) -> Result<Self, RecordError> {
        if !path.exists() {
            return Ok(Lines { file: Metrics::create(path)?, all: Vec::new(), notice: None });
        }
        let text = files::read_long_text(path).map_err(RecordError::io("read", path))?;
        let whole = text.rfind('\n').map_or(0, |end| end + 1);
        let mut notice = None;
        if whole < text.len() {
            write_whole(path, &text.as_bytes()[..whole])?;
            notice = Some(Notice::CutLine { path: path.to_owned(), bytes: text.len() - whole });
        }
        let read = |(index, line): (usize, &str)| {
            serde_json::from_str(line).map_err(|source| {
                let path = path.to_owned();
                RecordError::Line { path, line: index + 1, source }
            })
        };
        let all = text[..whole].lines().enumerate().map(read).collect::<Result<_, _>>()?;
        Ok(Lines { file: Metrics::append_to(path), all, notice })
    }

    /// What was wrong with the file, if anything.
    pub fn notice(&self) -> Option<&Notice> {
        self.notice.as_ref()
    }

    /// All, in the order in which they were added.
    pub fn all(&self) -> &[T] {
        &self.all
    }

    /// Adds one; it is in the file and on the disk when this returns.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn add(&mut self, line: T) -> Result<(), RecordError> {
        self.file.append(&line)?;
        self.file.sync()?;
        self.all.push(line);
        Ok(())
    }
}

//! Files of JSON lines that are read on opening and then appended to.

use std::path::Path;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::write::write_atomic;
use super::{JsonlFile, RunWarning, StorageError};
use crate::files;

/// File of JSON lines with its parsed content.
#[derive(Debug)]
pub struct JsonlStore<T> {
    file: JsonlFile,
    items: Vec<T>,
    warning: Option<RunWarning>,
}

impl<T: Serialize + DeserializeOwned> JsonlStore<T> {
    /// Reads the file, or creates it if it does not exist. Removes an incomplete last line, which a crash leaves, with
    /// a [`warning`](JsonlStore::warning).
    ///
    /// # Errors
    /// Returns [`StorageError::InvalidLine`] if a complete line cannot be parsed, or another error if the file cannot be
    /// read or written.
    pub fn open(path: &Path) -> Result<Self, StorageError> {
        if !path.exists() {
            return Ok(JsonlStore {
                file: JsonlFile::create(path)?,
                items: Vec::new(),
                warning: None,
            });
        }
        let text = files::read_long_text(path).map_err(StorageError::io("read", path))?;
        let whole = text.rfind('\n').map_or(0, |end| end + 1);
        let mut warning = None;
        if whole < text.len() {
            write_atomic(path, &text.as_bytes()[..whole])?;
            warning = Some(RunWarning::TruncatedLine {
                path: path.to_owned(),
                bytes: text.len() - whole,
            });
        }
        let read = |(index, line): (usize, &str)| {
            serde_json::from_str(line).map_err(|source| {
                let path = path.to_owned();
                StorageError::InvalidLine { path, line: index + 1, source }
            })
        };
        let items = text[..whole].lines().enumerate().map(read).collect::<Result<_, _>>()?;
        Ok(JsonlStore { file: JsonlFile::append_to(path), items, warning })
    }

    /// Returns the warning about an incomplete last line, if the file had one.
    pub fn warning(&self) -> Option<&RunWarning> {
        self.warning.as_ref()
    }

    /// Returns all items, in the order in which they were added.
    pub fn items(&self) -> &[T] {
        &self.items
    }

    /// Appends an item and syncs the file to disk.
    ///
    /// # Errors
    /// Returns an error if the item cannot be written.
    pub fn add(&mut self, item: T) -> Result<(), StorageError> {
        self.file.append(&item)?;
        self.file.sync()?;
        self.items.push(item);
        Ok(())
    }
}

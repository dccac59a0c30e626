//! Right to write to a run, which at most one process has.

use std::path::Path;

use super::{FolderLock, PartClaims, RunWarning, StorageError};
use crate::config::Part;

/// Right of this process to write to a run, until the value is dropped.
#[derive(Debug)]
pub enum RunLock {
    /// To a run that is not divided.
    Folder(FolderLock),
    /// To parts of a run.
    Parts(PartClaims),
}

impl RunLock {
    /// Locks a run of `parts` parts, or claims a part of it. `part`: `None` for all parts. `report`
    /// receives a message before a wait, see [`PartClaims::acquire`].
    ///
    /// # Errors
    /// Returns [`StorageError::FolderInUse`] or [`StorageError::PartInUse`] if another process has the right, or an error
    /// if the folder cannot be written.
    pub(super) fn acquire(
        folder: &Path,
        parts: usize,
        part: Option<Part>,
        report: &mut dyn FnMut(&str),
    ) -> Result<Self, StorageError> {
        if parts == 1 {
            return FolderLock::acquire(folder).map(RunLock::Folder);
        }
        let parts = part.map_or((1..=parts).collect(), |part| vec![part.number()]);
        PartClaims::acquire(folder, &parts, report).map(RunLock::Parts)
    }

    /// Returns the warning that the folder is not locked, if locking is not supported.
    pub fn warning(&self) -> Option<&RunWarning> {
        match self {
            RunLock::Folder(lock) => lock.warning(),
            RunLock::Parts(_) => None,
        }
    }

    /// Removes temporary files of killed programs from a folder, if no other process can write to it.
    ///
    /// # Errors
    /// Returns an error if a file cannot be removed.
    pub fn remove_partials(&self, folder: &Path) -> Result<(), StorageError> {
        match self {
            RunLock::Folder(lock) => lock.remove_partials(folder),
            RunLock::Parts(_) => Ok(()),
        }
    }

    /// Checks that no other process took over the right, before a write.
    ///
    /// # Errors
    /// Returns [`StorageError::PartInUse`] if another process did.
    pub fn ensure_held(&self) -> Result<(), StorageError> {
        match self {
            RunLock::Folder(_) => Ok(()),
            RunLock::Parts(claims) => claims.ensure_held(),
        }
    }
}

//! Lock of a folder that only one program at a time may write to.
//!
//! The lock belongs to a file, not to its name. So the locked file is never replaced or removed.

use std::fs::{File, TryLockError};
use std::path::Path;

use super::StorageError;
use super::file_names::LOCK;
use super::warnings::RunWarning;
use super::write::{create_folder, remove_partials};
use crate::files::open_regular_with;

/// Lock of a folder, held by this process until the value is dropped. The system releases it when the process ends.
#[derive(Debug)]
pub struct FolderLock {
    _file: File,
    /// Warning if the file system does not support locks.
    warning: Option<RunWarning>,
}

impl FolderLock {
    /// Creates the folder if it is missing, locks it, and removes temporary files of killed programs. If the file system
    /// does not support locks, the folder stays unlocked, with a [`warning`](FolderLock::warning).
    ///
    /// # Errors
    /// Returns [`StorageError::FolderInUse`] if another process holds the lock, or an error if the folder cannot be
    /// written.
    pub fn acquire(folder: &Path) -> Result<Self, StorageError> {
        create_folder(folder)?;
        let path = folder.join(LOCK);
        // Opened without truncation: another process may hold the lock.
        let file = open_regular_with(&path, File::options().create(true).append(true));
        let file = file.map_err(StorageError::io("opened", &path))?;
        match file.try_lock() {
            Ok(()) => {
                remove_partials(folder)?;
                Ok(FolderLock { _file: file, warning: None })
            }
            Err(TryLockError::WouldBlock) => {
                Err(StorageError::FolderInUse { folder: folder.to_owned() })
            }
            // ENOLCK, EOPNOTSUPP or ENOSYS. Temporary files stay: their process may still run.
            Err(TryLockError::Error(cause)) => {
                let warning =
                    RunWarning::NotLocked { folder: folder.to_owned(), cause: cause.to_string() };
                Ok(FolderLock { _file: file, warning: Some(warning) })
            }
        }
    }

    /// Removes temporary files of killed programs from a subfolder of the locked folder. Does nothing if the folder is
    /// not locked or `folder` does not exist.
    ///
    /// # Errors
    /// Returns an error if a file cannot be removed.
    pub fn remove_partials(&self, folder: &Path) -> Result<(), StorageError> {
        match self.warning {
            None => remove_partials(folder),
            Some(_) => Ok(()),
        }
    }

    /// Returns the warning that the folder is not locked, if locking is not supported.
    pub fn warning(&self) -> Option<&RunWarning> {
        self.warning.as_ref()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn acquire_twice_fails_until_dropped() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("deep/run");
        let lock = FolderLock::acquire(&path).unwrap();
        assert!(matches!(FolderLock::acquire(&path), Err(StorageError::FolderInUse { .. })));
        drop(lock);
        FolderLock::acquire(&path).unwrap();
    }

    #[cfg(unix)]
    #[test]
    fn acquire_pipe_or_device_fails() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(LOCK);
        // Opening a pipe would block forever.
        assert!(std::process::Command::new("mkfifo").arg(&path).status().unwrap().success());
        assert!(matches!(FolderLock::acquire(folder.path()), Err(StorageError::Io { .. })));
        std::fs::remove_file(&path).unwrap();
        std::os::unix::fs::symlink("/dev/zero", &path).unwrap();
        assert!(matches!(FolderLock::acquire(folder.path()), Err(StorageError::Io { .. })));
    }

    #[test]
    fn acquire_removes_only_own_partial_files() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["run.json.123.partial", "mine.partial", ".partial", "x.1a.partial"] {
            std::fs::write(folder.path().join(name), "").unwrap();
        }
        FolderLock::acquire(folder.path()).unwrap();
        let mut names: Vec<_> = std::fs::read_dir(folder.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        assert_eq!(names, [".partial", LOCK, "mine.partial", "x.1a.partial"]);
    }
}

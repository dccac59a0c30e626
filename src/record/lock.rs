//! The lock of a folder that one program at a time may write.
//!
//! It is on a file that is never replaced and never removed: a lock is on a file, not on its name.

use std::fs::{File, TryLockError};
use std::path::Path;

use super::RecordError;
use super::file::{clean, create_folder};
use super::notice::Notice;
use crate::files::open_regular_with;

/// Name of the file.
pub const LOCK: &str = "apical.lock";

/// A folder in use by this process as long as this value lives. The system frees it when the process ends.
#[derive(Debug)]
pub struct FolderLock {
    _file: File,
    /// Why the folder is not locked, if its file system has no locks.
    notice: Option<Notice>,
}

impl FolderLock {
    /// Creates the folder if it is missing, locks it, and removes partial files of programs that were killed. A file
    /// system without locks is no error, but a [`notice`](FolderLock::notice).
    ///
    /// # Errors
    /// Returns [`RecordError::InUse`] if another process has the folder, or an error if it cannot be written.
    pub fn take(folder: &Path) -> Result<Self, RecordError> {
        create_folder(folder)?;
        let path = folder.join(LOCK);
        // Neither truncated nor written: another process may hold it.
        let file = open_regular_with(&path, File::options().create(true).append(true));
        let file = file.map_err(RecordError::io("opened", &path))?;
        match file.try_lock() {
            Ok(()) => {
                clean(folder)?;
                Ok(FolderLock { _file: file, notice: None })
            }
            Err(TryLockError::WouldBlock) => Err(RecordError::InUse { folder: folder.to_owned() }),
            // ENOLCK, EOPNOTSUPP or ENOSYS. Partial files stay: their process may live.
            Err(TryLockError::Error(cause)) => {
                let notice = Notice::NoLock { folder: folder.to_owned(), cause: cause.to_string() };
                Ok(FolderLock { _file: file, notice: Some(notice) })
            }
        }
    }

    /// Removes partial files of programs that were killed from a folder below the locked one, if there is such a
    /// folder.
    ///
    /// # Errors
    /// Returns an error if one cannot be removed.
    pub fn clean(&self, folder: &Path) -> Result<(), RecordError> {
        match self.notice {
            None => clean(folder),
            Some(_) => Ok(()),
        }
    }

    /// Why the folder is not locked, if it is not.
    pub fn notice(&self) -> Option<&Notice> {
        self.notice.as_ref()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn taken_folder_is_in_use_until_dropped() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("deep/run");
        let lock = FolderLock::take(&path).unwrap();
        assert!(matches!(FolderLock::take(&path), Err(RecordError::InUse { .. })));
        drop(lock);
        FolderLock::take(&path).unwrap();
    }

    #[cfg(unix)]
    #[test]
    fn take_refuses_a_pipe_and_a_device() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(LOCK);
        // Opening a pipe would wait for ever.
        assert!(std::process::Command::new("mkfifo").arg(&path).status().unwrap().success());
        assert!(matches!(FolderLock::take(folder.path()), Err(RecordError::Io { .. })));
        std::fs::remove_file(&path).unwrap();
        std::os::unix::fs::symlink("/dev/zero", &path).unwrap();
        assert!(matches!(FolderLock::take(folder.path()), Err(RecordError::Io { .. })));
    }

    #[test]
    fn taken_folder_has_no_partial_files_but_those_of_others() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["run.json.123.partial", "mine.partial", ".partial", "x.1a.partial"] {
            std::fs::write(folder.path().join(name), "").unwrap();
        }
        FolderLock::take(folder.path()).unwrap();
        let mut names: Vec<_> = std::fs::read_dir(folder.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        assert_eq!(names, [".partial", LOCK, "mine.partial", "x.1a.partial"]);
    }
}

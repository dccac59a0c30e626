//! Writes the files of a run atomically, with errors that name the file, and renames damaged ones.

use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::StorageError;
use crate::files::{LINES_MAX, atomic, read_bounded};

/// Writes a file atomically, see [`atomic::write`].
pub(crate) fn write_atomic(path: &Path, bytes: &[u8]) -> Result<(), StorageError> {
    atomic::write(path, bytes).map_err(StorageError::io("written", path))
}

/// Writes a file atomically, unless it already has this content.
pub(super) fn write_if_changed(path: &Path, bytes: &[u8]) -> Result<(), StorageError> {
    match read_bounded(path, LINES_MAX) {
        Ok(found) if found == bytes => Ok(()),
        _ => write_atomic(path, bytes),
    }
}

/// Writes a value as indented JSON, atomically.
pub(crate) fn write_json(path: &Path, value: &impl Serialize) -> Result<(), StorageError> {
    write_atomic(path, &to_json(path, value)?)
}

/// Writes a value as indented JSON to a file that must not exist, atomically.
pub(crate) fn write_new_json(path: &Path, value: &impl Serialize) -> Result<(), StorageError> {
    atomic::write_new(path, &to_json(path, value)?).map_err(StorageError::io("written", path))
}

pub(super) fn to_json(path: &Path, value: &impl Serialize) -> Result<Vec<u8>, StorageError> {
    let json = serde_json::to_vec_pretty(value);
    json.map_err(|source| StorageError::Json { path: path.to_owned(), source })
}

/// Creates a folder and its missing parents, and syncs the parent of each new one.
pub(crate) fn create_folder(folder: &Path) -> Result<(), StorageError> {
    let is_new = |path: &&Path| !path.as_os_str().is_empty() && !path.exists();
    let new: Vec<&Path> = folder.ancestors().take_while(is_new).collect();
    fs::create_dir_all(folder).map_err(StorageError::io("created", folder))?;
    let synced = new.iter().try_for_each(|path| atomic::sync_parent(path));
    synced.map_err(StorageError::io("synced", folder))
}

/// Renames a damaged file to the first unused of `NAME.damaged`, `NAME.damaged-2` and so on. Returns the new path.
pub(super) fn set_aside(path: &Path) -> Result<PathBuf, StorageError> {
    let name = |number: usize| {
        let mut name = path.file_name().map(OsString::from).unwrap_or_default();
        name.push(if number == 1 { ".damaged".to_string() } else { format!(".damaged-{number}") });
        path.with_file_name(name)
    };
    let is_free = |renamed_to: &PathBuf| renamed_to.symlink_metadata().is_err();
    let renamed_to = (1..).map(name).find(is_free).unwrap_or_else(|| name(0));
    fs::rename(path, &renamed_to).map_err(StorageError::io("renamed", path))?;
    Ok(renamed_to)
}

/// Renames `path`, as [`set_aside`] does, if it is not a regular file: a folder, a pipe, a device, or a link to one or
/// to nothing. Returns the new path.
pub(super) fn set_aside_unless_regular(path: &Path) -> Result<Option<PathBuf>, StorageError> {
    let is_regular = match path.symlink_metadata() {
        Err(error) if error.kind() == io::ErrorKind::NotFound => true,
        entry => entry.map_err(StorageError::io("read", path))?.is_file(),
    };
    if is_regular {
        return Ok(None);
    }
    match fs::metadata(path) {
        Ok(metadata) if metadata.is_file() => Ok(None),
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
            Err(StorageError::io("read", path)(error))
        }
        _ => set_aside(path).map(Some),
    }
}

/// Removes the temporary files that killed programs left in a folder. The caller holds the folder's lock.
pub(super) fn remove_partials(folder: &Path) -> Result<(), StorageError> {
    let Ok(entries) = fs::read_dir(folder) else { return Ok(()) };
    for entry in entries.flatten() {
        let path = entry.path();
        if atomic::is_partial(&path) {
            fs::remove_file(&path).map_err(StorageError::io("removed", &path))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn write_new_json_refuses_an_existing_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("run.json");
        write_new_json(&path, &1).unwrap();
        assert!(write_new_json(&path, &2).is_err());
        assert_eq!(fs::read_to_string(&path).unwrap(), "1");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn set_aside_twice_keeps_both_files() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("best");
        for (content, renamed_to) in [("1", "best.damaged"), ("2", "best.damaged-2")] {
            fs::write(&path, content).unwrap();
            assert_eq!(set_aside(&path).unwrap(), folder.path().join(renamed_to));
            assert_eq!(fs::read_to_string(folder.path().join(renamed_to)).unwrap(), content);
        }
    }

    #[test]
    fn write_atomic_failure_names_the_file() {
        let folder = tempfile::tempdir().unwrap();
        // A folder cannot be replaced by a file.
        let path = folder.path().join("weights");
        fs::create_dir(&path).unwrap();
        fs::write(path.join("inside"), "").unwrap();
        let error = write_atomic(&path, b"text").unwrap_err().to_string();
        assert_eq!(error, format!("{}: cannot be written", path.display()));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}

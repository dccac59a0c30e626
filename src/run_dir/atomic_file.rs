//! Atomic writing: a file is complete or absent, also after a crash.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::StorageError;

/// Writes a file under a temporary name in the same folder, syncs it, and renames it to `path`. Replaces an existing
/// file. A reader never sees a part of the file.
pub(crate) fn write_atomic(path: &Path, bytes: &[u8]) -> Result<(), StorageError> {
    let partial = partial_name(path);
    write_and_rename(&partial, path, bytes).map_err(|source| {
        // Ignore a failed clean-up; report the original error.
        let _ = fs::remove_file(&partial);
        StorageError::io("written", path)(source)
    })
}

/// Like [`write_atomic`], for a file that `write` writes to the path it receives.
pub(crate) fn write_atomic_with(
    path: &Path,
    write: impl FnOnce(&Path) -> Result<(), StorageError>,
) -> Result<(), StorageError> {
    let partial = partial_name(path);
    let finish = || {
        File::open(&partial)?.sync_all()?;
        fs::rename(&partial, path)?;
        sync_folder(path)
    };
    let written =
        write(&partial).and_then(|()| finish().map_err(StorageError::io("written", path)));
    if written.is_err() {
        let _ = fs::remove_file(&partial);
    }
    written
}

/// Writes a value as indented JSON, atomically.
pub(crate) fn write_json(path: &Path, value: &impl Serialize) -> Result<(), StorageError> {
    let json = serde_json::to_vec_pretty(value);
    let json = json.map_err(|source| StorageError::Json { path: path.to_owned(), source })?;
    write_atomic(path, &json)
}

fn write_and_rename(partial: &Path, path: &Path, bytes: &[u8]) -> io::Result<()> {
    write_synced(partial, bytes)?;
    fs::rename(partial, path)?;
    sync_folder(path)
}

fn write_synced(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = File::create(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

/// Syncs the folder that holds `path`, if the system can: the name of a new file is stored in its folder.
fn sync_folder(path: &Path) -> io::Result<()> {
    match path.parent() {
        Some(folder) if cfg!(unix) => {
            let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
            File::open(folder)?.sync_all()
        }
        _ => Ok(()),
    }
}

/// Creates a folder and its missing parents, and syncs the parent of each new one.
pub(crate) fn create_folder(folder: &Path) -> Result<(), StorageError> {
    let is_new = |path: &&Path| !path.as_os_str().is_empty() && !path.exists();
    let new: Vec<&Path> = folder.ancestors().take_while(is_new).collect();
    fs::create_dir_all(folder).map_err(StorageError::io("created", folder))?;
    new.iter().try_for_each(|path| sync_folder(path)).map_err(StorageError::io("synced", folder))
}

/// Writes a value as indented JSON to a file that must not exist, atomically.
pub(crate) fn write_new_json(path: &Path, value: &impl Serialize) -> Result<(), StorageError> {
    let json = serde_json::to_vec_pretty(value);
    let json = json.map_err(|source| StorageError::Json { path: path.to_owned(), source })?;
    let partial = partial_name(path);
    let written = write_synced(&partial, &json).and_then(|()| {
        // Unlike a rename, a hard link never replaces a file: if two programs run without a lock, one fails.
        match fs::hard_link(&partial, path) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
                // Not every file system supports hard links.
                fs::rename(&partial, path)?;
            }
            linked => {
                linked?;
                fs::remove_file(&partial)?;
            }
        }
        sync_folder(path)
    });
    written.map_err(|source| {
        let _ = fs::remove_file(&partial);
        StorageError::io("written", path)(source)
    })
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
        if is_partial(&path) {
            fs::remove_file(&path).map_err(StorageError::io("removed", &path))?;
        }
    }
    Ok(())
}

/// Returns whether a file has a name of the form that [`partial_name`] returns.
fn is_partial(path: &Path) -> bool {
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned());
    let parts = name.as_deref().and_then(|name| name.rsplit_once('.'));
    let Some((before, PARTIAL)) = parts else { return false };
    let process = before.rsplit_once('.').map(|(_, process)| process);
    process.is_some_and(|id| !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_digit()))
}

/// Extension of temporary files.
const PARTIAL: &str = "partial";

/// Returns the temporary name of a file, with the process id: two processes may write the same file at once.
fn partial_name(path: &Path) -> PathBuf {
    let mut name = path.file_name().map(OsString::from).unwrap_or_default();
    name.push(format!(".{}.{PARTIAL}", std::process::id()));
    path.with_file_name(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn write_atomic_replaces_and_leaves_no_partial() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("weights");
        for content in ["first", "second"] {
            write_atomic(&path, content.as_bytes()).unwrap();
            assert_eq!(fs::read_to_string(&path).unwrap(), content);
        }
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

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
    fn write_atomic_failure_removes_partial() {
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

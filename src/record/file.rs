//! Files that are there whole or not at all.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::RecordError;

/// Writes a file under another name in the same folder and renames it once it is on the disk, so
/// that nobody ever finds a part of it. A file of that name is replaced.
pub(crate) fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), RecordError> {
    let partial = partial_name(path);
    write_and_rename(&partial, path, bytes).map_err(|source| {
        // What is left of it helps nobody; that it cannot be removed either is not the news.
        let _ = fs::remove_file(&partial);
        RecordError::io("written", path)(source)
    })
}

/// The same for a file that `write` writes under the name it is given.
pub(crate) fn write_whole_with(
    path: &Path,
    write: impl FnOnce(&Path) -> Result<(), RecordError>,
) -> Result<(), RecordError> {
    let partial = partial_name(path);
    let finish = || {
        File::open(&partial)?.sync_all()?;
        fs::rename(&partial, path)?;
        sync_folder(path)
    };
    let written = write(&partial).and_then(|()| finish().map_err(RecordError::io("written", path)));
    if written.is_err() {
        let _ = fs::remove_file(&partial);
    }
    written
}

/// Writes a value as JSON for people, as [`write_whole`] does.
pub(crate) fn write_json(path: &Path, value: &impl Serialize) -> Result<(), RecordError> {
    let json = serde_json::to_vec_pretty(value);
    let json = json.map_err(|source| RecordError::Json { path: path.to_owned(), source })?;
    write_whole(path, &json)
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

/// Syncs the folder that holds `path`, so that its name is on the disk too, if the system can sync folders.
fn sync_folder(path: &Path) -> io::Result<()> {
    match path.parent() {
        Some(folder) if cfg!(unix) => {
            let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
            File::open(folder)?.sync_all()
        }
        _ => Ok(()),
    }
}

/// Creates a folder and all above it, and syncs the folder above each new one.
pub(crate) fn create_folder(folder: &Path) -> Result<(), RecordError> {
    let is_new = |path: &&Path| !path.as_os_str().is_empty() && !path.exists();
    let new: Vec<&Path> = folder.ancestors().take_while(is_new).collect();
    fs::create_dir_all(folder).map_err(RecordError::io("created", folder))?;
    new.iter().try_for_each(|path| sync_folder(path)).map_err(RecordError::io("synced", folder))
}

/// Writes a value as JSON into a file that must not exist, whole or not at all.
pub(crate) fn write_new_json(path: &Path, value: &impl Serialize) -> Result<(), RecordError> {
    let json = serde_json::to_vec_pretty(value);
    let json = json.map_err(|source| RecordError::Json { path: path.to_owned(), source })?;
    let partial = partial_name(path);
    let written = write_synced(&partial, &json).and_then(|()| {
        // Unlike a rename, a link replaces nothing: of two programs without a lock one fails.
        match fs::hard_link(&partial, path) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
                // Not every file system has links.
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
        RecordError::io("written", path)(source)
    })
}

/// Renames a damaged file to the first free of `NAME.damaged`, `NAME.damaged-2` and so on, and returns the new name.
pub(super) fn set_aside(path: &Path) -> Result<PathBuf, RecordError> {
    let name = |number: usize| {
        let mut name = path.file_name().map(OsString::from).unwrap_or_default();
        name.push(if number == 1 { ".damaged".to_string() } else { format!(".damaged-{number}") });
        path.with_file_name(name)
    };
    let is_free = |kept: &PathBuf| kept.symlink_metadata().is_err();
    let kept = (1..).map(name).find(is_free).unwrap_or_else(|| name(0));
    fs::rename(path, &kept).map_err(RecordError::io("renamed", path))?;
    Ok(kept)
}

/// Renames what has the name of a file but is none, as [`set_aside`] does: a folder, a pipe, a device, or a link to one
/// or to nothing. Returns the new name.
pub(super) fn set_aside_if_special(path: &Path) -> Result<Option<PathBuf>, RecordError> {
    let is_plain = match path.symlink_metadata() {
        Err(error) if error.kind() == io::ErrorKind::NotFound => true,
        entry => entry.map_err(RecordError::io("read", path))?.is_file(),
    };
    if is_plain {
        return Ok(None);
    }
    match fs::metadata(path) {
        Ok(metadata) if metadata.is_file() => Ok(None),
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
            Err(RecordError::io("read", path)(error))
        }
        _ => set_aside(path).map(Some),
    }
}

/// Removes partial files from a folder: what programs that were killed left behind. The folder is locked.
pub(super) fn clean(folder: &Path) -> Result<(), RecordError> {
    let Ok(entries) = fs::read_dir(folder) else { return Ok(()) };
    for entry in entries.flatten() {
        let path = entry.path();
        if is_partial(&path) {
            fs::remove_file(&path).map_err(RecordError::io("removed", &path))?;
        }
    }
    Ok(())
}

/// Whether a file has a name that [`partial_name`] makes.
fn is_partial(path: &Path) -> bool {
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned());
    let parts = name.as_deref().and_then(|name| name.rsplit_once('.'));
    let Some((before, PARTIAL)) = parts else { return false };
    let process = before.rsplit_once('.').map(|(_, process)| process);
    process.is_some_and(|id| !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_digit()))
}

const PARTIAL: &str = "partial";

/// Two processes that write the same file must not share its partial one.
fn partial_name(path: &Path) -> PathBuf {
    let mut name = path.file_name().map(OsString::from).unwrap_or_default();
    name.push(format!(".{}.{PARTIAL}", std::process::id()));
    path.with_file_name(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_replaced_and_nothing_else_is_left() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("weights");
        for content in ["first", "second"] {
            write_whole(&path, content.as_bytes()).unwrap();
            assert_eq!(fs::read_to_string(&path).unwrap(), content);
        }
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn new_file_is_written_once() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("run.json");
        write_new_json(&path, &1).unwrap();
        assert!(write_new_json(&path, &2).is_err());
        assert_eq!(fs::read_to_string(&path).unwrap(), "1");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn set_aside_keeps_every_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("best");
        for (content, kept) in [("1", "best.damaged"), ("2", "best.damaged-2")] {
            fs::write(&path, content).unwrap();
            assert_eq!(set_aside(&path).unwrap(), folder.path().join(kept));
            assert_eq!(fs::read_to_string(folder.path().join(kept)).unwrap(), content);
        }
    }

    #[test]
    fn a_failure_leaves_nothing_and_names_the_file() {
        let folder = tempfile::tempdir().unwrap();
        // A folder cannot be replaced by a file.
        let path = folder.path().join("weights");
        fs::create_dir(&path).unwrap();
        fs::write(path.join("inside"), "").unwrap();
        let error = write_whole(&path, b"text").unwrap_err().to_string();
        assert_eq!(error, format!("{}: cannot be written", path.display()));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}

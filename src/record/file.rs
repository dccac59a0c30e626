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
    let mut file = File::create(partial)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    drop(file);
    fs::rename(partial, path)?;
    sync_folder(path)
}

/// Has the new name on the disk too, where systems let a folder be synced.
fn sync_folder(path: &Path) -> io::Result<()> {
    match path.parent() {
        Some(folder) if cfg!(unix) => {
            let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
            File::open(folder)?.sync_all()
        }
        _ => Ok(()),
    }
}

/// Takes away what processes that were killed left half written in a folder, if there is one.
pub(super) fn clean(folder: &Path) -> Result<(), RecordError> {
    let Ok(entries) = fs::read_dir(folder) else { return Ok(()) };
    for entry in entries.flatten() {
        let path = entry.path();
        if path.extension().is_some_and(|extension| extension == PARTIAL) {
            fs::remove_file(&path).map_err(RecordError::io("removed", &path))?;
        }
    }
    Ok(())
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

//! Atomic writing: a file is complete or absent, also after a crash.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::hash::{BuildHasher, Hasher, RandomState};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};

/// Extension of temporary files.
const PARTIAL: &str = "partial";

/// Writes a file under a temporary name in the same folder, syncs it, and renames it to `path`. Replaces an existing
/// file. A reader never sees a part of the file.
///
/// # Errors
/// Returns an error if the file cannot be written. `path` then holds what it held before.
pub(crate) fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    write_with(path, |partial| fs::write(partial, bytes), |error| error)
}

/// Writes a file as [`write()`] does. `fill` writes the content to the path that it receives.
///
/// # Errors
/// Returns the error of `fill`, or of `failed` if the file cannot be synced or renamed.
pub(crate) fn write_with<E>(
    path: &Path,
    fill: impl FnOnce(&Path) -> Result<(), E>,
    failed: impl FnOnce(io::Error) -> E,
) -> Result<(), E> {
    place(path, fill, failed, |partial| fs::rename(partial, path))
}

/// Writes a file that must not exist, as [`write()`] does.
///
/// # Errors
/// Returns an error if the file exists or cannot be written.
pub(crate) fn write_new(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let link = |partial: &Path| {
        // Unlike a rename, a hard link never replaces a file: if two programs run without a lock, one fails.
        match fs::hard_link(partial, path) {
            // Not every file system supports hard links.
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => fs::rename(partial, path),
            linked => linked.and_then(|()| fs::remove_file(partial)),
        }
    };
    place(path, |partial| fs::write(partial, bytes), |error| error, link)
}

/// Fills a temporary file, syncs it, and has `finish` move it to `path`.
fn place<E>(
    path: &Path,
    fill: impl FnOnce(&Path) -> Result<(), E>,
    failed: impl FnOnce(io::Error) -> E,
    finish: impl FnOnce(&Path) -> io::Result<()>,
) -> Result<(), E> {
    let partial = partial_name(path);
    let moved = || {
        // Windows syncs only files that are open for writing.
        OpenOptions::new().write(true).open(&partial)?.sync_all()?;
        finish(&partial)?;
        sync_parent(path)
    };
    let written = fill(&partial).and_then(|()| moved().map_err(failed));
    if written.is_err() {
        // Ignore a failed clean-up; report the original error.
        let _ = fs::remove_file(&partial);
    }
    written
}

/// Syncs the folder that holds `path`, if the system can: the name of a new file is stored in its folder.
pub(crate) fn sync_parent(path: &Path) -> io::Result<()> {
    match path.parent() {
        Some(folder) if cfg!(unix) => {
            let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
            File::open(folder)?.sync_all()
        }
        _ => Ok(()),
    }
}

/// Returns whether a file has a name of the form that [`partial_name`] returns.
pub(crate) fn is_partial(path: &Path) -> bool {
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned());
    let parts = name.as_deref().and_then(|name| name.rsplit_once('.'));
    let Some((before, PARTIAL)) = parts else { return false };
    let number = before.rsplit_once('.').map(|(_, number)| number);
    number.is_some_and(|number| !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit()))
}

/// Returns a random number, without a seed.
pub(crate) fn random_number() -> u64 {
    RandomState::new().build_hasher().finish()
}

/// Returns a new temporary name of a file, with a random number of the process and a count: processes, also on other
/// machines, and threads may write the same file at once.
fn partial_name(path: &Path) -> PathBuf {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    static PROCESS: LazyLock<u64> = LazyLock::new(random_number);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    let mut name = path.file_name().map(OsString::from).unwrap_or_default();
    name.push(format!(".{}.{count}.{PARTIAL}", *PROCESS));
    path.with_file_name(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn write_replaces_and_leaves_no_partial() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("weights");
        for content in ["first", "second"] {
            write(&path, content.as_bytes()).unwrap();
            assert_eq!(fs::read_to_string(&path).unwrap(), content);
        }
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
        assert!(is_partial(&partial_name(&path)));
    }

    #[test]
    fn write_failure_removes_partial() {
        let folder = tempfile::tempdir().unwrap();
        // A folder cannot be replaced by a file.
        let path = folder.path().join("weights");
        fs::create_dir(&path).unwrap();
        fs::write(path.join("inside"), "").unwrap();
        assert!(write(&path, b"text").is_err());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}

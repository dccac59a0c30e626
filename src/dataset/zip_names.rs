//! Opens zip archives, and refuses duplicate names in them. Of entries with one name, the zip crate silently keeps the
//! last, as numpy does.

use std::collections::HashSet;
use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::path::Path;

use zip::ZipArchive;

use super::class_names::sanitize;
use super::error::invalid_with_hint;
use super::{DatasetError, Location};
use crate::files;

/// A zip archive in a file.
pub(super) type Archive = ZipArchive<BufReader<File>>;

/// Largest part of the central directory that is read, bytes.
const MAX_DIRECTORY: u64 = 64 << 20;
/// Length of an entry before its name, bytes.
const ENTRY_HEADER_LENGTH: usize = 46;
const SIGNATURE: [u8; 4] = *b"PK\x01\x02";

/// Opens an archive. `damaged`: returns the error for a damaged one.
///
/// # Errors
/// Returns an error if the archive is unreadable or damaged, or two entries have one name.
pub(super) fn open(
    path: &Path,
    damaged: impl FnOnce(Location, io::Error) -> DatasetError,
) -> Result<Archive, DatasetError> {
    let location = || Location::whole(path.display().to_string());
    let open = || files::open_regular(path).map_err(DatasetError::read(location()));
    let archive = ZipArchive::new(BufReader::new(open()?))
        .map_err(|error| damaged(location(), error.into()))?;
    let duplicate = duplicate(&mut open()?, archive.central_directory_start());
    match duplicate.map_err(DatasetError::read(location()))? {
        Some(name) => Err(named_twice(path, &name)),
        None => Ok(archive),
    }
}

/// Returns the error for an archive with two entries of one name.
pub(super) fn named_twice(path: &Path, name: &str) -> DatasetError {
    let location = Location::whole(path.display().to_string());
    let found = format!("'{}' twice", sanitize(name));
    let hint = "write the archive again with distinct names";
    invalid_with_hint(location, "distinct names", found, hint)
}

/// Returns a name that several entries have. `start`: offset of the central directory.
///
/// # Errors
/// Returns an error if the file cannot be read.
fn duplicate(file: &mut File, start: u64) -> io::Result<Option<String>> {
    file.seek(SeekFrom::Start(start))?;
    let mut directory = Vec::new();
    file.take(MAX_DIRECTORY).read_to_end(&mut directory)?;
    let mut rest = &directory[..];
    let mut known = HashSet::new();
    while let Some((name, tail)) = entry(rest) {
        if !known.insert(name) {
            return Ok(Some(String::from_utf8_lossy(name).into_owned()));
        }
        rest = tail;
    }
    Ok(None)
}

/// Returns the name of the first entry, and the following entries.
fn entry(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (head, tail) = bytes.split_at_checked(ENTRY_HEADER_LENGTH)?;
    if head[..4] != SIGNATURE {
        return None;
    }
    let length = |at: usize| usize::from(u16::from_le_bytes([head[at], head[at + 1]]));
    let (name, tail) = tail.split_at_checked(length(28))?;
    Some((name, tail.get(length(30) + length(32)..)?))
}

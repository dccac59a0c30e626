//! Names in the directory of a zip archive. The zip crate keeps the last of several entries of one name and does not
//! say so; numpy does the same.

use std::collections::HashSet;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};

/// Most bytes of a directory that are read.
const DIRECTORY_MAX: u64 = 64 << 20;
/// Bytes of an entry before its name.
const ENTRY: usize = 46;
const SIGNATURE: [u8; 4] = *b"PK\x01\x02";

/// Returns a name that several entries have. `start`: where the directory begins.
///
/// # Errors
/// Returns an error if the file cannot be read.
pub(super) fn repeated(file: &mut File, start: u64) -> io::Result<Option<String>> {
    file.seek(SeekFrom::Start(start))?;
    let mut directory = Vec::new();
    file.take(DIRECTORY_MAX).read_to_end(&mut directory)?;
    let mut rest = &directory[..];
    let mut known = HashSet::new();
    while let Some((name, behind)) = entry(rest) {
        if !known.insert(name) {
            return Ok(Some(String::from_utf8_lossy(name).into_owned()));
        }
        rest = behind;
    }
    Ok(None)
}

/// The name of the first entry, and the entries behind it.
fn entry(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (head, behind) = bytes.split_at_checked(ENTRY)?;
    if head[..4] != SIGNATURE {
        return None;
    }
    let length = |at: usize| usize::from(u16::from_le_bytes([head[at], head[at + 1]]));
    let (name, behind) = behind.split_at_checked(length(28))?;
    Some((name, behind.get(length(30) + length(32)..)?))
}

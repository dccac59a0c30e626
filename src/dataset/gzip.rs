//! Opens files that may be compressed by gzip.

use std::io::{self, Read, Seek};
use std::path::Path;

use flate2::read::MultiGzDecoder;

use super::{DatasetError, Location};
use crate::files;

/// First bytes of a gzip file.
pub(super) const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];
/// Number of decompressed bytes after which memory is checked again.
const CHECK_EVERY: u64 = 64 << 20;

/// Content of a file, decompressed.
pub(super) struct Content {
    reader: Box<dyn Read>,
    /// Length of the compressed file, bytes; `None` if it is not compressed.
    packed: Option<u64>,
    /// Number of bytes read.
    count: u64,
    next_check: u64,
}

impl Content {
    /// Opens a file. Its first bytes decide if it is compressed, since names are often wrong.
    ///
    /// # Errors
    /// Returns an error if the file cannot be read, or does not fit into memory. `what` names its content.
    pub fn open(path: &Path, what: &str) -> Result<Content, DatasetError> {
        let location = || Location::whole(path.display().to_string());
        let mut file = files::open_regular(path).map_err(DatasetError::read(location()))?;
        let length = file.metadata().map_err(DatasetError::read(location()))?.len();
        files::check_memory(length, what).map_err(DatasetError::memory(location()))?;
        let mut start = Vec::new();
        (&mut file)
            .take(GZIP_MAGIC.len() as u64)
            .read_to_end(&mut start)
            .map_err(DatasetError::read(location()))?;
        file.rewind().map_err(DatasetError::read(location()))?;
        let (reader, packed): (Box<dyn Read>, _) = match start == GZIP_MAGIC {
            true => (Box::new(MultiGzDecoder::new(file)), Some(length)),
            false => (Box::new(file), None),
        };
        Ok(Content { reader, packed, count: 0, next_check: CHECK_EVERY })
    }

    /// Returns whether the file is compressed.
    pub fn is_compressed(&self) -> bool {
        self.packed.is_some()
    }
}

impl Read for Content {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.reader.read(buffer)?;
        self.count += count as u64;
        if let Some(packed) = self.packed.filter(|_| self.count >= self.next_check) {
            self.next_check = self.count + CHECK_EVERY;
            files::check_expansion(packed, self.count)?;
            files::check_memory(CHECK_EVERY, "its content")?;
        }
        Ok(count)
    }
}

/// Returns the error for a failed read.
pub(super) fn read_error(
    location: Location,
    is_compressed: bool,
    source: io::Error,
) -> DatasetError {
    use io::ErrorKind::{FileTooLarge, InvalidData, InvalidInput, UnexpectedEof};
    match source.kind() {
        FileTooLarge => DatasetError::Memory { location, source },
        InvalidData | InvalidInput | UnexpectedEof if is_compressed => {
            DatasetError::Gzip { location, source }
        }
        _ => DatasetError::Read { location, source },
    }
}

//! Opens and reads files named by a user, and writes files atomically. Reads only regular files, up to a limit that is
//! checked before the first byte.

pub(crate) mod atomic;
mod kind;

use std::fs::{self, File, FileType, OpenOptions};
use std::io::{self, Error, ErrorKind, Read};
use std::path::Path;

use bytesize::ByteSize;

pub use kind::{KIND_START, kind_of, kind_of_bytes};

use crate::memory;

/// Maximum size of a text written by people: settings, class names, the description of a run, bytes.
pub const TEXT_MAX: u64 = 16 << 20;
/// Maximum size of a file of lines that grows with a run, bytes.
pub const LINES_MAX: u64 = 1 << 30;
/// Opens a regular file.
///
/// # Errors
/// Returns an error if there is no such file, or if it is a folder, a device, a pipe or a socket, also behind a link.
/// Opening a pipe would block forever, and reading a device would never end.
pub fn open_regular(path: &Path) -> io::Result<File> {
    check_regular(fs::metadata(path)?.file_type())?;
    let file = File::open(path)?;
    check_regular(file.metadata()?.file_type())?;
    Ok(file)
}

/// Opens a regular file with these options, which may create it.
///
/// # Errors
/// As [`open_regular`], but a missing file is an error only if the options do not create it.
pub fn open_regular_with(path: &Path, options: &OpenOptions) -> io::Result<File> {
    match fs::metadata(path) {
        Ok(metadata) => check_regular(metadata.file_type())?,
        Err(error) if error.kind() == ErrorKind::NotFound => {}
        Err(error) => return Err(error),
    }
    let file = options.open(path)?;
    check_regular(file.metadata()?.file_type())?;
    Ok(file)
}

/// Reads a whole regular file of at most `most` bytes.
///
/// # Errors
/// As [`open_regular`], and if the file is longer than `most` or does not fit into memory.
pub fn read_bounded(path: &Path, most: u64) -> io::Result<Vec<u8>> {
    let file = open_regular(path)?;
    let length = file.metadata()?.len();
    if length > most {
        let (length, most) = (bytes(length), bytes(most));
        return Err(too_large(format!("the file has {length}; at most {most} are read")));
    }
    check_memory(length, "the file")?;
    let mut content = Vec::with_capacity(length as usize);
    // The file may grow meanwhile: read at most up to the limit.
    file.take(most.saturating_add(1)).read_to_end(&mut content)?;
    if content.len() as u64 > most {
        return Err(too_large(format!("the file grew beyond {} while it was read", bytes(most))));
    }
    Ok(content)
}

/// Reads a whole regular file of text of at most [`TEXT_MAX`] bytes.
///
/// # Errors
/// As [`read_bounded`], and if the text is not UTF-8.
pub fn read_text(path: &Path) -> io::Result<String> {
    text(read_bounded(path, TEXT_MAX)?)
}

/// Reads a whole regular file of text that grows with a run, of at most [`LINES_MAX`] bytes.
///
/// # Errors
/// As [`read_text`].
pub fn read_long_text(path: &Path) -> io::Result<String> {
    text(read_bounded(path, LINES_MAX)?)
}

/// Checks that `length` more bytes of memory are available. `what`: their owner, for the message.
///
/// # Errors
/// Returns an error with both numbers if the memory is not available.
pub fn check_memory(length: u64, what: &str) -> io::Result<()> {
    /// Smaller sizes are not worth querying the system.
    const SMALL: u64 = 16 << 20;
    if length < SMALL {
        return Ok(());
    }
    match memory::available_bytes() {
        Some(available) if length > available => {
            let (length, available) = (bytes(length), bytes(available));
            Err(too_large(format!("{what} takes {length} of memory; {available} are available")))
        }
        _ => Ok(()),
    }
}

/// Checks that `packed` compressed bytes can plausibly hold `length` bytes of images. A large file compressed below
/// 1/200 only repeats one value.
///
/// # Errors
/// Returns an error with both numbers if they cannot.
pub fn check_expansion(packed: u64, length: u64) -> io::Result<()> {
    const LEAST: u64 = 256 << 20;
    const MOST: u64 = 200;
    if length < LEAST || packed.saturating_mul(MOST) >= length {
        return Ok(());
    }
    let (packed, length) = (bytes(packed), bytes(length));
    let why = "images never shrink so much; store them without compression if they do";
    Err(too_large(format!("{packed} unpack to {length}: {why}")))
}

fn check_regular(kind: FileType) -> io::Result<()> {
    if kind.is_file() {
        return Ok(());
    }
    if kind.is_dir() {
        return Err(Error::new(ErrorKind::IsADirectory, "this is a folder"));
    }
    let special = "this is a device, a pipe or a socket; only regular files are read";
    Err(Error::new(ErrorKind::InvalidInput, special))
}

fn text(content: Vec<u8>) -> io::Result<String> {
    String::from_utf8(content).map_err(|_| Error::new(ErrorKind::InvalidData, "this is no UTF-8"))
}

fn too_large(message: String) -> Error {
    Error::new(ErrorKind::FileTooLarge, message)
}

fn bytes(count: u64) -> String {
    if count < 1 << 20 { format!("{count} bytes") } else { ByteSize(count).to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn file_beyond_the_bound_is_refused_unread() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("sparse");
        File::create(&path).unwrap().set_len(1 << 40).unwrap();
        let error = read_bounded(&path, 10).unwrap_err().to_string();
        assert_eq!(error, "the file has 1.0 TiB; at most 10 bytes are read");
        let error = read_long_text(&path).unwrap_err().to_string();
        assert_eq!(error, "the file has 1.0 TiB; at most 1.0 GiB are read");
        File::create(&path).unwrap().set_len(3).unwrap();
        assert_eq!(read_bounded(&path, 3).unwrap(), [0; 3]);
    }

    #[cfg(unix)]
    #[test]
    fn devices_folders_and_links_to_them_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let link = folder.path().join("z.jpg");
        std::os::unix::fs::symlink("/dev/zero", &link).unwrap();
        for path in [Path::new("/dev/zero"), &link] {
            let error = open_regular(path).unwrap_err().to_string();
            assert_eq!(error, "this is a device, a pipe or a socket; only regular files are read");
        }
        assert_eq!(open_regular(folder.path()).unwrap_err().to_string(), "this is a folder");
    }
}

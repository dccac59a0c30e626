//! Opens and reads files named by a user. Reads only regular files, up to a limit that is checked before the first
//! byte.

use std::fs::{self, File, FileType, OpenOptions};
use std::io::{self, Error, ErrorKind, Read};
use std::path::Path;

use bytesize::ByteSize;

use crate::memory;

/// Maximum size of a text written by people: settings, class names, the description of a run, bytes.
pub const TEXT_MAX: u64 = 16 << 20;
/// Maximum size of a file of lines that grows with a run, bytes.
pub const LINES_MAX: u64 = 1 << 30;
/// Number of bytes used to recognise the kind of a file.
const START: u64 = 512;

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

/// Returns the kind of a file from its first bytes, such as `a PNG image`; `None` for an unknown kind.
pub fn kind_of(path: &Path) -> Option<&'static str> {
    let mut start = Vec::new();
    open_regular(path).ok()?.take(START).read_to_end(&mut start).ok()?;
    kind_of_bytes(&start)
}

/// Returns the kind of a file with these first bytes.
pub fn kind_of_bytes(start: &[u8]) -> Option<&'static str> {
    const KINDS: [(usize, &[u8], &str); 32] = [
        (0, b"\x89PNG\r\n\x1a\n", "a PNG image"),
        (0, b"\xff\xd8\xff", "a JPEG image"),
        (0, b"GIF87a", "a GIF image"),
        (0, b"GIF89a", "a GIF image"),
        (8, b"WEBP", "a WebP image"),
        (0, b"BM", "a BMP image"),
        (0, b"II*\0", "a TIFF image"),
        (0, b"MM\0*", "a TIFF image"),
        (0, b"P1", "a PBM image"),
        (0, b"P4", "a PBM image"),
        (0, b"P2", "a PGM image"),
        (0, b"P5", "a PGM image"),
        (0, b"P3", "a PPM image"),
        (0, b"P6", "a PPM image"),
        (0, b"P7", "a PAM image"),
        (0, b"\0\0\x01\0", "an ICO image"),
        (0, b"\x76\x2f\x31\x01", "an OpenEXR image"),
        (0, b"\xff\x0a", "a JPEG XL image"),
        (4, b"JXL ", "a JPEG XL image"),
        (4, b"jP  ", "a JPEG 2000 image"),
        (4, b"ftypavif", "an AVIF image"),
        (4, b"ftyphe", "a HEIC image"),
        (4, b"ftypmif1", "a HEIC image"),
        (0, b"DICM", "a DICOM image"),
        (0, b"\x93NUMPY", "a .npy array"),
        (0, b"PK\x03\x04", "a zip archive (.zip, .npz)"),
        (0, b"PK\x05\x06", "an empty zip archive"),
        (0, b"\x1f\x8b", "a gzip file"),
        (0, b"\x89HDF\r\n\x1a\n", "an HDF5 file"),
        (0, b"PAR1", "a Parquet file"),
        (0, b"%PDF", "a PDF document"),
        (0, b"MATLAB", "a MATLAB file"),
    ];
    let is_there = |&(at, magic, _): &(usize, &[u8], &'static str)| {
        start.get(at..).is_some_and(|rest| rest.starts_with(magic))
    };
    if start.is_empty() {
        return Some("an empty file");
    }
    // Texts can also start with the letters P1 to P7 and BM.
    let is_text = is_text(start);
    if let Some((_, magic, kind)) = KINDS.iter().find(|kind| is_there(kind))
        && (magic.len() > 2 || !is_text || is_portable_map(start))
    {
        return Some(kind);
    }
    match start {
        [0, 0, 0x08..=0x0e, 1..=8, ..] => Some("an IDX file"),
        [_, _, _, _, 0, 0, 0, 0, b'{', b'"', ..] => Some("a safetensors file"),
        _ if is_text => Some(match start.trim_ascii_start().first() {
            Some(b'{' | b'[') => "text (JSON or TOML)",
            Some(b'<') => "text (XML, SVG or HTML)",
            _ => "text",
        }),
        _ => None,
    }
}

/// Whether a text that starts with `P1` to `P7` continues as an image: a blank, then a digit or a comment.
fn is_portable_map(start: &[u8]) -> bool {
    match start {
        [b'P', b'1'..=b'7', blank, next, ..] => {
            blank.is_ascii_whitespace() && (next.is_ascii_digit() || *next == b'#')
        }
        _ => false,
    }
}

fn is_text(start: &[u8]) -> bool {
    // The last character may be cut off.
    let valid = match std::str::from_utf8(start) {
        Ok(_) => start.len(),
        Err(error) if error.error_len().is_none() => error.valid_up_to(),
        Err(_) => return false,
    };
    start[..valid].iter().all(|&byte| byte >= b' ' || byte.is_ascii_whitespace())
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

    #[test]
    fn kinds_are_told_by_content() {
        for (start, kind) in [
            (&b"\x89PNG\r\n\x1a\n...."[..], Some("a PNG image")),
            (b"RIFF\x10\0\0\0WEBPVP8 ", Some("a WebP image")),
            (b"BM\x46\0\0\0", Some("a BMP image")),
            (b"BMW,1,2", Some("text")),
            (b"P5\n4 4\n255\n", Some("a PGM image")),
            (b"P5 is a name", Some("text")),
            (b"0,1,2\n", Some("text")),
            (b"\0\0\x08\x03\0\0", Some("an IDX file")),
            (b"\x40\x01\0\0\0\0\0\0{\"__", Some("a safetensors file")),
            (b"\x13\x37\0\xff", None),
            (b"", Some("an empty file")),
        ] {
            assert_eq!(kind_of_bytes(start), kind, "{start:?}");
        }
    }
}

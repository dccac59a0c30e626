//! Recognises the kind of a file by its first bytes.

use std::io::Read;
use std::path::Path;

use super::open_regular;

/// Number of bytes used to recognise the kind of a file.
pub const KIND_START: usize = 512;

/// Returns the kind of a file from its first bytes, such as `a PNG image`; `None` for an unknown kind.
pub fn kind_of(path: &Path) -> Option<&'static str> {
    let mut start = Vec::new();
    open_regular(path).ok()?.take(KIND_START as u64).read_to_end(&mut start).ok()?;
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

#[cfg(test)]
mod tests {
    use super::*;

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

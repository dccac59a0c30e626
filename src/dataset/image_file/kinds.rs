//! Kinds of image files.

use super::decoded::{DecodeError, Decoded};
use super::{bmp, gif, jpeg, png, pnm, tiff, webp};
use crate::files;
use crate::text::one_of;

/// A kind of image file.
pub(super) struct ImageKind {
    pub(super) name: &'static str,
    /// Extensions of file names, in lower case.
    endings: &'static [&'static str],
    /// Kinds by content, see [`files::kind_of_bytes`].
    contents: &'static [&'static str],
    pub(super) decode: fn(&[u8]) -> Result<Decoded, DecodeError>,
}

static KINDS: [ImageKind; 7] = [
    ImageKind { name: "PNG", endings: &["png"], contents: &["a PNG image"], decode: png::decode },
    ImageKind {
        name: "JPEG",
        endings: &["jpg", "jpeg"],
        contents: &["a JPEG image"],
        decode: jpeg::decode,
    },
    ImageKind { name: "BMP", endings: &["bmp"], contents: &["a BMP image"], decode: bmp::decode },
    ImageKind { name: "GIF", endings: &["gif"], contents: &["a GIF image"], decode: gif::decode },
    ImageKind {
        name: "WebP",
        endings: &["webp"],
        contents: &["a WebP image"],
        decode: webp::decode,
    },
    ImageKind {
        name: "TIFF",
        endings: &["tif", "tiff"],
        contents: &["a TIFF image"],
        decode: tiff::decode,
    },
    ImageKind {
        name: "PGM",
        endings: &["pgm", "ppm", "pbm", "pnm"],
        contents: &["a PGM image", "a PPM image", "a PBM image"],
        decode: pnm::decode,
    },
];

/// Returns the kind of an image with these bytes.
pub(super) fn of_bytes(bytes: &[u8]) -> Option<&'static ImageKind> {
    let content = files::kind_of_bytes(bytes.get(..files::KIND_START).unwrap_or(bytes))?;
    KINDS.iter().find(|kind| kind.contents.contains(&content))
}

/// Returns the extensions of all kinds.
pub(in crate::dataset) fn endings() -> impl Iterator<Item = &'static str> {
    KINDS.iter().flat_map(|kind| kind.endings).copied()
}

/// Returns the names of all kinds: `PNG, JPEG, .. or PGM`.
pub(in crate::dataset) fn kind_names() -> String {
    let names: Vec<&str> = KINDS.iter().map(|kind| kind.name).collect();
    one_of(&names)
}

//! Decodes PNG. Checks all chunks first, since the decoder stops at the last row of pixels.

use std::io::Cursor;

use super::decoded::{DecodeError, Decoded, limits};
use image::codecs::png::PngDecoder;
use image::metadata::Orientation;

const SIGNATURE: usize = 8;

/// Metadata found in the chunks.
struct Chunks<'a> {
    exif: Option<&'a [u8]>,
    is_animated: bool,
}

pub(super) fn decode(bytes: &[u8]) -> Result<Decoded, DecodeError> {
    let chunks = walk(bytes)?;
    let decoder = PngDecoder::with_limits(Cursor::new(bytes), limits())?;
    let decoded = Decoded::of_decoder(decoder, chunks.is_animated)?;
    // The decoder stops before EXIF that follows the pixels.
    let orientation = chunks.exif.and_then(orientation).unwrap_or(Orientation::NoTransforms);
    Ok(Decoded { orientation, ..decoded })
}

/// Walks through all chunks up to the last, `IEND`. EXIF may follow the pixels.
fn walk(bytes: &[u8]) -> Result<Chunks<'_>, DecodeError> {
    let mut chunks = Chunks { exif: None, is_animated: false };
    let mut rest = bytes.get(SIGNATURE..).unwrap_or_default();
    loop {
        let (length, tail) =
            rest.split_first_chunk().ok_or("the file ends before its last chunk")?;
        let length = u32::from_be_bytes(*length) as usize;
        let cut = "the file ends inside a chunk";
        let (kind, tail) = tail.split_first_chunk::<4>().ok_or(cut)?;
        let data = tail.get(..length).ok_or(cut)?;
        rest = tail.get(length + 4..).ok_or(cut)?;
        match kind {
            b"eXIf" => chunks.exif = Some(data),
            b"acTL" => chunks.is_animated = true,
            b"IEND" => return Ok(chunks),
            _ => {}
        }
    }
}

fn orientation(exif: &[u8]) -> Option<Orientation> {
    // Some writers keep JPEG's prefix of EXIF data.
    Orientation::from_exif_chunk(exif.strip_prefix(b"Exif\0\0").unwrap_or(exif))
}

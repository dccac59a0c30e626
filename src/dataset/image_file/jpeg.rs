//! Decodes JPEG strictly, since the image crate's decoder fills missing pixels with grey.

use image::metadata::Orientation;
use image::{DynamicImage, GrayImage, RgbImage};
use zune_jpeg::JpegDecoder;
use zune_jpeg::zune_core::bytestream::ZCursor;
use zune_jpeg::zune_core::colorspace::ColorSpace;
use zune_jpeg::zune_core::options::DecoderOptions;

use super::decoded::{DecodeError, Decoded, MAX_SIDE, check_sizes};

/// Bits of one, which no Huffman code starts with: a decoder that lacks pixels fails on them. A complete image ends
/// before them.
const NO_CODE: [u8; 8] = [0xff, 0, 0xff, 0, 0xff, 0, 0xff, 0];

pub(super) fn decode(bytes: &[u8]) -> Result<Decoded, DecodeError> {
    let end = end_marker(bytes)?;
    let ended = [&bytes[..end], &NO_CODE, &bytes[end..]].concat();
    // On failure, describe the fault of the file itself. The decoder fills missing pixels with grey.
    decode_strictly(&ended)
        .or_else(|_| decode_strictly(bytes).and(Err("pixels are missing at the end".into())))
}

fn decode_strictly(bytes: &[u8]) -> Result<Decoded, DecodeError> {
    let options = DecoderOptions::default()
        .set_max_width(MAX_SIDE as usize)
        .set_max_height(MAX_SIDE as usize)
        .set_strict_mode(true);
    let mut decoder = JpegDecoder::new_with_options(ZCursor::new(bytes), options);
    decoder.decode_headers()?;
    let (width, height) = decoder.dimensions().ok_or("the header has no size")?;
    let (columns, rows) = (width as u32, height as u32);
    check_sizes(columns, rows, 3)?;
    let is_grey = decoder.input_colorspace() == Some(ColorSpace::Luma);
    let space = if is_grey { ColorSpace::Luma } else { ColorSpace::RGB };
    decoder.set_options(options.jpeg_set_out_colorspace(space));
    let exif = decoder.exif().and_then(|exif| Orientation::from_exif_chunk(exif));
    let pixels = decoder.decode()?;
    let image = match is_grey {
        true => GrayImage::from_raw(columns, rows, pixels).map(DynamicImage::from),
        false => RgbImage::from_raw(columns, rows, pixels).map(DynamicImage::from),
    };
    let image = image.ok_or("the header's size differs from that of the pixels")?;
    Ok(Decoded::new(image, exif.unwrap_or(Orientation::NoTransforms), false))
}

/// Returns the index of the image's own end marker; embedded thumbnails have one, too.
///
/// # Errors
/// Returns an error if there is none.
fn end_marker(bytes: &[u8]) -> Result<usize, DecodeError> {
    const END: u8 = 0xd9;
    const SCAN: u8 = 0xda;
    let mut at = 0;
    loop {
        let marker = next_marker(bytes, at).ok_or("the file is truncated")?;
        at = marker + 1;
        match bytes[marker] {
            END => return Ok(marker - 1),
            // Markers without a length.
            0x01 | 0xd0..=0xd8 => {}
            kind => {
                let length = bytes.get(at..at + 2).ok_or("the file ends inside a marker")?;
                at += usize::from(u16::from_be_bytes([length[0], length[1]]));
                if kind == SCAN {
                    at = scan_end(bytes, at);
                }
            }
        }
    }
}

/// Returns the index of the next marker's type byte, after one or more bytes of 0xff.
fn next_marker(bytes: &[u8], from: usize) -> Option<usize> {
    let start = from + bytes.get(from..)?.iter().position(|&byte| byte == 0xff)?;
    Some(start + bytes[start..].iter().position(|&byte| byte != 0xff)?)
}

/// Returns the end of the entropy-coded pixels: the next marker that is not part of them.
fn scan_end(bytes: &[u8], from: usize) -> usize {
    let pairs = bytes.get(from..).unwrap_or_default().windows(2);
    let is_end = |pair: &[u8]| pair[0] == 0xff && !matches!(pair[1], 0 | 0xd0..=0xd7 | 0xff);
    pairs.into_iter().position(is_end).map_or(bytes.len(), |at| from + at)
}

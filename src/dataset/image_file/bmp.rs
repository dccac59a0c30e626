//! Decodes BMP.

use std::io::Cursor;

use image::codecs::bmp::BmpDecoder;

use super::decoded::{DecodeError, Decoded};

pub(super) fn decode(bytes: &[u8]) -> Result<Decoded, DecodeError> {
    Decoded::of_decoder(BmpDecoder::new(Cursor::new(bytes))?, false)
}

//! Decodes WebP: the first frame if it is animated.

use std::io::Cursor;

use image::codecs::webp::WebPDecoder;

use super::decoded::{DecodeError, Decoded};

pub(super) fn decode(bytes: &[u8]) -> Result<Decoded, DecodeError> {
    let decoder = WebPDecoder::new(Cursor::new(bytes))?;
    let is_animated = decoder.has_animation();
    Decoded::of_decoder(decoder, is_animated)
}

//! Decodes the first frame of a GIF.

use std::io::Cursor;

use gif::DecodeOptions;
use image::codecs::gif::GifDecoder;

use super::decoded::{DecodeError, Decoded};

pub(super) fn decode(bytes: &[u8]) -> Result<Decoded, DecodeError> {
    let is_animated = count_frames(bytes)? > 1;
    Decoded::of_decoder(GifDecoder::new(Cursor::new(bytes))?, is_animated)
}

/// Returns the number of frames.
///
/// # Errors
/// Returns an error if the file is truncated: the image crate's decoder stops after the first frame.
fn count_frames(bytes: &[u8]) -> Result<usize, DecodeError> {
    let mut options = DecodeOptions::new();
    options.skip_frame_decoding(true);
    let mut decoder = options.read_info(bytes)?;
    let mut frames = 0;
    while decoder.next_frame_info()?.is_some() {
        frames += 1;
    }
    Ok(frames)
}

//! Decodes the first page of a TIFF.

use std::io::Cursor;

use image::codecs::tiff::TiffDecoder;
use image::{ExtendedColorType, ImageDecoder};
use tiff::decoder::Decoder;
use tiff::tags::{ExtraSamples, Tag};

use super::decoded::{DecodeError, Decoded};

pub(super) fn decode(bytes: &[u8]) -> Result<Decoded, DecodeError> {
    let mut pages = Decoder::new(Cursor::new(bytes))?;
    let extra: Vec<u16> = pages.find_tag_unsigned_vec(Tag::ExtraSamples)?.unwrap_or_default();
    if extra.contains(&ExtraSamples::AssociatedAlpha.to_u16()) {
        return Err("colours are multiplied by the opacity; expected straight opacity".into());
    }
    let decoder = TiffDecoder::new(Cursor::new(bytes))?;
    if let ExtendedColorType::Cmyk8 | ExtendedColorType::Cmyk16 = decoder.original_color_type() {
        return Err("colours are CMYK; expected grey or RGB".into());
    }
    Decoded::of_decoder(decoder, pages.more_images())
}

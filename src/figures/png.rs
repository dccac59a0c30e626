//! PNG files.

use image::codecs::png::{CompressionType, FilterType, PngEncoder};

/// Pixels of a PNG per pixel of the SVG, in each direction.
pub(super) const PNG_SCALE: u32 = 2;

/// Encodes RGB bytes as PNG, or returns the encoder's message.
pub(super) fn encode_png(width: u32, height: u32, pixels: Vec<u8>) -> Result<Vec<u8>, String> {
    let image = image::RgbImage::from_raw(width, height, pixels).ok_or("pixels are missing")?;
    let mut bytes = Vec::new();
    let encoder =
        PngEncoder::new_with_quality(&mut bytes, CompressionType::Best, FilterType::Adaptive);
    image.write_with_encoder(encoder).map_err(|error| error.to_string())?;
    Ok(bytes)
}

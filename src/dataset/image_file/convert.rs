//! Converts pixels to bytes: scales 16-bit values and composites transparent pixels onto a background.

use image::{DynamicImage, GrayImage, RgbImage};

use super::super::conversions::ImageConversion;
use super::super::error::invalid_with_hint;
use super::super::read_options::{Background, FULL_SCALE};
use super::super::{DatasetError, Location, ReadOptions};
use super::decoded::LoadedImage;

/// Byte of white.
const WHITE: u32 = u8::MAX as u32;

/// Converts an image to 8 bits per sample without transparency.
///
/// # Errors
/// Returns an error if a pixel is transparent and no background is given, or a value exceeds the given maximum.
pub(super) fn flatten(
    loaded: &LoadedImage,
    options: &ReadOptions,
) -> Result<(DynamicImage, ImageConversion), DatasetError> {
    let image = &loaded.image;
    let mut conversion = ImageConversion {
        is_reoriented: loaded.is_reoriented,
        is_animated: loaded.is_animated,
        ..ImageConversion::default()
    };
    let channels = usize::from(image.color().channel_count());
    let is_16_bit = usize::from(image.color().bytes_per_pixel()) == 2 * channels;
    let full_scale = if is_16_bit { u16::MAX } else { u16::from(u8::MAX) };
    let full_scale = loaded.white.unwrap_or(full_scale);
    let has_alpha = image.color().has_alpha();
    let colours = if has_alpha { channels - 1 } else { channels };

    let samples = samples(image, is_16_bit);
    let (mut bytes, mut is_transparent) = (Vec::with_capacity(samples.len()), false);
    let scale = PixelScale::of(loaded, options, full_scale)?;
    for pixel in samples.chunks_exact(channels) {
        let alpha = if has_alpha { pixel[colours] } else { full_scale };
        is_transparent |= alpha < full_scale;
        for &value in &pixel[..colours] {
            // Ignore the colour of fully transparent pixels.
            if alpha > 0 {
                conversion.largest = conversion.largest.max(u32::from(value));
            }
            bytes.push(composite(scale.byte(value), alpha, full_scale, options.background));
        }
        conversion.is_greyscaled |=
            !options.colour && pixel[..colours].iter().any(|&value| value != pixel[0]);
    }
    if is_transparent && options.background.is_none() {
        let location = Location::whole(loaded.file.clone());
        let hint = "choose a background: --background black or --background white";
        return Err(invalid_with_hint(location, "an opaque image", "transparent pixels", hint));
    }
    if let Some(max_value) = scale.max_value
        && conversion.largest > max_value
    {
        let location = Location::whole(loaded.file.clone());
        let hint = "set --max-value to the largest value of all images";
        let expected = format!("values up to {max_value} (--max-value)");
        return Err(invalid_with_hint(location, expected, conversion.largest, hint));
    }
    conversion.is_composited = is_transparent;
    // A file that states its white needs no rule for 16 bits.
    conversion.is_16_bit = is_16_bit && loaded.white.is_none();
    conversion.is_rescaled =
        loaded.white.is_some_and(|white| u32::from(white) != WHITE) && scale.max_value.is_none();
    conversion.depth = if is_16_bit { 16 } else { 8 };
    let (width, height) = (image.width(), image.height());
    let flat = match colours {
        1 => GrayImage::from_raw(width, height, bytes).map(DynamicImage::from),
        _ => RgbImage::from_raw(width, height, bytes).map(DynamicImage::from),
    };
    Ok((flat.unwrap_or_default(), conversion))
}

/// Returns all samples, row by row.
fn samples(image: &DynamicImage, is_16_bit: bool) -> Vec<u16> {
    let bytes = image.as_bytes();
    match is_16_bit {
        true => bytes.as_chunks().0.iter().map(|&pair| u16::from_ne_bytes(pair)).collect(),
        false => bytes.iter().map(|&byte| u16::from(byte)).collect(),
    }
}

/// Scale from an image's values to bytes.
struct PixelScale {
    /// Value that becomes 255.
    white: u32,
    /// Largest accepted value, if given.
    max_value: Option<u32>,
}

impl PixelScale {
    fn of(
        loaded: &LoadedImage,
        options: &ReadOptions,
        full_scale: u16,
    ) -> Result<PixelScale, DatasetError> {
        let full = u32::from(full_scale);
        match options.max_value {
            None | Some(FULL_SCALE) => Ok(PixelScale { white: full, max_value: None }),
            Some(max_value) if max_value > full => {
                let location = Location::whole(loaded.file.clone());
                let hint = "--max-value 255 reads 8-bit images as they are";
                let (expected, found) = match loaded.white {
                    None => ("a 16-bit image".to_string(), "an 8-bit image".to_string()),
                    Some(white) => {
                        ("an image of larger values".to_string(), format!("values up to {white}"))
                    }
                };
                let expected = format!("{expected} (--max-value {max_value})");
                Err(invalid_with_hint(location, expected, found, hint))
            }
            Some(max_value) => Ok(PixelScale { white: max_value, max_value: Some(max_value) }),
        }
    }

    fn byte(&self, value: u16) -> u8 {
        let scaled = (2 * 255 * u32::from(value) + self.white) / (2 * self.white);
        scaled.min(255) as u8
    }
}

/// Composites a byte onto the background with opacity `alpha / full_scale`.
fn composite(byte: u8, alpha: u16, full_scale: u16, background: Option<Background>) -> u8 {
    let ground = background.map_or(0, Background::byte);
    let (alpha, full_scale) = (u32::from(alpha), u32::from(full_scale));
    let sum = u32::from(byte) * alpha + u32::from(ground) * (full_scale - alpha);
    ((2 * sum + full_scale) / (2 * full_scale)) as u8
}

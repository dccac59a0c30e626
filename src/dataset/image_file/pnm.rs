//! Decodes PGM, PPM and PBM, as text and as bytes (P1 to P6).
//!
//! The image crate reads the header. Its samples are not used: values above the largest one would become white, and
//! smaller ranges would lose their scale.

use std::io::Cursor;

use image::codecs::pnm::{PnmDecoder, PnmSubtype, SampleEncoding};
use image::metadata::Orientation;
use image::{DynamicImage, ImageBuffer, ImageDecoder, Luma, Pixel, Rgb};

use super::decoded::{DecodeError, Decoded, check_sizes};

const TRUNCATED: &str = "the file is truncated";

pub(super) fn decode(bytes: &[u8]) -> Result<Decoded, DecodeError> {
    let mut cursor = Cursor::new(bytes);
    let decoder = PnmDecoder::new(&mut cursor)?;
    let (width, height) = decoder.dimensions();
    let (subtype, white) = (decoder.subtype(), decoder.header().maximal_sample());
    // Decoded samples have 16 bits.
    let channels = u64::from(decoder.color_type().channel_count());
    check_sizes(width, height, 2 * channels)?;
    if let PnmSubtype::Bitmap(_) = subtype {
        return Decoded::of_decoder(decoder, false);
    }
    let count = width as usize * height as usize * channels as usize;
    let start = cursor.position() as usize;
    let raster = bytes.get(start..).unwrap_or_default();
    let white = u16::try_from(white)?;
    let (samples, rest) = match subtype.sample_encoding() {
        SampleEncoding::Binary => binary(raster, count, white)?,
        SampleEncoding::Ascii => (text(raster, count)?, &[][..]),
    };
    if let Some(above) = samples.iter().find(|&&sample| sample > white) {
        return Err(format!("a sample is {above}; the header's largest is {white}").into());
    }
    // Several images may follow each other in one file.
    let is_animated = matches!(rest.trim_ascii_start(), [b'P', b'1'..=b'6', ..]);
    let image = match (channels, u8::try_from(white).is_ok()) {
        (1, true) => image_of::<Luma<u8>>(width, height, low_bytes(&samples)),
        (1, false) => image_of::<Luma<u16>>(width, height, samples),
        (_, true) => image_of::<Rgb<u8>>(width, height, low_bytes(&samples)),
        (_, false) => image_of::<Rgb<u16>>(width, height, samples),
    };
    let image = image.ok_or("the header's size differs from that of the pixels")?;
    let decoded = Decoded::new(image, Orientation::NoTransforms, is_animated);
    Ok(Decoded { white: Some(white), ..decoded })
}

fn image_of<P: Pixel>(width: u32, height: u32, samples: Vec<P::Subpixel>) -> Option<DynamicImage>
where
    DynamicImage: From<ImageBuffer<P, Vec<P::Subpixel>>>,
{
    ImageBuffer::from_raw(width, height, samples).map(DynamicImage::from)
}

fn low_bytes(samples: &[u16]) -> Vec<u8> {
    samples.iter().map(|&sample| sample as u8).collect()
}

/// Returns the samples of a raster of bytes, and the bytes after it. Samples above 255 take two bytes, the high one
/// first.
fn binary(raster: &[u8], count: usize, white: u16) -> Result<(Vec<u16>, &[u8]), DecodeError> {
    let size = if u8::try_from(white).is_ok() { 1 } else { 2 };
    let (raster, rest) = raster.split_at_checked(count * size).ok_or(TRUNCATED)?;
    let samples = match size {
        1 => raster.iter().map(|&sample| u16::from(sample)).collect(),
        _ => raster.as_chunks().0.iter().map(|&pair| u16::from_be_bytes(pair)).collect(),
    };
    Ok((samples, rest))
}

/// Returns the samples of a raster of decimal numbers.
fn text(raster: &[u8], count: usize) -> Result<Vec<u16>, DecodeError> {
    let words = raster.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
    let number = |word: &[u8]| str::from_utf8(word).ok()?.parse().ok();
    let samples: Option<Vec<u16>> = words.take(count).map(number).collect();
    let samples = samples.ok_or("a sample is no number from 0 to 65535")?;
    if samples.len() < count { Err(TRUNCATED.into()) } else { Ok(samples) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn samples(bytes: &[u8]) -> Vec<u16> {
        let image = decode(bytes).unwrap().image;
        match image {
            DynamicImage::ImageLuma16(image) => image.into_raw(),
            image => image.into_bytes().into_iter().map(u16::from).collect(),
        }
    }

    fn error(bytes: &[u8]) -> String {
        decode(bytes).err().unwrap().to_string()
    }

    #[test]
    fn samples_and_white_are_those_of_the_file() {
        assert_eq!(samples(b"P2\n# made by hand\n3 1\n15\n0 7\n15"), [0, 7, 15]);
        assert_eq!(samples(b"P5 2 1 255\n\x0a\x20"), [10, 32]);
        assert_eq!(samples(b"P5 2 1 4095\n\x0f\xff\x00\x01"), [4095, 1]);
        assert_eq!(samples(b"P3 1 1 255 1 2 3"), [1, 2, 3]);
        assert_eq!(samples(b"P6 1 1 9\n\x01\x02\x09"), [1, 2, 9]);
        assert_eq!(samples(b"P1 3 1\n0 1 0"), [255, 0, 255]);
        assert_eq!(decode(b"P2 1 1 15 3").unwrap().white, Some(15));
    }

    #[test]
    fn sample_outside_the_range_returns_error() {
        assert_eq!(error(b"P5 1 1 15\n\x10"), "a sample is 16; the header's largest is 15");
        assert_eq!(error(b"P2 2 1 15 3 16"), "a sample is 16; the header's largest is 15");
        assert_eq!(error(b"P2 2 1 15 3 -1"), "a sample is no number from 0 to 65535");
        assert_eq!(error(b"P2 2 1 15 3"), TRUNCATED);
        assert_eq!(error(b"P6 9 9 255\n..."), TRUNCATED);
        assert!(error(b"P5 60000 60000 255\n").contains("the limits are"));
    }

    #[test]
    fn file_of_several_images_is_marked() {
        let one = &b"P5 1 1 255\n\x07"[..];
        assert!(!decode(one).unwrap().is_animated);
        assert!(decode(&[one, one].concat()).unwrap().is_animated);
    }
}

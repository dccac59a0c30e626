//! Rarer variants of PNG and JPEG, with values as read by Pillow.

use std::io::Write;

use apical::dataset::{Background, Dataset, ReadOptions};
use flate2::Compression;
use flate2::write::ZlibEncoder;

use super::pixels::{assert_error, crc32, first_image};
use super::{folder_of, sized};

/// Returns a PNG of 2 x 2 pixels. `lines`: uncompressed bytes, with a filter byte before each line.
fn png([depth, kind, interlaced]: [u8; 3], chunks: &[(&[u8], &[u8])], lines: &[u8]) -> Vec<u8> {
    let mut packed = ZlibEncoder::new(Vec::new(), Compression::default());
    packed.write_all(lines).unwrap();
    let packed = packed.finish().unwrap();
    let header = [0, 0, 0, 2, 0, 0, 0, 2, depth, kind, 0, 0, interlaced];
    let mut bytes = b"\x89PNG\r\n\x1a\n".to_vec();
    let all = [&[(&b"IHDR"[..], &header[..])], chunks, &[(b"IDAT", &packed), (b"IEND", b"")]];
    for (kind, content) in all.concat() {
        let checked = [kind, content].concat();
        bytes.extend((content.len() as u32).to_be_bytes());
        bytes.extend(&checked);
        bytes.extend(crc32(&checked).to_be_bytes());
    }
    bytes
}

const GREY: u8 = 0;
const PALETTE: u8 = 3;
const GREY_ALPHA: u8 = 4;
/// A palette of grey levels.
const SHADES: &[u8] = &[0, 0, 0, 10, 10, 10, 200, 200, 200, 7, 7, 7];
/// Pixels 0, 1, 2, 3 of two bits.
const COUNT: &[u8] = &[0, 0b0001_0000, 0, 0b1011_0000];

#[test]
fn png_of_few_bits_uses_the_full_scale() {
    let read = |bytes| first_image(bytes, &ReadOptions::default()).0;
    assert_eq!(read(png([1, GREY, 0], &[], &[0, 0b1000_0000, 0, 0b0100_0000])), [255, 0, 0, 255]);
    assert_eq!(read(png([2, GREY, 0], &[], COUNT)), [0, 85, 170, 255]);
    assert_eq!(read(png([4, GREY, 0], &[], &[0, 0x05, 0, 0xaf])), [0, 85, 170, 255]);
    assert_eq!(read(png([2, PALETTE, 0], &[(b"PLTE", SHADES)], COUNT)), [0, 10, 200, 7]);
}

#[test]
fn interlaced_png_has_pixels_in_order() {
    // The Adam7 passes of 2 x 2 pixels.
    let bytes = png([8, GREY, 1], &[], &[0, 11, 0, 22, 0, 33, 44]);
    assert_eq!(first_image(bytes, &ReadOptions::default()).0, [11, 22, 33, 44]);
}

#[test]
fn transparent_palette_and_key_need_a_background() {
    let white = ReadOptions { background: Some(Background::White), ..ReadOptions::default() };
    let palette =
        |alpha: &[u8]| png([2, PALETTE, 0], &[(b"PLTE", SHADES), (b"tRNS", alpha)], COUNT);
    assert_eq!(first_image(palette(&[255, 255]), &ReadOptions::default()).0, [0, 10, 200, 7]);
    assert_error(palette(&[255, 128]), &ReadOptions::default(), "expected an opaque image");
    assert_eq!(first_image(palette(&[255, 128]), &white).0, [0, 132, 200, 7]);
    let key = || png([2, GREY, 0], &[(b"tRNS", &[0, 1])], COUNT);
    assert_error(key(), &ReadOptions::default(), "expected an opaque image");
    assert_eq!(first_image(key(), &white).0, [0, 255, 170, 255]);
}

#[test]
fn grey_alpha_of_16_bits_is_read_at_full_scale() {
    let pixel = |value: u16, alpha: u16| [value.to_be_bytes(), alpha.to_be_bytes()].concat();
    let image = |alpha: u16| {
        let [a, b] = [pixel(100 * 257, alpha), pixel(7 * 257, u16::MAX)];
        png([16, GREY_ALPHA, 0], &[], &[&[0], &a[..], &b, &[0], &b, &a].concat())
    };
    assert_eq!(first_image(image(u16::MAX), &ReadOptions::default()).0, [100, 7, 7, 100]);
    assert_error(image(0x8000), &ReadOptions::default(), "expected an opaque image");
}

/// The files were written by Pillow: 16 x 16 pixels, left half (200, 40, 90), right half (20, 120, 240).
#[test]
fn progressive_and_cmyk_jpeg_have_their_colours() {
    let progressive = include_bytes!("progressive.jpg");
    let cmyk = include_bytes!("cmyk.jpg");
    for bytes in [&progressive[..], cmyk] {
        let names = ["train/a/0.jpg", "train/b/0.jpg", "test/a/0.jpg", "test/b/0.jpg"];
        let folder = folder_of(names.map(|name| (name, bytes.to_vec())));
        let options = ReadOptions { colour: true, ..sized(16, 16) };
        let set = Dataset::open_as(folder.path(), &options).unwrap();
        for (column, colour) in [(2, [200, 40, 90]), (12, [20, 120, 240])] {
            let found = &set.image(0)[(3 * 16 + column) * 3..][..3];
            let is_near = found.iter().zip(colour).all(|(&byte, known)| byte.abs_diff(known) <= 3);
            assert!(is_near, "{found:?}, not {colour:?}");
        }
    }
}

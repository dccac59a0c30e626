//! Text in pictures: any script, cut to the room that there is.
//!
//! A PNG is drawn with fonts that are part of the program, so that it is the same on every machine. An SVG names a
//! family of fonts and leaves the choice to the viewer.

mod fonts;
mod layout;

use image::{Rgb, RgbImage};

use fonts::{EM, glyph};
use layout::clusters;

/// Ends a text that was cut.
const CUT: char = '…';

/// Text without characters that have no place on a line, or in XML.
pub(super) fn one_line(text: &str) -> String {
    let safe = |c: char| match c {
        c if c.is_control() => ' ',
        '\u{2028}' | '\u{2029}' => ' ',
        '\u{fffe}' | '\u{ffff}' => char::REPLACEMENT_CHARACTER,
        c => c,
    };
    text.chars().map(safe).collect()
}

/// Width of a text in pixels, at a font size of plotters.
pub(super) fn width(text: &str, size: f64) -> f64 {
    clusters(text).iter().map(|cluster| advance(cluster, size)).sum()
}

/// The text, or as much of its beginning as fits into `room` pixels, with an ellipsis.
pub(super) fn fitted(text: &str, size: f64, room: f64) -> String {
    let text = one_line(text);
    if width(&text, size) <= room {
        return text;
    }
    let mut letters: Vec<char> = text.chars().collect();
    while letters.pop().is_some() {
        let cut: String = letters.iter().collect::<String>().trim_end().to_string() + "…";
        if width(&cut, size) <= room {
            return cut;
        }
    }
    CUT.to_string()
}

/// Pixels from the beginning of one cluster to that of the next.
fn advance(cluster: &str, size: f64) -> f64 {
    cluster.chars().next().map_or(0.0, |base| glyph(base).advance() * size / EM)
}

/// Draws a text from `(0, 0)`, the left end of its baseline, to the right: `draw` takes a pixel and its part that is
/// covered.
pub(super) fn draw(text: &str, size: f64, draw: &mut dyn FnMut(i32, i32, f32)) {
    let em = size / EM;
    let mut x = 0.0;
    for cluster in clusters(text) {
        let advance = advance(&cluster, size);
        for (index, letter) in cluster.chars().enumerate() {
            let glyph = glyph(letter);
            // Accents lie over the middle of their letter.
            let left = match index {
                0 => x,
                _ => x + advance / 2.0 - glyph.middle() * em,
            };
            glyph.draw(left, em, draw);
        }
        x += advance;
    }
}

/// A text in black on white, cut to `room` pixels.
pub(crate) fn label(text: &str, size: u32, room: u32) -> RgbImage {
    let text = fitted(text, size.into(), room.into());
    let (width, size) = (width(&text, size.into()).ceil() as u32, f64::from(size));
    let (height, baseline) = ((1.2 * size).ceil() as u32, (0.9 * size).round() as i32);
    let mut pixels = RgbImage::from_pixel(width.max(1), height, Rgb([255; 3]));
    draw(&text, size, &mut |x, y, part| {
        let (Ok(x), Ok(y)) = (u32::try_from(x), u32::try_from(y + baseline)) else { return };
        if let Some(pixel) = pixels.get_pixel_mut_checked(x, y) {
            *pixel = Rgb(pixel.0.map(|value| (f32::from(value) * (1.0 - part)).round() as u8));
        }
    });
    pixels
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Pixels of a text, as a set that can be compared.
    fn ink(text: &str) -> Vec<(i32, i32)> {
        let mut pixels = Vec::new();
        draw(text, 26.0, &mut |x, y, part| {
            if part > 0.5 {
                pixels.push((x, y));
            }
        });
        pixels.sort();
        pixels.dedup();
        pixels
    }

    #[test]
    fn every_script_has_ink_of_its_own() {
        let missing = ink("\u{10ffff}");
        let scripts = ["é", "ω", "Ж", "猫", "ひ", "한", "ق", "א", "क", "ต", "🐱", "→", "e\u{301}"];
        let drawn = scripts.map(ink);
        for (index, pixels) in drawn.iter().enumerate() {
            assert!(pixels.len() > 5, "{}", scripts[index]);
            assert_ne!(*pixels, missing, "{}", scripts[index]);
            assert!(!drawn[..index].contains(pixels), "{}", scripts[index]);
        }
    }

    #[test]
    fn ink_lies_within_the_width() {
        for text in ["apical", "猫と犬", "שלום", "قطة", "🐱🐶", "mixed 猫 ω"] {
            let pixels = ink(text);
            let (first, last) = (pixels[0].0, pixels[pixels.len() - 1].0);
            let width = width(text, 26.0);
            assert!(
                first >= -2 && f64::from(last) <= width + 2.0,
                "{text}: {first} {last} {width}"
            );
            assert!(f64::from(last - first) > 0.6 * width, "{text}: {first} {last} {width}");
        }
    }

    #[test]
    fn right_to_left_text_begins_at_the_right() {
        // Alef is the first letter of the second word of a mixed line, and stands behind bet.
        assert_eq!(clusters("אב").concat(), "בא");
        assert_eq!(clusters("a אב").concat(), "a בא");
        // Letters in the middle of an Arabic word are joined.
        assert!(clusters("قطة").concat().chars().all(|c| ('\u{fe70}'..='\u{feff}').contains(&c)));
    }

    #[test]
    fn accents_are_part_of_their_letter() {
        assert_eq!(clusters("e\u{301}a"), ["e\u{301}", "a"]);
        assert_eq!(width("e\u{301}", 20.0), width("e", 20.0));
        // What only tells letters apart or joins them has no ink.
        assert_eq!(clusters("a\u{200d}\u{fe0f}b"), ["a", "b"]);
    }

    #[test]
    fn long_text_is_cut_to_its_room() {
        let name = "a name that is far too long for its place";
        let cut = fitted(name, 13.0, 100.0);
        assert!(cut.ends_with(CUT) && name.starts_with(cut.trim_end_matches(CUT)), "{cut}");
        assert!(width(&cut, 13.0) <= 100.0 && width(&cut, 13.0) > 80.0);
        assert_eq!(fitted("short", 13.0, 100.0), "short");
        assert_eq!(fitted("a\nb\u{1}", 13.0, 100.0), "a b ");
        assert_eq!(fitted(name, 13.0, 1.0), "…");
    }
}

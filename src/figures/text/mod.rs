//! Text in figures: any script, cut to the available width.
//!
//! PNG uses embedded fonts, so that files are equal on every machine. SVG names a font family, which the viewer chooses.

mod fonts;
mod layout;

use std::collections::HashSet;

use image::{Rgb, RgbImage};
use unicode_width::UnicodeWidthChar;

use fonts::{EM, glyph};
use layout::clusters;

/// Mark of a cut.
const ELLIPSIS: char = '…';

/// Replaces characters that break a line or are invalid in XML.
pub(super) fn single_line(text: &str) -> String {
    let safe = |c: char| match c {
        c if c.is_control() => ' ',
        '\u{2028}' | '\u{2029}' => ' ',
        '\u{fffe}' | '\u{ffff}' => char::REPLACEMENT_CHARACTER,
        c => c,
    };
    text.chars().map(safe).collect()
}

/// Returns the width of a text in pixels. `size`: plotters' font size.
pub(super) fn width(text: &str, size: f64) -> f64 {
    clusters(text).iter().map(|cluster| advance(cluster, size)).sum()
}

/// Cuts the end of a text to fit into `room` pixels, marked by an ellipsis.
pub(super) fn fit_text(text: &str, size: f64, room: f64) -> String {
    let text = single_line(text);
    if width(&text, size) <= room {
        return text;
    }
    let mut letters: Vec<char> = text.chars().collect();
    while let Some(letter) = letters.pop() {
        // Remove an accent together with its letter.
        if letter.width() == Some(0) {
            continue;
        }
        let cut: String = letters.iter().collect::<String>().trim_end().to_string() + "…";
        if width(&cut, size) <= room {
            return cut;
        }
    }
    ELLIPSIS.to_string()
}

/// Cuts each text as [`fit_text`] does. If different texts then look the same, cuts the middle of all instead.
pub(super) fn fit_distinct(texts: &[&str], size: f64, room: f64) -> Vec<String> {
    let cut: Vec<String> = texts.iter().map(|text| fit_text(text, size, room)).collect();
    let count = |texts: &mut dyn Iterator<Item = &str>| texts.collect::<HashSet<_>>().len();
    let are_apart = count(&mut cut.iter().map(String::as_str)) == count(&mut texts.iter().copied());
    if are_apart {
        cut
    } else {
        texts.iter().map(|text| without_middle(text, size, room)).collect()
    }
}

/// Cuts the middle of a text to fit into `room` pixels, marked by an ellipsis.
fn without_middle(text: &str, size: f64, room: f64) -> String {
    let text = single_line(text);
    if width(&text, size) <= room {
        return text;
    }
    let letters: Vec<char> = text.chars().collect();
    for kept in (0..letters.len()).rev() {
        let (head, tail) = (kept.div_ceil(2), letters.len() - kept / 2);
        let is_accent =
            |position: usize| letters.get(position).is_some_and(|c| c.width() == Some(0));
        if is_accent(head) || is_accent(tail) {
            continue;
        }
        let [head, tail] = [&letters[..head], &letters[tail..]].map(String::from_iter);
        let cut = format!("{}{ELLIPSIS}{}", head.trim_end(), tail.trim_start());
        if width(&cut, size) <= room {
            return cut;
        }
    }
    ELLIPSIS.to_string()
}

/// Pixels from the beginning of one cluster to that of the next.
fn advance(cluster: &str, size: f64) -> f64 {
    cluster.chars().next().map_or(0.0, |base| glyph(base).advance() * size / EM)
}

/// Draws a text whose baseline starts at `(0, 0)`. `draw` receives each pixel with its coverage from 0 to 1.
pub(super) fn draw(text: &str, size: f64, draw: &mut dyn FnMut(i32, i32, f32)) {
    let em = size / EM;
    let mut x = 0.0;
    for cluster in clusters(text) {
        let advance = advance(&cluster, size);
        for (index, letter) in cluster.chars().enumerate() {
            let glyph = glyph(letter);
            // Centre accents over their letter.
            let left = match index {
                0 => x,
                _ => x + advance / 2.0 - glyph.middle() * em,
            };
            glyph.draw(left, em, draw);
        }
        x += advance;
    }
}

/// Renders texts in black on white, each cut to `room` pixels.
pub(crate) fn labels(texts: &[&str], size: u32, room: u32) -> Vec<RgbImage> {
    let texts = fit_distinct(texts, size.into(), room.into());
    texts.iter().map(|text| label(text, size)).collect()
}

fn label(text: &str, size: u32) -> RgbImage {
    let (width, size) = (width(text, size.into()).ceil() as u32, f64::from(size));
    let (height, baseline) = ((1.2 * size).ceil() as u32, (0.9 * size).round() as i32);
    let mut pixels = RgbImage::from_pixel(width.max(1), height, Rgb([255; 3]));
    draw(text, size, &mut |x, y, part| {
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

    /// Returns the sorted pixels of a text.
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
    fn every_script_has_its_own_glyphs() {
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
    fn glyphs_lie_within_the_width() {
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
    fn right_to_left_text_is_reversed() {
        // Alef is the first letter of the second word of a mixed line, and follows bet from the left.
        assert_eq!(clusters("אב").concat(), "בא");
        assert_eq!(clusters("a אב").concat(), "a בא");
        // Letters in the middle of an Arabic word are joined.
        assert!(clusters("قطة").concat().chars().all(|c| ('\u{fe70}'..='\u{feff}').contains(&c)));
    }

    #[test]
    fn accents_belong_to_their_letter() {
        assert_eq!(clusters("e\u{301}a"), ["e\u{301}", "a"]);
        assert_eq!(width("e\u{301}", 20.0), width("e", 20.0));
        // Joiners and variation selectors have no glyph.
        assert_eq!(clusters("a\u{200d}\u{fe0f}b"), ["a", "b"]);
    }

    #[test]
    fn long_text_is_cut_to_the_width() {
        let name = "a name that is far too long for its place";
        let cut = fit_text(name, 13.0, 100.0);
        assert!(
            cut.ends_with(ELLIPSIS) && name.starts_with(cut.trim_end_matches(ELLIPSIS)),
            "{cut}"
        );
        assert!(width(&cut, 13.0) <= 100.0 && width(&cut, 13.0) > 80.0);
        assert_eq!(fit_text("short", 13.0, 100.0), "short");
        assert_eq!(fit_text("a\nb\u{1}", 13.0, 100.0), "a b ");
        assert_eq!(fit_text(name, 13.0, 1.0), "…");
    }

    #[test]
    fn cut_names_with_common_start_stay_distinct() {
        let names = ["a long class name of cats", "a long class name of dogs", "short"];
        let cut = fit_distinct(&names, 13.0, 100.0);
        assert!(cut[0].starts_with("a ") && cut[0].ends_with("cats"), "{cut:?}");
        assert!(cut[1].ends_with("dogs") && cut[2] == "short", "{cut:?}");
        assert!(cut.iter().all(|name| width(name, 13.0) <= 100.0), "{cut:?}");
        // Names that are apart without it keep their beginnings.
        let names = ["cats with a long class name", "dogs with a long class name"];
        let cut = fit_distinct(&names, 13.0, 100.0);
        assert!(cut.iter().all(|name| name.ends_with(ELLIPSIS)), "{cut:?}");
    }

    #[test]
    fn cut_text_keeps_accents_with_letters() {
        let name = "e\u{301}".repeat(40);
        for cut in [fit_text(&name, 13.0, 60.0), without_middle(&name, 13.0, 60.0)] {
            let letters = cut.chars().filter(|c| *c == 'e').count();
            assert!(letters > 2 && cut.matches("e\u{301}").count() == letters, "{cut}");
            assert_eq!(cut.chars().filter(|c| *c == '\u{301}').count(), letters, "{cut}");
        }
    }
}

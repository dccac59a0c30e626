//! Embedded fonts for PNG, and their glyphs.
//!
//! Outline fonts: Ubuntu Light (Latin, Greek, Cyrillic), Noto Emoji, Hack (arrows, accents). All other characters are
//! bitmaps of GNU Unifont (SIL Open Font License 1.1).

use std::sync::{LazyLock, Mutex, PoisonError};

use ab_glyph::{Font, FontRef, GlyphId, Point};
use unifont_bitmap::Unifont;

/// Plotters' font size, em.
pub(super) const EM: f64 = 1.24;
/// Number of rows of a bitmap, and of rows above the baseline.
const ROWS: usize = 16;
const ASCENT: f64 = 14.0;
/// Height of a bitmap, em.
const BITMAP: f64 = 1.1;

static OUTLINES: LazyLock<Vec<FontRef<'static>>> = LazyLock::new(|| {
    use epaint_default_fonts::{HACK_REGULAR, NOTO_EMOJI_REGULAR, UBUNTU_LIGHT};
    let fonts = [UBUNTU_LIGHT, NOTO_EMOJI_REGULAR, HACK_REGULAR];
    // Skip an unreadable font; the next one has to provide its characters.
    fonts.into_iter().filter_map(|font| FontRef::try_from_slice(font).ok()).collect()
});

static BITMAPS: LazyLock<Mutex<Unifont>> = LazyLock::new(|| Mutex::new(Unifont::open()));

/// Glyph of a character.
pub(super) enum Glyph {
    Outline(&'static FontRef<'static>, GlyphId),
    /// Rows of bits, the leftmost pixel highest.
    Bitmap {
        rows: [u16; ROWS],
        columns: usize,
    },
}

/// Returns the glyph of a character, or of U+FFFD if no font has it.
pub(super) fn glyph(letter: char) -> Glyph {
    let outline = OUTLINES.iter().map(|font| (font, font.glyph_id(letter)));
    match outline.into_iter().find(|(_, id)| id.0 > 0) {
        Some((font, id)) => Glyph::Outline(font, id),
        None => bitmap(letter),
    }
}

fn bitmap(letter: char) -> Glyph {
    // Ignore mutex poisoning: the cache of bitmaps stays valid.
    let mut font = BITMAPS.lock().unwrap_or_else(PoisonError::into_inner);
    let bitmap = font.load_bitmap(letter.into());
    let columns = if bitmap.is_wide() { 16 } else { 8 };
    let mut rows = [0; ROWS];
    for (row, bits) in rows.iter_mut().zip(bitmap.get_bytes().chunks(columns / 8)) {
        *row = bits.iter().fold(0, |row, byte| row << 8 | u16::from(*byte)) << (16 - columns);
    }
    Glyph::Bitmap { rows, columns }
}

impl Glyph {
    /// Returns the width, em.
    pub(super) fn advance(&self) -> f64 {
        match self {
            Glyph::Outline(font, id) => f64::from(font.h_advance_unscaled(*id)) / units(font),
            Glyph::Bitmap { columns, .. } => *columns as f64 * BITMAP / ROWS as f64,
        }
    }

    /// Returns the horizontal middle of the drawn area, em from its left edge.
    pub(super) fn middle(&self) -> f64 {
        match self {
            Glyph::Outline(font, id) => font.outline(*id).map_or(0.0, |outline| {
                let bounds = outline.bounds;
                f64::from(bounds.min.x + bounds.max.x) / 2.0 / units(font)
            }),
            Glyph::Bitmap { .. } => self.advance() / 2.0,
        }
    }

    /// Draws the glyph on a baseline at 0, from `left` on, with `em` pixels per em.
    pub(super) fn draw(&self, left: f64, em: f64, draw: &mut dyn FnMut(i32, i32, f32)) {
        match self {
            Glyph::Outline(font, id) => {
                let scale = em * f64::from(font.height_unscaled()) / units(font);
                let position = Point { x: left as f32, y: 0.0 };
                let glyph = id.with_scale_and_position(scale as f32, position);
                let Some(outline) = font.outline_glyph(glyph) else { return };
                let corner = outline.px_bounds().min;
                let (x0, y0) = (corner.x as i32, corner.y as i32);
                outline.draw(|x, y, part| draw(x0 + x as i32, y0 + y as i32, part));
            }
            Glyph::Bitmap { rows, columns } => {
                let pixel = BITMAP * em / ROWS as f64;
                let is_set = |x: usize, y: usize| x < *columns && rows[y] & (0x8000u16 >> x) != 0;
                draw_bitmap(left, pixel, *columns, &is_set, draw);
            }
        }
    }
}

fn units(font: &FontRef) -> f64 {
    f64::from(font.units_per_em().unwrap_or(1000.0))
}

/// Draws squares of `side` pixels with antialiasing: a pixel's coverage is the area of the squares in it.
fn draw_bitmap(
    left: f64,
    side: f64,
    columns: usize,
    is_set: &dyn Fn(usize, usize) -> bool,
    draw: &mut dyn FnMut(i32, i32, f32),
) {
    let top = -ASCENT * side;
    let ends = |start: f64, count: usize| {
        (start.floor() as i32, (start + count as f64 * side).ceil() as i32)
    };
    let ((x0, x1), (y0, y1)) = (ends(left, columns), ends(top, ROWS));
    // Squares that overlap a pixel, with the overlap.
    let touched = |pixel: i32, start: f64, count: usize| {
        let (low, high) = (f64::from(pixel), f64::from(pixel + 1));
        let first = ((low - start) / side).floor().max(0.0) as usize;
        let last = (((high - start) / side).ceil().max(0.0) as usize).min(count);
        (first..last).map(move |index| {
            let square = start + index as f64 * side;
            (index, (high.min(square + side) - low.max(square)).max(0.0))
        })
    };
    for y in y0..y1 {
        for x in x0..x1 {
            let mut part = 0.0;
            for (row, height) in touched(y, top, ROWS) {
                for (column, width) in touched(x, left, columns) {
                    if is_set(column, row) {
                        part += height * width;
                    }
                }
            }
            if part > 0.0 {
                draw(x, y, part.min(1.0) as f32);
            }
        }
    }
}

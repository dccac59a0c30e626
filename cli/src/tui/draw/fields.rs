//! Receptive fields with two pixels per character, one above the other.

use ratatui::Frame;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Color;
use ratatui::widgets::{Block, Paragraph};

use crate::tui::state::State;
use apical::plots::receptive_fields::{GAP, RgbImage, receptive_fields};

/// Character whose upper half has the foreground colour and lower half the background colour.
const UPPER_HALF: &str = "\u{2580}";
/// Number of fields to show; fields are shrunk for it.
const MIN_FIELDS: usize = 8;
/// Largest side of the square of weights that becomes one pixel.
const MAX_SHRINK: usize = 4;

pub(super) fn draw(frame: &mut Frame, area: Rect, state: &State) {
    let block = Block::bordered().title("receptive fields");
    let inside = block.inner(area);
    let Some(pixels) = pixels(state, inside) else {
        frame.render_widget(Paragraph::new("no room, or no picture").block(block), area);
        return;
    };
    frame.render_widget(block, area);
    paint(frame.buffer_mut(), inside, &pixels, state.run.has_true_colour);
}

/// Returns an image of as many fields as fit.
fn pixels(state: &State, area: Rect) -> Option<RgbImage> {
    let images = &state.run.images;
    let count = |shrunk: usize| {
        let fit = |room: usize, side: usize| (room + GAP) / (side.div_ceil(shrunk) + GAP);
        let columns = fit(usize::from(area.width), images.width / images.channels.max(1));
        (columns, columns * fit(2 * usize::from(area.height), images.height))
    };
    let is_enough = |shrunk: &usize| count(*shrunk).1 >= MIN_FIELDS;
    let shrunk = (1..MAX_SHRINK).find(is_enough).unwrap_or(MAX_SHRINK);
    let (columns, fields) = count(shrunk);
    receptive_fields(state.network.as_ref()?, images, fields, columns, shrunk)
}

fn paint(buffer: &mut Buffer, area: Rect, pixels: &RgbImage, has_true_colour: bool) {
    let colour = |row: usize, column: usize| {
        let colour = pixels.colours.get(row * pixels.width + column)?;
        Some(if has_true_colour { exact(*colour) } else { nearest(*colour) })
    };
    for row in 0..pixels.height.div_ceil(2).min(usize::from(area.height)) {
        for column in 0..pixels.width.min(usize::from(area.width)) {
            let cell = &mut buffer[(area.x + column as u16, area.y + row as u16)];
            cell.set_symbol(UPPER_HALF);
            cell.fg = colour(2 * row, column).unwrap_or_default();
            cell.bg = colour(2 * row + 1, column).unwrap_or_default();
        }
    }
}

fn exact([red, green, blue]: [u8; 3]) -> Color {
    Color::Rgb(red, green, blue)
}

/// Returns the nearest colour of the 6 x 6 x 6 cube, which starts at index 16 of the 256 colours.
fn nearest(colour: [u8; 3]) -> Color {
    let level = |part: u8| match part {
        0..48 => 0,
        48..115 => 1,
        // Levels from 95 in steps of 40.
        _ => (part - 35) / 40,
    };
    let [red, green, blue] = colour.map(level);
    Color::Indexed(16 + 36 * red + 6 * green + blue)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paint_shows_two_pixels_per_character() {
        let colours = vec![[1, 1, 1], [2, 2, 2], [3, 3, 3], [4, 4, 4], [5, 5, 5], [6, 6, 6]];
        let pixels = RgbImage { width: 2, height: 3, colours };
        let area = Rect::new(1, 1, 2, 2);
        let mut buffer = Buffer::empty(Rect::new(0, 0, 4, 4));
        paint(&mut buffer, area, &pixels, true);
        let seen =
            |x, y| (buffer[(x, y)].symbol().to_string(), buffer[(x, y)].fg, buffer[(x, y)].bg);
        let half = UPPER_HALF.to_string();
        let grey = |part| Color::Rgb(part, part, part);
        assert_eq!(seen(1, 1), (half.clone(), grey(1), grey(3)));
        assert_eq!(seen(2, 1), (half.clone(), grey(2), grey(4)));
        // An odd last row has an empty lower half.
        assert_eq!(seen(2, 2), (half, grey(6), Color::Reset));
        assert_eq!(seen(0, 1).0, " ");
        assert_eq!(seen(3, 1).0, " ");
    }

    #[test]
    fn nearest_returns_cube_colours() {
        let levels = [0u8, 95, 135, 175, 215, 255];
        for part in 0..=255u8 {
            let nearest_level = |level: &u8| level.abs_diff(part);
            let (found, _) =
                levels.iter().enumerate().min_by_key(|(_, level)| nearest_level(level)).unwrap();
            let Color::Indexed(number) = nearest([part, 0, 0]) else { panic!("a number") };
            let level = levels[usize::from((number - 16) / 36)];
            assert_eq!(level.abs_diff(part), levels[found].abs_diff(part), "{part}");
        }
        assert_eq!(nearest([255, 255, 255]), Color::Indexed(231));
        assert_eq!(nearest([0, 0, 255]), Color::Indexed(21));
    }
}

//! A matrix of coloured cells.

use plotters::coord::Shift;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use super::colour::{GREY, GRID, diverging};
use super::picture::{FONT, Picture, Side, TITLE, coloured, said, text};

/// Numbers in rows and columns, coloured on a scale that is symmetric about 0; what is not a number is grey.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Matrix {
    /// Above it.
    pub title: String,
    /// What columns and rows are.
    pub x: String,
    /// What rows are.
    pub y: String,
    /// A name for each column.
    pub columns: Vec<String>,
    /// A name for each row.
    pub rows: Vec<String>,
    /// `[rows][columns]`.
    pub values: Vec<Vec<f64>>,
    /// Digits behind the point of the numbers in the cells.
    pub decimals: usize,
    /// The number that has the full colour; without it, the largest magnitude.
    pub full: Option<f64>,
}

/// Lengths in pixels of the SVG.
const CELL: u32 = 42;
const LEFT: u32 = 90;
/// Height of the columns' names, where they are short; below them lies what they are.
const NAMES: u32 = 24;
const BELOW: u32 = 36;
const MARGIN: u32 = 20;
/// A letter of a name, at most, and the letters that a cell has room for.
const LETTER: u32 = 8;
const LETTERS: usize = 5;

impl Picture for Matrix {
    fn title(&self) -> &str {
        &self.title
    }

    fn size(&self) -> (u32, u32) {
        let [columns, rows] = [self.columns.len(), self.rows.len()].map(|count| count as u32);
        // Room for the title, however few the columns.
        let width = (self.left() + CELL * columns + MARGIN).max(9 * self.title.len() as u32);
        (width, TITLE + CELL * rows + self.names() + BELOW)
    }

    fn draw<B: DrawingBackend>(
        &self,
        area: &DrawingArea<B, Shift>,
        scale: u32,
    ) -> Result<(), String> {
        let largest = self.values.iter().flatten().fold(0.0, |most: f64, x| most.max(x.abs()));
        let full = self.full.unwrap_or(largest).max(f64::MIN_POSITIVE);
        let [cell, left, scaled] = [CELL, self.left(), 1].map(|length| (length * scale) as i32);
        let height = cell * self.rows.len() as i32;
        for (row, values) in self.values.iter().enumerate() {
            for (column, value) in values.iter().enumerate() {
                let (x, y) = (left + column as i32 * cell, row as i32 * cell);
                let corners = [(x, y), (x + cell, y + cell)];
                let fill = if value.is_nan() { GREY } else { diverging(value / full) };
                let fill = Rectangle::new(corners, fill.filled());
                area.draw(&fill).map_err(said)?;
                area.draw(&Rectangle::new(corners, GRID.stroke_width(scale))).map_err(said)?;
                let number = number(*value, self.decimals);
                let middle = (x + cell / 2, y + cell / 2);
                let colour = if (value / full).abs() > 0.6 { &WHITE } else { &BLACK };
                coloured(area, &number, middle, 12 * scale, Side::Middle, colour)?;
            }
        }
        for (row, name) in self.rows.iter().enumerate() {
            let place = (left - 8 * scaled, row as i32 * cell + cell / 2);
            text(area, name, place, 13 * scale, Side::Left)?;
        }
        let upright = |side| {
            let style = (FONT, 13 * scale).into_font();
            let style = style.transform(FontTransform::Rotate270).into_text_style(area);
            style.pos(Pos::new(side, VPos::Center))
        };
        for (column, name) in self.columns.iter().enumerate() {
            let x = left + column as i32 * cell + cell / 2;
            if self.names() == NAMES {
                text(area, name, (x, height + 12 * scaled), 13 * scale, Side::Middle)?;
            } else {
                let place = (x, height + 6 * scaled);
                area.draw_text(name, &upright(HPos::Right), place).map_err(said)?;
            }
        }
        let below = (self.names() + 14) as i32 * scaled;
        let below = (left + cell * self.columns.len() as i32 / 2, height + below);
        text(area, &self.x, below, 13 * scale, Side::Middle)?;
        area.draw_text(&self.y, &upright(HPos::Center), (22 * scaled, height / 2)).map_err(said)
    }
}

impl Matrix {
    /// Width of the rows' names, and of what they are.
    fn left(&self) -> u32 {
        LEFT.max(LETTER * longest(&self.rows) as u32 + LEFT / 2)
    }

    /// Height of the columns' names, which stand upright where cells are too narrow.
    fn names(&self) -> u32 {
        match longest(&self.columns) {
            letters if letters <= LETTERS => NAMES,
            letters => LETTER * letters as u32 + NAMES / 2,
        }
    }
}

fn longest(names: &[String]) -> usize {
    names.iter().map(|name| name.chars().count()).max().unwrap_or(0)
}

/// A number as its cell shows it: what rounds to 0 has no sign.
fn number(value: f64, decimals: usize) -> String {
    let text = format!("{value:.decimals$}");
    match text.strip_prefix('-') {
        Some(size) if size.chars().all(|c| matches!(c, '0' | '.')) => size.to_string(),
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zeros_have_no_sign() {
        assert_eq!(number(-0.001, 2), "0.00");
        assert_eq!(number(-0.4, 0), "0");
        assert_eq!(number(-0.006, 2), "-0.01");
    }

    #[test]
    fn long_names_have_room_and_short_ones_change_nothing() {
        let of = |names: [&str; 2]| Matrix {
            columns: names.map(str::to_string).to_vec(),
            rows: names.map(str::to_string).to_vec(),
            values: vec![vec![1.0, 2.0]; 2],
            ..Matrix::default()
        };
        assert_eq!(of(["0", "1"]).size(), (LEFT + 2 * CELL + MARGIN, TITLE + 2 * CELL + 60));
        let (short, long) = (of(["0", "12345"]).size(), of(["0", "a very long name"]).size());
        assert_eq!(short, of(["0", "1"]).size());
        assert!(long.0 >= short.0 + 70 && long.1 >= short.1 + 100, "{long:?}");
        let upright = |names| of(names).svg().unwrap().matches("rotate(270").count();
        assert_eq!((upright(["0", "1"]), upright(["0", "a very long name"])), (1, 3));
    }

    #[test]
    fn what_is_not_a_number_is_neither_large_nor_small() {
        let of = |values: [f64; 2]| Matrix {
            columns: vec!["0".to_string(), "1".to_string()],
            rows: vec!["0".to_string()],
            values: vec![values.to_vec()],
            ..Matrix::default()
        };
        let fills = |values| of(values).svg().unwrap().matches("#6E6E6E").count();
        assert_eq!((fills([1.0, f64::NAN]), fills([1.0, -1.0])), (1, 0));
    }
}

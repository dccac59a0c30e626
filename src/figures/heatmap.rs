//! Heatmaps: matrices of coloured cells.

use plotters::coord::Shift;
use plotters::prelude::*;

use super::colour::{GREY, GRID, NEGATIVE, POSITIVE, diverging, shade};
use super::colour_bar::ColourBar;
use super::render::{
    Render, SMALL, Side, TEXT, TITLE_HEIGHT, coloured, cut_distinct, draw_error, text, text_width,
    vertical_text, width_for_title,
};

/// A matrix of numbers as colours. NaN is grey.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Heatmap {
    /// Title above the heatmap.
    pub title: String,
    /// Label of the columns.
    pub x: String,
    /// Label of the rows.
    pub y: String,
    /// One name per column.
    pub columns: Vec<String>,
    /// One name per row.
    pub rows: Vec<String>,
    /// Numbers, `[rows][columns]`.
    pub values: Vec<Vec<f64>>,
    /// Number of decimals in the cells.
    pub decimals: usize,
    /// Colour scale.
    pub colours: Colours,
}

/// Colour scale of a heatmap, explained by colour bars.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Colours {
    /// One scale, symmetric around 0. The largest magnitude has the full colour.
    #[default]
    Symmetric,
    /// Two scales from 0, for percentages: blue up to 100 on the diagonal, orange up to the largest value of the other
    /// cells.
    Diagonal {
        /// Meaning of the diagonal.
        on: &'static str,
        /// Meaning of the other cells.
        off: &'static str,
    },
}

/// Lengths in pixels of the SVG.
const CELL: u32 = 44;
/// Size of cells without numbers, if a row has more than `MAX_NUMBERED`.
const SMALL_CELL: u32 = 15;
const MAX_NUMBERED: usize = 24;
const PAD: u32 = 14;
const LABEL_HEIGHT: u32 = 24;
const LINE_HEIGHT: u32 = 22;
/// Largest length of a name.
const MAX_NAME: u32 = 150;
/// Luma below which text is white.
const DARK_LUMA: f64 = 140.0;

impl Render for Heatmap {
    fn title(&self) -> &str {
        &self.title
    }

    fn size(&self) -> (u32, u32) {
        let [columns, rows] = [self.columns.len(), self.rows.len()].map(|count| count as u32);
        let width = self.left() + self.cell() * columns + PAD;
        let bars = self.bars().iter().map(|bar| PAD + bar.width() + PAD).max().unwrap_or(0);
        let width = width_for_title(width.max(bars), &self.title);
        (
            width,
            TITLE_HEIGHT + self.cell() * rows + self.names() + LABEL_HEIGHT + self.bars_height(),
        )
    }

    fn draw<B: DrawingBackend>(
        &self,
        area: &DrawingArea<B, Shift>,
        scale: u32,
    ) -> Result<(), String> {
        let scaled = |length: u32| (length * scale) as i32;
        let (cell, left) = (scaled(self.cell()), scaled(self.left()));
        let (width, height) = (cell * self.columns.len() as i32, cell * self.rows.len() as i32);
        for (row, values) in self.values.iter().enumerate() {
            for (column, &value) in values.iter().enumerate() {
                let corner = (left + column as i32 * cell, row as i32 * cell);
                self.draw_cell(area, scale, corner, (row, column), value)?;
            }
        }
        let line = |from: (i32, i32), to: (i32, i32)| {
            area.draw(&PathElement::new([from, to], GRID.stroke_width(scale))).map_err(draw_error)
        };
        for column in 0..=self.columns.len() as i32 {
            line((left + column * cell, 0), (left + column * cell, height))?;
        }
        for row in 0..=self.rows.len() as i32 {
            line((left, row * cell), (left + width, row * cell))?;
        }
        for (row, name) in cut_names(&self.rows).iter().enumerate() {
            let position = (left - scaled(8), row as i32 * cell + cell / 2);
            text(area, name, position, SMALL * scale, Side::Left)?;
        }
        for (column, name) in cut_names(&self.columns).iter().enumerate() {
            let x = left + column as i32 * cell + cell / 2;
            if self.has_vertical_names() {
                vertical_text(area, name, (x, height + scaled(8)), SMALL * scale, Side::Left)?;
            } else {
                let position = (x, height + scaled(LINE_HEIGHT / 2));
                text(area, name, position, SMALL * scale, Side::Middle)?;
            }
        }
        let below = height + scaled(self.names());
        let position = (left + width / 2, below + scaled(LABEL_HEIGHT / 2 - 2));
        text(area, &self.x, position, TEXT * scale, Side::Middle)?;
        vertical_text(
            area,
            &self.y,
            (scaled(PAD + LABEL_HEIGHT / 2 - 4), height / 2),
            TEXT * scale,
            Side::Middle,
        )?;
        for (number, bar) in self.bars().iter().enumerate() {
            let y =
                below + scaled(LABEL_HEIGHT + LINE_HEIGHT / 2 + LINE_HEIGHT * number as u32 + 4);
            bar.draw(area, (scaled(PAD), y), scale)?;
        }
        Ok(())
    }
}

impl Heatmap {
    fn draw_cell<B: DrawingBackend>(
        &self,
        area: &DrawingArea<B, Shift>,
        scale: u32,
        (x, y): (i32, i32),
        (row, column): (usize, usize),
        value: f64,
    ) -> Result<(), String> {
        let cell = (self.cell() * scale) as i32;
        let colour = self.colour(row == column, value);
        // Omit the rectangles of white cells, of which there may be thousands.
        if colour != WHITE {
            let corners = [(x, y), (x + cell, y + cell)];
            area.draw(&Rectangle::new(corners, colour.filled())).map_err(draw_error)?;
        }
        // Omit the numbers of confusions that never occurred.
        let is_empty = colour == WHITE && self.colours != Colours::Symmetric;
        if self.has_numbers() && !is_empty {
            let number = format_number(value, self.decimals);
            let ink = if is_dark(colour) { &WHITE } else { &BLACK };
            let middle = (x + cell / 2, y + cell / 2);
            coloured(area, &number, middle, SMALL * scale, Side::Middle, ink)?;
        }
        Ok(())
    }

    fn colour(&self, is_diagonal: bool, value: f64) -> RGBColor {
        let (end, full) = match self.colours {
            _ if value.is_nan() => return GREY,
            Colours::Symmetric => (if value < 0.0 { NEGATIVE } else { POSITIVE }, self.largest()),
            Colours::Diagonal { .. } if is_diagonal => (POSITIVE, 100.0),
            Colours::Diagonal { .. } => (NEGATIVE, self.largest()),
        };
        shade(end, if full > 0.0 { value.abs() / full } else { 0.0 })
    }

    /// Returns the largest magnitude, off the diagonal if the diagonal has its own scale.
    fn largest(&self) -> f64 {
        let mut largest = 0.0f64;
        for (row, values) in self.values.iter().enumerate() {
            for (column, value) in values.iter().enumerate() {
                // f64::max ignores NaN.
                if self.colours == Colours::Symmetric || row != column {
                    largest = largest.max(value.abs());
                }
            }
        }
        largest
    }

    fn bars(&self) -> Vec<ColourBar> {
        let format = |value| format_number(value, self.decimals);
        let largest = self.largest();
        match self.colours {
            Colours::Symmetric => vec![ColourBar {
                low: format(-largest),
                high: format(largest),
                label: String::new(),
                colour: |part| diverging(2.0 * part - 1.0),
            }],
            Colours::Diagonal { on, off } => {
                let bar = |label: &str, high, colour| ColourBar {
                    low: "0".to_string(),
                    high: format!("{high} %"),
                    label: label.to_string(),
                    colour,
                };
                let mut bars = vec![bar(on, "100".to_string(), |part| shade(POSITIVE, part))];
                if largest > 0.0 {
                    bars.push(bar(off, format(largest), |part| shade(NEGATIVE, part)));
                }
                if self.values.iter().flatten().any(|value| value.is_nan()) {
                    let (low, high) = (String::new(), String::new());
                    let label = "no images".to_string();
                    bars.push(ColourBar { low, high, label, colour: |_| GREY });
                }
                bars
            }
        }
    }

    fn bars_height(&self) -> u32 {
        LINE_HEIGHT * self.bars().len() as u32 + PAD
    }

    fn has_numbers(&self) -> bool {
        self.columns.len().max(self.rows.len()) <= MAX_NUMBERED
    }

    fn cell(&self) -> u32 {
        if self.has_numbers() { CELL } else { SMALL_CELL }
    }

    /// Returns the width of the row names and their label.
    fn left(&self) -> u32 {
        PAD + LABEL_HEIGHT + widest(&self.rows).min(MAX_NAME) + 8
    }

    /// Returns whether the column names are too long to be horizontal.
    fn has_vertical_names(&self) -> bool {
        widest(&self.columns) > self.cell()
    }

    /// Returns the height of the column names.
    fn names(&self) -> u32 {
        if self.has_vertical_names() {
            widest(&self.columns).min(MAX_NAME) + 12
        } else {
            LINE_HEIGHT
        }
    }
}

/// Returns whether black text would be hard to read on a colour, by its luma (ITU-R BT.601).
fn is_dark(RGBColor(red, green, blue): RGBColor) -> bool {
    0.299 * f64::from(red) + 0.587 * f64::from(green) + 0.114 * f64::from(blue) < DARK_LUMA
}

/// Cuts names to at most [`MAX_NAME`] pixels, so that they still differ.
fn cut_names(names: &[String]) -> Vec<String> {
    cut_distinct(names.iter().map(String::as_str), SMALL, MAX_NAME)
}

/// Returns the width of the longest name.
fn widest(names: &[String]) -> u32 {
    names.iter().map(|name| text_width(name, SMALL)).max().unwrap_or(0)
}

/// Formats a cell's number. Values that round to 0 have no sign.
fn format_number(value: f64, decimals: usize) -> String {
    if value.is_nan() {
        return "-".to_string();
    }
    let text = format!("{value:.decimals$}");
    match text.strip_prefix('-') {
        Some(size) if size.chars().all(|c| matches!(c, '0' | '.')) => size.to_string(),
        _ => text,
    }
}

#[cfg(test)]
mod tests;

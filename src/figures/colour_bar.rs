//! Colour bars, which explain the colours of a heatmap.

use plotters::coord::Shift;
use plotters::prelude::*;

use super::colour::GREY;
use super::render::{SMALL, Side, draw_error, text, text_width};

/// Length and height of a colour bar, and its number of colours.
const BAR_SIZE: (u32, u32) = (120, 12);
const BAR_STEPS: i32 = 24;

/// A colour bar between two numbers.
pub(super) struct ColourBar {
    /// Text at the low end.
    pub low: String,
    /// Text at the high end.
    pub high: String,
    /// Meaning of the colours.
    pub label: String,
    /// Colour at a fraction from 0 to 1.
    pub colour: fn(f64) -> RGBColor,
}

impl ColourBar {
    /// Returns the width of the bar with its texts, pixels of the SVG.
    pub fn width(&self) -> u32 {
        let texts = [&self.low, &self.high, &self.label].map(|text| text_width(text, SMALL) + 6);
        texts.iter().sum::<u32>() + BAR_SIZE.0 + 6
    }

    /// Draws the bar. `(x, y)`: its left end and the middle of its height.
    pub fn draw<B: DrawingBackend>(
        &self,
        area: &DrawingArea<B, Shift>,
        (x, y): (i32, i32),
        scale: u32,
    ) -> Result<(), String> {
        let scaled = |length: u32| (length * scale) as i32;
        let left = x + scaled(text_width(&self.low, SMALL) + 6);
        text(area, &self.low, (left - scaled(6), y), SMALL * scale, Side::Left)?;
        let (width, half) = (scaled(BAR_SIZE.0), scaled(BAR_SIZE.1) / 2);
        for step in 0..BAR_STEPS {
            let edge = |step: i32| left + width * step / BAR_STEPS;
            let corners = [(edge(step), y - half), (edge(step + 1), y + half)];
            let colour = (self.colour)(f64::from(step) / f64::from(BAR_STEPS - 1));
            area.draw(&Rectangle::new(corners, colour.filled())).map_err(draw_error)?;
        }
        let frame = [(left, y - half), (left + width, y + half)];
        area.draw(&Rectangle::new(frame, GREY.stroke_width(scale))).map_err(draw_error)?;
        let after = left + width + scaled(6);
        text(area, &self.high, (after, y), SMALL * scale, Side::Right)?;
        let after = after + scaled(text_width(&self.high, SMALL) + 6);
        text(area, &self.label, (after, y), SMALL * scale, Side::Right)
    }
}

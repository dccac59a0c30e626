//! Legends: below the panel, so that they cover no curve.

use plotters::coord::Shift;
use plotters::prelude::*;

use super::colour::{reference_colour, series_colour};
use super::render::{SMALL, Side, cut_distinct, draw_error, text, text_width};
use super::{Mark, Panel};

/// Lengths in pixels of the SVG.
const LINE_HEIGHT: u32 = 22;
const PAD: u32 = 14;
const SWATCH: u32 = 22;
const GAP: u32 = 6;
const ENTRY_GAP: u32 = 16;

/// Legend entries of a panel, one per label.
#[derive(Debug, PartialEq)]
pub(super) struct Legend {
    entries: Vec<LegendEntry>,
}

#[derive(Debug, PartialEq)]
struct LegendEntry {
    label: String,
    colour: RGBColor,
    /// Mark of the series, `None` for a reference line.
    mark: Option<Mark>,
}

impl Legend {
    pub(super) fn of(panel: &Panel) -> Self {
        let mut entries: Vec<LegendEntry> = Vec::new();
        for series in panel.series.iter().filter(|series| !series.label.is_empty()) {
            let (colour, mark) = (series_colour(series.colour), Some(series.mark));
            match entries.iter_mut().find(|entry| entry.label == series.label) {
                // Single networks precede their mean, which has the same label.
                Some(entry) => entry.mark = mark,
                None => entries.push(LegendEntry { label: series.label.clone(), colour, mark }),
            }
        }
        let references = panel.references.iter().map(|reference| LegendEntry {
            label: reference.label.clone(),
            colour: reference_colour(reference),
            mark: None,
        });
        entries.extend(references);
        Legend { entries }
    }

    /// Returns the height for a width, pixels of the SVG.
    pub(super) fn height(&self, width: u32) -> u32 {
        self.positions(width).last().map_or(0, |(line, _, _)| (line + 1) * LINE_HEIGHT + GAP)
    }

    /// Returns line, left edge and label of each entry.
    fn positions(&self, width: u32) -> Vec<(u32, u32, String)> {
        let max_width = width.saturating_sub(2 * PAD + SWATCH + GAP);
        let (mut line, mut x) = (0, PAD);
        let mut positions = Vec::new();
        let labels = self.entries.iter().map(|entry| entry.label.as_str());
        for label in cut_distinct(labels, SMALL, max_width) {
            let length = SWATCH + GAP + text_width(&label, SMALL);
            if x > PAD && x + length > width.saturating_sub(PAD) {
                (line, x) = (line + 1, PAD);
            }
            positions.push((line, x, label));
            x += length + ENTRY_GAP;
        }
        positions
    }

    pub(super) fn draw<B: DrawingBackend>(
        &self,
        area: &DrawingArea<B, Shift>,
        scale: u32,
    ) -> Result<(), String> {
        let positions = self.positions(area.dim_in_pixel().0 / scale);
        for (entry, (line, x, label)) in self.entries.iter().zip(positions) {
            let [x, y] =
                [x, line * LINE_HEIGHT + LINE_HEIGHT / 2].map(|length| (length * scale) as i32);
            entry.draw_swatch(area, (x, y), scale)?;
            let position = (x + ((SWATCH + GAP) * scale) as i32, y);
            text(area, &label, position, SMALL * scale, Side::Right)?;
        }
        Ok(())
    }
}

impl LegendEntry {
    /// Draws the mark to the right of a position.
    fn draw_swatch<B: DrawingBackend>(
        &self,
        area: &DrawingArea<B, Shift>,
        (x, y): (i32, i32),
        scale: u32,
    ) -> Result<(), String> {
        let pixels = |length: u32| (length * scale) as i32;
        let (right, middle) = (x + pixels(SWATCH), x + pixels(SWATCH / 2));
        let line = |from: i32, to: i32, style: ShapeStyle| {
            area.draw(&PathElement::new([(from, y), (to, y)], style)).map_err(draw_error)
        };
        let circle = |radius: u32, style: ShapeStyle| {
            area.draw(&Circle::new((middle, y), radius * scale, style)).map_err(draw_error)
        };
        let colour = self.colour;
        match self.mark {
            None => [0, 8, 16].into_iter().try_for_each(|start| {
                let from = x + pixels(start);
                line(from, from + pixels(5), colour.stroke_width(scale))
            }),
            Some(Mark::Line) => line(x, right, colour.stroke_width(3 * scale)),
            Some(Mark::ThinLine) => line(x, right, colour.mix(0.5).stroke_width(scale)),
            Some(Mark::Bars) => {
                let corners = [(x + pixels(3), y - pixels(5)), (right - pixels(3), y + pixels(5))];
                area.draw(&Rectangle::new(corners, colour.mix(0.6).filled())).map_err(draw_error)
            }
            Some(Mark::Dots | Mark::SmallDots) => circle(4, colour.filled()),
            Some(Mark::Circles) => circle(6, colour.stroke_width(2 * scale)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::figures::{Axis, Scale, Series};

    fn legend(labels: &[&str]) -> Legend {
        let series = |(colour, label): (usize, &&str)| Series {
            label: label.to_string(),
            colour,
            mark: Mark::Line,
            points: Vec::new(),
        };
        let axis = Axis::new("", Scale::Linear, []);
        Legend::of(&Panel {
            title: String::new(),
            x: axis.clone(),
            y: axis,
            series: labels.iter().enumerate().map(series).collect(),
            references: Vec::new(),
        })
    }

    #[test]
    fn entries_wrap_into_lines_within_the_width() {
        let long = "x".repeat(200);
        let labels = ["a", "a longer label", "a", &long, "the last but not the shortest", "b", "c"];
        let positions = legend(&labels).positions(300);
        assert_eq!(positions.len(), 6, "each label once");
        for (line, x, label) in &positions {
            let end = x + SWATCH + GAP + text_width(label, SMALL);
            assert!(*x >= PAD && end <= 300, "{line} {x} {label}");
            for (_, other, _) in
                positions.iter().filter(|position| position.0 == *line && position.1 > *x)
            {
                assert!(*other >= end + ENTRY_GAP);
            }
        }
        assert!(
            positions[2].2.ends_with('…') && long.starts_with(positions[2].2.trim_end_matches('…'))
        );
        assert_eq!(legend(&[""]).height(300), 0);
    }
}

//! Draws figures of panels.

use plotters::coord::Shift;
use plotters::coord::ranged1d::Ranged;
use plotters::prelude::*;

use super::colour::{GREY, GRID};
use super::legend::Legend;
use super::marks::{draw_references, draw_series};
use super::render::{
    Render, SMALL, Side, TEXT, TITLE_HEIGHT, cut_distinct, cut_text, draw_error, text, text_width,
    vertical_text, width_for_title,
};
use super::{Axis, Figure, Panel};

/// Lengths in pixels of the SVG.
const PANEL: (u32, u32) = (410, 330);
const MAX_COLUMNS: usize = 3;
/// Margin of a panel.
const PAD: u32 = 12;
/// Heights of a panel's title, of a line of tick names and of an axis label.
const CAPTION_HEIGHT: u32 = 26;
const TICK_NAME_HEIGHT: u32 = 20;
const LABEL_HEIGHT: u32 = 22;
/// Length of a tick, and the gap to its name.
const TICK_LENGTH: u32 = 4;
const TICK_GAP: u32 = 4;
/// Largest length of a tick's name: below an axis, and beside one.
const MAX_VERTICAL_NAME: u32 = 100;
const MAX_NAME: u32 = 120;

impl Render for Figure {
    fn title(&self) -> &str {
        &self.title
    }

    fn size(&self) -> (u32, u32) {
        let rows = self.panels.len().div_ceil(columns(self)).max(1) as u32;
        let width = width_for_title(PANEL.0 * columns(self) as u32, &self.title);
        let (lines, shared) = legend_heights(self, width);
        (width, TITLE_HEIGHT + (PANEL.1 + lines) * rows + shared)
    }

    fn draw<B: DrawingBackend>(
        &self,
        area: &DrawingArea<B, Shift>,
        scale: u32,
    ) -> Result<(), String> {
        let (width, height) = area.dim_in_pixel();
        let (lines, shared) = legend_heights(self, width / scale);
        let (panels, below) = area.split_vertically(height - shared * scale);
        let columns = columns(self);
        let areas = panels.split_evenly((self.panels.len().div_ceil(columns).max(1), columns));
        for (panel, area) in self.panels.iter().zip(&areas) {
            let height = area.dim_in_pixel().1 - lines * scale;
            let (plot, legend) = area.split_vertically(height);
            draw_panel(panel, &plot, scale)?;
            if lines > 0 {
                Legend::of(panel).draw(&legend, scale)?;
            }
        }
        match self.panels.first() {
            Some(panel) if shared > 0 => Legend::of(panel).draw(&below, scale),
            _ => Ok(()),
        }
    }
}

fn columns(figure: &Figure) -> usize {
    // Make all rows equally long if possible.
    let rows = figure.panels.len().div_ceil(MAX_COLUMNS).max(1);
    figure.panels.len().div_ceil(rows).max(1)
}

/// Returns the heights of the legends below the panels and of the shared legend. One of them is 0.
fn legend_heights(figure: &Figure, width: u32) -> (u32, u32) {
    let legends: Vec<Legend> = figure.panels.iter().map(Legend::of).collect();
    match legends.split_first() {
        Some((first, others))
            if !others.is_empty() && others.iter().all(|other| other == first) =>
        {
            (0, first.height(width))
        }
        _ => {
            let width = width / columns(figure) as u32;
            (legends.iter().map(|legend| legend.height(width)).max().unwrap_or(0), 0)
        }
    }
}

/// Position of the plot in a panel, in pixels of the area.
struct Frame {
    left: i32,
    right: i32,
    top: i32,
    bottom: i32,
    /// Whether the names below the axis are vertical.
    vertical_names: bool,
    names: i32,
}

impl Frame {
    fn of(panel: &Panel, (width, height): (u32, u32), scale: u32) -> Self {
        let (width, height) = (width / scale, height / scale);
        let beside =
            panel.y.names().map(|name| text_width(name, SMALL).min(MAX_NAME)).max().unwrap_or(0);
        let label = if panel.y.label.is_empty() { 0 } else { LABEL_HEIGHT };
        let left = PAD + label + beside + TICK_GAP + TICK_LENGTH;
        let top = PAD + if panel.title.is_empty() { 0 } else { CAPTION_HEIGHT };
        // Names that would overlap are drawn vertically.
        let widest = panel.x.names().map(|name| text_width(name, SMALL)).max().unwrap_or(0);
        let each = width.saturating_sub(left + PAD) / panel.x.names().count().max(1) as u32;
        let vertical_names = panel.x.is_categorical() && widest > each;
        let below = if vertical_names {
            widest.min(MAX_VERTICAL_NAME) + TICK_GAP
        } else {
            TICK_NAME_HEIGHT
        };
        let label = if panel.x.label.is_empty() { 0 } else { LABEL_HEIGHT };
        let bottom = height.saturating_sub(PAD + TICK_LENGTH + below + label).max(top + 1);
        // The last name may extend beyond the axis.
        let last = panel.x.names().last().map_or(0, |name| text_width(name, SMALL) / 2 + 2);
        let margin = if vertical_names { PAD } else { PAD.max(last) };
        let [left, right, top, bottom] =
            [left, width.saturating_sub(margin), top, bottom].map(|length| (length * scale) as i32);
        let names = (below * scale) as i32;
        Frame { left, right: right.max(left + 1), top, bottom, vertical_names, names }
    }
}

fn draw_panel<B: DrawingBackend>(
    panel: &Panel,
    area: &DrawingArea<B, Shift>,
    scale: u32,
) -> Result<(), String> {
    let frame = Frame::of(panel, area.dim_in_pixel(), scale);
    let width = area.dim_in_pixel().0 / scale;
    if !panel.title.is_empty() {
        let title = cut_text(&panel.title, TEXT, width - 2 * PAD);
        let middle = ((frame.left + frame.right) / 2, ((PAD + CAPTION_HEIGHT / 2) * scale) as i32);
        // A long title may extend above the y axis.
        let half = (text_width(&title, TEXT) * scale) as i32 / 2;
        let middle = (middle.0.min(frame.right - half).max(half), middle.1);
        text(area, &title, middle, TEXT * scale, Side::Middle)?;
    }
    draw_y_axis(&panel.y, &frame, area, scale)?;
    draw_x_axis(&panel.x, &frame, area, scale)?;
    let inside = ((frame.right - frame.left) as u32, (frame.bottom - frame.top) as u32);
    let plot = area.clone().shrink((frame.left, frame.top), inside);
    let mut chart = ChartBuilder::on(&plot)
        .build_cartesian_2d(panel.x.clone(), panel.y.clone())
        .map_err(draw_error)?;
    draw_references(panel, &mut chart, scale)
        .and_then(|()| draw_series(panel, &mut chart, scale))
        .map_err(draw_error)
}

/// Draws the left axis: grid, ticks and label.
fn draw_y_axis<B: DrawingBackend>(
    axis: &Axis,
    frame: &Frame,
    area: &DrawingArea<B, Shift>,
    scale: u32,
) -> Result<(), String> {
    let line = |points: Vec<(i32, i32)>, colour: RGBColor| {
        area.draw(&PathElement::new(points, colour.stroke_width(scale))).map_err(draw_error)
    };
    let &Frame { left, right, top, bottom, .. } = frame;
    let [tick, gap] = [TICK_LENGTH, TICK_GAP].map(|length| (length * scale) as i32);
    let names = cut_distinct(axis.names(), SMALL, MAX_NAME);
    for ((value, _), name) in axis.ticks().zip(names) {
        let y = axis.map(&value, (bottom, top));
        line(vec![(left, y), (right, y)], GRID)?;
        line(vec![(left - tick, y), (left, y)], GREY)?;
        text(area, &name, (left - tick - gap, y), SMALL * scale, Side::Left)?;
    }
    line(vec![(left, top), (left, bottom)], GREY)?;
    let height = (bottom - top) as u32 / scale;
    let label = cut_text(&axis.label, TEXT, height.max(1));
    let position = (((PAD + LABEL_HEIGHT / 2) * scale) as i32 - gap, (top + bottom) / 2);
    vertical_text(area, &label, position, TEXT * scale, Side::Middle)
}

/// Draws the bottom axis: ticks and label.
fn draw_x_axis<B: DrawingBackend>(
    axis: &Axis,
    frame: &Frame,
    area: &DrawingArea<B, Shift>,
    scale: u32,
) -> Result<(), String> {
    let line = |points: Vec<(i32, i32)>| {
        area.draw(&PathElement::new(points, GREY.stroke_width(scale))).map_err(draw_error)
    };
    let &Frame { left, right, bottom, .. } = frame;
    let [tick, gap] = [TICK_LENGTH, TICK_GAP].map(|length| (length * scale) as i32);
    line(vec![(left, bottom), (right, bottom)])?;
    let mut free = i32::MIN;
    let short = cut_distinct(axis.names(), SMALL, MAX_VERTICAL_NAME);
    for ((value, name), short) in axis.ticks().zip(short) {
        let x = axis.map(&value, (left, right));
        line(vec![(x, bottom), (x, bottom + tick)])?;
        if frame.vertical_names {
            let position = (x, bottom + tick + gap);
            vertical_text(area, &short, position, SMALL * scale, Side::Left)?;
            continue;
        }
        let half = (text_width(name, SMALL) * scale) as i32 / 2;
        if x - half < free {
            continue;
        }
        free = x + half + gap;
        let position = (x, bottom + tick + (TICK_NAME_HEIGHT * scale) as i32 / 2);
        text(area, name, position, SMALL * scale, Side::Middle)?;
    }
    let label = cut_text(&axis.label, TEXT, (right - left) as u32 / scale);
    let below = bottom + (TICK_LENGTH * scale) as i32 + frame.names;
    let position = ((left + right) / 2, below + (LABEL_HEIGHT / 2 * scale) as i32);
    text(area, &label, position, TEXT * scale, Side::Middle)
}

#[cfg(test)]
mod tests;

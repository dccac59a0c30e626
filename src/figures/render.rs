//! Rendering as SVG, and as PNG with twice the resolution.

use std::cell::RefCell;
use std::fs;
use std::path::Path;
use std::rc::Rc;
use std::sync::Once;

use plotters::coord::Shift;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use super::FigureError;
use super::canvas::{Canvas, Elements};
use super::png::{PNG_SCALE, encode_png};
use super::text::{fit_distinct, fit_text, width};
use crate::run_dir::StorageError;
use crate::run_dir::write::write_atomic;

/// Font family of an SVG's text.
pub(super) const FONT: &str = "sans-serif";
/// Height of the title, pixels of the SVG.
pub(super) const TITLE_HEIGHT: u32 = 40;
/// Font sizes, pixels of the SVG times [`EM`](super::text).
pub(super) const TITLE_SIZE: u32 = 19;
pub(super) const TEXT: u32 = 15;
pub(super) const SMALL: u32 = 14;
/// Margin left and right of the title, pixels of the SVG.
const MARGIN: u32 = 12;
/// Allowance for viewers' fonts that are wider than the embedded ones.
const VIEWER_FONT_FACTOR: f64 = 1.2;

/// A chart that can be rendered.
pub trait Render {
    /// Returns the title, which also names the chart in errors.
    fn title(&self) -> &str;

    /// Returns width and height, pixels of the SVG.
    fn size(&self) -> (u32, u32);

    /// Draws the chart without its title. `scale`: pixels per pixel of the SVG.
    ///
    /// # Errors
    /// Returns the backend's message if drawing fails.
    fn draw<B: DrawingBackend>(
        &self,
        area: &DrawingArea<B, Shift>,
        scale: u32,
    ) -> Result<(), String>;

    /// Returns the chart as SVG.
    ///
    /// # Errors
    /// Returns an error if drawing fails.
    fn svg(&self) -> Result<String, FigureError> {
        let mut text = String::new();
        let elements = Rc::new(RefCell::new(Elements::default()));
        let backend = SVGBackend::with_string(&mut text, self.size());
        let area = Canvas::Svg(backend, elements.clone()).into_drawing_area();
        draw_with_title(self, &area, 1).map_err(|reason| self.error(reason))?;
        drop(area);
        let elements = elements.borrow();
        Ok(elements.insert_into(&text))
    }

    /// Returns the chart as PNG.
    ///
    /// # Errors
    /// Returns an error if drawing fails.
    fn png(&self) -> Result<Vec<u8>, FigureError> {
        let (width, height) = self.size();
        let (width, height) = (width * PNG_SCALE, height * PNG_SCALE);
        let mut pixels = vec![0; width as usize * height as usize * 3];
        let backend = BitMapBackend::with_buffer(&mut pixels, (width, height));
        let area = Canvas::Png(backend).into_drawing_area();
        draw_with_title(self, &area, PNG_SCALE).map_err(|reason| self.error(reason))?;
        drop(area);
        encode_png(width, height, pixels).map_err(|reason| self.error(reason))
    }

    /// Writes `NAME.svg` and `NAME.png` into a folder, replacing existing files.
    ///
    /// # Errors
    /// Returns an error if drawing fails or a file cannot be written.
    fn save(&self, folder: &Path, name: &str) -> Result<(), FigureError> {
        fs::create_dir_all(folder).map_err(StorageError::io("created", folder))?;
        write_atomic(&folder.join(format!("{name}.svg")), self.svg()?.as_bytes())?;
        write_atomic(&folder.join(format!("{name}.png")), &self.png()?)?;
        Ok(())
    }
    /// Returns the error for a failed drawing.
    fn error(&self, reason: String) -> FigureError {
        FigureError::Draw { title: self.title().to_string(), reason }
    }
}

/// Returns the width reserved for a text in any viewer, pixels of the SVG.
pub(super) fn text_width(text: &str, size: u32) -> u32 {
    (VIEWER_FONT_FACTOR * width(text, f64::from(size))).ceil() as u32
}

/// Cuts a text to a width in pixels of the SVG.
pub(super) fn cut_text(text: &str, size: u32, room: u32) -> String {
    fit_text(text, f64::from(size), f64::from(room) / VIEWER_FONT_FACTOR)
}

/// Cuts the names of an axis or legend to a width in pixels of the SVG, so that they still differ.
pub(super) fn cut_distinct<'a>(
    names: impl IntoIterator<Item = &'a str>,
    size: u32,
    room: u32,
) -> Vec<String> {
    let names: Vec<&str> = names.into_iter().collect();
    fit_distinct(&names, f64::from(size), f64::from(room) / VIEWER_FONT_FACTOR)
}

/// Returns the width of a chart including room for its title, unless the title is very long.
pub(super) fn width_for_title(width: u32, title: &str) -> u32 {
    width.max((text_width(title, TITLE_SIZE) + 2 * MARGIN).min(MAX_TITLE_WIDTH))
}

/// Largest width for a title, pixels of the SVG. Longer titles are cut.
const MAX_TITLE_WIDTH: u32 = 900;

fn draw_with_title<P: Render + ?Sized, B: DrawingBackend>(
    picture: &P,
    area: &DrawingArea<B, Shift>,
    scale: u32,
) -> Result<(), String> {
    static FONT_IS_THERE: Once = Once::new();
    FONT_IS_THERE.call_once(|| {
        // Plotters uses this font for its layout. An unreadable font fails when text is drawn.
        let font = epaint_default_fonts::UBUNTU_LIGHT;
        let _ = plotters::style::register_font(FONT, FontStyle::Normal, font);
    });
    area.fill(&WHITE).map_err(draw_error)?;
    let (top, rest) = area.split_vertically(TITLE_HEIGHT * scale);
    let middle = (top.dim_in_pixel().0 as i32 / 2, (TITLE_HEIGHT * scale) as i32 / 2);
    let title = cut_text(picture.title(), TITLE_SIZE, top.dim_in_pixel().0 / scale - 2 * MARGIN);
    text(&top, &title, middle, TITLE_SIZE * scale, Side::Middle)?;
    picture.draw(&rest, scale)?;
    area.present().map_err(draw_error)
}

/// Side of an anchor on which a text lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    Left,
    Middle,
    Right,
}

impl Side {
    fn anchor(self) -> Pos {
        let horizontal = match self {
            Side::Left => HPos::Right,
            Side::Middle => HPos::Center,
            Side::Right => HPos::Left,
        };
        Pos::new(horizontal, VPos::Center)
    }
}

/// Draws a text.
pub(super) fn text<B: DrawingBackend>(
    area: &DrawingArea<B, Shift>,
    text: &str,
    position: (i32, i32),
    size: u32,
    side: Side,
) -> Result<(), String> {
    coloured(area, text, position, size, side, &BLACK)
}

/// Draws a text in a colour.
pub(super) fn coloured<B: DrawingBackend>(
    area: &DrawingArea<B, Shift>,
    text: &str,
    position: (i32, i32),
    size: u32,
    side: Side,
    colour: &RGBColor,
) -> Result<(), String> {
    let style = (FONT, size).into_font().color(colour).pos(side.anchor());
    area.draw_text(text, &style, position).map_err(draw_error)
}

/// Draws a vertical text, read from bottom to top.
pub(super) fn vertical_text<B: DrawingBackend>(
    area: &DrawingArea<B, Shift>,
    text: &str,
    position: (i32, i32),
    size: u32,
    side: Side,
) -> Result<(), String> {
    let font = (FONT, size).into_font().transform(FontTransform::Rotate270);
    let style = font.into_text_style(area).pos(side.anchor());
    area.draw_text(text, &style, position).map_err(draw_error)
}

/// Converts a drawing error to text.
pub(super) fn draw_error<E: std::error::Error + Send + Sync>(
    error: DrawingAreaErrorKind<E>,
) -> String {
    error.to_string()
}

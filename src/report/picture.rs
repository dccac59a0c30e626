//! What can be drawn: as SVG, and as PNG with two pixels for each of the SVG's.

use std::fs;
use std::io::Cursor;
use std::path::Path;
use std::sync::Once;

use plotters::coord::Shift;
use plotters::prelude::*;

use super::ReportError;
use crate::record::RecordError;
use crate::record::file::write_whole;

/// Pixels of a PNG for each of the SVG's.
const PIXELS: u32 = 2;
/// The only font.
pub(super) const FONT: &str = "sans-serif";
/// Height of the title, pixels of the SVG.
pub(super) const TITLE: u32 = 36;

/// Something to be drawn.
pub trait Picture {
    /// What stands above it, and names it in errors.
    fn title(&self) -> &str;

    /// Width and height in pixels of the SVG.
    fn size(&self) -> (u32, u32);

    /// Draws it, without its title, with so many pixels for each of the SVG's; or says why not.
    ///
    /// # Errors
    /// When the drawing fails.
    fn draw<B: DrawingBackend>(
        &self,
        area: &DrawingArea<B, Shift>,
        scale: u32,
    ) -> Result<(), String>;

    /// The picture as SVG.
    ///
    /// # Errors
    /// When it cannot be drawn.
    fn svg(&self) -> Result<String, ReportError> {
        let mut text = String::new();
        let backend = SVGBackend::with_string(&mut text, self.size());
        draw_whole(self, &backend.into_drawing_area(), 1).map_err(|reason| self.error(reason))?;
        Ok(text)
    }

    /// The picture as PNG.
    ///
    /// # Errors
    /// When it cannot be drawn.
    fn png(&self) -> Result<Vec<u8>, ReportError> {
        let (width, height) = self.size();
        let (width, height) = (width * PIXELS, height * PIXELS);
        let mut pixels = vec![0; (width * height * 3) as usize];
        let backend = BitMapBackend::with_buffer(&mut pixels, (width, height));
        let drawn = draw_whole(self, &backend.into_drawing_area(), PIXELS);
        drawn.map_err(|reason| self.error(reason))?;
        let image = image::RgbImage::from_raw(width, height, pixels)
            .ok_or_else(|| self.error("pixels are missing".to_string()))?;
        let mut bytes = Cursor::new(Vec::new());
        let written = image.write_to(&mut bytes, image::ImageFormat::Png);
        written.map_err(|error| self.error(error.to_string()))?;
        Ok(bytes.into_inner())
    }

    /// Writes `NAME.svg` and `NAME.png` into a folder; files of these names are replaced.
    ///
    /// # Errors
    /// When the picture cannot be drawn or a file cannot be written.
    fn save(&self, folder: &Path, name: &str) -> Result<(), ReportError> {
        fs::create_dir_all(folder).map_err(RecordError::io("created", folder))?;
        write_whole(&folder.join(format!("{name}.svg")), self.svg()?.as_bytes())?;
        write_whole(&folder.join(format!("{name}.png")), &self.png()?)?;
        Ok(())
    }
    /// That it cannot be drawn, and why.
    fn error(&self, reason: String) -> ReportError {
        ReportError::Draw { title: self.title().to_string(), reason }
    }
}

fn draw_whole<P: Picture + ?Sized, B: DrawingBackend>(
    picture: &P,
    area: &DrawingArea<B, Shift>,
    scale: u32,
) -> Result<(), String> {
    static FONT_IS_THERE: Once = Once::new();
    FONT_IS_THERE.call_once(|| {
        // A font of the program's own draws the same pixels everywhere. One that cannot be read shows
        // when text is drawn.
        let font = epaint_default_fonts::UBUNTU_LIGHT;
        let _ = plotters::style::register_font(FONT, FontStyle::Normal, font);
    });
    area.fill(&WHITE).map_err(said)?;
    let (top, rest) = area.split_vertically(TITLE * scale);
    let middle = (top.dim_in_pixel().0 as i32 / 2, (TITLE * scale) as i32 / 2);
    text(&top, picture.title(), middle, 17 * scale, Side::Middle)?;
    picture.draw(&rest, scale)?;
    area.present().map_err(said)
}

/// Where a text lies, seen from its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    Left,
    Middle,
    Right,
}

/// Draws a text.
pub(super) fn text<B: DrawingBackend>(
    area: &DrawingArea<B, Shift>,
    text: &str,
    place: (i32, i32),
    size: u32,
    side: Side,
) -> Result<(), String> {
    coloured(area, text, place, size, side, &BLACK)
}

/// Draws a text in a colour.
pub(super) fn coloured<B: DrawingBackend>(
    area: &DrawingArea<B, Shift>,
    text: &str,
    place: (i32, i32),
    size: u32,
    side: Side,
    colour: &RGBColor,
) -> Result<(), String> {
    use plotters::style::text_anchor::{HPos, Pos, VPos};
    let horizontal = match side {
        Side::Left => HPos::Right,
        Side::Middle => HPos::Center,
        Side::Right => HPos::Left,
    };
    let style = (FONT, size).into_font().color(colour);
    let style = style.pos(Pos::new(horizontal, VPos::Center));
    area.draw_text(text, &style, place).map_err(said)
}

/// What a drawing says when it fails.
pub(super) fn said<E: std::error::Error + Send + Sync>(error: DrawingAreaErrorKind<E>) -> String {
    error.to_string()
}

//! Drawing backends: plotters' SVG and bitmap backends with embedded fonts and images.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::rc::Rc;

use plotters::prelude::{BitMapBackend, SVGBackend};
use plotters_backend::text_anchor::{HPos, VPos};
use plotters_backend::{
    BackendColor, BackendCoord, BackendStyle, BackendTextStyle, DrawingBackend, DrawingErrorKind,
};

use super::png::{PNG_SCALE, encode_png};
use super::text::{draw, single_line, width};

/// x-height, em.
const X_HEIGHT: f64 = 0.52;
/// Largest radius of a filled circle that is drawn as a dot, pixels of the SVG.
const MAX_DOT_RADIUS: u32 = 2;

/// A canvas. Text may be of any script. A bitmap has [`PNG_SCALE`] pixels per pixel of the SVG.
pub(super) enum Canvas<'a> {
    /// A bitmap.
    Png(BitMapBackend<'a>),
    /// An SVG, and the elements that plotters cannot write.
    Svg(SVGBackend<'a>, Rc<RefCell<Elements>>),
}

/// SVG elements drawn below all others.
#[derive(Debug, Default)]
pub(super) struct Elements {
    images: String,
    /// Path of all dots of a radius, colour and opacity in percent: one element for thousands of dots.
    dots: BTreeMap<(u32, [u8; 3], u32), String>,
}

impl Elements {
    /// Inserts the elements after the background, which is the first element.
    pub(super) fn insert_into(&self, svg: &str) -> String {
        let behind = svg.find("/>\n").map_or(0, |end| end + "/>\n".len());
        let (before, after) = svg.split_at(behind);
        let mut all = before.to_string() + &self.images;
        for (&(radius, [red, green, blue], percent), path) in &self.dots {
            // Writing to a string cannot fail.
            let _ = writeln!(
                all,
                "<path fill=\"none\" stroke=\"#{red:02X}{green:02X}{blue:02X}\" stroke-linecap=\"round\" \
                 stroke-width=\"{}\" opacity=\"{}\" d=\"{path}\"/>",
                2 * radius,
                f64::from(percent) / 100.0,
            );
        }
        all + after
    }
}

/// Makes the same call on either backend.
macro_rules! backend {
    ($canvas:expr, $backend:ident => $call:expr) => {
        match $canvas {
            Canvas::Png($backend) => $call.map_err(to_canvas_error),
            Canvas::Svg($backend, _) => $call.map_err(to_canvas_error),
        }
    };
}

/// An error of either backend, as text.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(super) struct CanvasError(String);

type DrawResult<T> = Result<T, DrawingErrorKind<CanvasError>>;

fn to_canvas_error<E: std::error::Error + Send + Sync>(
    error: DrawingErrorKind<E>,
) -> DrawingErrorKind<CanvasError> {
    DrawingErrorKind::DrawingError(CanvasError(error.to_string()))
}

impl DrawingBackend for Canvas<'_> {
    type ErrorType = CanvasError;

    fn get_size(&self) -> (u32, u32) {
        match self {
            Canvas::Png(backend) => backend.get_size(),
            Canvas::Svg(backend, _) => backend.get_size(),
        }
    }

    fn ensure_prepared(&mut self) -> DrawResult<()> {
        backend!(self, backend => backend.ensure_prepared())
    }

    fn present(&mut self) -> DrawResult<()> {
        backend!(self, backend => backend.present())
    }

    fn draw_pixel(&mut self, point: BackendCoord, color: BackendColor) -> DrawResult<()> {
        backend!(self, backend => backend.draw_pixel(point, color))
    }

    fn draw_line<S: BackendStyle>(
        &mut self,
        from: BackendCoord,
        to: BackendCoord,
        style: &S,
    ) -> DrawResult<()> {
        backend!(self, backend => backend.draw_line(from, to, style))
    }

    fn draw_rect<S: BackendStyle>(
        &mut self,
        upper_left: BackendCoord,
        bottom_right: BackendCoord,
        style: &S,
        fill: bool,
    ) -> DrawResult<()> {
        backend!(self, backend => backend.draw_rect(upper_left, bottom_right, style, fill))
    }

    fn draw_path<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(
        &mut self,
        path: I,
        style: &S,
    ) -> DrawResult<()> {
        backend!(self, backend => backend.draw_path(path, style))
    }

    fn draw_circle<S: BackendStyle>(
        &mut self,
        center: BackendCoord,
        radius: u32,
        style: &S,
        fill: bool,
    ) -> DrawResult<()> {
        if let Canvas::Svg(_, elements) = self
            && fill
            && radius <= MAX_DOT_RADIUS
        {
            let BackendColor { alpha, rgb: (red, green, blue) } = style.color();
            let key = (radius, [red, green, blue], (100.0 * alpha).round() as u32);
            let mut elements = elements.borrow_mut();
            let path = elements.dots.entry(key).or_default();
            // A line with round ends draws a dot; some viewers omit lines of length 0.
            let _ = write!(path, "M{},{}h.01", center.0, center.1);
            return Ok(());
        }
        backend!(self, backend => backend.draw_circle(center, radius, style, fill))
    }

    fn fill_polygon<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(
        &mut self,
        vert: I,
        style: &S,
    ) -> DrawResult<()> {
        backend!(self, backend => backend.fill_polygon(vert, style))
    }

    fn draw_text<S: BackendTextStyle>(
        &mut self,
        text: &str,
        style: &S,
        at: BackendCoord,
    ) -> DrawResult<()> {
        let text = single_line(text);
        match self {
            Canvas::Svg(backend, _) => backend.draw_text(&text, style, at).map_err(to_canvas_error),
            Canvas::Png(backend) => draw_pixels(backend, &text, style, at),
        }
    }

    fn estimate_text_size<S: BackendTextStyle>(
        &self,
        text: &str,
        style: &S,
    ) -> DrawResult<(u32, u32)> {
        let width = width(&single_line(text), style.size());
        Ok((width.ceil() as u32, style.size().ceil() as u32))
    }

    /// Draws RGB bytes, row by row. In an SVG they become a PNG image below all other elements.
    fn blit_bitmap(
        &mut self,
        at: BackendCoord,
        (width, height): (u32, u32),
        pixels: &[u8],
    ) -> DrawResult<()> {
        let elements = match self {
            Canvas::Png(backend) => {
                return backend.blit_bitmap(at, (width, height), pixels).map_err(to_canvas_error);
            }
            Canvas::Svg(_, elements) => elements,
        };
        let png = encode_png(width, height, pixels.to_vec())
            .map_err(|reason| DrawingErrorKind::DrawingError(CanvasError(reason)))?;
        let data = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, png);
        // Viewers before SVG 2 support only xlink:href.
        let _ = writeln!(
            elements.borrow_mut().images,
            "<image x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" style=\"image-rendering:pixelated\" \
             preserveAspectRatio=\"none\" xmlns:xlink=\"http://www.w3.org/1999/xlink\" \
             xlink:href=\"data:image/png;base64,{data}\"/>",
            at.0,
            at.1,
            f64::from(width) / f64::from(PNG_SCALE),
            f64::from(height) / f64::from(PNG_SCALE),
        );
        Ok(())
    }
}

/// Draws a text with the embedded fonts, anchored as in plotters' SVG.
fn draw_pixels<S: BackendTextStyle>(
    backend: &mut BitMapBackend,
    text: &str,
    style: &S,
    at: BackendCoord,
) -> DrawResult<()> {
    let size = style.size();
    let em = size / 1.24;
    let left = match style.anchor().h_pos {
        HPos::Left => 0.0,
        HPos::Center => -width(text, size) / 2.0,
        HPos::Right => -width(text, size),
    };
    let baseline = match style.anchor().v_pos {
        VPos::Top => 0.76 * em,
        VPos::Center => 0.5 * X_HEIGHT * em,
        VPos::Bottom => -0.5 * X_HEIGHT * em,
    };
    let (left, baseline) = (left.round() as i32, baseline.round() as i32);
    let (transform, color) = (style.transform(), style.color());
    let (columns, rows) = backend.get_size();
    let mut drawn = Ok(());
    draw(text, size, &mut |x, y, part| {
        let (x, y) = transform.transform(x + left, y + baseline);
        let (x, y) = (at.0 + x, at.1 + y);
        let inside = (0..columns as i32).contains(&x) && (0..rows as i32).contains(&y);
        if drawn.is_ok() && inside {
            let color = BackendColor { alpha: color.alpha * f64::from(part), ..color };
            drawn = backend.draw_pixel((x, y), color);
        }
    });
    drawn.map_err(to_canvas_error)
}

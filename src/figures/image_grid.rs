//! Grids of small images of numbers, such as receptive fields.

use plotters::coord::Shift;
use plotters::element::{Drawable, PointCollection};
use plotters::prelude::*;
use plotters_backend::{BackendCoord, DrawingErrorKind};

use super::NumberImage;
use super::colour::GRID;
use super::png::PNG_SCALE;
use super::render::{
    Render, SMALL, Side, TITLE_HEIGHT, cut_text, draw_error, text, width_for_title,
};

/// A grid of small images.
#[derive(Clone, Debug, PartialEq)]
pub struct ImageGrid {
    /// Title above the grid.
    pub title: String,
    /// Number of cells per row.
    pub columns: usize,
    /// Cells, row by row.
    pub cells: Vec<NumberImage>,
}

/// Lengths in pixels of the SVG.
const CELL_SIDE: u32 = 84;
const GAP: u32 = 8;
const NAME_HEIGHT: u32 = 20;

impl Render for ImageGrid {
    fn title(&self) -> &str {
        &self.title
    }

    fn size(&self) -> (u32, u32) {
        let rows = self.cells.len().div_ceil(self.columns()) as u32;
        let width = width_for_title((CELL_SIDE + GAP) * self.columns() as u32 + GAP, &self.title);
        (width, TITLE_HEIGHT + (CELL_SIDE + GAP + self.name()) * rows + GAP)
    }

    fn draw<B: DrawingBackend>(
        &self,
        area: &DrawingArea<B, Shift>,
        scale: u32,
    ) -> Result<(), String> {
        for (index, cell) in self.cells.iter().enumerate() {
            let x = GAP + (index % self.columns()) as u32 * (CELL_SIDE + GAP);
            let y = (index / self.columns()) as u32 * (CELL_SIDE + GAP + self.name());
            let position = |x: u32, y: u32| ((x * scale) as i32, (y * scale) as i32);
            let bitmap = Bitmap::of(cell, position(x, y));
            let frame = [
                position(x, y),
                position(x + bitmap.size.0 / PNG_SCALE, y + bitmap.size.1 / PNG_SCALE),
            ];
            area.draw(&bitmap).map_err(draw_error)?;
            area.draw(&Rectangle::new(frame, GRID.stroke_width(scale))).map_err(draw_error)?;
            if !cell.title.is_empty() {
                let below = position(x + CELL_SIDE / 2, y + CELL_SIDE + NAME_HEIGHT / 2);
                let title = cut_text(&cell.title, SMALL, CELL_SIDE + GAP);
                text(area, &title, below, SMALL * scale, Side::Middle)?;
            }
        }
        Ok(())
    }
}

impl ImageGrid {
    fn columns(&self) -> usize {
        self.columns.clamp(1, self.cells.len().max(1))
    }

    /// Returns the height of the cells' titles, 0 if they have none.
    fn name(&self) -> u32 {
        if self.cells.iter().all(|cell| cell.title.is_empty()) { 0 } else { NAME_HEIGHT }
    }
}

/// A cell's pixels, enlarged to its side, without frame.
struct Bitmap {
    position: (i32, i32),
    size: (u32, u32),
    bytes: Vec<u8>,
}

impl Bitmap {
    fn of(cell: &NumberImage, position: (i32, i32)) -> Self {
        let pixels = cell.pixels();
        let side = (CELL_SIDE * PNG_SCALE) as usize;
        let longest = cell.height.max(cell.width).max(1);
        // Keep pixels square.
        let [height, width] =
            [cell.height, cell.width].map(|length| (length * side / longest).max(1));
        let bytes = (0..height).flat_map(|row| (0..width).map(move |column| (row, column)));
        let bytes = bytes.flat_map(|(row, column)| {
            let (row, column) = (row * cell.height / height, column * cell.width / width);
            pixels.get(row * cell.width + column).copied().unwrap_or([255; 3])
        });
        Bitmap { position, size: (width as u32, height as u32), bytes: bytes.collect() }
    }
}

impl<'a> PointCollection<'a, (i32, i32)> for &'a Bitmap {
    type Point = &'a (i32, i32);
    type IntoIter = std::iter::Once<&'a (i32, i32)>;

    fn point_iter(self) -> Self::IntoIter {
        std::iter::once(&self.position)
    }
}

impl<B: DrawingBackend> Drawable<B> for Bitmap {
    fn draw<I: Iterator<Item = BackendCoord>>(
        &self,
        mut positions: I,
        backend: &mut B,
        _: (u32, u32),
    ) -> Result<(), DrawingErrorKind<B::ErrorType>> {
        match positions.next() {
            Some(position) => backend.blit_bitmap(position, self.size, &self.bytes),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_embedded_images_in_a_small_svg() {
        let value = |pixel: usize| ((pixel * 7919) % 997) as f64 - 498.0;
        let cell = |number: usize| NumberImage {
            height: 28,
            width: 28,
            channels: 1,
            values: (0..784).map(|pixel| value(pixel + 784 * number)).collect(),
            ..NumberImage::default()
        };
        let grid = ImageGrid {
            title: "Fields".to_string(),
            columns: 10,
            cells: (0..50).map(cell).collect(),
        };
        let svg = grid.svg().unwrap();
        assert!(svg.len() < 300_000, "{}", svg.len());
        assert_eq!(svg.matches("<image ").count(), 50);
        // One background and a frame per cell.
        assert_eq!(svg.matches("<rect ").count(), 51);
        assert!(svg.find("<rect ").unwrap() < svg.find("<image ").unwrap());
        let png = image::load_from_memory(&grid.png().unwrap()).unwrap().to_rgb8();
        let colours = grid.cells[49].pixels();
        let (x, y) = (GAP + 9 * (CELL_SIDE + GAP), TITLE_HEIGHT + 4 * (CELL_SIDE + GAP));
        // The middle of pixel (13, 20).
        let middle = |pixel: u32| (pixel * CELL_SIDE + CELL_SIDE / 2) / 28 * PNG_SCALE;
        let seen = png.get_pixel(x * PNG_SCALE + middle(20), y * PNG_SCALE + middle(13)).0;
        assert_eq!(seen, colours[13 * 28 + 20]);
    }
}

//! Many small pictures of numbers.

use plotters::coord::Shift;
use plotters::element::{Drawable, PointCollection};
use plotters::prelude::*;
use plotters_backend::{BackendCoord, DrawingErrorKind};

use super::Tile;
use super::colour::GRID;
use super::picture::{PIXELS, Picture, SMALL, Side, TITLE, cut, said, text, wide_enough};

/// Tiles in rows.
#[derive(Clone, Debug, PartialEq)]
pub struct Mosaic {
    /// Above all tiles.
    pub title: String,
    /// Tiles of a row.
    pub columns: usize,
    /// Row by row.
    pub tiles: Vec<Tile>,
}

/// Lengths in pixels of the SVG.
const TILE: u32 = 84;
const GAP: u32 = 8;
const NAME: u32 = 20;

impl Picture for Mosaic {
    fn title(&self) -> &str {
        &self.title
    }

    fn size(&self) -> (u32, u32) {
        let rows = self.tiles.len().div_ceil(self.columns()) as u32;
        let width = wide_enough((TILE + GAP) * self.columns() as u32 + GAP, &self.title);
        (width, TITLE + (TILE + GAP + self.name()) * rows + GAP)
    }

    fn draw<B: DrawingBackend>(
        &self,
        area: &DrawingArea<B, Shift>,
        scale: u32,
    ) -> Result<(), String> {
        for (index, tile) in self.tiles.iter().enumerate() {
            let x = GAP + (index % self.columns()) as u32 * (TILE + GAP);
            let y = (index / self.columns()) as u32 * (TILE + GAP + self.name());
            let place = |x: u32, y: u32| ((x * scale) as i32, (y * scale) as i32);
            let raster = Raster::of(tile, place(x, y));
            let frame =
                [place(x, y), place(x + raster.size.0 / PIXELS, y + raster.size.1 / PIXELS)];
            area.draw(&raster).map_err(said)?;
            area.draw(&Rectangle::new(frame, GRID.stroke_width(scale))).map_err(said)?;
            if !tile.title.is_empty() {
                let below = place(x + TILE / 2, y + TILE + NAME / 2);
                let title = cut(&tile.title, SMALL, TILE + GAP);
                text(area, &title, below, SMALL * scale, Side::Middle)?;
            }
        }
        Ok(())
    }
}

impl Mosaic {
    fn columns(&self) -> usize {
        self.columns.clamp(1, self.tiles.len().max(1))
    }

    /// Height of the tiles' titles, where they have any.
    fn name(&self) -> u32 {
        if self.tiles.iter().all(|tile| tile.title.is_empty()) { 0 } else { NAME }
    }
}

/// A tile's pixels, enlarged to its side, without frame.
struct Raster {
    place: (i32, i32),
    size: (u32, u32),
    bytes: Vec<u8>,
}

impl Raster {
    fn of(tile: &Tile, place: (i32, i32)) -> Self {
        let pixels = tile.pixels();
        let side = (TILE * PIXELS) as usize;
        let longest = tile.height.max(tile.width).max(1);
        // Pixels stay square.
        let [height, width] =
            [tile.height, tile.width].map(|length| (length * side / longest).max(1));
        let bytes = (0..height).flat_map(|row| (0..width).map(move |column| (row, column)));
        let bytes = bytes.flat_map(|(row, column)| {
            let (row, column) = (row * tile.height / height, column * tile.width / width);
            pixels.get(row * tile.width + column).copied().unwrap_or([255; 3])
        });
        Raster { place, size: (width as u32, height as u32), bytes: bytes.collect() }
    }
}

impl<'a> PointCollection<'a, (i32, i32)> for &'a Raster {
    type Point = &'a (i32, i32);
    type IntoIter = std::iter::Once<&'a (i32, i32)>;

    fn point_iter(self) -> Self::IntoIter {
        std::iter::once(&self.place)
    }
}

impl<B: DrawingBackend> Drawable<B> for Raster {
    fn draw<I: Iterator<Item = BackendCoord>>(
        &self,
        mut places: I,
        backend: &mut B,
        _: (u32, u32),
    ) -> Result<(), DrawingErrorKind<B::ErrorType>> {
        match places.next() {
            Some(place) => backend.blit_bitmap(place, self.size, &self.bytes),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_images_and_their_svg_is_small() {
        let value = |pixel: usize| ((pixel * 7919) % 997) as f64 - 498.0;
        let tile = |number: usize| Tile {
            height: 28,
            width: 28,
            channels: 1,
            values: (0..784).map(|pixel| value(pixel + 784 * number)).collect(),
            ..Tile::default()
        };
        let mosaic =
            Mosaic { title: "Fields".to_string(), columns: 10, tiles: (0..50).map(tile).collect() };
        let svg = mosaic.svg().unwrap();
        assert!(svg.len() < 300_000, "{}", svg.len());
        assert_eq!(svg.matches("<image ").count(), 50);
        // The background, and a frame each.
        assert_eq!(svg.matches("<rect ").count(), 51);
        assert!(svg.find("<rect ").unwrap() < svg.find("<image ").unwrap());
        let png = image::load_from_memory(&mosaic.png().unwrap()).unwrap().to_rgb8();
        let colours = mosaic.tiles[49].pixels();
        let (x, y) = (GAP + 9 * (TILE + GAP), TITLE + 4 * (TILE + GAP));
        // The middle of pixel (13, 20).
        let middle = |pixel: u32| (pixel * TILE + TILE / 2) / 28 * PIXELS;
        let seen = png.get_pixel(x * PIXELS + middle(20), y * PIXELS + middle(13)).0;
        assert_eq!(seen, colours[13 * 28 + 20]);
    }
}

//! Many small pictures of numbers.

use plotters::coord::Shift;
use plotters::prelude::*;

use super::colour::{GRID, diverging};
use super::picture::{Picture, Side, TITLE, said, text};

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

/// Numbers as a picture, on a scale of its own that is symmetric about 0.
#[derive(Clone, Debug, PartialEq)]
pub struct Tile {
    /// Below the tile; may be empty.
    pub title: String,
    /// Rows of numbers.
    pub height: usize,
    /// Numbers in a row.
    pub width: usize,
    /// Row by row.
    pub values: Vec<f64>,
}

/// Lengths in pixels of the SVG.
const TILE: u32 = 84;
const GAP: u32 = 8;
const NAME: u32 = 16;
/// Parts of a tile's largest number that are not drawn: they would be white.
const WHITE_BELOW: f64 = 0.02;

impl Picture for Mosaic {
    fn title(&self) -> &str {
        &self.title
    }

    fn size(&self) -> (u32, u32) {
        let columns = self.columns.max(1);
        let rows = self.tiles.len().div_ceil(columns) as u32;
        let width = (TILE + GAP) * columns as u32 + GAP;
        (width.max(9 * self.title.len() as u32), TITLE + (TILE + GAP + self.name()) * rows + GAP)
    }

    fn draw<B: DrawingBackend>(
        &self,
        area: &DrawingArea<B, Shift>,
        scale: u32,
    ) -> Result<(), String> {
        let columns = self.columns.max(1);
        for (index, tile) in self.tiles.iter().enumerate() {
            let x = GAP + (index % columns) as u32 * (TILE + GAP);
            let y = (index / columns) as u32 * (TILE + GAP + self.name());
            tile.draw(area, (x * scale) as i32, (y * scale) as i32, scale)?;
            if !tile.title.is_empty() {
                let below = ((x + TILE / 2) * scale, (y + TILE + NAME / 2) * scale);
                let below = (below.0 as i32, below.1 as i32);
                text(area, &tile.title, below, 11 * scale, Side::Middle)?;
            }
        }
        Ok(())
    }
}

impl Mosaic {
    /// Height of the tiles' titles, where they have any.
    fn name(&self) -> u32 {
        if self.tiles.iter().all(|tile| tile.title.is_empty()) { 0 } else { NAME }
    }
}

impl Tile {
    fn draw<B: DrawingBackend>(
        &self,
        area: &DrawingArea<B, Shift>,
        x: i32,
        y: i32,
        scale: u32,
    ) -> Result<(), String> {
        let size = (TILE * scale) as i32;
        let largest = self.values.iter().fold(0.0, |most: f64, value| most.max(value.abs()));
        let edge = |index: usize, count: usize| index as i32 * size / count.max(1) as i32;
        for (index, value) in self.values.iter().enumerate() {
            let part = value / largest;
            // Where all are 0, none is a part of the largest.
            if part.is_nan() || part.abs() < WHITE_BELOW {
                continue;
            }
            let (row, column) = (index / self.width, index % self.width);
            let corners = [
                (x + edge(column, self.width), y + edge(row, self.height)),
                (x + edge(column + 1, self.width), y + edge(row + 1, self.height)),
            ];
            area.draw(&Rectangle::new(corners, diverging(part).filled())).map_err(said)?;
        }
        let frame = [(x, y), (x + size, y + size)];
        area.draw(&Rectangle::new(frame, GRID.stroke_width(scale))).map_err(said)
    }
}

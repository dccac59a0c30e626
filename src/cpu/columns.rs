//! Weights as the CPU streams them: a column for each neuron below, in whole tiles.

use bytemuck::cast;

use super::tile::{Tile, WIDTH};

/// A matrix `[columns, units]`.
pub struct Columns {
    tiles: Vec<Tile<f32>>,
    units: usize,
    stride: usize,
}

impl Columns {
    pub fn new(columns: usize, units: usize) -> Self {
        let stride = stride(units);
        Columns { tiles: vec![Tile([0.0; WIDTH]); columns * stride], units, stride }
    }

    /// Words that a matrix takes.
    pub fn padded_words(columns: usize, units: usize) -> usize {
        columns * stride(units) * WIDTH
    }

    /// Tiles from one column to the next.
    #[inline]
    pub fn stride(&self) -> usize {
        self.stride
    }

    /// All columns with what lies between them.
    #[inline]
    pub fn tiles(&self) -> &[Tile<f32>] {
        &self.tiles
    }

    #[inline]
    pub fn column(&self, index: usize) -> &[Tile<f32>] {
        &self.tiles[index * self.stride..][..self.units.div_ceil(WIDTH)]
    }

    #[inline]
    pub fn column_mut(&mut self, index: usize) -> &mut [Tile<f32>] {
        &mut self.tiles[index * self.stride..][..self.units.div_ceil(WIDTH)]
    }

    #[inline]
    pub fn columns_mut(&mut self) -> impl Iterator<Item = &mut [Tile<f32>]> {
        let count = self.units.div_ceil(WIDTH);
        self.tiles.chunks_exact_mut(self.stride).map(move |column| &mut column[..count])
    }

    /// The words without the padding, `[columns, units]`.
    pub fn words(&self) -> Vec<u32> {
        let columns = self.tiles.chunks_exact(self.stride);
        let floats =
            columns.flat_map(|column| column.iter().flat_map(|tile| tile.0).take(self.units));
        floats.map(f32::to_bits).collect()
    }

    /// Replaces all words; there are as many as [`Columns::words`] has.
    pub fn set_words(&mut self, words: &[u32]) {
        let units = self.units.max(1);
        for (column, words) in self.columns_mut().zip(words.chunks_exact(units)) {
            let floats = column.iter_mut().flat_map(|tile| &mut tile.0);
            for (float, &word) in floats.zip(words) {
                *float = cast(word);
            }
        }
    }
}

/// Tiles of a column. Their number is odd, as is then that of cache lines: with a power of two, the same
/// part of all columns would share a few places of the cache.
#[inline]
fn stride(units: usize) -> usize {
    units.div_ceil(WIDTH) | 1
}

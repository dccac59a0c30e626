//! Weight matrices in the order in which kernels read them: one column per presynaptic neuron, in whole tiles.

use bytemuck::cast;

use crate::cpu::simd::tiled::{LANES, Tile};

/// A matrix `[columns, units]`, stored column by column.
pub struct WeightMatrix {
    tiles: Vec<Tile<f32>>,
    units: usize,
    stride: usize,
}

impl WeightMatrix {
    pub fn new(columns: usize, units: usize) -> Self {
        let stride = stride(units);
        WeightMatrix { tiles: vec![Tile([0.0; LANES]); columns * stride], units, stride }
    }

    /// Returns the size of a matrix with its padding, words.
    pub fn padded_words(columns: usize, units: usize) -> usize {
        columns * stride(units) * LANES
    }

    /// Returns the number of tiles from one column to the next.
    #[inline]
    pub fn stride(&self) -> usize {
        self.stride
    }

    /// Returns all columns with their padding.
    #[inline]
    pub fn tiles(&self) -> &[Tile<f32>] {
        &self.tiles
    }

    #[inline]
    pub fn column(&self, index: usize) -> &[Tile<f32>] {
        &self.tiles[index * self.stride..][..self.units.div_ceil(LANES)]
    }

    #[inline]
    pub fn column_mut(&mut self, index: usize) -> &mut [Tile<f32>] {
        &mut self.tiles[index * self.stride..][..self.units.div_ceil(LANES)]
    }

    #[inline]
    pub fn columns_mut(&mut self) -> impl Iterator<Item = &mut [Tile<f32>]> {
        let count = self.units.div_ceil(LANES);
        self.tiles.chunks_exact_mut(self.stride).map(move |column| &mut column[..count])
    }

    /// Returns the words without padding, `[columns, units]`.
    pub fn words(&self) -> Vec<u32> {
        let columns = self.tiles.chunks_exact(self.stride);
        let floats =
            columns.flat_map(|column| column.iter().flat_map(|tile| tile.0).take(self.units));
        floats.map(f32::to_bits).collect()
    }

    /// Replaces all words; same length as [`WeightMatrix::words`].
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

/// Returns the number of tiles per column, padding included. It is odd, as is the number of cache lines: with a power
/// of two, the same tile of all columns would map to a few cache sets.
#[inline]
fn stride(units: usize) -> usize {
    units.div_ceil(LANES) | 1
}

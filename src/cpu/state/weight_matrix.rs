//! Weight matrices in the order in which kernels read them: one column per presynaptic neuron, in whole tiles.

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

    /// Returns an iterator over the values of each column without padding, `[columns][units]`.
    pub fn columns(&self) -> impl Iterator<Item = impl Iterator<Item = f32>> {
        let columns = self.tiles.chunks_exact(self.stride);
        columns.map(|column| column.iter().flat_map(|tile| tile.0).take(self.units))
    }

    /// Replaces all values, `[columns, units]`.
    pub fn set_values(&mut self, values: &[f32]) {
        self.set_columns(values.chunks(self.column_len()));
    }

    /// Replaces the values of all columns; `columns`: each `[units]`.
    pub fn set_columns<'a>(&mut self, columns: impl Iterator<Item = &'a [f32]>) {
        for (own, column) in self.columns_mut().zip(columns) {
            for (tile, values) in own.iter_mut().zip(column.chunks(LANES)) {
                tile.0[..values.len()].copy_from_slice(values);
            }
        }
    }

    /// Returns the number of neurons, at least 1, for use as the length of a column.
    pub fn column_len(&self) -> usize {
        self.units.max(1)
    }
}

/// Returns the number of tiles per column, padding included. It is odd, as is the number of cache lines: with a power
/// of two, the same tile of all columns would map to a few cache sets.
#[inline]
fn stride(units: usize) -> usize {
    units.div_ceil(LANES) | 1
}

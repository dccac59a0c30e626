//! Weights as the CPU streams them: a column for each neuron below, each starting on a cache line.

use bytemuck::{Pod, Zeroable, cast_slice, cast_slice_mut};

/// Floats of a cache line.
pub const LINE: usize = 16;

#[repr(C, align(64))]
#[derive(Clone, Copy, Pod, Zeroable)]
struct Line([f32; LINE]);

/// A matrix `[columns, units]`, padded between its columns.
pub struct Columns {
    lines: Vec<Line>,
    units: usize,
    stride: usize,
}

impl Columns {
    pub fn new(columns: usize, units: usize) -> Self {
        let lines = lines(units);
        Columns { lines: vec![Line::zeroed(); columns * lines], units, stride: lines * LINE }
    }

    /// Words that a matrix takes.
    pub fn padded_words(columns: usize, units: usize) -> usize {
        columns * lines(units) * LINE
    }

    /// Floats from one column to the next.
    pub fn stride(&self) -> usize {
        self.stride
    }

    /// All columns with what lies between them.
    pub fn padded(&self) -> &[f32] {
        cast_slice(&self.lines)
    }

    pub fn column(&self, index: usize) -> &[f32] {
        &self.padded()[index * self.stride..][..self.units]
    }

    pub fn columns_mut(&mut self) -> impl Iterator<Item = &mut [f32]> {
        let units = self.units;
        let floats: &mut [f32] = cast_slice_mut(&mut self.lines);
        floats.chunks_mut(self.stride).map(move |column| &mut column[..units])
    }

    /// The words without the padding, `[columns, units]`.
    pub fn words(&self) -> Vec<u32> {
        let columns = self.padded().chunks(self.stride);
        columns.flat_map(|column| cast_slice::<f32, u32>(&column[..self.units])).copied().collect()
    }

    /// Replaces all words; there are as many as [`Columns::words`] has.
    pub fn set_words(&mut self, words: &[u32]) {
        let units = self.units;
        for (column, words) in self.columns_mut().zip(words.chunks(units)) {
            column.copy_from_slice(cast_slice(words));
        }
    }
}

/// Lines of a column. Their number is odd: with a power of two, the same part of all columns would
/// share a few places of the cache.
fn lines(units: usize) -> usize {
    units.div_ceil(LINE) | 1
}

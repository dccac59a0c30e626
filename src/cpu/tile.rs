//! Neurons in tiles of a fixed width, which a vector register holds and compilers see as such.

use std::ops::{Deref, DerefMut};

use bytemuck::{Pod, cast};

/// Neurons that are stepped together.
pub const WIDTH: usize = 16;

/// One value for each neuron of a tile, on a cache line of its own.
#[repr(C, align(64))]
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Tile<T>(pub [T; WIDTH]);

impl<T> Deref for Tile<T> {
    type Target = [T; WIDTH];

    #[inline(always)]
    fn deref(&self) -> &[T; WIDTH] {
        &self.0
    }
}

impl<T> DerefMut for Tile<T> {
    #[inline(always)]
    fn deref_mut(&mut self) -> &mut [T; WIDTH] {
        &mut self.0
    }
}

/// An array `[rows, units]`, stored tile by tile: all rows of the first tile, then all of the next. A
/// kernel that steps a tile finds its past, its voltages and its spikes in one place, and threads can
/// share out the tiles. The last tile is whole; what lies beyond the last unit is not read.
pub struct Tiled<T> {
    rows: usize,
    units: usize,
    tiles: Vec<Tile<T>>,
}

impl<T: Pod> Tiled<T> {
    pub fn new(rows: usize, units: usize) -> Self {
        let zero = Tile([T::zeroed(); WIDTH]);
        Tiled { rows, units, tiles: vec![zero; rows * units.div_ceil(WIDTH)] }
    }

    /// Number of neurons.
    #[inline]
    pub fn units(&self) -> usize {
        self.units
    }

    #[inline]
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// All rows of one tile.
    #[inline]
    pub fn of(&self, tile: usize) -> &[Tile<T>] {
        &self.tiles[tile * self.rows..][..self.rows]
    }

    /// The first row of one tile, where there is such a tile.
    #[inline]
    pub fn tile(&self, tile: usize) -> Option<&Tile<T>> {
        self.tiles.get(tile * self.rows)
    }

    /// The tiles of an array of one row.
    #[inline]
    pub fn row(&self) -> &[Tile<T>] {
        &self.tiles
    }

    /// All rows of one tile.
    #[inline]
    pub fn of_mut(&mut self, tile: usize) -> &mut [Tile<T>] {
        &mut self.tiles[tile * self.rows..][..self.rows]
    }

    /// All rows of each tile.
    #[inline]
    pub fn each(&self) -> std::slice::ChunksExact<'_, Tile<T>> {
        self.tiles.chunks_exact(self.rows.max(1))
    }

    /// All rows of each tile.
    #[inline]
    pub fn each_mut(&mut self) -> std::slice::ChunksExactMut<'_, Tile<T>> {
        self.tiles.chunks_exact_mut(self.rows.max(1))
    }

    /// All tiles, as a span that can be cut.
    #[inline]
    pub fn span(&mut self) -> Span<'_, T> {
        Span { tiles: &mut self.tiles, rows: self.rows, first: 0 }
    }

    /// Replaces everything by what an array of the same shape holds.
    pub fn copy_from(&mut self, other: &Self) {
        self.tiles.copy_from_slice(&other.tiles);
    }

    /// Replaces the rows numbered `rows` by those of `front`, in order.
    #[inline]
    pub fn put_rows(&mut self, front: &Self, rows: &[usize]) {
        for (own, front) in self.each_mut().zip(front.each()) {
            for (&row, tile) in rows.iter().zip(front) {
                own[row] = *tile;
            }
        }
    }

    /// Takes over the rows numbered `rows` of `other`, in order.
    #[inline]
    pub fn take_rows(&mut self, other: &Self, rows: &[usize]) {
        for (own, other) in self.each_mut().zip(other.each()) {
            for (tile, &row) in own.iter_mut().zip(rows) {
                *tile = other[row];
            }
        }
    }

    /// One value.
    #[inline]
    pub fn set(&mut self, row: usize, unit: usize, value: T) {
        self.tiles[unit / WIDTH * self.rows + row][unit % WIDTH] = value;
    }

    #[inline]
    pub fn value(&self, row: usize, unit: usize) -> T {
        self.tiles[unit / WIDTH * self.rows + row][unit % WIDTH]
    }

    /// The words in the order `[rows, units]`.
    pub fn words(&self) -> Vec<u32> {
        (0..self.rows).flat_map(|row| self.row_words(row)).collect()
    }

    /// Replaces all words; there are as many as [`Tiled::words`] has.
    pub fn set_words(&mut self, words: &[u32]) {
        for (row, words) in words.chunks(self.units.max(1)).enumerate() {
            self.set_row_words(row, words);
        }
    }

    /// The words of a row, `[units]`.
    pub fn row_words(&self, row: usize) -> impl Iterator<Item = u32> + '_ {
        (0..self.units).map(move |unit| cast(self.value(row, unit)))
    }

    /// Replaces the words of a row.
    pub fn set_row_words(&mut self, row: usize, words: &[u32]) {
        for (unit, &word) in words.iter().enumerate() {
            self.set(row, unit, cast(word));
        }
    }
}

/// Tiles that stay together where arrays are cut.
pub const GROUP: usize = 4;

/// Tiles of each part, but the last, of `count` tiles in at most `parts` parts.
pub fn part_length(count: usize, parts: usize) -> usize {
    count.div_ceil(parts.max(1)).next_multiple_of(GROUP)
}

/// Some neighbouring tiles of a [`Tiled`] array, with all their rows: the share of one thread.
pub struct Span<'a, T> {
    pub tiles: &'a mut [Tile<T>],
    pub rows: usize,
    /// Index of the first tile.
    pub first: usize,
}

impl<'a, T: Pod> Span<'a, T> {
    /// Number of tiles.
    #[inline]
    pub fn tile_count(&self) -> usize {
        self.tiles.len() / self.rows.max(1)
    }

    /// The rows of tile number `tile` of the span.
    #[inline]
    pub fn of_mut(&mut self, tile: usize) -> &mut [Tile<T>] {
        &mut self.tiles[tile * self.rows..][..self.rows]
    }

    /// The rows of each tile.
    #[inline]
    pub fn each_mut(&mut self) -> std::slice::ChunksExactMut<'_, Tile<T>> {
        self.tiles.chunks_exact_mut(self.rows.max(1))
    }

    /// Cuts the span into at most `parts` of nearly the same length.
    pub fn cut(self, parts: usize) -> Vec<Span<'a, T>> {
        let Span { tiles, rows, first } = self;
        let length = part_length(tiles.len() / rows.max(1), parts);
        let chunks = tiles.chunks_mut((length * rows).max(1)).enumerate();
        chunks.map(|(i, tiles)| Span { tiles, rows, first: first + i * length }).collect()
    }

    /// Fills the first `count` rows with zeros.
    #[inline]
    pub fn clear_rows(&mut self, count: usize) {
        for rows in self.each_mut() {
            rows[..count].fill(Tile([T::zeroed(); WIDTH]));
        }
    }
}

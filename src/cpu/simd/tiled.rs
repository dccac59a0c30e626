//! Arrays in tiles of 16 neurons, the width of an AVX-512 register, so that loops over a tile are vectorised.

use std::ops::{Deref, DerefMut};

use bytemuck::Pod;

/// Number of neurons per tile.
pub const LANES: usize = 16;

/// One value per neuron of a tile; fills one cache line.
#[repr(C, align(64))]
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Tile<T>(pub [T; LANES]);

impl<T> Deref for Tile<T> {
    type Target = [T; LANES];

    #[inline(always)]
    fn deref(&self) -> &[T; LANES] {
        &self.0
    }
}

impl<T> DerefMut for Tile<T> {
    #[inline(always)]
    fn deref_mut(&mut self) -> &mut [T; LANES] {
        &mut self.0
    }
}

/// An array `[rows, units]`, stored tile by tile: all rows of the first tile, then all rows of the next.
///
/// The history, voltages and spikes of a tile are contiguous, and threads can split the tiles. The last tile is padded;
/// values after the last neuron are never read.
pub struct TiledArray<T> {
    rows: usize,
    units: usize,
    tiles: Vec<Tile<T>>,
}

impl<T: Pod> TiledArray<T> {
    pub fn new(rows: usize, units: usize) -> Self {
        let zero = Tile([T::zeroed(); LANES]);
        TiledArray { rows, units, tiles: vec![zero; rows * units.div_ceil(LANES)] }
    }

    /// Returns the number of neurons.
    #[inline]
    pub fn units(&self) -> usize {
        self.units
    }

    #[inline]
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Returns all rows of one tile.
    #[inline]
    pub fn tile_rows(&self, tile: usize) -> &[Tile<T>] {
        &self.tiles[tile * self.rows..][..self.rows]
    }

    /// Returns the first row of one tile; `None` if there is no such tile.
    #[inline]
    pub fn first_row(&self, tile: usize) -> Option<&Tile<T>> {
        self.tiles.get(tile * self.rows)
    }

    /// Returns the tiles of an array of one row.
    #[inline]
    pub fn single_row(&self) -> &[Tile<T>] {
        &self.tiles
    }

    /// Returns all rows of one tile.
    #[inline]
    pub fn tile_rows_mut(&mut self, tile: usize) -> &mut [Tile<T>] {
        &mut self.tiles[tile * self.rows..][..self.rows]
    }

    /// Returns an iterator over the tiles, each with all its rows.
    #[inline]
    pub fn iter_tiles(&self) -> std::slice::ChunksExact<'_, Tile<T>> {
        self.tiles.chunks_exact(self.rows.max(1))
    }

    /// Returns an iterator over the tiles, each with all its rows.
    #[inline]
    pub fn iter_tiles_mut(&mut self) -> std::slice::ChunksExactMut<'_, Tile<T>> {
        self.tiles.chunks_exact_mut(self.rows.max(1))
    }

    /// Returns all tiles as a slice that can be split.
    #[inline]
    pub fn all_tiles(&mut self) -> TileSlice<'_, T> {
        TileSlice { tiles: &mut self.tiles, rows: self.rows, first_tile: 0 }
    }

    /// Copies all values of an array of the same shape.
    pub fn copy_from(&mut self, other: &Self) {
        self.tiles.copy_from_slice(&other.tiles);
    }

    /// Copies row `k` of `front` to row `rows[k]`, for each `k`.
    #[inline]
    pub fn scatter_rows(&mut self, front: &Self, rows: &[usize]) {
        for (own, front) in self.iter_tiles_mut().zip(front.iter_tiles()) {
            for (&row, tile) in rows.iter().zip(front) {
                own[row] = *tile;
            }
        }
    }

    /// Copies row `rows[k]` of `other` to row `k`, for each `k`.
    #[inline]
    pub fn gather_rows(&mut self, other: &Self, rows: &[usize]) {
        for (own, other) in self.iter_tiles_mut().zip(other.iter_tiles()) {
            for (tile, &row) in own.iter_mut().zip(rows) {
                *tile = other[row];
            }
        }
    }

    /// Sets one value.
    #[inline]
    pub fn set(&mut self, row: usize, unit: usize, value: T) {
        self.tiles[unit / LANES * self.rows + row][unit % LANES] = value;
    }

    #[inline]
    pub fn value(&self, row: usize, unit: usize) -> T {
        self.tiles[unit / LANES * self.rows + row][unit % LANES]
    }

    /// Returns an iterator over all values, `[rows, units]`.
    pub fn values(&self) -> impl Iterator<Item = T> + '_ {
        (0..self.rows).flat_map(|row| self.row(row))
    }

    /// Replaces all values, `[rows, units]`.
    pub fn set_values(&mut self, values: &[T]) {
        for (row, values) in values.chunks(self.units.max(1)).enumerate() {
            self.set_row(row, values);
        }
    }

    /// Returns an iterator over the values of a row, `[units]`.
    pub fn row(&self, row: usize) -> impl Iterator<Item = T> + '_ {
        (0..self.units).map(move |unit| self.value(row, unit))
    }

    /// Replaces the values of a row, `[units]`.
    pub fn set_row(&mut self, row: usize, values: &[T]) {
        for (unit, &value) in values.iter().enumerate() {
            self.set(row, unit, value);
        }
    }
}

/// Number of tiles that stay together when an array is split.
pub const TILES_PER_GROUP: usize = 4;

/// Returns the number of tiles per part when `count` tiles are split into at most `parts` parts; the last may be
/// shorter.
pub fn tiles_per_split(count: usize, parts: usize) -> usize {
    count.div_ceil(parts.max(1)).next_multiple_of(TILES_PER_GROUP)
}

/// Consecutive tiles of a [`TiledArray`] array with all their rows, for one thread.
pub struct TileSlice<'a, T> {
    pub tiles: &'a mut [Tile<T>],
    pub rows: usize,
    /// Index of the first tile in the array.
    pub first_tile: usize,
}

impl<'a, T: Pod> TileSlice<'a, T> {
    /// Returns the number of tiles.
    #[inline]
    pub fn tile_count(&self) -> usize {
        self.tiles.len() / self.rows.max(1)
    }

    /// Returns all rows of one tile. `tile`: index within the slice.
    #[inline]
    pub fn tile_rows_mut(&mut self, tile: usize) -> &mut [Tile<T>] {
        &mut self.tiles[tile * self.rows..][..self.rows]
    }

    /// Returns an iterator over the tiles, each with all its rows.
    #[inline]
    pub fn iter_tiles_mut(&mut self) -> std::slice::ChunksExactMut<'_, Tile<T>> {
        self.tiles.chunks_exact_mut(self.rows.max(1))
    }

    /// Splits the slice into at most `parts` slices of nearly equal length.
    pub fn split(self, parts: usize) -> Vec<TileSlice<'a, T>> {
        let TileSlice { tiles, rows, first_tile } = self;
        let length = tiles_per_split(tiles.len() / rows.max(1), parts);
        let chunks = tiles.chunks_mut((length * rows).max(1)).enumerate();
        chunks
            .map(|(i, tiles)| TileSlice { tiles, rows, first_tile: first_tile + i * length })
            .collect()
    }

    /// Fills the first `count` rows with zeros.
    #[inline]
    pub fn clear_rows(&mut self, count: usize) {
        for rows in self.iter_tiles_mut() {
            rows[..count].fill(Tile([T::zeroed(); LANES]));
        }
    }
}

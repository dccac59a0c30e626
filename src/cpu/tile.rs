//! Neurons in tiles of a fixed width, a form that compilers turn into vector instructions.

/// Neurons that are stepped together.
pub const WIDTH: usize = 16;

/// One value for each neuron of a tile.
pub type Tile<T> = [T; WIDTH];

/// The values from `start` on; zeros where the row ends before the tile does.
#[inline(always)]
pub fn load<T: Copy + Default, const N: usize>(row: &[T], start: usize) -> [T; N] {
    match row[start..].first_chunk::<N>() {
        Some(tile) => *tile,
        None => {
            let mut tile = [T::default(); N];
            let rest = &row[start..];
            tile[..rest.len()].copy_from_slice(rest);
            tile
        }
    }
}

/// Puts back what belongs to the row.
#[inline(always)]
pub fn store<T: Copy, const N: usize>(row: &mut [T], start: usize, tile: &[T; N]) {
    match row[start..].first_chunk_mut::<N>() {
        Some(chunk) => *chunk = *tile,
        None => {
            let rest = &mut row[start..];
            let length = rest.len();
            rest.copy_from_slice(&tile[..length]);
        }
    }
}

/// The values from `start` on, of an array that goes on for a tile behind its last row.
#[inline(always)]
pub fn load_padded(array: &[f32], start: usize) -> Tile<f32> {
    array[start..start + WIDTH].try_into().unwrap_or([0.0; WIDTH])
}

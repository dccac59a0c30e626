//! What lanes carry from a training minibatch to the next, where a backend keeps whole arrays.

use super::{ArrayId, Backend, BackendError, Shape, check_array};

/// [`Backend::read_persistent`] of a backend that keeps the arrays of lanes.
///
/// # Errors
/// When the device was lost.
pub fn read_persistent_rows(
    backend: &mut (impl Backend + ?Sized),
    array: ArrayId,
) -> Result<Vec<u32>, BackendError> {
    let words = backend.read(array)?;
    let shape = backend.shape();
    let [rows, units] = shape.dims(array);
    let carried = shape.persistent_rows(array);
    let of_lane = |lane: &[u32]| lane[carried.start * units..carried.end * units].to_vec();
    Ok(words.chunks_exact((rows * units).max(1)).flat_map(of_lane).collect())
}

/// [`Backend::write_persistent`] of a backend that keeps the arrays of lanes.
///
/// # Errors
/// When there are not so many words, or the device was lost.
pub fn write_persistent_rows(
    backend: &mut (impl Backend + ?Sized),
    array: ArrayId,
    words: &[u32],
) -> Result<(), BackendError> {
    let shape = backend.shape();
    check_persistent(shape, array, words)?;
    let [rows, units] = shape.dims(array);
    let carried = shape.persistent_rows(array);
    let carried = carried.start * units..carried.end * units;
    let mut all = vec![0; shape.len(array)];
    if !carried.is_empty() {
        let lanes = all.chunks_exact_mut(rows * units).zip(words.chunks_exact(carried.len()));
        lanes.for_each(|(lane, words)| lane[carried.clone()].copy_from_slice(words));
    }
    backend.write(array, &all)
}

/// Checks that there is a word for each that lanes carry of an array.
///
/// # Errors
/// When there is not.
pub fn check_persistent(shape: &Shape, array: ArrayId, words: &[u32]) -> Result<(), BackendError> {
    check_array(shape, array)?;
    let expected = shape.persistent_len(array) * shape.copies(array);
    match words.len() {
        got if got == expected => Ok(()),
        got => Err(BackendError::WrongLength { array, expected, got }),
    }
}

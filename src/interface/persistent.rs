//! State that samples keep from one training minibatch to the next, for backends that keep whole arrays.

use super::{ArrayId, Backend, BackendError, Shape, check_array};

/// Implements [`Backend::read_persistent`] for a backend that keeps the arrays of samples.
///
/// # Errors
/// Returns [`BackendError`] if the device was lost.
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

/// Implements [`Backend::write_persistent`] for a backend that keeps the arrays of samples.
///
/// # Errors
/// Returns [`BackendError`] if `words` has the wrong length or the device was lost.
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

/// Checks that the number of words equals that of an array's persistent rows.
///
/// # Errors
/// Returns [`BackendError::WrongLength`] if it does not.
pub fn check_persistent(shape: &Shape, array: ArrayId, words: &[u32]) -> Result<(), BackendError> {
    check_array(shape, array)?;
    let expected = shape.persistent_len(array) * shape.copies(array);
    match words.len() {
        got if got == expected => Ok(()),
        got => Err(BackendError::WrongLength { array, expected, got }),
    }
}

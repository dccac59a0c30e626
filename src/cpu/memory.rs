//! What the backend takes of a machine's memory, told before it is taken.

use super::columns::Columns;
use super::{Threads, carried, drawn};
use crate::layout::{Array, Shape};

/// Bytes of all arrays of a shape on so many threads (0: see [`Threads::choose`]); the images are the data
/// set's own, and rasters are made where they are read.
pub fn bytes(shape: &Shape, threads: usize) -> u64 {
    let threads = if threads == 0 { Threads::choose(0).count } else { threads };
    let words = |array| {
        let [columns, units] = shape.rows_and_columns(array);
        match array {
            Array::Images | Array::Raster(_) => 0,
            Array::Weights(_) | Array::Moments(_) | Array::Gradient(_) | Array::Feedback(_) => {
                shape.copies(array) * Columns::padded_words(columns, units)
            }
            // Where they are not kept, each thread has one lane's.
            _ if shape.has_lanes(array) && !shape.keeps_lanes => threads * shape.copy_length(array),
            _ => shape.length(array),
        }
    };
    let arrays = shape.arrays().into_iter().map(words).sum::<usize>();
    let lanes = if shape.keeps_lanes { shape.replicas * shape.lanes } else { threads };
    let drawn: usize =
        shape.populations.iter().map(|&units| drawn::bytes(units, shape.steps)).sum();
    (4 * (arrays + carried::words(shape)) + lanes * drawn) as u64
}

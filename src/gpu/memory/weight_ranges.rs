//! Ranges of weight columns that a dispatch binds.
//!
//! A device limits the bytes of a binding. A launch on larger weights is one dispatch per range of whole columns, in
//! ascending order, so that sums over columns keep their order.

use crate::cpu::kernels::definition::Columns;
use crate::interface::{ArrayId, Launch, LaunchParams, Shape};

/// Alignment of a range's first column: whole words of a spike mask, and multiples of 256 bytes, the largest alignment
/// that a device may require.
pub const COLUMN_ALIGN: usize = 64;

/// Range of weight columns that one dispatch binds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ColumnRange {
    /// Index of the range in its launch.
    pub index: usize,
    /// First column, a multiple of [`COLUMN_ALIGN`].
    pub first: usize,
    /// Number of columns, including the biases if they are in the range.
    pub columns: usize,
}

impl ColumnRange {
    /// Returns the parameters of a dispatch that binds this range.
    pub fn params(&self, launch: &Launch, shape: &Shape) -> LaunchParams {
        LaunchParams {
            col_offset: self.first as u32,
            col_count: self.columns as u32,
            ..LaunchParams::new(launch, shape)
        }
    }
}

/// Returns the ranges of a launch on a device that binds at most `max_bytes` of weights at once, but at least
/// [`COLUMN_ALIGN`] columns.
pub fn ranges(launch: &Launch, shape: &Shape, max_bytes: u64) -> Vec<ColumnRange> {
    let count = launch.columns().count(launch, shape);
    let arrays = launch.reads(shape).into_iter().chain(launch.writes());
    let split = arrays.filter(|&array| is_split_for(array, launch, shape));
    let bytes = split.map(|array| shape.bytes_of(array));
    let Some(bytes) = bytes.max().filter(|&bytes| bytes > max_bytes) else {
        return vec![ColumnRange { index: 0, first: 0, columns: count }];
    };
    let max_columns = (max_bytes / (bytes / count as u64)) as usize;
    let width = (max_columns / COLUMN_ALIGN).max(1) * COLUMN_ALIGN;
    let all = (0..count).step_by(width).enumerate().map(|(index, first)| ColumnRange {
        index,
        first,
        columns: width.min(count - first),
    });
    match launch.columns() {
        // The biases are the last column.
        Columns::Biases | Columns::ApicalBiases => all.skip((count - 1) / width).collect(),
        Columns::Synapses => all.filter(|range| range.first + 1 < count).collect(),
        _ => all.collect(),
    }
}

/// Returns the offset and the size of a range's columns in an array, bytes; `None` if the whole array is bound.
pub fn bytes_of(
    array: ArrayId,
    launch: &Launch,
    range: &ColumnRange,
    shape: &Shape,
) -> Option<[u64; 2]> {
    let count = launch.columns().count(launch, shape);
    if range.columns == count || !is_split_for(array, launch, shape) {
        return None;
    }
    let column = shape.bytes_of(array) / count as u64;
    Some([range.first as u64 * column, range.columns as u64 * column])
}

/// Returns the number of bytes of an array that a device must bind at once.
pub fn min_binding(array: ArrayId, shape: &Shape) -> u64 {
    let bytes = shape.bytes_of(array);
    let is_whole = shape.model.has_symmetric_feedback() && matches!(array, ArrayId::Feedback(_));
    if can_split(array, shape) && !is_whole { min_range(array, shape).min(bytes) } else { bytes }
}

/// Returns the size of [`COLUMN_ALIGN`] columns, bytes.
fn min_range(array: ArrayId, shape: &Shape) -> u64 {
    let [rows, units] = shape.dims(array);
    let rows_of_column = if matches!(array, ArrayId::Moments(_)) { 2 } else { 1 };
    4 * (COLUMN_ALIGN * rows_of_column).min(rows) as u64 * units as u64
}

/// Whether a launch binds ranges of an array: of matrices with the columns that it covers.
fn is_split_for(array: ArrayId, launch: &Launch, shape: &Shape) -> bool {
    let has_columns = match launch.columns() {
        Columns::NextWeights => matches!(array, ArrayId::Weights(_)),
        _ => true,
    };
    has_columns && can_split(array, shape)
}

/// Whether ranges of an array can be bound: of the weights of one network. The weights of several networks are bound as
/// a whole.
fn can_split(array: ArrayId, shape: &Shape) -> bool {
    let is_weights = matches!(
        array,
        ArrayId::Weights(_)
            | ArrayId::Moments(_)
            | ArrayId::Gradient(_)
            | ArrayId::Feedback(_)
            | ArrayId::EventFeedback(_)
    );
    is_weights && shape.replicas == 1 && shape.len_per_copy(array) > 0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::interface::Kernel;
    use crate::model::network_model::{NetworkModel, UpdateRule};

    fn shape(replicas: usize) -> Shape {
        Shape {
            replicas,
            steps: 8,
            block: 8,
            taps: 3,
            model: NetworkModel { update_rule: UpdateRule::Adaptive, ..NetworkModel::default() },
            ..Shape::minimal(vec![300, 10, 3])
        }
    }

    fn ranges(kernel: Kernel, max_bytes: u64) -> Vec<[usize; 2]> {
        let launch = Launch { kernel, layer: 0, first: 0, count: 8 };
        let ranges = super::ranges(&launch, &shape(1), max_bytes);
        assert!(ranges.is_sorted_by_key(|range| range.index));
        ranges.iter().map(|range| [range.first, range.columns]).collect()
    }

    #[test]
    fn ranges_are_aligned_and_fit_the_binding() {
        // 301 columns of 40 bytes, of 80 with both moments.
        assert_eq!(ranges(Kernel::SynapticInputSpikes, 12040), [[0, 301]]);
        assert_eq!(ranges(Kernel::WeightUpdate, 12040), [[0, 128], [128, 128], [256, 45]]);
        assert_eq!(ranges(Kernel::SynapticInputSpikes, 12039), [[0, 256], [256, 45]]);
        assert_eq!(ranges(Kernel::HiddenStep, 12039), [[256, 45]]);
        // A range has at least 64 columns; `min_binding` reports if they do not fit.
        assert_eq!(ranges(Kernel::HiddenStep, 1), [[256, 45]]);
        assert_eq!(ranges(Kernel::SynapticInputSpikes, 1).len(), 5);
    }

    #[test]
    fn synaptic_input_has_no_range_of_biases_alone() {
        let shape = Shape { populations: vec![64, 10], ..shape(1) };
        let ranges = |kernel| {
            let ranges = super::ranges(&Launch { kernel, layer: 0, first: 0, count: 8 }, &shape, 1);
            ranges.iter().map(|range| [range.first, range.columns]).collect::<Vec<_>>()
        };
        assert_eq!(ranges(Kernel::SynapticInputSpikes), [[0, 64]]);
        assert_eq!(ranges(Kernel::WeightUpdate), [[0, 64], [64, 1]]);
        assert_eq!(ranges(Kernel::OutputStep), [[64, 1]]);
    }

    #[test]
    fn columns_of_a_range_are_contiguous() {
        let launch = Launch { kernel: Kernel::WeightUpdate, layer: 0, first: 0, count: 8 };
        let range = ColumnRange { index: 1, first: 128, columns: 100 };
        let bytes = |array| bytes_of(array, &launch, &range, &shape(1));
        assert_eq!(bytes(ArrayId::Weights(0)), Some([5120, 4000]));
        assert_eq!(bytes(ArrayId::Moments(0)), Some([10240, 8000]));
        assert_eq!(bytes(ArrayId::Gradient(0)), None, "the gradient is not kept");
        assert_eq!(bytes(ArrayId::Errors(0)), None);
        assert_eq!(min_binding(ArrayId::Weights(0), &shape(1)), 64 * 40);
        assert_eq!(min_binding(ArrayId::Moments(0), &shape(1)), 64 * 80);
        assert_eq!(min_binding(ArrayId::Feedback(0), &shape(1)), 3 * 40);
        assert_eq!(min_binding(ArrayId::Weights(0), &shape(2)), 2 * 301 * 40, "two networks");
    }
}

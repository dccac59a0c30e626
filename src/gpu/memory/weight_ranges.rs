//! Which columns of a layer's weights a kernel binds at once. A device binds no more than so many bytes: a
//! launch whose weights take more is one dispatch for each window of whole columns, in ascending order, so
//! that sums over columns keep their order too.

use crate::cpu::kernels::definition::Columns;
use crate::interface::{ArrayId, Launch, LaunchParams, Shape};

/// Windows begin at multiples of so many columns: at whole words of a raster, and at multiples of 256
/// bytes, the largest alignment that a device may ask for.
pub const COLUMN_ALIGN: usize = 64;

/// Columns of weights that one dispatch binds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ColumnRange {
    /// Which of its launch's.
    pub index: usize,
    /// The first column, a multiple of [`COLUMN_ALIGN`].
    pub first: usize,
    /// How many columns, in a row; the biases' may be among them.
    pub columns: usize,
}

impl ColumnRange {
    /// The part of a launch that works on this window.
    pub fn part(&self, launch: &Launch, shape: &Shape) -> LaunchParams {
        LaunchParams {
            col_offset: self.first as u32,
            col_count: self.columns as u32,
            ..LaunchParams::new(launch, shape)
        }
    }
}

/// The windows of a launch on a device that binds `most` bytes of weights at once, or one grain where that
/// is more.
pub fn ranges(launch: &Launch, shape: &Shape, most: u64) -> Vec<ColumnRange> {
    let count = launch.columns().count(launch, shape);
    let arrays = launch.reads(shape).into_iter().chain(launch.writes());
    let split = arrays.filter(|&array| is_split_for(array, launch, shape));
    let bytes = split.map(|array| shape.bytes_of(array));
    let Some(bytes) = bytes.max().filter(|&bytes| bytes > most) else {
        return vec![ColumnRange { index: 0, first: 0, columns: count }];
    };
    let fitting = (most / (bytes / count as u64)) as usize;
    let width = (fitting / COLUMN_ALIGN).max(1) * COLUMN_ALIGN;
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

/// Where the bytes of a window's columns begin in an array, and how many they are; `None` where all of it
/// is bound.
pub fn bytes_of(
    array: ArrayId,
    launch: &Launch,
    window: &ColumnRange,
    shape: &Shape,
) -> Option<[u64; 2]> {
    let count = launch.columns().count(launch, shape);
    if window.columns == count || !is_split_for(array, launch, shape) {
        return None;
    }
    let column = shape.bytes_of(array) / count as u64;
    Some([window.first as u64 * column, window.columns as u64 * column])
}

/// Bytes of an array that must be bound at once.
pub fn min_binding(array: ArrayId, shape: &Shape) -> u64 {
    let bytes = shape.bytes_of(array);
    let is_whole = shape.model.ties_feedback() && matches!(array, ArrayId::Feedback(_));
    if can_split(array, shape) && !is_whole { grain(array, shape).min(bytes) } else { bytes }
}

/// Bytes of the fewest columns that are bound.
fn grain(array: ArrayId, shape: &Shape) -> u64 {
    let [rows, units] = shape.dims(array);
    let rows_of_column = if matches!(array, ArrayId::Moments(_)) { 2 } else { 1 };
    4 * (COLUMN_ALIGN * rows_of_column).min(rows) as u64 * units as u64
}

/// Whether a launch binds an array in ranges: the matrices that have the columns that it covers.
fn is_split_for(array: ArrayId, launch: &Launch, shape: &Shape) -> bool {
    let has_columns = match launch.columns() {
        Columns::WeightsAbove => matches!(array, ArrayId::Weights(_)),
        _ => true,
    };
    has_columns && can_split(array, shape)
}

/// Whether an array may be bound in windows: the weights of one network. Those of several side by side are
/// bound as a whole.
fn can_split(array: ArrayId, shape: &Shape) -> bool {
    let is_weights = matches!(
        array,
        ArrayId::Weights(_) | ArrayId::Moments(_) | ArrayId::Gradient(_) | ArrayId::Feedback(_)
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

    fn ranges(kernel: Kernel, most: u64) -> Vec<[usize; 2]> {
        let launch = Launch { kernel, layer: 0, first: 0, steps: 8 };
        let windows = super::ranges(&launch, &shape(1), most);
        assert!(windows.is_sorted_by_key(|window| window.index));
        windows.iter().map(|window| [window.first, window.columns]).collect()
    }

    #[test]
    fn windows_are_whole_grains_of_what_fits() {
        // 301 columns of 40 bytes, of 80 with both moments.
        assert_eq!(ranges(Kernel::SynapticInputSpikes, 12040), [[0, 301]]);
        assert_eq!(ranges(Kernel::WeightUpdate, 12040), [[0, 128], [128, 128], [256, 45]]);
        assert_eq!(ranges(Kernel::SynapticInputSpikes, 12039), [[0, 256], [256, 45]]);
        assert_eq!(ranges(Kernel::HiddenStep, 12039), [[256, 45]]);
        // Fewer than a grain do not fit: that is for others to check.
        assert_eq!(ranges(Kernel::HiddenStep, 1), [[256, 45]]);
        assert_eq!(ranges(Kernel::SynapticInputSpikes, 1).len(), 5);
    }

    #[test]
    fn no_drive_is_summed_over_biases_alone() {
        let shape = Shape { populations: vec![64, 10], ..shape(1) };
        let windows = |kernel| {
            let windows =
                super::ranges(&Launch { kernel, layer: 0, first: 0, steps: 8 }, &shape, 1);
            windows.iter().map(|window| [window.first, window.columns]).collect::<Vec<_>>()
        };
        assert_eq!(windows(Kernel::SynapticInputSpikes), [[0, 64]]);
        assert_eq!(windows(Kernel::WeightUpdate), [[0, 64], [64, 1]]);
        assert_eq!(windows(Kernel::OutputStep), [[64, 1]]);
    }

    #[test]
    fn the_columns_of_a_window_lie_together() {
        let launch = Launch { kernel: Kernel::WeightUpdate, layer: 0, first: 0, steps: 8 };
        let window = ColumnRange { index: 1, first: 128, columns: 100 };
        let bytes = |array| bytes_of(array, &launch, &window, &shape(1));
        assert_eq!(bytes(ArrayId::Weights(0)), Some([5120, 4000]));
        assert_eq!(bytes(ArrayId::Moments(0)), Some([10240, 8000]));
        assert_eq!(bytes(ArrayId::Gradient(0)), None, "it is not kept");
        assert_eq!(bytes(ArrayId::Errors(0)), None);
        assert_eq!(min_binding(ArrayId::Weights(0), &shape(1)), 64 * 40);
        assert_eq!(min_binding(ArrayId::Moments(0), &shape(1)), 64 * 80);
        assert_eq!(min_binding(ArrayId::Feedback(0), &shape(1)), 3 * 40);
        assert_eq!(min_binding(ArrayId::Weights(0), &shape(2)), 2 * 301 * 40, "of two networks");
    }
}

//! Number of workgroups of a dispatch.

use crate::cpu::kernels::definition::Grid;
use crate::gpu::memory::weight_ranges::ColumnRange;
use crate::interface::{BackendError, BatchParams, Launch, Shape};

/// Returns the number of workgroups of a dispatch along x, y and z. `workgroup`: number of threads of a workgroup,
/// along x.
///
/// # Errors
/// Returns [`BackendError::TooManyWorkgroups`] if a dimension has more than `limit`.
pub fn workgroups(
    launch: &Launch,
    range: &ColumnRange,
    shape: &Shape,
    minibatches: &[BatchParams],
    workgroup: u32,
    limit: u32,
) -> Result<[u32; 3], BackendError> {
    let kernel = launch.kernel;
    let keeps_state = minibatches.iter().any(|minibatch| minibatch.reset_state == 0);
    let grid = Grid { launch, shape, columns: range.columns as u32, keeps_state };
    let [x, y] = (kernel.definition().threads)(&grid);
    let z = if kernel.is_per_sample() {
        minibatches.iter().map(|minibatch| minibatch.batch_size).sum()
    } else {
        minibatches.len() as u32
    };
    let groups = [x.div_ceil(workgroup), y, z];
    match groups.into_iter().max() {
        Some(workgroups) if workgroups > limit => {
            Err(BackendError::TooManyWorkgroups { kernel, layer: launch.layer, workgroups, limit })
        }
        _ => Ok(groups),
    }
}

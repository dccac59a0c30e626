//! Number of threads and workgroups of a launch.

use super::weight_ranges::ColumnRange;
use crate::interface::{BackendError, BatchParams, Kernel, Launch, STEPS_PER_WORD, Shape};

/// Bindings that all kernels share: constants, part, replicas, minibatches, lanes.
pub const COMMON_BINDINGS: u32 = 5;

/// Neurons whose columns one thread of the drive sums: it looks once for who spikes, and waits for
/// several weights at once.
pub const UNITS_PER_THREAD: u32 = 4;

/// Threads along x, y and z.
pub fn threads(
    launch: &Launch,
    window: &ColumnRange,
    shape: &Shape,
    minibatches: &[BatchParams],
) -> [u32; 3] {
    let layer = launch.layer;
    let lanes = minibatches.iter().map(|minibatch| minibatch.batch_size).sum();
    match launch.kernel {
        Kernel::EncodeSpikes => {
            [shape.populations[0] as u32, words(launch.first, launch.steps), lanes]
        }
        Kernel::PackSpikeMask => {
            let past = if launch.first == 0 { shape.history_words() } else { 0 };
            let words = past + words(launch.first, launch.steps);
            [shape.mask_words(layer) as u32 * words, 1, lanes]
        }
        Kernel::SynapticInputSpikes => {
            let threads = (shape.units(layer) as u32).div_ceil(UNITS_PER_THREAD);
            [threads, drive_steps(launch, shape, minibatches), lanes]
        }
        Kernel::WindowMeanSpikes | Kernel::WindowMeanRates => {
            [shape.populations[layer] as u32, 1, lanes]
        }
        Kernel::EncodeRates => [shape.populations[0] as u32, launch.steps, lanes],
        Kernel::SynapticInputRates => [shape.units(layer) as u32, launch.steps, lanes],
        Kernel::ApicalHistory => [shape.units(layer) as u32, shape.apical_history_rows(), lanes],
        // One workgroup per sample.
        Kernel::Classify => [1, 1, lanes],
        Kernel::WeightUpdate | Kernel::FeedbackUpdate => {
            [shape.units(layer) as u32, window.columns as u32, minibatches.len() as u32]
        }
        Kernel::TieFeedback => {
            let replicas = minibatches.len() as u32;
            [shape.units(layer) as u32, shape.n_feedback(layer) as u32, replicas]
        }
        Kernel::HiddenStep
        | Kernel::OutputStep
        | Kernel::EmitRates
        | Kernel::ApicalStepSpikes
        | Kernel::ApicalStepRates
        | Kernel::Plateau
        | Kernel::LocalError
        | Kernel::BackpropError => [shape.units(layer) as u32, 1, lanes],
    }
}

/// Words of spike counts that steps touch.
fn words(first: u32, steps: u32) -> u32 {
    (first + steps).div_ceil(STEPS_PER_WORD) - first / STEPS_PER_WORD
}

/// Steps that a launch of the drive sums. The first of an image that carries its state on goes back to
/// the steps before. One that has no steps has the past alone, which one step of threads sees to.
fn drive_steps(launch: &Launch, shape: &Shape, minibatches: &[BatchParams]) -> u32 {
    let carries_on = minibatches.iter().any(|minibatch| minibatch.reset_state == 0);
    let before =
        if launch.first == 0 && carries_on && shape.taps > 0 { shape.history_rows() } else { 0 };
    (launch.steps + before).max(1)
}

/// Workgroups along x, y and z; a workgroup's threads lie along x.
///
/// # Errors
/// When there are more along one dimension than the device takes.
pub fn workgroups(
    launch: &Launch,
    window: &ColumnRange,
    shape: &Shape,
    minibatches: &[BatchParams],
    workgroup: u32,
    limit: u32,
) -> Result<[u32; 3], BackendError> {
    let [x, y, z] = threads(launch, window, shape, minibatches);
    let groups = [x.div_ceil(workgroup), y, z];
    match groups.into_iter().max() {
        Some(most) if most > limit => Err(BackendError::TooManyWorkgroups {
            kernel: launch.kernel,
            layer: launch.layer,
            workgroups: most,
            limit,
        }),
        _ => Ok(groups),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_cover_the_steps_and_no_more() {
        for (first, steps, expected) in [(0, 8, 1), (0, 9, 2), (8, 8, 1), (7, 1, 1), (7, 2, 2)] {
            assert_eq!(words(first, steps), expected, "{steps} steps from {first}");
        }
    }

    #[test]
    fn the_first_drive_of_an_image_that_carries_on_covers_the_steps_before() {
        let shape = Shape::minimal(vec![4, 3]);
        let steps = |first, fresh| {
            let launch = Launch { kernel: Kernel::SynapticInputSpikes, layer: 0, first, steps: 16 };
            let minibatch =
                BatchParams { batch_size: 1, reset_state: fresh, ..bytemuck::Zeroable::zeroed() };
            let window = ColumnRange { index: 0, first: 0, columns: 5 };
            threads(&launch, &window, &shape, &[minibatch])[1]
        };
        assert_eq!([steps(0, 1), steps(0, 0), steps(16, 0)], [16, 25, 16]);
    }
}

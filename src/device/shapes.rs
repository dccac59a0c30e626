//! Shapes of the networks of a run on each backend.

use super::DeviceOptions;
use crate::config::Config;
use crate::dataset::Dataset;
use crate::gpu::adapter::AdapterInfo;
use crate::interface::{STEPS_PER_WORD, Shape};
use crate::plan::{Capacity, largest_batch, shape};

/// Number of images that the CPU backend tests in parallel, over all replicas.
const CPU_TEST_BATCH: usize = 64;
/// Number of steps of synaptic input that the CPU backend stores: those of a training image.
const CPU_BLOCK_STEPS: u32 = 128;
/// Number of images that a GPU tests in parallel, over all replicas.
const GPU_TEST_BATCH: usize = 256;
/// Size of a layer's synaptic input on a GPU, bytes: less than every device's limit per binding.
const GPU_INPUT_BYTES: usize = 64 << 20;

/// Returns the shape of `replicas` networks on the CPU.
pub(super) fn cpu_shape(
    selection: &DeviceOptions,
    config: &Config,
    dataset: &Dataset,
    replicas: usize,
) -> Shape {
    let tested = (CPU_TEST_BATCH / replicas.max(1)).min(dataset.test_count);
    let samples = largest_batch(config, dataset).max(tested);
    shape(config, dataset, &capacity(selection, dataset, replicas, samples, CPU_BLOCK_STEPS))
}

/// Returns the shape of `replicas` networks on a GPU. Reduces the samples if the GPU cannot bind the arrays of more,
/// but not below a minibatch.
pub(super) fn gpu_shape(
    selection: &DeviceOptions,
    config: &Config,
    dataset: &Dataset,
    replicas: usize,
    info: &AdapterInfo,
) -> Shape {
    let with_samples = |samples| {
        shape(config, dataset, &gpu_capacity(selection, config, dataset, replicas, samples))
    };
    let limit = info.max_binding.min(info.max_buffer);
    let is_bound = |shape: &Shape| {
        let mut arrays = shape.arrays().into_iter().filter(|&array| shape.is_per_sample(array));
        arrays.all(|array| shape.bytes_of(array) <= limit)
    };
    let batch = largest_batch(config, dataset);
    let tested = (GPU_TEST_BATCH / replicas.max(1)).min(dataset.test_count);
    let more = (batch + 1..=tested).rev().map(with_samples).find(is_bound);
    more.unwrap_or_else(|| with_samples(batch))
}

/// Returns the capacity for networks on a GPU, with blocks of at most [`GPU_INPUT_BYTES`].
pub(super) fn gpu_capacity(
    selection: &DeviceOptions,
    config: &Config,
    dataset: &Dataset,
    replicas: usize,
    samples: usize,
) -> Capacity {
    let widest = config.layers.iter().copied().max().unwrap_or(1);
    let steps = GPU_INPUT_BYTES / (4 * replicas * samples * widest).max(1);
    let block = (steps as u32 / STEPS_PER_WORD).max(1) * STEPS_PER_WORD;
    capacity(selection, dataset, replicas, samples, block)
}

/// Returns a capacity with a result slot for each image of the data set.
fn capacity(
    selection: &DeviceOptions,
    dataset: &Dataset,
    replicas: usize,
    samples: usize,
    block: u32,
) -> Capacity {
    Capacity {
        replicas,
        steps_apical: selection.steps_apical,
        per_sample_access: selection.per_sample_access,
        ..Capacity::new(samples, dataset.training_count + dataset.test_count, block)
    }
}

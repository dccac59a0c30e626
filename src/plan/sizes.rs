//! Sizes of the arrays of a run.

use crate::config::Config;
use crate::dataset::Dataset;
use crate::dataset::spikes::Recordings;
use crate::interface::{STEPS_PER_WORD, Shape};
use crate::model::network_model::ApicalVoltages;

/// Sizes of a run that its settings do not determine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Capacity {
    /// Number of networks simulated in parallel.
    pub replicas: usize,
    /// Number of samples per network: the larger of the minibatch and the images tested in parallel.
    pub samples: usize,
    /// Number of images per replica whose results are stored until they are read.
    pub result_slots: usize,
    /// Number of steps of synaptic input stored at once: more steps need more memory and fewer launches.
    pub block: u32,
    /// Whether neurons are stepped one step at a time, and apical voltages even if no soma reads them.
    pub steps_apical: bool,
    /// Whether updates also write the gradient.
    pub keeps_gradient: bool,
    /// Whether the arrays of each sample can be read and written, see [`Shape::per_sample_access`].
    pub per_sample_access: bool,
}

impl Capacity {
    /// Returns the capacity for one network, without recording or extra arrays.
    pub fn new(samples: usize, result_slots: usize, block: u32) -> Self {
        Capacity {
            replicas: 1,
            samples,
            result_slots,
            block,
            steps_apical: false,
            keeps_gradient: false,
            per_sample_access: false,
        }
    }
}

/// Returns the shape of a run: the sizes of its arrays.
pub fn shape(config: &Config, dataset: &Dataset, capacity: &Capacity) -> Shape {
    let timing = config.timing();
    let mut model = config.network_model();
    let phases = if model.has_bursts() { 1 } else { 2 };
    let training_steps = phases * timing.phase_lengths(config.seed).longest();
    let steps = training_steps.max(timing.test_ms);
    if capacity.steps_apical {
        model.apical_voltages = ApicalVoltages::PerStep;
    }
    // Blocks start at whole words of spikes, so that no two launches write one word.
    let block = capacity.block.clamp(1, steps).next_multiple_of(STEPS_PER_WORD);
    let pixels = std::iter::once(dataset.pixels());
    Shape {
        populations: pixels.chain(config.layers.iter().copied()).collect(),
        model,
        replicas: capacity.replicas,
        samples_per_replica: capacity.samples,
        steps,
        block,
        burst_steps: if model.draws_bursts() { training_steps } else { 0 },
        taps: timing.psp_kernel_ms as u32,
        images: dataset.training_count + dataset.test_count,
        events: dataset.recordings().map(Recordings::event_count),
        result_slots: capacity.result_slots,
        keeps_gradient: capacity.keeps_gradient,
        per_sample_access: capacity.per_sample_access,
    }
}

/// Returns the number of images of the largest minibatch.
pub(crate) fn largest_batch(config: &Config, dataset: &Dataset) -> usize {
    config.batch_size.min(dataset.training_count).max(1)
}

/// Number of images per minibatch from which the sums of the update take longer than a copy of the weights.
const WEIGHTS_FROM: usize = 16;

/// Whether a training minibatch of `images` per replica keeps a copy of the weights.
pub(crate) fn copies_weights(images: usize) -> bool {
    images >= WEIGHTS_FROM
}

//! Result of one measurement: throughput of a network on the device, and the operations per image.

use std::time::Duration;

use serde::Serialize;

use super::grid::{GridPoint, Task};
use super::op_counts::OpCounts;
use super::roofline::Roofline;
use crate::analysis::statistics::{median, relative_iqr};
use crate::config::Optimizer;
use crate::interface::{ArrayId, Kernel, KernelTimes, Shape};
use crate::text::plural;

/// Largest [`Row::spread`] of reliable times.
const WIDE_SPREAD: f64 = 0.1;

/// Throughput of one task on one network, or on several in parallel. Times are medians over the rounds. Operations are
/// counted for the first network, since the others differ only in their seeds.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Row {
    /// Task of the networks.
    pub task: Task,
    /// Number of neurons of each layer: the hidden layers, then the output.
    pub layers: Vec<usize>,
    /// Number of pixels per image.
    pub inputs: usize,
    /// Number of images per minibatch of each network; in a test, number of images in parallel.
    pub batch_size: usize,
    /// Number of networks in parallel.
    pub replicas: usize,
    /// Conductance from apical dendrite to soma, per ms.
    pub g_apical: f64,
    /// Optimizer.
    pub optimizer: Optimizer,
    /// Throughput of all networks together.
    pub images_per_second: f64,
    /// Time per minibatch of every network, ms.
    pub ms_per_minibatch: f64,
    /// Time per minibatch in each round, in the order of the rounds, ms.
    pub raw_ms: Vec<f64>,
    /// Number of minibatches per round.
    pub minibatches_per_round: usize,
    /// Computing time of this program's threads, user and system, per minibatch over all rounds, ms. Unlike the other
    /// times, it excludes other programs. `None` if unknown.
    pub cpu_ms_per_minibatch: Option<f64>,
    /// Number of images that each network trained on before the measurement.
    pub warm_up_images: usize,
    /// Interquartile range of `raw_ms` divided by their median.
    pub spread: f64,
    /// Time of each kernel that ran; `None` if the device does not measure it.
    pub kernels: Option<Vec<KernelShare>>,
    /// Fraction of the time in which the device computes, over all of its threads. Assumes that kernels take as long
    /// when they are not timed.
    pub utilization: Option<f64>,
    /// Number of steps per image.
    pub steps_per_image: f64,
    /// Number of spikes of each population, the input first.
    pub spikes_per_image: Vec<f64>,
    /// Number of steps of a neuron, or of a nonzero pixel, in which it may spike.
    pub rng_draws_per_image: f64,
    /// Number of weights that dendrites add, counted from the spikes drawn.
    pub additions_per_image: f64,
    /// Number of bytes of weight columns read for these additions.
    pub bytes_per_image: f64,
    /// `additions_per_image` at the measured throughput.
    pub additions_per_second: f64,
    /// `bytes_per_image` at the measured throughput.
    pub bytes_per_second: f64,
    /// `additions_per_second` relative to the column sums of the roofline. Fractions are `None` without a roofline.
    pub fraction_of_roofline: Option<f64>,
    /// `fraction_of_roofline` during the kernels that sum synaptic input.
    pub synaptic_input_fraction_of_roofline: Option<f64>,
    /// `additions_per_second` relative to the peak of the device.
    pub fraction_of_peak: Option<f64>,
    /// `bytes_per_second` relative to the bandwidth for a working set as large as the weights.
    pub fraction_of_bandwidth: Option<f64>,
}

/// Time of one kernel.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct KernelShare {
    /// Name of the kernel, see [`Kernel::name`].
    pub name: &'static str,
    /// Time per minibatch of all networks, on the CPU summed over the threads, ms.
    pub ms: f64,
    /// Fraction of the time of all kernels.
    pub share: f64,
}

impl Row {
    /// Returns the name of the measurement.
    pub fn name(&self) -> String {
        name(self.task, &self.layers, self.batch_size, self.replicas)
    }

    /// Whether the times scatter so much that another program probably used the device.
    pub fn is_noisy(&self) -> bool {
        self.spread > WIDE_SPREAD
    }
}

/// Returns the name of the measurement of networks.
pub(super) fn name(task: Task, layers: &[usize], batch: usize, replicas: usize) -> String {
    let layers: Vec<String> = layers.iter().map(usize::to_string).collect();
    let name = format!("{task} {}, batch {batch}", layers.join(","));
    match replicas {
        1 => name,
        _ => format!("{name}, {}", plural(replicas, "network")),
    }
}

/// Device that the rows are compared with.
pub(super) struct DeviceLimits<'a> {
    /// Limits of the device, if they were measured.
    pub roofline: Option<&'a Roofline>,
    /// Number of threads that compute; 1 for a GPU, whose kernels are timed as a whole.
    pub threads: usize,
}

/// Raw measurements of a row.
pub(super) struct Measurement {
    /// Time per minibatch in each round, ms.
    pub raw_ms: Vec<f64>,
    /// Number of minibatches per round.
    pub per_round: usize,
    /// Computing time of the threads over all rounds.
    pub cpu: Option<Duration>,
    /// Number of images of the warm-up.
    pub warm_up: usize,
    /// Number of minibatches with counted operations and timed kernels.
    pub observed: usize,
    /// Operations of the observed minibatches.
    pub ops: OpCounts,
    /// Times of the kernels in the observed minibatches.
    pub times: Option<KernelTimes>,
}

impl Measurement {
    /// Returns the row of these measurements.
    pub(super) fn row(
        self,
        point: &GridPoint,
        task: Task,
        limits: &DeviceLimits,
        shape: &Shape,
    ) -> Row {
        let DeviceLimits { roofline, threads } = limits;
        let config = point.config();
        let ms_per_minibatch = median(&self.raw_ms);
        let images = (config.batch_size * point.replicas()) as f64;
        let images_per_second = 1e3 * images / ms_per_minibatch;
        let per_image = |count: u64| count as f64 / self.ops.images as f64;
        let additions_per_image = per_image(self.ops.additions);
        let bytes_per_image = additions_per_image * size_of::<f32>() as f64;
        let additions_per_second = additions_per_image * images_per_second;
        let bytes_per_second = bytes_per_image * images_per_second;
        let column_sum = roofline.map(|roofline| roofline.column_sum_additions_per_second);
        let timed = (self.per_round * self.raw_ms.len()) as f64;
        let ms = |time: Duration| 1e3 * time.as_secs_f64() / self.observed as f64;
        let adding = self.times.as_ref().map(adding_time);
        Row {
            task,
            layers: config.layers.clone(),
            inputs: shape.populations[0],
            batch_size: config.batch_size,
            replicas: point.replicas(),
            g_apical: config.g_apical,
            optimizer: config.optimizer,
            images_per_second,
            ms_per_minibatch,
            minibatches_per_round: self.per_round,
            cpu_ms_per_minibatch: self.cpu.map(|time| 1e3 * time.as_secs_f64() / timed),
            warm_up_images: self.warm_up,
            spread: relative_iqr(&self.raw_ms),
            kernels: self.times.as_ref().map(|times| shares(times, ms)),
            utilization: self
                .times
                .as_ref()
                .map(|times| ms(times.total()) / (ms_per_minibatch * *threads as f64)),
            steps_per_image: per_image(self.ops.steps),
            spikes_per_image: self.ops.spikes.iter().map(|&spikes| per_image(spikes)).collect(),
            rng_draws_per_image: per_image(self.ops.rng_draws),
            additions_per_image,
            bytes_per_image,
            additions_per_second,
            bytes_per_second,
            fraction_of_roofline: column_sum.map(|rate| additions_per_second / rate),
            synaptic_input_fraction_of_roofline: adding.zip(column_sum).map(|(adding, rate)| {
                let per_second = 1e3 * additions_per_image * images / ms(adding);
                per_second * *threads as f64 / rate
            }),
            fraction_of_peak: roofline
                .map(|roofline| additions_per_second / roofline.additions_per_second),
            fraction_of_bandwidth: roofline
                .and_then(|roofline| roofline.bandwidth_of(weight_bytes(shape)))
                .map(|read| bytes_per_second / read),
            raw_ms: self.raw_ms,
        }
    }
}

/// Returns the size of all feed-forward weights, bytes.
fn weight_bytes(shape: &Shape) -> u64 {
    (0..shape.layers()).map(|layer| shape.bytes_of(ArrayId::Weights(layer))).sum()
}

/// Returns the time of the kernels that add weight columns.
fn adding_time(times: &KernelTimes) -> Duration {
    let kernels = [Kernel::SynapticInputSpikes, Kernel::ApicalStepSpikes, Kernel::ApicalHistory];
    kernels.map(|kernel| times.of(kernel)).iter().sum()
}

/// Returns the time of each kernel that ran.
fn shares(times: &KernelTimes, ms: impl Fn(Duration) -> f64) -> Vec<KernelShare> {
    let total = times.total().as_secs_f64();
    let ran = Kernel::ALL.into_iter().filter(|&kernel| times.calls(kernel) > 0);
    ran.map(|kernel| KernelShare {
        name: kernel.name(),
        ms: ms(times.of(kernel)),
        share: times.of(kernel).as_secs_f64() / total,
    })
    .collect()
}

//! One row: throughput of a network on the device, and what it did for it.

use std::time::{Duration, Instant};

use serde::Serialize;

use super::bench_run::BenchRun;
use super::grid::{GridPoint, Task};
use super::machine::cpu_time;
use super::op_counts::OpCounts;
use super::progress::Steps;
use super::roofline::Roofline;
use crate::analysis::statistics::{median, relative_iqr};
use crate::config::Optimizer;
use crate::interface::{ArrayId, BackendError, Kernel, KernelTimes, Shape};
use crate::text::plural;

/// Spread of the times from which on a row should not be trusted.
const WIDE_SPREAD: f64 = 0.1;
/// Minibatches of each network that are counted and profiled, and images, whichever are more.
const OBSERVED_MINIBATCHES: usize = 2;
const OBSERVED_IMAGES: usize = 64;
/// Rounds of a row whose minibatches are each longer than a round, at least.
const ROUNDS_LEAST: usize = 3;

/// Throughput of one task on one network, or on several side by side. Times are medians over the rounds.
/// What an image takes is counted for the first network: the others differ in their seeds alone.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Row {
    /// What the networks do.
    pub task: Task,
    /// Neurons of the hidden layers and, last, of the output.
    pub layers: Vec<usize>,
    /// Pixels of an image.
    pub inputs: usize,
    /// Images a minibatch of each network; for a test, images side by side.
    pub batch_size: usize,
    /// Networks side by side.
    pub replicas: usize,
    /// Conductance from apical dendrite to soma, per ms.
    pub g_apical: f64,
    /// How gradients change weights.
    pub optimizer: Optimizer,
    /// Of all networks together.
    pub images_per_second: f64,
    /// Time in which every network is shown a minibatch.
    pub ms_per_minibatch: f64,
    /// Milliseconds a minibatch of every round, in the order in which they ran.
    pub raw_ms: Vec<f64>,
    /// Minibatches of a round.
    pub minibatches_per_round: usize,
    /// Time that the program's threads computed, user and system, milliseconds a minibatch over all
    /// rounds: on a machine that others use, clocks count their time too. `None` where it is not known.
    pub cpu_ms_per_minibatch: Option<f64>,
    /// Images that each network had trained on before.
    pub warm_up_images: usize,
    /// Interquartile range of `raw_ms` divided by their median.
    pub spread: f64,
    /// Time of each kernel that ran; `None` where the device cannot tell.
    pub kernels: Option<Vec<KernelShare>>,
    /// Share of the time in which the device computes, all of its threads counted, as if kernels took
    /// as long when they are not timed.
    pub utilization: Option<f64>,
    /// Steps that an image lasts.
    pub steps_per_image: f64,
    /// Spikes of each population, the input's first.
    pub spikes_per_image: Vec<f64>,
    /// Steps of a neuron, or of a pixel that is not black, in which it may spike.
    pub rng_draws_per_image: f64,
    /// Weights that dendrites add up, counted from the spikes that were drawn.
    pub additions_per_image: f64,
    /// Bytes of weight columns that are read for it.
    pub bytes_per_image: f64,
    /// `additions_per_image` at the speed that was measured.
    pub additions_per_second: f64,
    /// `bytes_per_image` at the speed that was measured.
    pub bytes_per_second: f64,
    /// `additions_per_second` as a share of the bare loop's; shares are `None` where the device was not
    /// measured.
    pub fraction_of_roofline: Option<f64>,
    /// The same over the time of the kernels alone that add up weights; `None` too where a kernel steps whole
    /// networks, and adds up weights among other things.
    pub drive_fraction_of_roofline: Option<f64>,
    /// `additions_per_second` as a share of the most additions that the device does.
    pub fraction_of_peak: Option<f64>,
    /// `bytes_per_second` as a share of the rate at which a set as large as the weights is read.
    pub fraction_of_bandwidth: Option<f64>,
}

/// Time of one kernel.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct KernelShare {
    /// The name of its two files, see [`crate::interface::Kernel::name`].
    pub name: &'static str,
    /// Milliseconds a minibatch of all networks, on the CPU summed over the threads.
    pub ms: f64,
    /// Share of the time of all kernels.
    pub share: f64,
}

impl Row {
    /// What is measured, in words.
    pub fn name(&self) -> String {
        name(self.task, &self.layers, self.batch_size, self.replicas)
    }

    /// Whether the times scatter so much that something else used the device.
    pub fn is_noisy(&self) -> bool {
        self.spread > WIDE_SPREAD
    }

    /// Number of steps that [`Row::measure`] takes.
    pub(super) fn steps(settings: &Settings) -> usize {
        1 + settings.rounds
    }

    /// Measures networks that are warm.
    ///
    /// # Errors
    /// Returns an error if the device fails.
    pub(super) fn measure(
        subject: &mut BenchRun,
        point: &GridPoint,
        task: Task,
        settings: &Settings,
        device: &Device,
        steps: &mut Steps,
    ) -> Result<Self, BackendError> {
        let config = point.config();
        let name = name(task, &config.layers, config.batch_size, point.replicas());
        steps.begin(&name);
        // What is counted and profiled comes first, on the same images whatever the device's speed.
        let observed = OBSERVED_MINIBATCHES.max(OBSERVED_IMAGES.div_ceil(config.batch_size));
        subject.step(task)?;
        let work = subject.count_ops(task, observed)?;
        let times = subject.profile(task, observed)?;
        let (per_round, rounds) = settings.rounds_of(minibatch_seconds(subject, task, settings)?);
        let mut raw_ms = Vec::with_capacity(rounds);
        let cpu_before = cpu_time();
        for _ in 0..rounds {
            steps.begin(&name);
            raw_ms.push(1e3 * time(subject, task, per_round)?.as_secs_f64() / per_round as f64);
        }
        steps.skip(settings.rounds - rounds);
        let cpu = cpu_time().zip(cpu_before).map(|(after, before)| after.saturating_sub(before));
        let warm_up = settings.warm_up.next_multiple_of(config.batch_size);
        let measured = Measured { raw_ms, per_round, cpu, warm_up, observed, work, times };
        Ok(measured.row(point, task, device, subject.shape()))
    }
}

/// How a row is measured.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Settings {
    pub rounds: usize,
    /// Of a round.
    pub seconds: f64,
    /// Images that each network trains on before it is measured.
    pub warm_up: usize,
}

/// What the rows are measured against.
pub(super) struct Device<'a> {
    pub roofline: Option<&'a Roofline>,
    /// Threads that compute; 1 for a GPU, whose kernels are timed as a whole.
    pub threads: usize,
}

fn name(task: Task, layers: &[usize], batch: usize, replicas: usize) -> String {
    let layers: Vec<String> = layers.iter().map(usize::to_string).collect();
    let name = format!("{task} {}, batch {batch}", layers.join(","));
    match replicas {
        1 => name,
        _ => format!("{name}, {}", plural(replicas, "network")),
    }
}

impl Settings {
    /// Minibatches of a round, and rounds. Where a minibatch is longer than a round should be, there
    /// are fewer rounds, in about the time that was asked for.
    fn rounds_of(&self, minibatch_seconds: f64) -> (usize, usize) {
        let minibatches = self.seconds / minibatch_seconds;
        let rounds = (self.rounds as f64 * minibatches) as usize;
        let least = ROUNDS_LEAST.min(self.rounds);
        ((minibatches as usize).max(1), rounds.clamp(least, self.rounds))
    }
}

/// Seconds that a minibatch takes, roughly.
fn minibatch_seconds(
    subject: &mut BenchRun,
    task: Task,
    settings: &Settings,
) -> Result<f64, BackendError> {
    let mut count = 1;
    loop {
        let taken = time(subject, task, count)?.as_secs_f64();
        if taken >= settings.seconds / 8.0 {
            return Ok(taken / count as f64);
        }
        count *= 2;
    }
}

fn time(subject: &mut BenchRun, task: Task, minibatches: usize) -> Result<Duration, BackendError> {
    let start = Instant::now();
    for _ in 0..minibatches {
        subject.step(task)?;
    }
    subject.wait()?;
    Ok(start.elapsed())
}

/// What came out, before it is put into a row.
struct Measured {
    raw_ms: Vec<f64>,
    per_round: usize,
    cpu: Option<Duration>,
    warm_up: usize,
    observed: usize,
    work: OpCounts,
    times: Option<KernelTimes>,
}

impl Measured {
    fn row(self, point: &GridPoint, task: Task, device: &Device, shape: &Shape) -> Row {
        let Device { roofline: ceiling, threads } = device;
        let config = point.config();
        let ms_per_minibatch = median(&self.raw_ms);
        let images = (config.batch_size * point.replicas()) as f64;
        let images_per_second = 1e3 * images / ms_per_minibatch;
        let per_image = |count: u64| count as f64 / self.work.images as f64;
        let additions_per_image = per_image(self.work.additions);
        let bytes_per_image = additions_per_image * size_of::<f32>() as f64;
        let additions_per_second = additions_per_image * images_per_second;
        let bytes_per_second = bytes_per_image * images_per_second;
        let weights = (0..shape.layers()).map(|layer| shape.len(ArrayId::Weights(layer)) as u64);
        let weight_bytes = size_of::<f32>() as u64 * weights.sum::<u64>();
        let column_sum = ceiling.map(|ceiling| ceiling.column_sum_additions_per_second);
        let timed = (self.per_round * self.raw_ms.len()) as f64;
        let ms = |time: Duration| 1e3 * time.as_secs_f64() / self.observed as f64;
        let kernels =
            [Kernel::SynapticInputSpikes, Kernel::ApicalStepSpikes, Kernel::ApicalHistory];
        let adding =
            self.times.as_ref().map(|times| kernels.map(|kernel| times.of(kernel)).iter().sum());
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
            steps_per_image: per_image(self.work.steps),
            spikes_per_image: self.work.spikes.iter().map(|&spikes| per_image(spikes)).collect(),
            rng_draws_per_image: per_image(self.work.rng_draws),
            additions_per_image,
            bytes_per_image,
            additions_per_second,
            bytes_per_second,
            fraction_of_roofline: column_sum.map(|rate| additions_per_second / rate),
            drive_fraction_of_roofline: adding.zip(column_sum).map(|(adding, rate)| {
                let per_second = 1e3 * additions_per_image * images / ms(adding);
                per_second * *threads as f64 / rate
            }),
            fraction_of_peak: ceiling
                .map(|ceiling| additions_per_second / ceiling.additions_per_second),
            fraction_of_bandwidth: ceiling
                .and_then(|ceiling| ceiling.bandwidth_of(weight_bytes))
                .map(|read| bytes_per_second / read),
            raw_ms: self.raw_ms,
        }
    }
}

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_minibatches_are_timed_fewer_times() {
        let settings = Settings { rounds: 7, seconds: 1.0, warm_up: 0 };
        for (seconds, expected) in [(0.01, (100, 7)), (0.9, (1, 7)), (1.5, (1, 4)), (100.0, (1, 3))]
        {
            assert_eq!(settings.rounds_of(seconds), expected, "{seconds} s");
        }
        let once = Settings { rounds: 1, ..settings };
        assert_eq!(once.rounds_of(100.0), (1, 1));
    }
}

//! Limits of the device, measured without a network. Rows are compared with them.

mod cpu;
mod gpu;
mod loops;

use std::time::{Duration, Instant};

use serde::Serialize;

pub use gpu::shaders;

use super::machine::Machine;
use super::progress::Steps;
use crate::analysis::statistics::median;
use crate::interface::BackendError;
use crate::random::{PhiloxRng, RngStream};

/// Number of columns of the matrix of the column sums: inputs of the paper's network with one hidden layer.
pub const COLUMNS: usize = 784;
/// Number of rows of the matrix: hidden neurons of that network.
pub const UNITS: usize = 500;
/// Number of columns summed per step: about the number of inputs that spike on MNIST.
pub const SPIKES: usize = 20;
/// Number of steps per image.
const STEPS_PER_IMAGE: usize = 105;
/// Number of different steps.
const STEPS: usize = 40 * STEPS_PER_IMAGE;

/// Sizes of the working sets, bytes.
const WORKING_SETS: [usize; 14] = {
    let mut sets = [32 << 10; 14];
    let mut index = 1;
    while index < sets.len() {
        sets[index] = 2 * sets[index - 1];
        index += 1;
    }
    sets
};
/// Smallest number of repetitions, of which the fastest counts.
const REPETITIONS: usize = 5;
/// Length of a repetition on a CPU: shorter than the time slice of a busy system, so that some repetitions are
/// undisturbed.
const CPU_CALL: Duration = Duration::from_millis(2);
/// Length of a repetition on a GPU: long enough to hide the cost of a submission.
const GPU_CALL: Duration = Duration::from_millis(10);

/// Limits of a device: of all threads of a CPU together, or of a whole GPU. Fields that do not apply to the device are
/// `None`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Roofline {
    /// Number of additions of 32-bit floats in registers per second.
    pub additions_per_second: f64,
    /// Number of additions in registers per second of one thread.
    pub additions_per_second_per_thread: Option<f64>,
    /// Number of additions per second of column sums: per step, the sum of 20 random columns of a 784 x 500 matrix.
    pub column_sum_additions_per_second: f64,
    /// Number of additions per second of column sums of one thread.
    pub column_sum_additions_per_second_per_thread: Option<f64>,
    /// Bandwidth of repeated reads, by the size of the working set.
    pub read: Vec<Bandwidth>,
    /// Time to wake all threads, microseconds.
    pub pool_us: Option<f64>,
    /// Time per additional launch in a pass, microseconds.
    pub launch_us: Option<f64>,
    /// Time of a submission of one launch, until it is complete, microseconds.
    pub submission_us: Option<f64>,
    /// Time to read 40 bytes back, microseconds.
    pub readback_us: Option<f64>,
}

/// Bandwidth of reads of a working set.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Bandwidth {
    /// Size of the working set, bytes.
    pub bytes: usize,
    /// Bandwidth of all threads together. Each reads the whole set.
    pub bytes_per_second: f64,
    /// Bandwidth of one thread.
    pub bytes_per_second_per_thread: Option<f64>,
}

impl Roofline {
    /// Measures a device. Spends about `each` per step.
    ///
    /// # Errors
    /// Returns an error if the device fails.
    pub(super) fn measure(
        machine: &Machine,
        each: Duration,
        steps: &mut Steps,
    ) -> Result<Self, BackendError> {
        match machine.gpu() {
            None => {
                cpu::measure(machine.threads.unwrap_or(1), Effort { call: CPU_CALL, each }, steps)
            }
            Some(query) => gpu::measure(&query, Effort { call: GPU_CALL, each }, steps),
        }
    }

    /// Largest number of steps of [`Roofline::measure`].
    pub(super) const STEPS: usize = 4 + WORKING_SETS.len();

    /// Returns the bandwidth for a working set of `bytes`: that of the smallest measured set of at least this size.
    pub fn bandwidth_of(&self, bytes: u64) -> Option<f64> {
        let holding = self.read.iter().find(|bandwidth| bandwidth.bytes as u64 >= bytes);
        holding.or(self.read.last()).map(|bandwidth| bandwidth.bytes_per_second)
    }
}

/// Lengths of a step of the measurement.
#[derive(Clone, Copy, Debug)]
struct Effort {
    /// Length of a repetition.
    call: Duration,
    /// Length of all repetitions together.
    each: Duration,
}

impl Effort {
    /// Returns the units of work per second in the fastest repetition. `work(n)` does `n` units.
    fn best_rate(
        self,
        mut work: impl FnMut(usize) -> Result<(), BackendError>,
    ) -> Result<f64, BackendError> {
        let mut count = 1;
        while timed(|| work(count))? < self.call && count < 1 << 40 {
            count *= 2;
        }
        let start = Instant::now();
        let mut best = f64::INFINITY;
        let mut repetitions = 0;
        while repetitions < REPETITIONS || start.elapsed() < self.each {
            best = best.min(timed(|| work(count))?.as_secs_f64());
            repetitions += 1;
        }
        Ok(count as f64 / best)
    }
}

/// Returns the time of `work`, the median of many calls, microseconds.
fn latency(mut work: impl FnMut() -> Result<(), BackendError>) -> Result<f64, BackendError> {
    const WARM_UP: usize = 20;
    const CALLS: usize = 200;
    let mut times = Vec::with_capacity(CALLS);
    for call in 0..WARM_UP + CALLS {
        let time = timed(&mut work)?;
        if call >= WARM_UP {
            times.push(1e6 * time.as_secs_f64());
        }
    }
    Ok(median(&times))
}

/// Returns the time of `work`.
fn timed(work: impl FnOnce() -> Result<(), BackendError>) -> Result<Duration, BackendError> {
    let start = Instant::now();
    work()?;
    Ok(start.elapsed())
}

/// Returns the columns to sum in each of [`STEPS`] steps, ascending, times `stride`, `[STEPS, SPIKES]`.
fn random_steps(stride: usize) -> Vec<u32> {
    let mut random = PhiloxRng::new(1, RngStream::Order, 0, 0);
    let mut steps: Vec<u32> =
        (0..STEPS * SPIKES).map(|_| rand::Rng::next_u32(&mut random) % COLUMNS as u32).collect();
    for step in steps.chunks_mut(SPIKES) {
        step.sort_unstable();
        step.iter_mut().for_each(|column| *column *= stride as u32);
    }
    steps
}

//! What the device itself can do, without a network: the ceilings that rows are measured against.

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

/// The matrix of the bare loop: that of the paper's net with one hidden layer.
pub const COLUMNS: usize = 784;
pub const UNITS: usize = 500;
/// Columns that are summed a step: about as many inputs spike on MNIST.
pub const SPIKES: usize = 20;
/// Steps of an image, and different ones in all.
const STEPS_AN_IMAGE: usize = 105;
const STEPS: usize = 40 * STEPS_AN_IMAGE;

/// Working sets that are read, bytes.
const WORKING_SETS: [usize; 14] = {
    let mut sets = [32 << 10; 14];
    let mut index = 1;
    while index < sets.len() {
        sets[index] = 2 * sets[index - 1];
        index += 1;
    }
    sets
};
/// Repetitions of which the fastest counts, at least.
const REPETITIONS: usize = 5;
/// How long a repetition takes: on a CPU less than the time for which a busy system lets a thread run,
/// so that some are not disturbed; on a GPU long enough to hide what a submission costs.
const CPU_CALL: Duration = Duration::from_millis(2);
const GPU_CALL: Duration = Duration::from_millis(10);

/// What a device reaches. Rates are of all threads of a CPU together, or of a whole GPU; where a
/// figure is of no use on a device, it is `None`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Roofline {
    /// Additions of 32-bit floats that stay in registers.
    pub additions_per_second: f64,
    /// The same of one thread alone.
    pub additions_per_second_per_thread: Option<f64>,
    /// Additions of the bare loop: sums of random weight columns of a 784 x 500 matrix, 20 a step.
    pub column_sum_additions_per_second: f64,
    /// The same of one thread alone.
    pub column_sum_additions_per_second_per_thread: Option<f64>,
    /// Reading, by the size of what is read again and again.
    pub read: Vec<Bandwidth>,
    /// Waking all threads for a piece of work, microseconds.
    pub pool_us: Option<f64>,
    /// One more launch in a pass, microseconds.
    pub launch_us: Option<f64>,
    /// A submission of one launch, until it is done, microseconds.
    pub submission_us: Option<f64>,
    /// Reading 40 bytes back, microseconds.
    pub readback_us: Option<f64>,
}

/// How fast a working set is read.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Bandwidth {
    /// Size of the working set.
    pub bytes: usize,
    /// All threads together, each of which reads the whole set.
    pub bytes_per_second: f64,
    /// One thread alone.
    pub bytes_per_second_per_thread: Option<f64>,
}

impl Roofline {
    /// Measures a device, spending about `each` on every step.
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
                cpu::measure(machine.threads.unwrap_or(1), Timing { call: CPU_CALL, each }, steps)
            }
            Some(choice) => gpu::measure(&choice, Timing { call: GPU_CALL, each }, steps),
        }
    }

    /// Number of steps that [`Roofline::measure`] takes at most.
    pub(super) const STEPS: usize = 4 + WORKING_SETS.len();

    /// Reading of a working set of `bytes`: that of the smallest measured set that holds it.
    pub fn bandwidth_of(&self, bytes: u64) -> Option<f64> {
        let holding = self.read.iter().find(|bandwidth| bandwidth.bytes as u64 >= bytes);
        holding.or(self.read.last()).map(|bandwidth| bandwidth.bytes_per_second)
    }
}

/// How long to measure: each repetition, and all of a step together.
#[derive(Clone, Copy, Debug)]
struct Timing {
    call: Duration,
    each: Duration,
}

impl Timing {
    /// Calls a second of `work(n)`, which does its work `n` times: the fastest of some repetitions.
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

/// Microseconds that `work` takes: the median of many calls.
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

fn timed(work: impl FnOnce() -> Result<(), BackendError>) -> Result<Duration, BackendError> {
    let start = Instant::now();
    work()?;
    Ok(start.elapsed())
}

/// For each of [`STEPS`] steps the [`SPIKES`] columns that are summed, ascending, in units of `stride`.
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

//! Repetition of a measurement.

use std::time::{Duration, Instant};

use crate::analysis::statistics::median;
use crate::interface::BackendError;

/// Smallest number of repetitions, of which the fastest counts.
pub const REPETITIONS: usize = 5;

/// Lengths of a step of the measurement.
#[derive(Clone, Copy, Debug)]
pub struct Repetition {
    /// Length of a repetition.
    pub call: Duration,
    /// Length of all repetitions together.
    pub each: Duration,
}

impl Repetition {
    /// Returns the units of work per second in the fastest repetition. `work(n)` does `n` units.
    pub fn best_rate(
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
pub fn latency(mut work: impl FnMut() -> Result<(), BackendError>) -> Result<f64, BackendError> {
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
pub fn timed(work: impl FnOnce() -> Result<(), BackendError>) -> Result<Duration, BackendError> {
    let start = Instant::now();
    work()?;
    Ok(start.elapsed())
}

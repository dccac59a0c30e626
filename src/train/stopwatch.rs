//! Stopwatch for work with interruptions.

use std::time::{Duration, Instant};

/// Sum of the times of a repeated piece of work.
#[derive(Default)]
pub(super) struct Stopwatch {
    spent: Duration,
}

impl Stopwatch {
    pub(super) fn time<T>(&mut self, work: impl FnOnce() -> T) -> T {
        let start = Instant::now();
        let result = work();
        self.spent += start.elapsed();
        result
    }

    pub(super) fn per_second(&self, count: usize) -> f64 {
        count as f64 / self.spent.as_secs_f64().max(1e-9)
    }
}

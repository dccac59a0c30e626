//! Timer of kernels, read after every kernel of a sample during profiling.

use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use crate::interface::{Kernel, KernelTimes};

/// Timer that runs only during profiling. Contains the time of the last lap.
pub struct KernelTimer(Option<Instant>);

impl KernelTimer {
    /// Starts the timer if `is_profiled`.
    pub fn start(is_profiled: bool) -> Self {
        KernelTimer(is_profiled.then(Instant::now))
    }

    /// Whether the timer runs.
    pub fn is_on(&self) -> bool {
        self.0.is_some()
    }

    /// Adds the time since the last lap to the shared time of `kernel`.
    pub fn lap_into(&mut self, kernel: Kernel, times: &Mutex<KernelTimes>) {
        if self.is_on() {
            self.lap(kernel, 1, &mut times.lock().unwrap_or_else(PoisonError::into_inner));
        }
    }

    /// Discards the time since the last lap.
    pub fn skip(&mut self) {
        *self = KernelTimer::start(self.is_on());
    }

    /// Adds the time since the last lap, times `threads`, to the time of `kernel`.
    pub fn lap(&mut self, kernel: Kernel, threads: usize, times: &mut KernelTimes) {
        if let Some(last_lap) = &mut self.0 {
            let now = Instant::now();
            times.add(kernel, now.duration_since(*last_lap) * threads as u32);
            *last_lap = now;
        }
    }
}

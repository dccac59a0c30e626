//! How long each kernel takes: a clock that is read behind every kernel of a lane, where it is wanted.

use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use crate::layout::{Kernel, KernelTimes};

/// A clock that runs only while the backend is profiled.
pub struct Clock(Option<Instant>);

impl Clock {
    pub fn start(is_profiled: bool) -> Self {
        Clock(is_profiled.then(Instant::now))
    }

    pub fn is_on(&self) -> bool {
        self.0.is_some()
    }

    /// Adds the time since the clock was last read to what `kernel` took, on one thread of several.
    pub fn read_into(&mut self, kernel: Kernel, times: &Mutex<KernelTimes>) {
        if self.is_on() {
            self.read(kernel, 1, &mut times.lock().unwrap_or_else(PoisonError::into_inner));
        }
    }

    /// Passes over the time since the clock was last read.
    pub fn skip(&mut self) {
        *self = Clock::start(self.is_on());
    }

    /// Adds the time since the clock was last read to what `kernel` took, as often as `threads` were
    /// held by it.
    pub fn read(&mut self, kernel: Kernel, threads: usize, times: &mut KernelTimes) {
        if let Some(last) = &mut self.0 {
            let now = Instant::now();
            times.add(kernel, now.duration_since(*last) * threads as u32);
            *last = now;
        }
    }
}

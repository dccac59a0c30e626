//! Progress of a benchmark.

use super::device::MeasuredDevice;
use super::row::Row;
use crate::interface::{BackendError, Stop};

/// Event of a benchmark.
#[derive(Clone, Copy, Debug)]
pub enum BenchEvent<'a> {
    /// Choice of the device.
    Device(&'a MeasuredDevice),
    /// Start of a step.
    Step {
        /// Measured quantity.
        what: &'a str,
        /// Number of steps before it.
        done: usize,
        /// Approximate number of steps of the benchmark.
        of: usize,
    },
    /// Result of a measurement.
    Row(&'a Row),
}

/// Counter of the steps of a benchmark.
pub struct Steps<'a> {
    pub(super) begun: usize,
    of: usize,
    stop: Stop,
    listen: &'a mut dyn FnMut(BenchEvent),
}

impl<'a> Steps<'a> {
    /// Creates a counter. `of`: approximate number of steps. `stop`: request that ends the benchmark.
    pub fn new(of: usize, stop: Stop, listen: &'a mut dyn FnMut(BenchEvent)) -> Self {
        Steps { begun: 0, of, stop, listen }
    }

    /// Passes an event to the listener.
    pub fn emit(&mut self, event: BenchEvent) {
        (self.listen)(event);
    }

    /// Reports the start of a step.
    ///
    /// # Errors
    /// Returns an error if a stop was requested.
    pub fn begin(&mut self, what: &str) -> Result<(), BackendError> {
        if self.stop.is_requested() {
            return Err(BackendError::Stopped);
        }
        let done = self.begun.min(self.of);
        (self.listen)(BenchEvent::Step { what, done, of: self.of });
        self.begun += 1;
        Ok(())
    }

    /// Counts steps that are not needed.
    pub fn skip(&mut self, steps: usize) {
        self.begun += steps;
    }
}

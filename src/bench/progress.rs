//! Progress of a benchmark.

use super::device::MeasuredDevice;
use super::row::Row;

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
    listen: &'a mut dyn FnMut(BenchEvent),
}

impl<'a> Steps<'a> {
    /// Creates a counter. `of`: approximate number of steps.
    pub fn new(of: usize, listen: &'a mut dyn FnMut(BenchEvent)) -> Self {
        Steps { begun: 0, of, listen }
    }

    /// Passes an event to the listener.
    pub fn emit(&mut self, event: BenchEvent) {
        (self.listen)(event);
    }

    /// Reports the start of a step.
    pub fn begin(&mut self, what: &str) {
        let done = self.begun.min(self.of);
        (self.listen)(BenchEvent::Step { what, done, of: self.of });
        self.begun += 1;
    }

    /// Counts steps that are not needed.
    pub fn skip(&mut self, steps: usize) {
        self.begun += steps;
    }
}

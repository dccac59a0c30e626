//! Progress of a benchmark.

use super::machine::Machine;
use super::row::Row;

/// What happens during a benchmark.
#[derive(Clone, Copy, Debug)]
pub enum Event<'a> {
    /// The device is chosen.
    Machine(&'a Machine),
    /// The next step begins.
    Step {
        /// Measured quantity.
        what: &'a str,
        /// Steps before it.
        done: usize,
        /// Steps in all, about.
        of: usize,
    },
    /// A row is complete.
    Row(&'a Row),
}

/// Counts the steps of a benchmark.
pub struct Steps<'a> {
    pub(super) begun: usize,
    of: usize,
    listen: &'a mut dyn FnMut(Event),
}

impl<'a> Steps<'a> {
    pub fn new(of: usize, listen: &'a mut dyn FnMut(Event)) -> Self {
        Steps { begun: 0, of, listen }
    }

    pub fn tell(&mut self, event: Event) {
        (self.listen)(event);
    }

    /// Reports the start of a step.
    pub fn begin(&mut self, what: &str) {
        let done = self.begun.min(self.of);
        (self.listen)(Event::Step { what, done, of: self.of });
        self.begun += 1;
    }

    /// Steps that are left out.
    pub fn skip(&mut self, steps: usize) {
        self.begun += steps;
    }
}

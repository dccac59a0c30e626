//! What a network does while it is shown images: named quantities, of chosen neurons and steps, from any
//! backend.
//!
//! Nothing of this costs a run that records nothing: a recorded run opens a backend that keeps the arrays
//! of each lane, goes launch by launch, and reads what it was asked for in between.

mod angles;
mod derived;
mod jacobians;
mod losses;

mod quantity;
mod recording;
mod session;
mod size;
mod steps;
mod view;

pub use quantity::{Quantity, Span};
pub use recording::{Axis, Recorded, Recording};
pub use session::{Session, Shown};

use std::ops::Range;

/// What to record.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recorder {
    /// Quantities to record; where there are none, only the classes that the network finds are known.
    pub quantities: Vec<Quantity>,
    /// Populations, 0 the input; `None`: all.
    pub populations: Option<Vec<usize>>,
    /// Neurons of each population, as many of them as it has; `None`: all.
    pub units: Option<Range<usize>>,
    /// Steps of each image; `None`: all.
    pub steps: Option<Range<u32>>,
}

impl Recorder {
    /// Of all neurons and steps.
    pub fn of(quantities: &[Quantity]) -> Self {
        Recorder { quantities: quantities.to_vec(), ..Recorder::default() }
    }

    fn has(&self, quantity: Quantity) -> bool {
        self.quantities.contains(&quantity)
    }

    /// Whether anything asked for is known only while neurons go step by step.
    fn needs_steps(&self) -> bool {
        self.quantities.iter().any(|quantity| quantity.needs_steps())
    }

    fn wants_population(&self, population: usize) -> bool {
        self.populations.as_ref().is_none_or(|wanted| wanted.contains(&population))
    }

    /// The neurons to record of a population with so many.
    fn units_of(&self, units: usize) -> Range<usize> {
        match &self.units {
            Some(range) => range.start.min(units)..range.end.min(units),
            None => 0..units,
        }
    }

    /// The steps to record of images that last at most so many.
    fn steps_of(&self, steps: u32) -> Range<u32> {
        match &self.steps {
            Some(range) => range.start.min(steps)..range.end.min(steps),
            None => 0..steps,
        }
    }
}

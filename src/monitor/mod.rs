//! Recording of a network's activity: named quantities of selected neurons and steps, on any backend.
//!
//! A monitored network runs on a backend that keeps the arrays of each sample. It runs launch by launch, and quantities
//! are read between launches. Runs without a monitor have no overhead.

mod angles;
mod burst_apical;
mod bursts;
mod derived;
mod derived_arrays;
mod jacobians;
mod losses;

mod memory;
mod mode;
mod quantity;
mod recording;
pub mod recording_file;
mod sample_arrays;
mod session;
mod sigma;
mod sink;
mod step_monitor;

pub use mode::Mode;
pub use quantity::{Quantity, RequiredPhases};
pub use recording::{ArrayAxis, ArrayInfo, RecordedArray, Recording};
pub use session::MonitorSession;
pub use sink::{RecordedImages, RecordingSink};

use std::ops::Range;

use crate::config::{Config, ConfigError};

/// Selection of quantities, populations, neurons and steps to record.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MonitorSpec {
    /// Quantities to record. Predicted classes are recorded in any case.
    pub quantities: Vec<Quantity>,
    /// Populations, 0 for the input; `None` for all.
    pub populations: Option<Vec<usize>>,
    /// Neurons of each population, cut to its size; `None` for all.
    pub units: Option<Range<usize>>,
    /// Steps of each image; `None` for all.
    pub steps: Option<Range<u32>>,
}

impl MonitorSpec {
    /// Selects all neurons and steps.
    pub fn new(quantities: &[Quantity]) -> Self {
        MonitorSpec { quantities: quantities.to_vec(), ..MonitorSpec::default() }
    }

    /// Returns whether a quantity is recorded.
    fn has(&self, quantity: Quantity) -> bool {
        self.quantities.contains(&quantity)
    }

    /// Checks that networks with these settings have all quantities.
    fn check_rule(&self, config: &Config) -> Result<(), ConfigError> {
        let model = config.network_model();
        let missing = |&quantity: &Quantity| Some((quantity, quantity.networks_without(&model)?));
        match self.quantities.iter().find_map(missing) {
            Some((quantity, networks)) => Err(ConfigError {
                setting: "quantities",
                value: quantity.name().to_string(),
                reason: format!("{networks} have no {} to record", quantity.name()),
            }),
            None => Ok(()),
        }
    }

    /// Returns whether a quantity requires readings after each step.
    fn needs_steps(&self) -> bool {
        self.quantities.iter().any(|quantity| quantity.needs_steps())
    }

    /// Returns whether a population is recorded.
    fn includes_population(&self, population: usize) -> bool {
        self.populations.as_ref().is_none_or(|wanted| wanted.contains(&population))
    }

    /// Returns the recorded neurons of a population of `units` neurons.
    fn unit_range(&self, units: usize) -> Range<usize> {
        match &self.units {
            Some(range) => within(range, units),
            None => 0..units,
        }
    }

    /// Returns the recorded steps of images of at most `steps` steps.
    fn step_range(&self, steps: u32) -> Range<u32> {
        match &self.steps {
            Some(range) => within(range, steps),
            None => 0..steps,
        }
    }
}

/// Returns the part of a range below `end`. A range that ends before its start is empty.
fn within<T: Copy + Ord>(range: &Range<T>, end: T) -> Range<T> {
    let end = range.end.min(end);
    range.start.min(end)..end
}

//! The sizes of a simulation, and the length of each array.

use std::ops::Range;

use super::{
    Array, RATE_HISTORY, STEPS_PER_WORD, UNITS_PER_WORD, compartment, plateau, raster, result,
    trace,
};
use crate::model::spikes::{PIXEL_LEVELS, THRESHOLDS};

/// The sizes from which every array's length follows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shape {
    /// Neurons of each population: the input's pixels first, the output last.
    pub populations: Vec<usize>,
    /// Every hidden layer hears the output; otherwise each hears the next.
    pub broadcast: bool,
    /// Feedback weights follow the feed-forward ones.
    pub is_symmetric: bool,
    /// Feedback weights learn.
    pub learns_feedback: bool,
    /// Apical dendrites have biases.
    pub has_apical_biases: bool,
    /// Hidden errors are backpropagated.
    pub backpropagates: bool,
    /// Neurons send rates, not spikes, to the layer above.
    pub sends_rates: bool,
    /// Feedback comes as rates.
    pub feedback_rates: bool,
    /// Most steps by which plateau potentials come before the ends of phases.
    pub earliest_plateau: u32,
    /// Networks simulated side by side.
    pub replicas: usize,
    /// Most images that each replica is shown side by side.
    pub lanes: usize,
    /// Longest run of steps on one image.
    pub steps: u32,
    /// Steps of drive held at once, see [`Shape::block_of`].
    pub block: u32,
    /// Taps of the synaptic kernel; 0 for the kernel without a cut.
    pub taps: u32,
    /// Images in the data set.
    pub images: usize,
    /// Images whose results are kept for each replica.
    pub slots: usize,
    /// Apical voltages are stepped: with the spikes, or the rates, that feed back.
    pub steps_apical: bool,
    /// One launch steps whole networks through a block, see [`super::Kernel::FusedStep`]: where apical voltages are
    /// stepped and spikes are sent, between hidden layers and an output.
    pub steps_networks: bool,
    /// The optimiser has moments.
    pub has_moments: bool,
    /// Updates also write the gradient.
    pub keeps_gradient: bool,
    /// The arrays of each lane can be read and written between launches. A GPU keeps them anyway; the CPU
    /// backend is faster if it need not, and a run of launches is then a whole minibatch.
    pub keeps_lanes: bool,
}

impl Shape {
    /// Number of layers, the output included.
    pub fn layers(&self) -> usize {
        self.populations.len() - 1
    }

    /// Neurons of a layer, by its number from 0, the lowest.
    pub fn units(&self, layer: usize) -> usize {
        self.populations[layer + 1]
    }

    /// Neurons of the population below a layer; for layer 0, the input's pixels.
    pub fn below(&self, layer: usize) -> usize {
        self.populations[layer]
    }

    /// Whether a layer is the highest. It hears no feedback.
    pub fn is_output(&self, layer: usize) -> bool {
        layer + 1 == self.layers()
    }

    /// The population whose spikes reach the apical dendrites of a hidden layer.
    pub fn source(&self, layer: usize) -> usize {
        if self.broadcast { self.layers() } else { layer + 2 }
    }

    /// Number of neurons that a hidden layer's apical dendrites hear; 0 for the output.
    pub fn sources(&self, layer: usize) -> usize {
        if self.is_output(layer) { 0 } else { self.populations[self.source(layer)] }
    }

    /// Columns of a layer's feedback weights; 0 for the output.
    pub fn feedback_columns(&self, layer: usize) -> usize {
        match self.sources(layer) {
            0 => 0,
            sources => sources + usize::from(self.has_apical_biases),
        }
    }

    /// Whether all layers go through a step before the next: what a hidden layer sends is known only then.
    pub fn goes_by_steps(&self) -> bool {
        self.steps_apical || self.sends_rates
    }

    /// Whether a population sends rates to anyone.
    pub fn has_rates(&self, population: usize) -> bool {
        let upward = self.sends_rates && population < self.layers();
        upward || (self.feedback_rates && self.is_source(population))
    }

    /// Rows of [`Array::Rates`].
    pub fn rate_rows(&self) -> usize {
        (RATE_HISTORY + self.steps) as usize
    }

    /// Whether apical voltages are stepped with spikes.
    pub fn steps_apical_spikes(&self) -> bool {
        self.steps_apical && !self.feedback_rates
    }

    /// Whether apical voltages are stepped with rates.
    pub fn steps_apical_rates(&self) -> bool {
        self.steps_apical && self.feedback_rates
    }

    /// Whether any neuron receives a population's spikes.
    pub fn sends_spikes(&self, population: usize) -> bool {
        let upward = !self.sends_rates && population < self.layers();
        upward || (!self.feedback_rates && self.is_source(population))
    }

    /// Steps of a layer's drive held at once. Where apical voltages are stepped, the spikes of a hidden
    /// layer hang on the step before: only the input can be drawn, and heard, ahead of the others.
    pub fn block_of(&self, layer: usize) -> u32 {
        if self.goes_by_steps() && layer > 0 { 1 } else { self.block }
    }

    /// Rows of [`Array::Traces`].
    pub fn trace_rows(&self) -> usize {
        trace::ROWS + 2 * self.earliest_plateau as usize
    }

    /// Whether apical dendrites hear a population.
    pub fn is_source(&self, population: usize) -> bool {
        (0..self.layers() - 1).any(|layer| self.source(layer) == population)
    }

    /// Rows of drive kept before the block: K - 1 past drives, or two traces.
    pub fn history(&self) -> u32 {
        match self.taps {
            0 => 2,
            taps => taps - 1,
        }
    }

    /// Steps before an image whose spikes are kept: K - 1 that basal dendrites sum again, or K if the apical voltage of
    /// the first step is needed. None for the uncut kernel, whose traces are kept.
    pub fn past_steps(&self) -> u32 {
        if self.steps_apical_spikes() { self.taps } else { self.taps.saturating_sub(1) }
    }

    /// Words for the spikes of the steps before an image.
    pub fn past_words(&self) -> u32 {
        self.past_steps().div_ceil(STEPS_PER_WORD)
    }

    /// Rows of the past that apical dendrites sum: of the last K steps, or two traces.
    pub fn apical_history(&self) -> u32 {
        if self.taps == 0 { self.history() } else { self.taps }
    }

    /// Words of spike counts a neuron has.
    pub fn spike_words(&self) -> u32 {
        self.past_words() + self.steps.div_ceil(STEPS_PER_WORD)
    }

    /// Whether a population's spikes are heard while an image is shown.
    pub fn has_raster(&self, population: usize) -> bool {
        let upward = !self.sends_rates && population < self.layers();
        upward || (self.steps_apical_spikes() && self.is_source(population))
    }

    /// Rows of the past that a launch which steps networks sums before an image that carries its state on: those
    /// that the lowest layer's drive sums too. Two traces are no sums over spikes.
    pub fn past_sums(&self) -> u32 {
        if self.taps == 0 { 0 } else { self.history() }
    }

    /// Words of bits for all neurons that draw spikes, population by population.
    pub fn spiking_words(&self) -> usize {
        (1..self.populations.len()).map(|population| self.raster_words(population)).sum()
    }

    /// Words of bits for the neurons of a population.
    pub fn raster_words(&self, population: usize) -> usize {
        self.populations[population].div_ceil(UNITS_PER_WORD as usize)
    }

    /// Rows and columns of one copy of an array, see [`Shape::copies`].
    pub fn rows_and_columns(&self, array: Array) -> [usize; 2] {
        match array {
            Array::Images => [1, (self.images * self.populations[0]).div_ceil(4)],
            Array::Thresholds => [PIXEL_LEVELS, THRESHOLDS],
            Array::Spikes(p) => [self.spike_words() as usize, self.populations[p]],
            Array::Raster(p) if self.has_raster(p) => {
                let steps = (self.spike_words() * STEPS_PER_WORD) as usize;
                [steps * raster::ROWS, self.raster_words(p)]
            }
            Array::Raster(_) => [0, 0],
            Array::InputRates => [usize::from(self.sends_rates), PIXEL_LEVELS],
            Array::Rates(p) if self.has_rates(p) => [self.rate_rows(), self.populations[p]],
            Array::Rates(_) => [0, 0],
            Array::Traces(p) => [self.trace_rows(), self.populations[p]],
            Array::Weights(m) => [self.below(m) + 1, self.units(m)],
            Array::Moments(m) if self.has_moments => [2 * (self.below(m) + 1), self.units(m)],
            Array::Gradient(m) if self.keeps_gradient => [self.below(m) + 1, self.units(m)],
            Array::Moments(_) | Array::Gradient(_) => [0, 0],
            Array::Feedback(m) => [self.feedback_columns(m), self.units(m)],
            Array::Drive(m) => [(self.history() + self.block_of(m)) as usize, self.units(m)],
            Array::ApicalDrive(m) if self.steps_apical_spikes() && !self.is_output(m) => {
                [self.history() as usize + 1, self.units(m)]
            }
            Array::ApicalDrive(_) => [0, 0],
            Array::Compartments(m) => [compartment::ROWS, self.units(m)],
            Array::Plateaus(m) => [plateau::ROWS, self.units(m)],
            Array::Errors(m) => [1, self.units(m)],
            Array::Results => [self.slots, result::ROWS],
        }
    }

    /// Rows of an array that a lane carries from a training minibatch to the next. All others are written anew
    /// before they are read.
    pub fn carried_rows(&self, array: Array) -> Range<usize> {
        match array {
            Array::Spikes(_) => 0..self.past_words() as usize,
            Array::Rates(p) if self.steps_apical_rates() && self.is_source(p) => {
                0..RATE_HISTORY as usize
            }
            Array::Traces(_) if self.taps == 0 => trace::SLOW..trace::FAST + 1,
            Array::Compartments(_) => compartment::SOMA..compartment::SOMA + 1,
            _ => 0..0,
        }
    }

    /// Words of an array that one lane carries from a training minibatch to the next.
    pub fn carried_length(&self, array: Array) -> usize {
        let [_, units] = self.rows_and_columns(array);
        self.carried_rows(array).len() * units
    }

    /// Whether each lane has its own copy of an array.
    pub fn has_lanes(&self, array: Array) -> bool {
        matches!(
            array,
            Array::Spikes(_)
                | Array::Raster(_)
                | Array::Rates(_)
                | Array::Traces(_)
                | Array::Drive(_)
                | Array::ApicalDrive(_)
                | Array::Compartments(_)
                | Array::Plateaus(_)
                | Array::Errors(_)
        )
    }

    /// Copies that an array is made of: one for each lane, one for each replica, or one that all read.
    pub fn copies(&self, array: Array) -> usize {
        match array {
            Array::Images => 1,
            _ if self.has_lanes(array) => self.replicas * self.lanes,
            _ => self.replicas,
        }
    }

    /// Words of one copy of an array.
    pub fn copy_length(&self, array: Array) -> usize {
        let [rows, columns] = self.rows_and_columns(array);
        rows * columns
    }

    /// Words of an array.
    pub fn length(&self, array: Array) -> usize {
        self.length_of_lanes(array, self.replicas * self.lanes)
    }

    /// Words of an array's first `lanes` lanes; of the whole array, where it has no lanes.
    pub fn length_of_lanes(&self, array: Array, lanes: usize) -> usize {
        self.copy_length(array) * if self.has_lanes(array) { lanes } else { self.copies(array) }
    }

    /// Bytes of an array.
    pub fn bytes_of(&self, array: Array) -> u64 {
        4 * self.length(array) as u64
    }

    /// Bytes of all arrays.
    pub fn bytes(&self) -> u64 {
        self.arrays().into_iter().map(|array| self.bytes_of(array)).sum()
    }

    /// Every array of this shape.
    pub fn arrays(&self) -> Vec<Array> {
        let mut arrays = vec![Array::Images, Array::Thresholds, Array::InputRates, Array::Results];
        for population in 0..self.populations.len() {
            arrays.extend([
                Array::Spikes(population),
                Array::Raster(population),
                Array::Rates(population),
                Array::Traces(population),
            ]);
        }
        for layer in 0..self.layers() {
            arrays.extend([
                Array::Weights(layer),
                Array::Moments(layer),
                Array::Gradient(layer),
                Array::Feedback(layer),
                Array::Drive(layer),
                Array::ApicalDrive(layer),
                Array::Compartments(layer),
                Array::Plateaus(layer),
                Array::Errors(layer),
            ]);
        }
        arrays
    }
}

//! The sizes of a simulation, and the length of each array.

use std::ops::Range;

use super::{
    ArrayId, RATE_HISTORY, STEPS_PER_WORD, UNITS_PER_WORD, compartment, plateau, result,
    spike_mask, window_mean,
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
    pub symmetric_feedback: bool,
    /// Feedback weights learn.
    pub learns_feedback: bool,
    /// Apical dendrites have biases.
    pub has_apical_biases: bool,
    /// Hidden errors are backpropagated.
    pub backpropagates: bool,
    /// Neurons send rates, not spikes, to the layer above.
    pub sends_rates: bool,
    /// Feedback comes as rates.
    pub feedback_is_rates: bool,
    /// Most steps by which plateau potentials come before the ends of phases.
    pub max_plateau_lead: u32,
    /// Networks simulated side by side.
    pub replicas: usize,
    /// Most images that each replica is shown side by side.
    pub samples_per_replica: usize,
    /// Longest run of steps on one image.
    pub steps: u32,
    /// Steps of drive held at once, see [`Shape::block_len`].
    pub block: u32,
    /// Taps of the synaptic kernel; 0 for the kernel without a cut.
    pub taps: u32,
    /// Images in the data set.
    pub images: usize,
    /// Images whose results are kept for each replica.
    pub result_slots: usize,
    /// Apical voltages are stepped: with the spikes, or the rates, that feed back.
    pub steps_apical: bool,
    /// One launch steps whole networks through a block, see [`super::Kernel::FusedStep`]: where apical voltages are
    /// stepped and spikes are sent, between hidden layers and an output.
    pub fused_steps: bool,
    /// The optimiser has moments.
    pub has_moments: bool,
    /// Updates also write the gradient.
    pub keeps_gradient: bool,
    /// The arrays of each lane can be read and written between launches. A GPU keeps them anyway; the CPU
    /// backend is faster if it need not, and a run of launches is then a whole minibatch.
    pub per_sample_access: bool,
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
    pub fn n_pre(&self, layer: usize) -> usize {
        self.populations[layer]
    }

    /// Whether a layer is the highest. It hears no feedback.
    pub fn is_output(&self, layer: usize) -> bool {
        layer + 1 == self.layers()
    }

    /// The population whose spikes reach the apical dendrites of a hidden layer.
    pub fn feedback_population(&self, layer: usize) -> usize {
        if self.broadcast { self.layers() } else { layer + 2 }
    }

    /// Number of neurons that a hidden layer's apical dendrites hear; 0 for the output.
    pub fn n_feedback(&self, layer: usize) -> usize {
        if self.is_output(layer) { 0 } else { self.populations[self.feedback_population(layer)] }
    }

    /// Columns of a layer's feedback weights; 0 for the output.
    pub fn feedback_columns(&self, layer: usize) -> usize {
        match self.n_feedback(layer) {
            0 => 0,
            sources => sources + usize::from(self.has_apical_biases),
        }
    }

    /// Whether all layers go through a step before the next: what a hidden layer sends is known only then.
    pub fn is_stepwise(&self) -> bool {
        self.steps_apical || self.sends_rates
    }

    /// Whether a population sends rates to anyone.
    pub fn emits_rates(&self, population: usize) -> bool {
        let upward = self.sends_rates && population < self.layers();
        upward || (self.feedback_is_rates && self.feeds_back(population))
    }

    /// Rows of [`ArrayId::Rates`].
    pub fn rate_rows(&self) -> usize {
        (RATE_HISTORY + self.steps) as usize
    }

    /// Whether apical voltages are stepped with spikes.
    pub fn steps_apical_spikes(&self) -> bool {
        self.steps_apical && !self.feedback_is_rates
    }

    /// Whether apical voltages are stepped with rates.
    pub fn steps_apical_rates(&self) -> bool {
        self.steps_apical && self.feedback_is_rates
    }

    /// Whether any neuron receives a population's spikes.
    pub fn sends_spikes(&self, population: usize) -> bool {
        let upward = !self.sends_rates && population < self.layers();
        upward || (!self.feedback_is_rates && self.feeds_back(population))
    }

    /// Steps of a layer's drive held at once. Where apical voltages are stepped, the spikes of a hidden
    /// layer hang on the step before: only the input can be drawn, and heard, ahead of the others.
    pub fn block_len(&self, layer: usize) -> u32 {
        if self.is_stepwise() && layer > 0 { 1 } else { self.block }
    }

    /// Rows of [`ArrayId::WindowMeans`].
    pub fn window_mean_rows(&self) -> usize {
        window_mean::ROWS + 2 * self.max_plateau_lead as usize
    }

    /// Whether apical dendrites hear a population.
    pub fn feeds_back(&self, population: usize) -> bool {
        (0..self.layers() - 1).any(|layer| self.feedback_population(layer) == population)
    }

    /// Rows of drive kept before the block: K - 1 past drives, or two traces.
    pub fn history_rows(&self) -> u32 {
        match self.taps {
            0 => 2,
            taps => taps - 1,
        }
    }

    /// Steps before an image whose spikes are kept: K - 1 that basal dendrites sum again, or K if the apical voltage of
    /// the first step is needed. None for the uncut kernel, whose traces are kept.
    pub fn history_steps(&self) -> u32 {
        if self.steps_apical_spikes() { self.taps } else { self.taps.saturating_sub(1) }
    }

    /// Words for the spikes of the steps before an image.
    pub fn history_words(&self) -> u32 {
        self.history_steps().div_ceil(STEPS_PER_WORD)
    }

    /// Rows of the past that apical dendrites sum: of the last K steps, or two traces.
    pub fn apical_history_rows(&self) -> u32 {
        if self.taps == 0 { self.history_rows() } else { self.taps }
    }

    /// Words of spike counts a neuron has.
    pub fn spike_words(&self) -> u32 {
        self.history_words() + self.steps.div_ceil(STEPS_PER_WORD)
    }

    /// Whether a population's spikes are heard while an image is shown.
    pub fn has_spike_mask(&self, population: usize) -> bool {
        let upward = !self.sends_rates && population < self.layers();
        upward || (self.steps_apical_spikes() && self.feeds_back(population))
    }

    /// Rows of the past that a launch which steps networks sums before an image that carries its state on: those
    /// that the lowest layer's drive sums too. Two traces are no sums over spikes.
    pub fn history_rows_to_sum(&self) -> u32 {
        if self.taps == 0 { 0 } else { self.history_rows() }
    }

    /// Words of bits for all neurons that draw spikes, population by population.
    pub fn mask_words_total(&self) -> usize {
        (1..self.populations.len()).map(|population| self.mask_words(population)).sum()
    }

    /// Words of bits for the neurons of a population.
    pub fn mask_words(&self, population: usize) -> usize {
        self.populations[population].div_ceil(UNITS_PER_WORD as usize)
    }

    /// Rows and columns of one copy of an array, see [`Shape::copies`].
    pub fn dims(&self, array: ArrayId) -> [usize; 2] {
        match array {
            ArrayId::Images => [1, (self.images * self.populations[0]).div_ceil(4)],
            ArrayId::InputCdf => [PIXEL_LEVELS, THRESHOLDS],
            ArrayId::Spikes(p) => [self.spike_words() as usize, self.populations[p]],
            ArrayId::SpikeMask(p) if self.has_spike_mask(p) => {
                let steps = (self.spike_words() * STEPS_PER_WORD) as usize;
                [steps * spike_mask::ROWS, self.mask_words(p)]
            }
            ArrayId::SpikeMask(_) => [0, 0],
            ArrayId::InputRates => [usize::from(self.sends_rates), PIXEL_LEVELS],
            ArrayId::Rates(p) if self.emits_rates(p) => [self.rate_rows(), self.populations[p]],
            ArrayId::Rates(_) => [0, 0],
            ArrayId::WindowMeans(p) => [self.window_mean_rows(), self.populations[p]],
            ArrayId::Weights(m) => [self.n_pre(m) + 1, self.units(m)],
            ArrayId::Moments(m) if self.has_moments => [2 * (self.n_pre(m) + 1), self.units(m)],
            ArrayId::Gradient(m) if self.keeps_gradient => [self.n_pre(m) + 1, self.units(m)],
            ArrayId::Moments(_) | ArrayId::Gradient(_) => [0, 0],
            ArrayId::Feedback(m) => [self.feedback_columns(m), self.units(m)],
            ArrayId::SynapticInput(m) => {
                [(self.history_rows() + self.block_len(m)) as usize, self.units(m)]
            }
            ArrayId::ApicalInput(m) if self.steps_apical_spikes() && !self.is_output(m) => {
                [self.history_rows() as usize + 1, self.units(m)]
            }
            ArrayId::ApicalInput(_) => [0, 0],
            ArrayId::Compartments(m) => [compartment::ROWS, self.units(m)],
            ArrayId::Plateaus(m) => [plateau::ROWS, self.units(m)],
            ArrayId::Errors(m) => [1, self.units(m)],
            ArrayId::Results => [self.result_slots, result::ROWS],
        }
    }

    /// Rows of an array that a lane carries from a training minibatch to the next. All others are written anew
    /// before they are read.
    pub fn persistent_rows(&self, array: ArrayId) -> Range<usize> {
        match array {
            ArrayId::Spikes(_) => 0..self.history_words() as usize,
            ArrayId::Rates(p) if self.steps_apical_rates() && self.feeds_back(p) => {
                0..RATE_HISTORY as usize
            }
            ArrayId::WindowMeans(_) if self.taps == 0 => window_mean::SLOW..window_mean::FAST + 1,
            ArrayId::Compartments(_) => compartment::SOMA..compartment::SOMA + 1,
            _ => 0..0,
        }
    }

    /// Words of an array that one lane carries from a training minibatch to the next.
    pub fn persistent_len(&self, array: ArrayId) -> usize {
        let [_, units] = self.dims(array);
        self.persistent_rows(array).len() * units
    }

    /// Whether each lane has its own copy of an array.
    pub fn is_per_sample(&self, array: ArrayId) -> bool {
        matches!(
            array,
            ArrayId::Spikes(_)
                | ArrayId::SpikeMask(_)
                | ArrayId::Rates(_)
                | ArrayId::WindowMeans(_)
                | ArrayId::SynapticInput(_)
                | ArrayId::ApicalInput(_)
                | ArrayId::Compartments(_)
                | ArrayId::Plateaus(_)
                | ArrayId::Errors(_)
        )
    }

    /// Copies that an array is made of: one for each lane, one for each replica, or one that all read.
    pub fn copies(&self, array: ArrayId) -> usize {
        match array {
            ArrayId::Images => 1,
            _ if self.is_per_sample(array) => self.replicas * self.samples_per_replica,
            _ => self.replicas,
        }
    }

    /// Words of one copy of an array.
    pub fn len_per_copy(&self, array: ArrayId) -> usize {
        let [rows, columns] = self.dims(array);
        rows * columns
    }

    /// Words of an array.
    pub fn len(&self, array: ArrayId) -> usize {
        self.len_for_samples(array, self.replicas * self.samples_per_replica)
    }

    /// Words of an array's first `lanes` lanes; of the whole array, where it has no lanes.
    pub fn len_for_samples(&self, array: ArrayId, lanes: usize) -> usize {
        self.len_per_copy(array)
            * if self.is_per_sample(array) { lanes } else { self.copies(array) }
    }

    /// Bytes of an array.
    pub fn bytes_of(&self, array: ArrayId) -> u64 {
        4 * self.len(array) as u64
    }

    /// Bytes of all arrays.
    pub fn bytes(&self) -> u64 {
        self.arrays().into_iter().map(|array| self.bytes_of(array)).sum()
    }

    /// Every array of this shape.
    pub fn arrays(&self) -> Vec<ArrayId> {
        let mut arrays =
            vec![ArrayId::Images, ArrayId::InputCdf, ArrayId::InputRates, ArrayId::Results];
        for population in 0..self.populations.len() {
            arrays.extend([
                ArrayId::Spikes(population),
                ArrayId::SpikeMask(population),
                ArrayId::Rates(population),
                ArrayId::WindowMeans(population),
            ]);
        }
        for layer in 0..self.layers() {
            arrays.extend([
                ArrayId::Weights(layer),
                ArrayId::Moments(layer),
                ArrayId::Gradient(layer),
                ArrayId::Feedback(layer),
                ArrayId::SynapticInput(layer),
                ArrayId::ApicalInput(layer),
                ArrayId::Compartments(layer),
                ArrayId::Plateaus(layer),
                ArrayId::Errors(layer),
            ]);
        }
        arrays
    }
}

//! Sizes of a simulation, and the lengths of its arrays.

use std::ops::Range;

use super::{
    ArrayId, RATE_HISTORY, STEPS_PER_WORD, UNITS_PER_WORD, compartment, plateau, spike_mask,
    window_mean,
};
use crate::model::network_model::NetworkModel;
use crate::model::spikes::{PIXEL_LEVELS, THRESHOLDS};

/// Sizes that determine the length of every array.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shape {
    /// Number of neurons of each population: the input's pixels first, the output last.
    pub populations: Vec<usize>,
    /// Model of the networks.
    pub model: NetworkModel,
    /// Number of networks simulated in parallel.
    pub replicas: usize,
    /// Largest number of images in parallel per replica.
    pub samples_per_replica: usize,
    /// Largest number of steps per image.
    pub steps: u32,
    /// Number of steps of synaptic input stored at once, see [`Shape::block_len`].
    pub block: u32,
    /// Largest number of steps of a training image if bursts are drawn from spikes, otherwise 0.
    pub burst_steps: u32,
    /// Number of taps of the synaptic kernel; 0 for the uncut kernel.
    pub taps: u32,
    /// Number of images in the data set.
    pub images: usize,
    /// Number of events of all recordings, which are shown in place of images; `None` for images.
    pub events: Option<usize>,
    /// Number of images with stored results per replica.
    pub result_slots: usize,
    /// Whether updates also write the gradient.
    pub keeps_gradient: bool,
    /// Whether callers may read and write the arrays of each sample, see [`Shape::is_per_sample`]. Without it, only
    /// their persistent rows are readable, and the CPU backend is faster but must run a whole minibatch per call.
    pub per_sample_access: bool,
}

impl Shape {
    /// Returns the number of layers, the output included.
    pub fn layers(&self) -> usize {
        self.populations.len() - 1
    }

    /// Returns the number of neurons of a layer, counted from 0, the lowest.
    pub fn units(&self, layer: usize) -> usize {
        self.populations[layer + 1]
    }

    /// Returns the number of presynaptic neurons of a layer; for layer 0, the input's pixels.
    pub fn n_pre(&self, layer: usize) -> usize {
        self.populations[layer]
    }

    /// Whether a layer is the output. It receives no feedback.
    pub fn is_output(&self, layer: usize) -> bool {
        layer + 1 == self.layers()
    }

    /// Returns the population that feeds back to the apical dendrites of a hidden layer.
    pub fn feedback_population(&self, layer: usize) -> usize {
        self.model.feedback.population(layer, self.layers())
    }

    /// Returns the number of neurons that feed back to a hidden layer; 0 for the output.
    pub fn n_feedback(&self, layer: usize) -> usize {
        if self.is_output(layer) { 0 } else { self.populations[self.feedback_population(layer)] }
    }

    /// Returns the number of columns of a layer's feedback weights; 0 for the output.
    pub fn feedback_columns(&self, layer: usize) -> usize {
        match self.n_feedback(layer) {
            0 => 0,
            n_feedback => n_feedback + usize::from(self.model.has_apical_biases),
        }
    }

    /// Whether a population sends rates.
    pub fn emits_rates(&self, population: usize) -> bool {
        let feeds_forward = self.model.sends_rates() && population < self.layers();
        let feeds_back = self.model.feedback_is_rates() && self.feeds_back(population);
        let feeds_events = self.model.sends_rates() && self.feeds_back_events(population);
        feeds_forward || feeds_back || feeds_events
    }

    /// Returns the number of rows of [`ArrayId::Rates`].
    pub fn rate_rows(&self) -> usize {
        (RATE_HISTORY + self.steps) as usize
    }

    /// Whether any neuron receives a population's spikes.
    pub fn sends_spikes(&self, population: usize) -> bool {
        let feeds_forward = !self.model.sends_rates() && population < self.layers();
        feeds_forward || (!self.model.feedback_is_rates() && self.feeds_back(population))
    }

    /// Returns the number of steps of a layer's synaptic input stored at once. If apical voltages are computed per
    /// step, the spikes of a hidden layer depend on the previous step, so only layer 0 can sum its input in advance.
    pub fn block_len(&self, layer: usize) -> u32 {
        if self.model.is_stepwise() && layer > 0 { 1 } else { self.block }
    }

    /// Returns the number of rows of [`ArrayId::WindowMeans`].
    pub fn window_mean_rows(&self) -> usize {
        window_mean::ROWS + 2 * self.model.plateau_timing.max_lead() as usize
    }

    /// Whether a population feeds spikes or rates back to apical dendrites.
    pub fn feeds_back(&self, population: usize) -> bool {
        !self.model.has_bursts() && self.is_feedback_population(population)
    }

    /// Whether apical dendrites receive the events of a population with weights that learn.
    pub fn feeds_back_events(&self, population: usize) -> bool {
        self.model.learns_event_feedback() && self.is_feedback_population(population)
    }

    /// Whether a population is the feedback population of any hidden layer.
    fn is_feedback_population(&self, population: usize) -> bool {
        (0..self.layers() - 1).any(|layer| self.feedback_population(layer) == population)
    }

    /// Returns the number of rows of synaptic input before the block: K - 1 past steps, or two traces.
    pub fn history_rows(&self) -> u32 {
        match self.taps {
            0 => 2,
            taps => taps - 1,
        }
    }

    /// Returns the number of steps before an image with stored spikes: K - 1 for basal dendrites, or K if the apical
    /// voltage of the first step is needed. 0 for the uncut kernel, which keeps traces instead.
    pub fn history_steps(&self) -> u32 {
        if self.model.steps_apical_spikes() { self.taps } else { self.taps.saturating_sub(1) }
    }

    /// Returns the number of words for the spikes of the steps before an image.
    pub fn history_words(&self) -> u32 {
        self.history_steps().div_ceil(STEPS_PER_WORD)
    }

    /// Returns the history rows that apical dendrites sum: the last K steps, or two traces.
    pub fn apical_history_rows(&self) -> u32 {
        if self.taps == 0 { self.history_rows() } else { self.taps }
    }

    /// Returns the number of words of spike counts per neuron.
    pub fn spike_words(&self) -> u32 {
        self.history_words() + self.steps.div_ceil(STEPS_PER_WORD)
    }

    /// Whether other neurons receive a population's spikes during an image.
    pub fn has_spike_mask(&self, population: usize) -> bool {
        let feeds_forward = !self.model.sends_rates() && population < self.layers();
        feeds_forward || (self.model.steps_apical_spikes() && self.feeds_back(population))
    }

    /// Returns the number of mask words for the neurons of a population.
    pub fn mask_words(&self, population: usize) -> usize {
        self.populations[population].div_ceil(UNITS_PER_WORD as usize)
    }

    /// Returns the rows and columns of one copy of an array, see [`Shape::copies`].
    pub fn dims(&self, array: ArrayId) -> [usize; 2] {
        match array {
            ArrayId::Images => match self.events {
                Some(events) => [1, self.images + 1 + events],
                None => [1, (self.images * self.populations[0]).div_ceil(4)],
            },
            ArrayId::InputThresholds => [PIXEL_LEVELS, THRESHOLDS],
            ArrayId::Spikes(p) => [self.spike_words() as usize, self.populations[p]],
            ArrayId::SpikeMask(p) if self.has_spike_mask(p) => {
                let steps = (self.spike_words() * STEPS_PER_WORD) as usize;
                [steps * spike_mask::ROWS, self.mask_words(p)]
            }
            ArrayId::SpikeMask(_) => [0, 0],
            ArrayId::InputRates => [usize::from(self.model.sends_rates()), PIXEL_LEVELS],
            ArrayId::Rates(p) if self.emits_rates(p) => [self.rate_rows(), self.populations[p]],
            ArrayId::Rates(_) => [0, 0],
            ArrayId::WindowMeans(p) => [self.window_mean_rows(), self.populations[p]],
            ArrayId::Weights(m) => [self.n_pre(m) + 1, self.units(m)],
            ArrayId::Moments(m) if self.model.has_moments() => {
                [2 * (self.n_pre(m) + 1), self.units(m)]
            }
            ArrayId::Gradient(m) if self.keeps_gradient => [self.n_pre(m) + 1, self.units(m)],
            ArrayId::Moments(_) | ArrayId::Gradient(_) => [0, 0],
            ArrayId::Feedback(m) => [self.feedback_columns(m), self.units(m)],
            ArrayId::EventFeedback(m) if self.model.learns_event_feedback() => {
                [self.n_feedback(m), self.units(m)]
            }
            ArrayId::EventFeedback(_) => [0, 0],
            ArrayId::SynapticInput(m) => {
                [(self.history_rows() + self.block_len(m)) as usize, self.units(m)]
            }
            ArrayId::ApicalInput(m) if self.model.steps_apical_spikes() && !self.is_output(m) => {
                [self.history_rows() as usize + 1, self.units(m)]
            }
            ArrayId::ApicalInput(m) if !self.is_output(m) => {
                [self.burst_steps as usize, self.units(m)]
            }
            ArrayId::ApicalInput(_) => [0, 0],
            ArrayId::Somata(m) => [self.burst_steps as usize, self.units(m)],
            ArrayId::Bursts(0) => [0, 0],
            ArrayId::Bursts(p) => {
                [self.burst_steps.div_ceil(STEPS_PER_WORD) as usize, self.populations[p]]
            }
            ArrayId::Compartments(m) => [compartment::ROWS, self.units(m)],
            ArrayId::Plateaus(m) => [plateau::ROWS, self.units(m)],
            ArrayId::Errors(m) => [1, self.units(m)],
            ArrayId::Classes | ArrayId::Losses => [1, self.result_slots],
        }
    }

    /// Returns the rows of an array that a sample keeps from one training minibatch to the next. All other rows are
    /// written before they are read.
    pub fn persistent_rows(&self, array: ArrayId) -> Range<usize> {
        match array {
            ArrayId::Spikes(p) if self.has_spike_mask(p) => 0..self.history_words() as usize,
            ArrayId::Rates(p) if self.model.steps_apical_rates() && self.feeds_back(p) => {
                0..RATE_HISTORY as usize
            }
            ArrayId::WindowMeans(_) if self.taps == 0 => window_mean::SLOW..window_mean::FAST + 1,
            ArrayId::Compartments(_) => compartment::SOMA..compartment::SOMA + 1,
            _ => 0..0,
        }
    }

    /// Returns the number of values of an array that one sample keeps from one training minibatch to the next.
    pub fn persistent_len(&self, array: ArrayId) -> usize {
        let [_, units] = self.dims(array);
        self.persistent_rows(array).len() * units
    }

    /// Whether each sample has its own copy of an array.
    pub fn is_per_sample(&self, array: ArrayId) -> bool {
        matches!(
            array,
            ArrayId::Spikes(_)
                | ArrayId::SpikeMask(_)
                | ArrayId::Rates(_)
                | ArrayId::WindowMeans(_)
                | ArrayId::SynapticInput(_)
                | ArrayId::ApicalInput(_)
                | ArrayId::Somata(_)
                | ArrayId::Bursts(_)
                | ArrayId::Compartments(_)
                | ArrayId::Plateaus(_)
                | ArrayId::Errors(_)
        )
    }

    /// Returns the number of copies of an array: one per sample, one per replica, or one in total.
    pub fn copies(&self, array: ArrayId) -> usize {
        match array {
            ArrayId::Images => 1,
            _ if self.is_per_sample(array) => self.replicas * self.samples_per_replica,
            _ => self.replicas,
        }
    }

    /// Returns the number of values of one copy of an array.
    pub fn len_per_copy(&self, array: ArrayId) -> usize {
        let [rows, columns] = self.dims(array);
        rows * columns
    }

    /// Returns the number of values of an array.
    pub fn len(&self, array: ArrayId) -> usize {
        self.len_for_samples(array, self.replicas * self.samples_per_replica)
    }

    /// Returns the number of values of an array's first `samples` samples, or of the whole array if it is not per
    /// sample.
    pub fn len_for_samples(&self, array: ArrayId, samples: usize) -> usize {
        self.len_per_copy(array)
            * if self.is_per_sample(array) { samples } else { self.copies(array) }
    }

    /// Returns the number of bytes of an array.
    pub fn bytes_of(&self, array: ArrayId) -> u64 {
        4 * self.len(array) as u64
    }

    /// Returns the number of bytes of all arrays.
    pub fn bytes(&self) -> u64 {
        self.arrays().into_iter().map(|array| self.bytes_of(array)).sum()
    }

    /// Returns every array of this shape.
    pub fn arrays(&self) -> Vec<ArrayId> {
        let mut arrays = vec![
            ArrayId::Images,
            ArrayId::InputThresholds,
            ArrayId::InputRates,
            ArrayId::Classes,
            ArrayId::Losses,
        ];
        for population in 0..self.populations.len() {
            arrays.extend([
                ArrayId::Spikes(population),
                ArrayId::SpikeMask(population),
                ArrayId::Rates(population),
                ArrayId::WindowMeans(population),
                ArrayId::Bursts(population),
            ]);
        }
        for layer in 0..self.layers() {
            arrays.extend([
                ArrayId::Weights(layer),
                ArrayId::Moments(layer),
                ArrayId::Gradient(layer),
                ArrayId::Feedback(layer),
                ArrayId::EventFeedback(layer),
                ArrayId::SynapticInput(layer),
                ArrayId::ApicalInput(layer),
                ArrayId::Somata(layer),
                ArrayId::Compartments(layer),
                ArrayId::Plateaus(layer),
                ArrayId::Errors(layer),
            ]);
        }
        arrays
    }
}

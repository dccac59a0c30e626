//! Sizes of a simulation. `array_sizes.rs` has those of its arrays.

use super::{RATE_HISTORY, STEPS_PER_WORD, UNITS_PER_WORD, window_mean};
use crate::model::network_model::NetworkModel;

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

    /// Returns the number of rows of [`super::ArrayId::Rates`].
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

    /// Returns the number of rows of [`super::ArrayId::WindowMeans`].
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
}

//! Sizes of the arrays of a simulation.

use std::ops::Range;

use super::shape::Shape;
use super::{ArrayId, RATE_HISTORY, STEPS_PER_WORD, compartment, plateau, spike_mask, window_mean};
use crate::model::spikes::{PIXEL_LEVELS, THRESHOLDS};

impl Shape {
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

//! State of a simulation between two minibatches, from which it resumes later on any backend.

use std::collections::BTreeMap;

use super::Simulation;
use crate::interface::{ArrayId, BackendError, ElementType};
use crate::model::exact_math::{SMALLEST_MOMENT, flush};

/// State of a replica's simulation, without its network.
#[derive(Clone, Debug, PartialEq)]
pub struct SimulationState {
    /// Number of training minibatches so far.
    pub updates: u64,
    /// Whether the next training minibatch starts from a cleared state.
    pub is_fresh: bool,
    /// Words of one replica: moments, results, and the state that samples carry on `[training samples, rows, units]`,
    /// see [`crate::interface::Shape::persistent_rows`].
    pub arrays: BTreeMap<ArrayId, Vec<u32>>,
}

impl Simulation {
    /// Returns the arrays of a [`SimulationState`] and their lengths, words.
    fn state_arrays(&self) -> Vec<(ArrayId, usize)> {
        let shape = self.backend.shape();
        let arrays = shape.arrays().into_iter().map(|array| {
            let words = match array {
                ArrayId::Moments(_) | ArrayId::Results => shape.len_per_copy(array),
                array => shape.persistent_len(array) * self.training_samples,
            };
            (array, words)
        });
        arrays.filter(|(_, words)| *words > 0).collect()
    }

    /// Returns the number of words per replica of a carried or sample-independent array.
    fn replica_length(&self, array: ArrayId) -> usize {
        let shape = self.backend.shape();
        match shape.is_per_sample(array) {
            true => shape.persistent_len(array) * shape.samples_per_replica,
            false => shape.len_per_copy(array),
        }
    }

    /// Returns the states of all replicas.
    ///
    /// # Errors
    /// Returns an error if the device fails.
    pub fn save_state(&mut self) -> Result<Vec<SimulationState>, BackendError> {
        let (updates, is_fresh) = (self.updates, self.is_fresh);
        let state = SimulationState { updates, is_fresh, arrays: BTreeMap::new() };
        let mut states = vec![state; self.builders.len()];
        for (array, length) in self.state_arrays() {
            let words = match self.backend.shape().is_per_sample(array) {
                true => self.backend.read_persistent(array)?,
                false => self.backend.read(array)?,
            };
            let parts = words.chunks_exact(self.replica_length(array));
            for (state, words) in states.iter_mut().zip(parts) {
                // Other samples only show test images, which start from a cleared state.
                state.arrays.insert(array, words[..length].to_vec());
            }
        }
        Ok(states)
    }

    /// Resumes from the states of all replicas, which are at the same position, with the networks that the simulation
    /// was made with. Changes nothing if `states` is empty.
    ///
    /// # Errors
    /// Returns an error if the states are of other shapes, or the device fails.
    pub fn load_state(&mut self, states: &[&SimulationState]) -> Result<(), BackendError> {
        let Some(SimulationState { updates, is_fresh, .. }) = states.first() else { return Ok(()) };
        if states.len() != self.builders.len() {
            let (got, expected) = (states.len(), self.builders.len());
            return Err(BackendError::InvalidNetworks(format!("{got} states for {expected}")));
        }
        (self.updates, self.is_fresh) = (*updates, *is_fresh);
        for (array, expected) in self.state_arrays() {
            let length = self.replica_length(array);
            let mut words = vec![0; length * self.builders.len()];
            for (part, state) in words.chunks_exact_mut(length).zip(states) {
                let of = state.arrays.get(&array).map_or(&[][..], Vec::as_slice);
                if of.len() != expected {
                    return Err(BackendError::WrongLength { array, expected, got: of.len() });
                }
                part[..expected].copy_from_slice(of);
            }
            if array.element_type() == ElementType::Float {
                // Flush values that no run writes: devices treat them differently.
                for word in &mut words {
                    *word = flush(f32::from_bits(*word), SMALLEST_MOMENT).to_bits();
                }
            }
            match self.backend.shape().is_per_sample(array) {
                true => self.backend.write_persistent(array, &words)?,
                false => self.backend.write(array, &words)?,
            }
        }
        Ok(())
    }
}

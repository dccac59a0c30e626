//! State of a simulation between two minibatches, from which it resumes later on any backend.

use std::collections::BTreeMap;

use super::Simulation;
use crate::interface::{ArrayId, BackendError, Values, ValuesRef};
use crate::model::exact_math::{SMALLEST_MOMENT, flush};

/// State of a replica's simulation, without its network.
#[derive(Clone, Debug, PartialEq)]
pub struct SimulationState {
    /// Number of training minibatches so far.
    pub updates: u64,
    /// Whether the next training minibatch starts from a cleared state.
    pub is_fresh: bool,
    /// Values of one replica: moments, classes, losses, and the persistent rows of the samples, `[training samples, rows,
    /// units]`, see [`crate::interface::Shape::persistent_rows`]. A fresh state may lack all arrays of images, and one
    /// without updates also moments: they are 0.
    pub arrays: BTreeMap<ArrayId, Values>,
}

impl SimulationState {
    /// Returns the state for an epoch of other images: moments, without the arrays of images.
    pub fn without_images(&self) -> Self {
        let is_moment = |array: &ArrayId| matches!(array, ArrayId::Moments(_));
        let moments = self.arrays.iter().filter(|(array, _)| is_moment(array));
        let arrays = moments.map(|(&array, values)| (array, values.clone())).collect();
        SimulationState { updates: self.updates, is_fresh: true, arrays }
    }

    /// Returns whether the state may lack an array, which is then 0.
    fn may_lack(&self, array: ArrayId) -> bool {
        self.is_fresh && (self.updates == 0 || !matches!(array, ArrayId::Moments(_)))
    }
}

impl Simulation {
    /// Returns the arrays of a [`SimulationState`] and their lengths, values.
    fn state_arrays(&self) -> Vec<(ArrayId, usize)> {
        let shape = self.backend.shape();
        let arrays = shape.arrays().into_iter().map(|array| {
            let length = match array {
                ArrayId::Moments(_) | ArrayId::Classes | ArrayId::Losses => {
                    shape.len_per_copy(array)
                }
                array => shape.persistent_len(array) * self.training_samples,
            };
            (array, length)
        });
        arrays.filter(|(_, length)| *length > 0).collect()
    }

    /// Returns the number of values per replica of a persistent array, or of one that samples share.
    fn replica_length(&self, array: ArrayId) -> usize {
        let shape = self.backend.shape();
        match shape.is_per_sample(array) {
            true => shape.persistent_len(array) * shape.samples_per_replica,
            false => shape.len_per_copy(array),
        }
    }

    /// Returns the states of all replicas. Equal runs have equal states on any backend.
    ///
    /// # Errors
    /// Returns an error if the device fails.
    pub fn save_state(&mut self) -> Result<Vec<SimulationState>, BackendError> {
        let (updates, is_fresh) = (self.updates, self.is_fresh);
        let state = SimulationState { updates, is_fresh, arrays: BTreeMap::new() };
        let mut states = vec![state; self.builders.len()];
        for (array, length) in self.state_arrays() {
            let values = match self.backend.shape().is_per_sample(array) {
                // Nothing reads the samples of a cleared state, and backends leave different ones.
                true if is_fresh => Values::zeros(
                    array.element_type(),
                    self.replica_length(array) * self.builders.len(),
                ),
                true => self.backend.read_persistent(array)?,
                false => self.backend.read(array)?,
            };
            let parts = ValuesRef::from(&values).chunks(self.replica_length(array));
            for (state, values) in states.iter_mut().zip(parts) {
                // Other samples only show test images, which start from a cleared state.
                state.arrays.insert(array, values.range(0..length).to_values());
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
            let mut values = Values::zeros(array.element_type(), length * states.len());
            for (replica, state) in states.iter().enumerate() {
                match state.arrays.get(&array) {
                    Some(part) if part.len() == expected => {
                        values.overwrite(array, replica * length, part.into())?;
                    }
                    None if state.may_lack(array) => {}
                    part => {
                        let got = part.map_or(0, Values::len);
                        return Err(BackendError::WrongLength { array, expected, got });
                    }
                }
            }
            if let Values::F32(values) = &mut values {
                // Flush values that no run writes: devices treat them differently.
                values.iter_mut().for_each(|value| *value = flush(*value, SMALLEST_MOMENT));
            }
            match self.backend.shape().is_per_sample(array) {
                true => self.backend.write_persistent(array, (&values).into())?,
                false => self.backend.write(array, (&values).into())?,
            }
        }
        Ok(())
    }
}

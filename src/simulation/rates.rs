//! Mean firing rates during training.

use super::Simulation;
use crate::interface::{ArrayId, BackendError, compartment};
use crate::model::exact_math::sigmoid;

impl Simulation {
    /// Returns the mean rate of each layer at the ends of the last training images, `phi_max sigma(C)`; the output's
    /// under teaching. Must be called before a test, which clears the voltages. `[replicas]` by layers, the lowest
    /// first, spikes per ms.
    ///
    /// # Errors
    /// Returns an error if the device fails.
    pub fn mean_firing_rates(&mut self) -> Result<Vec<Vec<f64>>, BackendError> {
        let mut rates = vec![Vec::new(); self.builders.len()];
        for layer in 0..self.backend.shape().layers() {
            let array = ArrayId::Compartments(layer);
            let values = self.backend.read_persistent(array)?.into_f32(array)?;
            let shape = self.backend.shape();
            let (rows, units) = (shape.persistent_rows(array), shape.units(layer));
            let soma = (compartment::SOMA - rows.start) * units;
            let length = shape.persistent_len(array);
            let of_replica = values.chunks(length * shape.samples_per_replica);
            for ((rates, builder), values) in rates.iter_mut().zip(&self.builders).zip(of_replica) {
                let voltages = values.chunks(length).take(self.training_samples);
                let voltages = voltages.flat_map(|sample| &sample[soma..][..units]);
                let sum: f64 = voltages.map(|&voltage| f64::from(sigmoid(voltage))).sum();
                rates.push(builder.phi_max() * sum / (self.training_samples * units) as f64);
            }
        }
        Ok(rates)
    }
}

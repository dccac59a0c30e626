//! Losses of hidden layers and of the output, as the paper defines them.

use super::derived::DerivedQuantities;
use super::sample_arrays::SampleArrays;
use crate::interface::{ArrayId, BackendError, compartment, plateau};

impl DerivedQuantities {
    /// Returns the loss of a hidden layer for each image: `L0 = sum (phi_mean_f + alpha_t - alpha_f - phi_max sigma(Cf))^2`.
    pub(super) fn hidden_losses(
        &self,
        sample_arrays: &mut SampleArrays,
        layer: usize,
        mean_rates: &[f64],
    ) -> Result<Vec<f64>, BackendError> {
        let units = sample_arrays.shape.units(layer);
        let voltages =
            sample_arrays.rows(ArrayId::Compartments(layer), &[compartment::MEAN_SOMA])?;
        let plateaus =
            sample_arrays.rows(ArrayId::Plateaus(layer), &[plateau::FORWARD, plateau::TARGET])?;
        let losses = plateaus.chunks(2 * units).enumerate().map(|(sample, plateaus)| {
            let (forward, target) = plateaus.split_at(units);
            let squares = (0..units).map(|unit| {
                let raised = f64::from(target[unit]) - f64::from(forward[unit]);
                let at = sample * units + unit;
                let difference = mean_rates[at] + raised - self.rate(voltages[at]);
                difference * difference
            });
            squares.sum()
        });
        Ok(losses.collect())
    }

    /// Returns the loss of the output for each image: `L1 = sum (phit - phi_max sigma(Cf))^2`.
    pub(super) fn output_losses(
        &self,
        sample_arrays: &mut SampleArrays,
    ) -> Result<Vec<f64>, BackendError> {
        let output = sample_arrays.shape.layers() - 1;
        let units = sample_arrays.shape.units(output);
        let rows = [compartment::MEAN_RATE, compartment::MEAN_SOMA];
        let means = sample_arrays.rows(ArrayId::Compartments(output), &rows)?;
        let losses = means.chunks(2 * units).map(|means| {
            let (rates, voltages) = means.split_at(units);
            let squares = rates.iter().zip(voltages).map(|(&rate, &voltage)| {
                let difference = f64::from(rate) - self.rate(voltage);
                difference * difference
            });
            squares.sum()
        });
        Ok(losses.collect())
    }
}

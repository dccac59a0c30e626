//! Angles between the errors of hidden layers and those of exact backpropagation, and of feedback weights.

use super::sample_arrays::SampleArrays;
use super::sigma::sigma;
use crate::analysis::statistics::angle;
use crate::interface::{ArrayId, BackendError, compartment};
use crate::network::{Layer, Network};

/// Returns the angles between the errors of each hidden layer and those of exact backpropagation. Gradients are products
/// of errors and presynaptic activity, so their angles are equal. Shape: `[layers][samples]`, degrees.
pub(super) fn angles(sample_arrays: &mut SampleArrays) -> Result<Vec<Vec<f64>>, BackendError> {
    let shape = sample_arrays.shape;
    let output = shape.layers() - 1;
    let mut angles = vec![Vec::new(); output];
    let mut above: Vec<f64> =
        sample_arrays.rows(ArrayId::Errors(output), &[0])?.into_iter().map(f64::from).collect();
    for layer in (0..output).rev() {
        let (units, units_above) = (shape.units(layer), shape.units(layer + 1));
        let weights = sample_arrays.read(ArrayId::Weights(layer + 1))?;
        let voltages =
            sample_arrays.rows(ArrayId::Compartments(layer), &[compartment::MEAN_SOMA])?;
        let errors = sample_arrays.rows(ArrayId::Errors(layer), &[0])?;
        let mut backpropagated = Vec::with_capacity(voltages.len());
        for (sample, above) in above.chunks(units_above).enumerate() {
            for unit in 0..units {
                // Weights are stored by presynaptic neuron.
                let weights = &weights[unit * units_above..(unit + 1) * units_above];
                let products = weights.iter().zip(above).map(|(&w, error)| f64::from(w) * error);
                let sigma = sigma(voltages[sample * units + unit]);
                backpropagated.push(products.sum::<f64>() * sigma * (1.0 - sigma));
            }
        }
        let errors: Vec<f64> = errors.into_iter().map(f64::from).collect();
        let samples = errors.chunks(units).zip(backpropagated.chunks(units));
        angles[layer] = samples.map(|(local, exact)| angle(local, exact)).collect();
        above = backpropagated;
    }
    Ok(angles)
}

/// Returns the angle between each hidden layer's feedback weights and those of symmetric feedback, degrees.
pub(super) fn feedback_angles(arrays: &mut SampleArrays) -> Result<Vec<f64>, BackendError> {
    let shape = arrays.shape;
    let mut layers = Vec::new();
    for index in 0..shape.layers() {
        let (units, n_feedback) = (shape.units(index), shape.n_feedback(index));
        let mut feedback = arrays.read(ArrayId::Feedback(index))?;
        // The apical biases are the last column.
        feedback.truncate(n_feedback * units);
        layers.push(Layer {
            units,
            n_pre: shape.n_pre(index),
            weights: arrays.read(ArrayId::Weights(index))?,
            n_feedback,
            feedback,
            apical_biases: Vec::new(),
            event_feedback: Vec::new(),
        });
    }
    Ok(Network { layers }.feedback_angles(shape.model.feedback))
}

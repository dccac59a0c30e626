//! The gradient of a minibatch, the mean over its images of `E s`, and the change of the weights.

use multiversion::multiversion;

use crate::layout::{Constants, Minibatch, Part};
use crate::model::arithmetic::{SMALLEST_GRADIENT, SMALLEST_MOMENT, flush, reciprocal_root};

/// What a lane contributes to the gradient of one weight column.
pub struct Contribution<'a> {
    /// Mean filtered spike train of the neuron below; 1 for the biases.
    pub trace: f32,
    /// Errors of the layer's neurons, `[units]`.
    pub errors: &'a [f32],
}

/// One column of a layer's weights with all that changes with it, each `[units]`; empty where the
/// optimiser has no moments or the gradient is not kept.
pub struct Column<'a> {
    pub weights: &'a mut [f32],
    pub first_moments: &'a mut [f32],
    pub second_moments: &'a mut [f32],
    pub gradient: &'a mut [f32],
}

/// Neurons whose gradients are summed in registers.
const TILE: usize = 32;

/// `contributions`: those of the lanes whose trace is not zero, in the order of the lanes.
#[multiversion(targets = "simd")]
pub fn update(
    constants: &Constants,
    part: &Part,
    minibatch: &Minibatch,
    contributions: &[Contribution],
    column: &mut Column,
) {
    let is_adam = constants.optimizer == 1;
    if contributions.is_empty() && !is_adam {
        column.gradient.fill(0.0);
        return;
    }
    let units = part.units as usize;
    let mut start = 0;
    while start < units {
        let length = TILE.min(units - start);
        let mut gradient = [0.0; TILE];
        for contribution in contributions {
            let errors = &contribution.errors[start..start + length];
            match errors.first_chunk::<TILE>() {
                Some(errors) => add(contribution.trace, errors, &mut gradient),
                None => add(contribution.trace, errors, &mut gradient),
            }
        }
        for sum in &mut gradient {
            *sum = flush(*sum * minibatch.inverse_lanes, SMALLEST_GRADIENT);
        }
        let tile = start..start + length;
        if !column.gradient.is_empty() {
            column.gradient[tile.clone()].copy_from_slice(&gradient[..length]);
        }
        let weights = &mut column.weights[tile.clone()];
        if is_adam {
            let first = &mut column.first_moments[tile.clone()];
            let second = &mut column.second_moments[tile];
            adam(constants, part.eta, minibatch, &gradient, weights, first, second);
        } else {
            for (weight, gradient) in weights.iter_mut().zip(&gradient) {
                *weight -= part.eta * gradient;
            }
        }
        start += length;
    }
}

#[inline(always)]
fn add(trace: f32, errors: &[f32], gradient: &mut [f32; TILE]) {
    for (sum, error) in gradient.iter_mut().zip(errors) {
        *sum += trace * error;
    }
}

/// Adam (Kingma & Ba 2015) with the square of epsilon under the root.
#[inline(always)]
fn adam(
    constants: &Constants,
    eta: f32,
    minibatch: &Minibatch,
    gradient: &[f32],
    weights: &mut [f32],
    first_moments: &mut [f32],
    second_moments: &mut [f32],
) {
    let moments = first_moments.iter_mut().zip(second_moments);
    for ((weight, (first, second)), &gradient) in weights.iter_mut().zip(moments).zip(gradient) {
        let mean = constants.first_decay * *first + constants.first_gain * gradient;
        let square =
            constants.second_decay * *second + constants.second_gain * (gradient * gradient);
        *first = flush(mean, SMALLEST_MOMENT);
        *second = flush(square, SMALLEST_MOMENT);
        let spread = minibatch.second_correction * *second + constants.epsilon_square;
        let step = (eta * minibatch.first_correction) * *first;
        *weight -= step * reciprocal_root(spread);
    }
}

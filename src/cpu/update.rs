//! The gradient of a minibatch, the mean over its images of `E s`, and the change of the weights.

use multiversion::multiversion;

use super::tile::{load, store};
use crate::layout::{Constants, Minibatch, Part, Replica};
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
const TILE: usize = 64;

/// `contributions`: those of the lanes whose trace is not zero, in the order of the lanes.
#[multiversion(targets = "simd")]
pub fn update(
    constants: &Constants,
    replica: &Replica,
    part: &Part,
    minibatch: &Minibatch,
    contributions: &[Contribution],
    column: &mut Column,
) {
    let is_adam = constants.optimizer == 1;
    let eta = replica.etas[part.population as usize - 1];
    if contributions.is_empty() && !is_adam {
        column.gradient.fill(0.0);
        return;
    }
    for start in (0..part.units as usize).step_by(TILE) {
        let mut gradient = [0.0; TILE];
        for contribution in contributions {
            let errors = &contribution.errors[start..];
            if let Some(errors) = errors.first_chunk::<TILE>() {
                for i in 0..TILE {
                    gradient[i] += contribution.trace * errors[i];
                }
            } else {
                for (sum, error) in gradient.iter_mut().zip(errors) {
                    *sum += contribution.trace * error;
                }
            }
        }
        for sum in &mut gradient {
            *sum = flush(*sum * minibatch.inverse_lanes, SMALLEST_GRADIENT);
        }
        if !column.gradient.is_empty() {
            store(column.gradient, start, &gradient);
        }
        if is_adam {
            adam(replica, eta, minibatch, &gradient, column, start);
        } else {
            let mut weights: [f32; TILE] = load(column.weights, start);
            for i in 0..TILE {
                weights[i] -= eta * gradient[i];
            }
            store(column.weights, start, &weights);
        }
    }
}

/// Adam (Kingma & Ba 2015) with the square of epsilon under the root.
#[inline(always)]
fn adam(
    replica: &Replica,
    eta: f32,
    minibatch: &Minibatch,
    gradient: &[f32; TILE],
    column: &mut Column,
    start: usize,
) {
    let mut weights: [f32; TILE] = load(column.weights, start);
    let mut first: [f32; TILE] = load(column.first_moments, start);
    let mut second: [f32; TILE] = load(column.second_moments, start);
    for i in 0..TILE {
        let mean = replica.first_decay * first[i] + replica.first_gain * gradient[i];
        let square = gradient[i] * gradient[i];
        let square = replica.second_decay * second[i] + replica.second_gain * square;
        first[i] = flush(mean, SMALLEST_MOMENT);
        second[i] = flush(square, SMALLEST_MOMENT);
        let spread = minibatch.second_correction * second[i] + replica.epsilon_square;
        let step = (eta * minibatch.first_correction) * first[i];
        weights[i] -= step * reciprocal_root(spread);
    }
    store(column.weights, start, &weights);
    store(column.first_moments, start, &first);
    store(column.second_moments, start, &second);
}

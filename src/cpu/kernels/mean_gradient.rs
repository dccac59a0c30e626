//! Mean gradient of a column of weights over a minibatch. Shared by the updates of feed-forward and feedback weights.

use crate::cpu::simd::Simd;
use crate::cpu::simd::scalar::Scalar16;
use crate::cpu::simd::tiled::{LANES, Tile};
use crate::interface::BatchParams;
use crate::model::exact_math::{Float, SMALLEST_GRADIENT, flush, flush_weight};

/// Contribution of one sample to the gradient of one column.
#[derive(Clone, Copy)]
pub struct Contribution<'a> {
    /// Mean activity of the presynaptic neuron, never 0; 1 for the biases.
    pub presynaptic: f32,
    /// Errors of the layer's neurons, `[units]`.
    pub errors: &'a [Tile<f32>],
}

/// Returns the mean of `presynaptic * error` over the minibatch, for `N` tiles from `tile` on. `contributions` are in
/// the order of the samples.
#[inline(always)]
pub fn mean_gradient<V: Simd, const N: usize>(
    minibatch: &BatchParams,
    contributions: &[Contribution],
    tile: usize,
) -> [V::Floats; N] {
    let mut sums = [V::Floats::splat(0.0); N];
    for contribution in contributions {
        let errors = &contribution.errors[tile..][..N];
        for n in 0..N {
            let presynaptic = V::Floats::splat(contribution.presynaptic);
            sums[n] = sums[n] + presynaptic * V::load_f32(&errors[n]);
        }
    }
    // A closure of `map` would lack the SIMD instructions of the caller.
    for sum in &mut sums {
        *sum = *sum * V::Floats::splat(minibatch.inv_batch_size);
    }
    sums
}

/// Subtracts `eta` times the mean gradient from a column of weights.
pub fn descend(
    minibatch: &BatchParams,
    contributions: &[Contribution],
    eta: f32,
    column: &mut [Tile<f32>],
) {
    for (tile, weights) in column.iter_mut().enumerate() {
        let [mean] = mean_gradient::<Scalar16, 1>(minibatch, contributions, tile);
        let mut gradient = Tile([0.0; LANES]);
        Scalar16::store_f32(Scalar16::flush(mean, SMALLEST_GRADIENT), &mut gradient);
        for i in 0..LANES {
            weights[i] = flush_weight(weights[i] - eta * gradient[i]);
        }
    }
}

/// Returns the learning rate of the current minibatch.
#[inline(always)]
pub fn scaled_eta(eta: f32, minibatch: &BatchParams) -> f32 {
    flush(eta * minibatch.lr_scale, SMALLEST_GRADIENT)
}

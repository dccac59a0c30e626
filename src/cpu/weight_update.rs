//! Updates weights by the gradient of a minibatch, the mean of `E s` over its samples.

use multiversion::multiversion;
use multiversion::target::match_target;
use rayon::prelude::*;

use super::is_stopped;
use super::persistent::PersistentState;
use super::simd::{Scalar16, Simd};
use super::state::ReplicaState;
use super::tiled::{LANES, Tile};
use crate::interface::{BatchParams, LaunchParams, ReplicaParams, RunParams, Stop};
use crate::model::exact_math::{
    Float, SMALLEST_GRADIENT, SMALLEST_MOMENT, flush, flush_weight, rsqrt_exact,
};

/// Updates the weights of one layer of a replica from the errors and traces of its samples. After a stop, only some
/// weights are updated.
#[allow(clippy::too_many_arguments)] // the replica, its arrays and the layer
pub fn run(
    stop: Option<&Stop>,
    constants: &RunParams,
    replica: &ReplicaParams,
    minibatch: &BatchParams,
    layer: usize,
    part: &LaunchParams,
    replica_state: &mut ReplicaState,
    lanes: &[PersistentState],
) {
    let lanes = &lanes[..minibatch.batch_size as usize];
    let below = part.n_pre as usize;
    let columns = replica_state.weights[layer]
        .columns_mut()
        .zip(or_empty(replica_state.first_moments[layer].columns_mut()))
        .zip(or_empty(replica_state.second_moments[layer].columns_mut()))
        .zip(or_empty(replica_state.gradients[layer].columns_mut()));
    let mut columns: Vec<_> = columns
        .enumerate()
        .map(|(index, (((weights, first_moments), second_moments), gradient))| Column {
            weights,
            first_moments,
            second_moments,
            gradient,
            is_bias: index == below,
        })
        .collect();
    columns.par_chunks_mut(LANES).enumerate().for_each(|(tile, columns)| {
        if is_stopped(stop) {
            return;
        }
        // Skip samples in which none of the 16 presynaptic neurons spiked.
        let spiked = lanes.iter().filter_map(|lane| {
            let traces = lane.traces[layer].first_row(tile)?;
            let is_any = traces.iter().any(|&trace| trace != 0.0);
            is_any.then_some((traces, lane.errors[layer].single_row()))
        });
        let spiked: Vec<_> = spiked.collect();
        let mut contributions = Vec::with_capacity(lanes.len());
        for (i, column) in columns.iter_mut().enumerate() {
            contributions.clear();
            if column.is_bias {
                let all = lanes.iter().map(|lane| lane.errors[layer].single_row());
                contributions.extend(all.map(|errors| Contribution { trace: 1.0, errors }));
            } else {
                for &(traces, errors) in &spiked {
                    if traces[i] != 0.0 {
                        contributions.push(Contribution { trace: traces[i], errors });
                    }
                }
            }
            update(constants, replica, part, minibatch, &contributions, column);
        }
    });
}

/// Returns the columns of an array, followed by empty ones; only empty ones if the array is not kept.
fn or_empty<'a>(
    columns: impl Iterator<Item = &'a mut [Tile<f32>]>,
) -> impl Iterator<Item = &'a mut [Tile<f32>]> {
    columns.chain(std::iter::repeat_with(Default::default))
}

/// Contribution of one sample to the gradient of one weight column.
#[derive(Clone, Copy)]
struct Contribution<'a> {
    /// Mean filtered spike train of the presynaptic neuron; 1 for the biases.
    trace: f32,
    /// Errors of the layer's neurons, `[units]`.
    errors: &'a [Tile<f32>],
}

/// One column of a layer's weights with its optimiser state and gradient, each `[units]`. Moments and gradient are
/// empty if not kept.
struct Column<'a> {
    weights: &'a mut [Tile<f32>],
    first_moments: &'a mut [Tile<f32>],
    second_moments: &'a mut [Tile<f32>],
    gradient: &'a mut [Tile<f32>],
    /// Whether it is the column of biases, the last.
    is_bias: bool,
}

/// Number of tiles whose gradients are summed in registers.
const TILES_AT_ONCE: usize = 8;

/// Updates one column. `contributions`: of the samples whose trace is not zero, in sample order.
#[multiversion(targets = "simd")]
fn update(
    constants: &RunParams,
    replica: &ReplicaParams,
    part: &LaunchParams,
    minibatch: &BatchParams,
    contributions: &[Contribution],
    column: &mut Column,
) {
    if contributions.is_empty() && constants.optimizer == 0 && replica.weight_decay == 0.0 {
        column.gradient.fill(Tile([0.0; LANES]));
        return;
    }
    match_target! {
        "x86_64+avx512f" => groups::<super::avx512::Avx512>(
            constants, replica, part, minibatch, contributions, column
        ),
        _ => groups::<Scalar16>(constants, replica, part, minibatch, contributions, column),
    }
}

#[inline(always)]
fn groups<V: Simd>(
    constants: &RunParams,
    replica: &ReplicaParams,
    part: &LaunchParams,
    minibatch: &BatchParams,
    contributions: &[Contribution],
    column: &mut Column,
) {
    let mut tile = 0;
    while tile + TILES_AT_ONCE <= column.weights.len() {
        group::<V, TILES_AT_ONCE>(constants, replica, part, minibatch, contributions, column, tile);
        tile += TILES_AT_ONCE;
    }
    while tile < column.weights.len() {
        group::<V, 1>(constants, replica, part, minibatch, contributions, column, tile);
        tile += 1;
    }
}

/// Updates `N` tiles of a column.
#[inline(always)]
fn group<V: Simd, const N: usize>(
    constants: &RunParams,
    replica: &ReplicaParams,
    part: &LaunchParams,
    minibatch: &BatchParams,
    contributions: &[Contribution],
    column: &mut Column,
    tile: usize,
) {
    let layer = part.population as usize - 1;
    let eta = if column.is_bias { replica.bias_etas[layer] } else { replica.etas[layer] };
    let eta = flush(eta * minibatch.lr_scale, SMALLEST_GRADIENT);
    let decay = if column.is_bias { 0.0 } else { eta * replica.weight_decay };
    let decay = flush(decay, SMALLEST_GRADIENT);
    let mut sums = [V::Floats::splat(0.0); N];
    for contribution in contributions {
        let errors = &contribution.errors[tile..][..N];
        for n in 0..N {
            sums[n] = sums[n] + V::Floats::splat(contribution.trace) * V::load_f32(&errors[n]);
        }
    }
    let mut gradient = [Tile([0.0; LANES]); N];
    for n in 0..N {
        let mean = sums[n] * V::Floats::splat(minibatch.inv_batch_size);
        let clipped = match replica.grad_clip {
            0.0 => mean,
            clip => mean.clamp_max(clip).clamp_min(-clip),
        };
        V::store_f32(V::flush(clipped, SMALLEST_GRADIENT), &mut gradient[n]);
    }
    for (n, gradient) in gradient.iter().enumerate() {
        if let Some(kept) = column.gradient.get_mut(tile + n) {
            *kept = *gradient;
        }
        let weights = &mut column.weights[tile + n];
        if decay != 0.0 {
            for weight in weights.iter_mut() {
                *weight -= decay * *weight;
            }
        }
        if constants.optimizer == 0 {
            for i in 0..LANES {
                weights[i] = flush_weight(weights[i] - eta * gradient[i]);
            }
            continue;
        }
        let first = &mut column.first_moments[tile + n];
        if constants.optimizer == 1 {
            let second = &mut column.second_moments[tile + n];
            adam(replica, eta, minibatch, gradient, weights, first, second);
        } else {
            for i in 0..LANES {
                first[i] = flush(replica.beta1 * first[i] + gradient[i], SMALLEST_MOMENT);
                weights[i] = flush_weight(weights[i] - eta * first[i]);
            }
        }
    }
}

/// Updates one tile by Adam (Kingma & Ba 2015) with `eps^2` inside the root. With other factors this is RMSProp.
#[inline(always)]
fn adam(
    replica: &ReplicaParams,
    eta: f32,
    minibatch: &BatchParams,
    gradient: &Tile<f32>,
    weights: &mut Tile<f32>,
    first: &mut Tile<f32>,
    second: &mut Tile<f32>,
) {
    for i in 0..LANES {
        let mean = replica.beta1 * first[i] + replica.one_minus_beta1 * gradient[i];
        let square = gradient[i] * gradient[i];
        let square = replica.beta2 * second[i] + replica.one_minus_beta2 * square;
        first[i] = flush(mean, SMALLEST_MOMENT);
        second[i] = flush(square, SMALLEST_MOMENT);
        let spread = minibatch.bias_correction2 * second[i] + replica.eps_squared;
        let step = (eta * minibatch.bias_correction1) * first[i];
        weights[i] = flush_weight(weights[i] - step * rsqrt_exact(spread));
    }
}

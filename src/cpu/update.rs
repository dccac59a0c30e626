//! The gradient of a minibatch, the mean over its images of `E s`, and the change of the weights.

use multiversion::multiversion;
use multiversion::target::match_target;
use rayon::prelude::*;

use super::carried::Carried;
use super::is_stopped;
use super::state::Shared;
use super::tile::{Tile, WIDTH};
use super::vectors::{Portable, Vectors};
use crate::layout::{Constants, Minibatch, Part, Replica, Stop};
use crate::model::exact_math::{
    Float, SMALLEST_GRADIENT, SMALLEST_MOMENT, flush, flush_weight, rsqrt_exact,
};

/// Updates one layer's weights of a replica from the errors and traces of its lanes; some of them after a stop.
#[allow(clippy::too_many_arguments)] // what an update hangs on
pub fn of_replica(
    stop: Option<&Stop>,
    constants: &Constants,
    replica: &Replica,
    minibatch: &Minibatch,
    layer: usize,
    part: &Part,
    shared: &mut Shared,
    lanes: &[Carried],
) {
    let lanes = &lanes[..minibatch.lanes as usize];
    let below = part.below as usize;
    let columns = shared.weights[layer]
        .columns_mut()
        .zip(or_empty(shared.first_moments[layer].columns_mut()))
        .zip(or_empty(shared.second_moments[layer].columns_mut()))
        .zip(or_empty(shared.gradients[layer].columns_mut()));
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
    columns.par_chunks_mut(WIDTH).enumerate().for_each(|(tile, columns)| {
        if is_stopped(stop) {
            return;
        }
        // Where nobody spiked in a lane, it has nothing to add to any of the columns.
        let spiked = lanes.iter().filter_map(|lane| {
            let traces = lane.traces[layer].tile(tile)?;
            let is_any = traces.iter().any(|&trace| trace != 0.0);
            is_any.then_some((traces, lane.errors[layer].row()))
        });
        let spiked: Vec<_> = spiked.collect();
        let mut contributions = Vec::with_capacity(lanes.len());
        for (i, column) in columns.iter_mut().enumerate() {
            contributions.clear();
            if column.is_bias {
                let all = lanes.iter().map(|lane| lane.errors[layer].row());
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

/// The columns of an array, and behind them, or where the array is not kept, empty ones.
fn or_empty<'a>(
    columns: impl Iterator<Item = &'a mut [Tile<f32>]>,
) -> impl Iterator<Item = &'a mut [Tile<f32>]> {
    columns.chain(std::iter::repeat_with(Default::default))
}

/// What a lane contributes to the gradient of one weight column.
#[derive(Clone, Copy)]
struct Contribution<'a> {
    /// Mean filtered spike train of the neuron below; 1 for the biases.
    trace: f32,
    /// Errors of the layer's neurons, `[units]`.
    errors: &'a [Tile<f32>],
}

/// One column of a layer's weights with all that changes with it, each `[units]`; empty where the
/// optimiser has no moments or the gradient is not kept.
struct Column<'a> {
    weights: &'a mut [Tile<f32>],
    first_moments: &'a mut [Tile<f32>],
    second_moments: &'a mut [Tile<f32>],
    gradient: &'a mut [Tile<f32>],
    /// It is the biases', the last.
    is_bias: bool,
}

/// Tiles whose gradients are summed in registers.
const GROUP: usize = 8;

/// `contributions`: those of the lanes whose trace is not zero, in the order of the lanes.
#[multiversion(targets = "simd")]
fn update(
    constants: &Constants,
    replica: &Replica,
    part: &Part,
    minibatch: &Minibatch,
    contributions: &[Contribution],
    column: &mut Column,
) {
    if contributions.is_empty() && constants.optimizer == 0 && replica.weight_decay == 0.0 {
        column.gradient.fill(Tile([0.0; WIDTH]));
        return;
    }
    match_target! {
        "x86_64+avx512f" => groups::<super::avx512::Avx512>(
            constants, replica, part, minibatch, contributions, column
        ),
        _ => groups::<Portable>(constants, replica, part, minibatch, contributions, column),
    }
}

#[inline(always)]
fn groups<V: Vectors>(
    constants: &Constants,
    replica: &Replica,
    part: &Part,
    minibatch: &Minibatch,
    contributions: &[Contribution],
    column: &mut Column,
) {
    let mut tile = 0;
    while tile + GROUP <= column.weights.len() {
        group::<V, GROUP>(constants, replica, part, minibatch, contributions, column, tile);
        tile += GROUP;
    }
    while tile < column.weights.len() {
        group::<V, 1>(constants, replica, part, minibatch, contributions, column, tile);
        tile += 1;
    }
}

/// [`update`] for `N` tiles.
#[inline(always)]
fn group<V: Vectors, const N: usize>(
    constants: &Constants,
    replica: &Replica,
    part: &Part,
    minibatch: &Minibatch,
    contributions: &[Contribution],
    column: &mut Column,
    tile: usize,
) {
    let layer = part.population as usize - 1;
    let eta = if column.is_bias { replica.bias_etas[layer] } else { replica.etas[layer] };
    let eta = flush(eta * minibatch.rate, SMALLEST_GRADIENT);
    let decay = if column.is_bias { 0.0 } else { eta * replica.weight_decay };
    let decay = flush(decay, SMALLEST_GRADIENT);
    let mut sums = [V::Floats::splat(0.0); N];
    for contribution in contributions {
        let errors = &contribution.errors[tile..][..N];
        for n in 0..N {
            sums[n] = sums[n] + V::Floats::splat(contribution.trace) * V::floats(&errors[n]);
        }
    }
    let mut gradient = [Tile([0.0; WIDTH]); N];
    for n in 0..N {
        let mean = sums[n] * V::Floats::splat(minibatch.inverse_lanes);
        let clipped = match replica.clip {
            0.0 => mean,
            clip => mean.clamp_max(clip).clamp_min(-clip),
        };
        V::store_floats(V::flush(clipped, SMALLEST_GRADIENT), &mut gradient[n]);
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
            for i in 0..WIDTH {
                weights[i] = flush_weight(weights[i] - eta * gradient[i]);
            }
            continue;
        }
        let first = &mut column.first_moments[tile + n];
        if constants.optimizer == 1 {
            let second = &mut column.second_moments[tile + n];
            adam(replica, eta, minibatch, gradient, weights, first, second);
        } else {
            for i in 0..WIDTH {
                first[i] = flush(replica.first_decay * first[i] + gradient[i], SMALLEST_MOMENT);
                weights[i] = flush_weight(weights[i] - eta * first[i]);
            }
        }
    }
}

/// Adam (Kingma & Ba 2015) with the square of epsilon under the root; with other factors RMSProp.
#[inline(always)]
fn adam(
    replica: &Replica,
    eta: f32,
    minibatch: &Minibatch,
    gradient: &Tile<f32>,
    weights: &mut Tile<f32>,
    first: &mut Tile<f32>,
    second: &mut Tile<f32>,
) {
    for i in 0..WIDTH {
        let mean = replica.first_decay * first[i] + replica.first_gain * gradient[i];
        let square = gradient[i] * gradient[i];
        let square = replica.second_decay * second[i] + replica.second_gain * square;
        first[i] = flush(mean, SMALLEST_MOMENT);
        second[i] = flush(square, SMALLEST_MOMENT);
        let spread = minibatch.second_correction * second[i] + replica.epsilon_square;
        let step = (eta * minibatch.first_correction) * first[i];
        weights[i] = flush_weight(weights[i] - step * rsqrt_exact(spread));
    }
}

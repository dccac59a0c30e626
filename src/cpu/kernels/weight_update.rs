//! Computes the gradient of a minibatch, the mean of `P E s_f` over its samples, and updates the weights. The stored
//! errors include P.

use rayon::prelude::*;

use super::mean_gradient::{Contribution, mean_gradient, scaled_eta};
use crate::cpu::kernels::definition::{
    Columns, CpuFunction, KernelDefinition, PreparedLaunch, ReplicaContext, Scope,
};
use crate::cpu::simd::Simd;
use crate::cpu::simd::tiled::{LANES, Tile};
use crate::cpu::simd::width::simd_versions;
use crate::cpu::state::ReplicaState;
use crate::interface::{ArrayId, BatchParams, LaunchParams, ReplicaParams};
use crate::model::exact_math::{
    Float, SMALLEST_GRADIENT, SMALLEST_MOMENT, flush, flush_weight, rsqrt_exact,
};
use crate::model::network_model::UpdateRule;

/// Definition of the kernel.
pub const DEFINITION: KernelDefinition = KernelDefinition {
    equation: "`W -= η (P E) s_fᵀ`, `b -= η (P E)`, with the stored `P E`",
    scope: Scope::Layer,
    runs_on: |_, _| true,
    // Population `layer` is the layer below, or the input: the window means are those of the presynaptic neurons.
    reads: |_, layer| vec![ArrayId::WindowMeans(layer), ArrayId::Errors(layer)],
    writes: |layer| {
        vec![ArrayId::Weights(layer), ArrayId::Moments(layer), ArrayId::Gradient(layer)]
    },
    columns: |_| Columns::Weights,
    threads: |grid| [grid.units(), grid.columns],
    cpu: CpuFunction::AfterSamples(run),
};

/// Updates the weights of one layer from the errors and window means of the samples.
fn run(replica_state: &mut ReplicaState, context: &ReplicaContext, prepared: &PreparedLaunch) {
    let &ReplicaContext { stop, samples, .. } = context;
    let (layer, params) = (prepared.launch.layer, &prepared.params);
    let n_pre = params.n_pre as usize;
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
            is_bias: index == n_pre,
        })
        .collect();
    columns.par_chunks_mut(LANES).enumerate().for_each(|(tile, columns)| {
        if stop.is_requested() {
            return;
        }
        // Skip samples in which none of the 16 presynaptic neurons spiked.
        let spiked = samples.iter().filter_map(|sample| {
            let window_means = sample.window_means[layer].first_row(tile)?;
            let is_any = window_means.iter().any(|&mean| mean != 0.0);
            is_any.then_some((window_means, sample.errors[layer].single_row()))
        });
        let spiked: Vec<_> = spiked.collect();
        let mut contributions = Vec::with_capacity(samples.len());
        for (i, column) in columns.iter_mut().enumerate() {
            contributions.clear();
            if column.is_bias {
                let all = samples.iter().map(|sample| sample.errors[layer].single_row());
                contributions.extend(all.map(|errors| Contribution { presynaptic: 1.0, errors }));
            } else {
                for &(window_means, errors) in &spiked {
                    if window_means[i] != 0.0 {
                        contributions.push(Contribution { presynaptic: window_means[i], errors });
                    }
                }
            }
            update(context, params, &contributions, column);
        }
    });
}

/// Returns the columns of an array, followed by empty columns: an array that is not kept has no columns.
fn or_empty<'a>(
    columns: impl Iterator<Item = &'a mut [Tile<f32>]>,
) -> impl Iterator<Item = &'a mut [Tile<f32>]> {
    columns.chain(std::iter::repeat_with(Default::default))
}

/// One column of a layer's weights with its optimizer state and gradient, each `[units]`. Moments and gradient are
/// empty if not kept.
struct Column<'a> {
    weights: &'a mut [Tile<f32>],
    first_moments: &'a mut [Tile<f32>],
    second_moments: &'a mut [Tile<f32>],
    gradient: &'a mut [Tile<f32>],
    /// Whether the column holds the biases.
    is_bias: bool,
}

/// Number of tiles with gradients summed in registers at once.
const TILES_AT_ONCE: usize = 8;

simd_versions! {
    /// Updates one column. `contributions`: of the samples with a nonzero window mean, in the order of the samples.
    fn update(
        context: &ReplicaContext,
        params: &LaunchParams,
        contributions: &[Contribution],
        column: &mut Column,
    ) = update_column;
}

#[inline(always)]
fn update_column<V: Simd>(
    context: &ReplicaContext,
    params: &LaunchParams,
    contributions: &[Contribution],
    column: &mut Column,
) {
    if contributions.is_empty()
        && context.constants.update_rule == UpdateRule::Gradient as u32
        && context.replica.weight_decay == 0.0
    {
        column.gradient.fill(Tile([0.0; LANES]));
        return;
    }
    let mut tile = 0;
    while tile + TILES_AT_ONCE <= column.weights.len() {
        group::<V, TILES_AT_ONCE>(context, params, contributions, column, tile);
        tile += TILES_AT_ONCE;
    }
    while tile < column.weights.len() {
        group::<V, 1>(context, params, contributions, column, tile);
        tile += 1;
    }
}

/// Updates `N` tiles of a column, from `tile` on.
#[inline(always)]
fn group<V: Simd, const N: usize>(
    context: &ReplicaContext,
    params: &LaunchParams,
    contributions: &[Contribution],
    column: &mut Column,
    tile: usize,
) {
    let &ReplicaContext { constants, replica, minibatch, .. } = context;
    let layer = params.population as usize - 1;
    let eta = if column.is_bias { replica.bias_etas[layer] } else { replica.etas[layer] };
    let eta = scaled_eta(eta, minibatch);
    let decay = if column.is_bias { 0.0 } else { eta * replica.weight_decay };
    let decay = flush(decay, SMALLEST_GRADIENT);
    let means = mean_gradient::<V, N>(minibatch, contributions, tile);
    let mut gradient = [Tile([0.0; LANES]); N];
    for n in 0..N {
        let mean = means[n];
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
        if constants.update_rule == UpdateRule::Gradient as u32 {
            for i in 0..LANES {
                weights[i] = flush_weight(weights[i] - eta * gradient[i]);
            }
            continue;
        }
        let first = &mut column.first_moments[tile + n];
        if constants.update_rule == UpdateRule::Adaptive as u32 {
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

/// Updates one tile by Adam (Kingma & Ba 2015), with the square of epsilon under the root. `beta1 = 0` gives RMSProp.
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

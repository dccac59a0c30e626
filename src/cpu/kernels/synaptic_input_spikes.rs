//! Sums, per step, the weight columns of the presynaptic neurons that spike: `W n`. The filter is applied to the sums,
//! `W (kappa * n) = kappa * (W n)`.

use std::ops::Range;

use rayon::prelude::*;

use crate::cpu::kernels::definition::{
    Columns, CpuFunction, Grid, KernelDefinition, PreparedLaunch, SampleContext, Scope,
};
use crate::cpu::simd::Simd;
use crate::cpu::simd::tiled::{LANES, TILES_PER_GROUP, Tile, TileSlice, TiledArray};
use crate::cpu::simd::width::simd_versions;
use crate::cpu::spikes::list::SpikeList;
use crate::cpu::spikes::steps::StepRange;
use crate::cpu::state::SampleState;
use crate::cpu::state::weight_matrix::WeightMatrix;
use crate::interface::window_mean::{FAST, SLOW};
use crate::interface::{ArrayId, BatchParams, LaunchParams, RunParams, Sample};
use crate::model::exact_math::Float;

/// Number of neurons per GPU thread, which scans the spike mask once for all of them.
pub const UNITS_PER_THREAD: u32 = 4;

/// Definition of the kernel.
pub const DEFINITION: KernelDefinition = KernelDefinition {
    equation: "`W n`",
    scope: Scope::Layer,
    runs_on: |_, _| true,
    reads: |_, layer| {
        vec![
            ArrayId::SpikeMask(layer),
            ArrayId::Spikes(layer),
            ArrayId::WindowMeans(layer),
            ArrayId::Weights(layer),
        ]
    },
    writes: |layer| vec![ArrayId::SynapticInput(layer)],
    columns: |_| Columns::Synapses,
    threads: |grid| [grid.units().div_ceil(UNITS_PER_THREAD), rows(grid)],
    cpu: CpuFunction::SplitSample(run),
};

/// Returns the number of rows of synaptic input that a launch sums: its steps and, before the first step, the history.
/// A launch of 0 steps has one row of threads, for the history.
fn rows(grid: &Grid) -> u32 {
    let &Grid { launch, shape, keeps_state, .. } = grid;
    let history =
        if launch.first == 0 && keeps_state && shape.taps > 0 { shape.history_rows() } else { 0 };
    (launch.count + history).max(1)
}

fn run(state: &mut SampleState, context: &SampleContext, prepared: &PreparedLaunch) -> usize {
    let SampleContext { constants, minibatch, replica_state, sample, threads, .. } = *context;
    let (layer, params) = (prepared.launch.layer, &prepared.params);
    let SampleState { spikes, spike_mask, spike_list, window_means, layers, .. } = state;
    let range = StepRange::new(constants, params, minibatch, sample);
    spike_list[layer].build(range, &spike_mask[layer], &spikes[layer]);
    let (spike_list, window_means) = (&spike_list[layer], &window_means[layer]);
    let weights = &replica_state.weights[layer];
    let slices = layers[layer].synaptic_input.all_tiles().split(threads);
    let threads_used = slices.len();
    par_for_each(slices, |mut slice| {
        synaptic_input_spikes(
            constants,
            params,
            minibatch,
            sample,
            spike_list,
            window_means,
            weights,
            &mut slice,
        );
    });
    threads_used
}

/// Sums the synaptic input of the launch's steps. `spike_list`: spikes of the presynaptic population in the launch's
/// [`StepRange`]; `window_means`: of the same population, `[rows, n_pre]`; `weights`: `[n_pre + 1, units]`;
/// `synaptic_input`: `[history + block, units]`, with the first step in row `history`.
///
/// Spikes before the image use the current weights, so the first launch of an image also sums the history rows.
#[allow(clippy::too_many_arguments)] // one per binding of the shader
pub fn synaptic_input_spikes(
    constants: &RunParams,
    params: &LaunchParams,
    minibatch: &BatchParams,
    sample: &Sample,
    spike_list: &SpikeList,
    window_means: &TiledArray<f32>,
    weights: &WeightMatrix,
    synaptic_input: &mut TileSlice<f32>,
) {
    let range = StepRange::new(constants, params, minibatch, sample);
    let history = constants.history_rows as usize;
    let mut row = history;
    if params.first_step == 0 {
        if minibatch.reset_state == 1 {
            synaptic_input.clear_rows(history);
        } else if constants.tap_count == 0 {
            history_from_traces(params.n_pre as usize, window_means, weights, synaptic_input);
        } else {
            row = 0;
        }
    }
    sum_columns(range.steps, spike_list, weights, synaptic_input, row);
}

simd_versions! {
    /// Writes one row of `sums` per step, from `row` on: the sum of the columns of the spiking neurons, in ascending order.
    /// A column is added once per spike.
    pub fn sum_columns(
        steps: Range<u32>,
        spike_list: &SpikeList,
        weights: &WeightMatrix,
        sums: &mut TileSlice<f32>,
        row: usize,
    ) = sum_tiles;
}

/// Sums a group of tiles at a time, in registers and through all steps, so that their weights stay in the L1 cache.
///
/// Remaining tiles sum several steps at once: additions to one sum depend on each other, additions to different sums do
/// not.
#[inline(always)]
fn sum_tiles<V: Simd>(
    steps: Range<u32>,
    spike_list: &SpikeList,
    weights: &WeightMatrix,
    sums: &mut TileSlice<f32>,
    row: usize,
) {
    let (stride, rows) = (weights.stride(), sums.rows);
    let mut weights = &weights.tiles()[sums.first_tile..];
    let mut left = &mut *sums.tiles;
    while left.len() >= TILES_PER_GROUP * rows {
        let (group, others) = left.split_at_mut(TILES_PER_GROUP * rows);
        sum_group::<V>(steps.clone(), spike_list, weights, stride, group, rows, row);
        (left, weights) = (others, &weights[TILES_PER_GROUP..]);
    }
    while left.len() >= rows {
        let (tile, others) = left.split_at_mut(rows);
        sum_tile::<V>(steps.clone(), spike_list, weights, stride, &mut tile[row..]);
        (left, weights) = (others, &weights[1..]);
    }
}

/// Computes [`sum_columns`] for a group of tiles. `sums`: all rows of the group; `weights`: weights from its first tile
/// on.
#[inline(always)]
fn sum_group<V: Simd>(
    steps: Range<u32>,
    spike_list: &SpikeList,
    weights: &[Tile<f32>],
    stride: usize,
    sums: &mut [Tile<f32>],
    rows: usize,
    row: usize,
) {
    let first = steps.start;
    for step in steps {
        let row = row + (step - first) as usize;
        let mut sum = [V::Floats::splat(0.0); TILES_PER_GROUP];
        for &unit in spike_list.at(step) {
            let column = &weights[unit as usize * stride..][..TILES_PER_GROUP];
            for t in 0..TILES_PER_GROUP {
                sum[t] = sum[t] + V::load_f32(&column[t]);
            }
        }
        for t in 0..TILES_PER_GROUP {
            V::store_f32(sum[t], &mut sums[t * rows + row]);
        }
    }
}

/// Computes [`sum_columns`] for a single tile. `sums`: rows of the tile from the first of `steps` on.
#[inline(always)]
fn sum_tile<V: Simd>(
    steps: Range<u32>,
    spike_list: &SpikeList,
    weights: &[Tile<f32>],
    stride: usize,
    sums: &mut [Tile<f32>],
) {
    for start in steps.clone().step_by(STEPS) {
        let mut sum = [V::Floats::splat(0.0); STEPS];
        let mut lists: [&[u32]; STEPS] = [&[]; STEPS];
        for (list, step) in lists.iter_mut().zip(start..steps.end) {
            *list = spike_list.at(step);
        }
        let mut shortest = usize::MAX;
        for list in lists {
            shortest = shortest.min(list.len());
        }
        for k in 0..shortest {
            for s in 0..STEPS {
                sum[s] = sum[s] + V::load_f32(&weights[lists[s][k] as usize * stride]);
            }
        }
        for (s, step) in (start..steps.end).take(STEPS).enumerate() {
            for &unit in &lists[s][shortest..] {
                sum[s] = sum[s] + V::load_f32(&weights[unit as usize * stride]);
            }
            V::store_f32(sum[s], &mut sums[(step - steps.start) as usize]);
        }
    }
}

/// Number of steps that a single tile sums at once.
const STEPS: usize = 4;

/// Sums the history rows of the uncut kernel: presynaptic traces of the previous image times the current weights.
/// `n_pre`: number of presynaptic neurons; `window_means`: `[rows, n_pre]`.
pub fn history_from_traces(
    n_pre: usize,
    window_means: &TiledArray<f32>,
    weights: &WeightMatrix,
    synaptic_input: &mut TileSlice<f32>,
) {
    let first = synaptic_input.first_tile;
    synaptic_input.clear_rows(2);
    for (row, trace_row) in [SLOW, FAST].into_iter().enumerate() {
        for pre in 0..n_pre {
            let trace = window_means.value(trace_row, pre);
            if trace != 0.0 {
                let column = &weights.column(pre)[first..];
                for (rows, column) in synaptic_input.iter_tiles_mut().zip(column) {
                    for i in 0..LANES {
                        rows[row][i] += trace * column[i];
                    }
                }
            }
        }
    }
}

/// Calls `work` for each item, in parallel if there are several.
fn par_for_each<T: Send>(mut items: Vec<T>, work: impl Fn(T) + Send + Sync) {
    match items.len() {
        1 => items.pop().into_iter().for_each(work),
        _ => items.into_par_iter().with_max_len(1).for_each(work),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::interface::{Kernel, Launch, Shape};

    #[test]
    fn rows_of_first_launch_include_history() {
        let shape = Shape::minimal(vec![4, 3]);
        let count = |first, keeps_state| {
            let kernel = Kernel::SynapticInputSpikes;
            let launch = Launch { kernel, layer: 0, first, count: 16 };
            rows(&Grid { launch: &launch, shape: &shape, columns: 5, keeps_state })
        };
        assert_eq!([count(0, false), count(0, true), count(16, true)], [16, 25, 16]);
    }
}

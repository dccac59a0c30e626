//! Computes the unfiltered synaptic input `W n` of every step by summing the weight columns of spiking presynaptic
//! neurons. The filter follows, as `W (kappa * n) = kappa * (W n)`.

use std::ops::Range;

use multiversion::multiversion;
use multiversion::target::match_target;

use super::simd::{Scalar16, Simd};
use super::spike_list::{SpikeList, StepRange};
use super::tiled::{LANES, TILES_PER_GROUP, Tile, TileSlice, TiledArray};
use super::weight_matrix::WeightMatrix;
use crate::interface::window_mean::{FAST, SLOW};
use crate::interface::{BatchParams, LaunchParams, RunParams, Sample};
use crate::model::exact_math::Float;

/// `spike_list`: spikes of the presynaptic population in the launch's [`StepRange`]; `traces`: of the same population,
/// `[rows, n_pre]`; `weights`: `[n_pre + 1, units]`; `drive`: `[history + block, units]`, with the first step in row
/// `history`.
///
/// Spikes from before the image act through the current weights, so the first block also recomputes the history rows.
#[allow(clippy::too_many_arguments)] // one per binding of the shader
pub fn synaptic_input_spikes(
    constants: &RunParams,
    part: &LaunchParams,
    minibatch: &BatchParams,
    lane: &Sample,
    spike_list: &SpikeList,
    traces: &TiledArray<f32>,
    weights: &WeightMatrix,
    drive: &mut TileSlice<f32>,
) {
    let range = StepRange::new(constants, part, minibatch, lane);
    let history = constants.history_rows as usize;
    let mut row = history;
    if part.first_step == 0 {
        if minibatch.reset_state == 1 {
            drive.clear_rows(history);
        } else if constants.tap_count == 0 {
            history_from_traces(part.n_pre as usize, traces, weights, drive);
        } else {
            row = 0;
        }
    }
    sum_columns(range.steps, spike_list, weights, drive, row);
}

/// Computes one row of `sums` per step, starting at `row`: the sum of the columns of the spiking neurons, in ascending
/// order. A column is added once per spike.
#[multiversion(targets = "simd")]
pub fn sum_columns(
    steps: Range<u32>,
    spike_list: &SpikeList,
    weights: &WeightMatrix,
    sums: &mut TileSlice<f32>,
    row: usize,
) {
    match_target! {
        "x86_64+avx512f" => sum_tiles::<super::avx512::Avx512>(steps, spike_list, weights, sums, row),
        _ => sum_tiles::<Scalar16>(steps, spike_list, weights, sums, row),
    }
}

/// Sums a group of tiles at a time, in registers and through all steps, so that their part of the weights stays in
/// the L1 cache. Single tiles sum several steps at once: additions to one sum depend on each other, additions to
/// different sums do not.
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

/// Computes [`sum_columns`] for a group of tiles. `sums`: all their rows; `weights`: from their first tile on.
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

/// Computes [`sum_columns`] for a single tile. `sums`: its rows from the first of `steps` on.
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

/// Computes the history rows of the full kernel: the presynaptic traces at the end of the previous image, through the
/// current weights. `n_pre`: number of presynaptic neurons.
pub fn history_from_traces(
    n_pre: usize,
    traces: &TiledArray<f32>,
    weights: &WeightMatrix,
    drive: &mut TileSlice<f32>,
) {
    let first = drive.first_tile;
    drive.clear_rows(2);
    for (row, trace_row) in [SLOW, FAST].into_iter().enumerate() {
        for neuron in 0..n_pre {
            let trace = traces.value(trace_row, neuron);
            if trace != 0.0 {
                let column = &weights.column(neuron)[first..];
                for (rows, column) in drive.iter_tiles_mut().zip(column) {
                    for i in 0..LANES {
                        rows[row][i] += trace * column[i];
                    }
                }
            }
        }
    }
}

//! Sums, for every step, the weight columns of the neurons below that spike: `W n` of an event-driven
//! network. The filter comes behind, `W (kappa * n) = kappa * (W n)`.

use std::ops::Range;

use multiversion::multiversion;
use multiversion::target::match_target;

use super::columns::Columns;
use super::events::{Events, Heard};
use super::tile::{GROUP, Span, Tile, Tiled, WIDTH};
use super::vectors::{Portable, Vectors};
use crate::layout::trace::{FAST, SLOW};
use crate::layout::{Constants, Lane, Minibatch, Part};
use crate::model::exact_math::Float;

/// `events`: who spikes in the population below, at the steps of `Heard`; `traces`: its, `[rows, below]`;
/// `weights`: `[below + 1, units]`; `drive`: `[history + block, units]`, the step `first` in row
/// `history`.
///
/// Spikes before an image's first step drive through the weights of now, not through those with
/// which they were first seen: the first block also computes the rows of the past.
#[allow(clippy::too_many_arguments)] // one for each binding of the shader
pub fn drive(
    constants: &Constants,
    part: &Part,
    minibatch: &Minibatch,
    lane: &Lane,
    events: &Events,
    traces: &Tiled<f32>,
    weights: &Columns,
    drive: &mut Span<f32>,
) {
    let heard = Heard::new(constants, part, minibatch, lane);
    let history = constants.history as usize;
    let mut row = history;
    if part.first == 0 {
        if minibatch.fresh == 1 {
            drive.clear_rows(history);
        } else if constants.tap_count == 0 {
            history_from_traces(part.below as usize, traces, weights, drive);
        } else {
            row = 0;
        }
    }
    sum_columns(heard.steps, events, weights, drive, row);
}

/// For each of `steps` a row of `sums` from `row` on: the columns of the neurons that spike, in
/// ascending order; one that spikes twice is added twice.
#[multiversion(targets = "simd")]
pub fn sum_columns(
    steps: Range<u32>,
    events: &Events,
    weights: &Columns,
    sums: &mut Span<f32>,
    row: usize,
) {
    match_target! {
        "x86_64+avx512f" => sum_tiles::<super::avx512::Avx512>(steps, events, weights, sums, row),
        _ => sum_tiles::<Portable>(steps, events, weights, sums, row),
    }
}

/// Tiles are summed a few at a time, in registers and through all steps, so that what they read of the
/// weights stays in the nearest cache. Of single tiles several steps are summed at once: additions to one
/// sum wait for each other, those to several do not.
#[inline(always)]
fn sum_tiles<V: Vectors>(
    steps: Range<u32>,
    events: &Events,
    weights: &Columns,
    sums: &mut Span<f32>,
    row: usize,
) {
    let (stride, rows) = (weights.stride(), sums.rows);
    let mut weights = &weights.tiles()[sums.first..];
    let mut left = &mut *sums.tiles;
    while left.len() >= GROUP * rows {
        let (group, others) = left.split_at_mut(GROUP * rows);
        sum_group::<V>(steps.clone(), events, weights, stride, group, rows, row);
        (left, weights) = (others, &weights[GROUP..]);
    }
    while left.len() >= rows {
        let (tile, others) = left.split_at_mut(rows);
        sum_tile::<V>(steps.clone(), events, weights, stride, &mut tile[row..]);
        (left, weights) = (others, &weights[1..]);
    }
}

/// [`sum_columns`] for a group of tiles. `sums`: all their rows; `weights`: from the first of them on.
#[inline(always)]
fn sum_group<V: Vectors>(
    steps: Range<u32>,
    events: &Events,
    weights: &[Tile<f32>],
    stride: usize,
    sums: &mut [Tile<f32>],
    rows: usize,
    row: usize,
) {
    let first = steps.start;
    for step in steps {
        let row = row + (step - first) as usize;
        let mut sum = [V::Floats::splat(0.0); GROUP];
        for &unit in events.at(step) {
            let column = &weights[unit as usize * stride..][..GROUP];
            for t in 0..GROUP {
                sum[t] = sum[t] + V::floats(&column[t]);
            }
        }
        for t in 0..GROUP {
            V::store_floats(sum[t], &mut sums[t * rows + row]);
        }
    }
}

/// The same for a single tile. `sums`: its rows from the first of `steps` on.
#[inline(always)]
fn sum_tile<V: Vectors>(
    steps: Range<u32>,
    events: &Events,
    weights: &[Tile<f32>],
    stride: usize,
    sums: &mut [Tile<f32>],
) {
    for start in steps.clone().step_by(STEPS) {
        let mut sum = [V::Floats::splat(0.0); STEPS];
        let mut lists: [&[u32]; STEPS] = [&[]; STEPS];
        for (list, step) in lists.iter_mut().zip(start..steps.end) {
            *list = events.at(step);
        }
        let mut together = usize::MAX;
        for list in lists {
            together = together.min(list.len());
        }
        for k in 0..together {
            for s in 0..STEPS {
                sum[s] = sum[s] + V::floats(&weights[lists[s][k] as usize * stride]);
            }
        }
        for (s, step) in (start..steps.end).take(STEPS).enumerate() {
            for &unit in &lists[s][together..] {
                sum[s] = sum[s] + V::floats(&weights[unit as usize * stride]);
            }
            V::store_floats(sum[s], &mut sums[(step - steps.start) as usize]);
        }
    }
}

/// Steps of which a single tile is summed at once.
const STEPS: usize = 4;

/// The past of the uncut kernel: what the traces of the neurons below, `below` of them and carried on from the image
/// before, drive through the weights of now.
pub fn history_from_traces(
    below: usize,
    traces: &Tiled<f32>,
    weights: &Columns,
    drive: &mut Span<f32>,
) {
    let first = drive.first;
    drive.clear_rows(2);
    for (row, trace_row) in [SLOW, FAST].into_iter().enumerate() {
        for neuron in 0..below {
            let trace = traces.value(trace_row, neuron);
            if trace != 0.0 {
                let column = &weights.column(neuron)[first..];
                for (rows, column) in drive.each_mut().zip(column) {
                    for i in 0..WIDTH {
                        rows[row][i] += trace * column[i];
                    }
                }
            }
        }
    }
}

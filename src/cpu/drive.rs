//! Sums, for every step, the weight columns of the neurons below that spike: `W n` of an event-driven
//! network. The filter comes behind, `W (kappa * n) = kappa * (W n)`.

use std::ops::Range;

use multiversion::multiversion;
use multiversion::target::match_target;

use super::columns::Columns;
use super::events::{Events, Heard};
use super::tile::{Span, Tiled, WIDTH};
use super::vectors::{Portable, Vectors};
use crate::layout::trace::{FAST, SLOW};
use crate::layout::{Constants, Lane, Minibatch, Part};
use crate::model::arithmetic::Float;

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
            past_of_traces(part, traces, weights, drive);
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

/// Tiles are summed in groups, in registers and through all steps, so that what a group reads of the
/// weights stays in a near cache. Of single tiles several steps are summed at once: additions to one sum
/// wait for each other, those to several do not.
#[inline(always)]
fn sum_tiles<V: Vectors>(
    steps: Range<u32>,
    events: &Events,
    weights: &Columns,
    sums: &mut Span<f32>,
    row: usize,
) {
    let mut tile = 0;
    while tile + 8 <= sums.count() {
        sum_group::<V, 8, 1>(steps.clone(), events, weights, sums, tile, row);
        tile += 8;
    }
    while tile + 4 <= sums.count() {
        sum_group::<V, 4, 1>(steps.clone(), events, weights, sums, tile, row);
        tile += 4;
    }
    while tile < sums.count() {
        sum_group::<V, 1, 4>(steps.clone(), events, weights, sums, tile, row);
        tile += 1;
    }
}

/// [`sum_columns`] for `TILES` tiles from `tile` on, `STEPS` steps at a time.
#[inline(always)]
fn sum_group<V: Vectors, const TILES: usize, const STEPS: usize>(
    steps: Range<u32>,
    events: &Events,
    weights: &Columns,
    sums: &mut Span<f32>,
    tile: usize,
    row: usize,
) {
    let stride = weights.stride();
    let (rows, first) = (sums.rows, sums.first + tile);
    let place = &mut sums.tiles[tile * rows..][..TILES * rows];
    let weights = &weights.tiles()[first..];
    let add = |sum: &mut [V::Floats; TILES], unit: u32| {
        let column = &weights[unit as usize * stride..][..TILES];
        for t in 0..TILES {
            sum[t] = sum[t] + V::floats(&column[t]);
        }
    };
    for start in steps.clone().step_by(STEPS) {
        let mut sum = [[V::Floats::of(0.0); TILES]; STEPS];
        let mut lists: [&[u32]; STEPS] = [&[]; STEPS];
        for (list, step) in lists.iter_mut().zip(start..steps.end) {
            *list = events.at(step);
        }
        let mut together = usize::MAX;
        for list in lists {
            together = together.min(list.len());
        }
        if STEPS > 1 {
            #[allow(clippy::needless_range_loop)] // the same place in several lists
            for k in 0..together {
                for s in 0..STEPS {
                    add(&mut sum[s], lists[s][k]);
                }
            }
        } else {
            together = 0;
        }
        for s in 0..STEPS {
            for &unit in &lists[s][together..] {
                add(&mut sum[s], unit);
            }
        }
        for (s, step) in (start..steps.end).take(STEPS).enumerate() {
            for t in 0..TILES {
                let row = row + (step - steps.start) as usize;
                V::store_floats(sum[s][t], &mut place[t * rows + row]);
            }
        }
    }
}

/// The past of the uncut kernel: what the traces of the neurons below, carried on from the image
/// before, drive through the weights of now.
fn past_of_traces(part: &Part, traces: &Tiled<f32>, weights: &Columns, drive: &mut Span<f32>) {
    let first = drive.first;
    drive.clear_rows(2);
    for (row, trace_row) in [SLOW, FAST].into_iter().enumerate() {
        for neuron in 0..part.below as usize {
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

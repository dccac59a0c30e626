//! Sums, for every step, the weight columns of the neurons below that spike: `W n` of an event-driven
//! network. The filter comes behind, `W (kappa * n) = kappa * (W n)`.

use std::ops::Range;

use multiversion::multiversion;

use super::columns::{Columns, LINE};
use super::events::{Events, each_spike, words_of};
use crate::layout::trace::{FAST, SLOW};
use crate::layout::{Constants, Lane, Minibatch, Part, STEPS_PER_WORD};

/// `spikes`: the population below, `[past words + words, below]`; `traces`: its, `[5, below]`;
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
    spikes: &[u32],
    traces: &[f32],
    weights: &Columns,
    drive: &mut [f32],
    events: &mut Events,
) {
    let (units, below) = (part.units as usize, part.below as usize);
    // Steps are counted from the first that has spikes, so that those before the image are not
    // negative.
    let offset = constants.past_words * STEPS_PER_WORD;
    let end = offset + lane.steps().min(part.first + part.steps);
    let mut step = offset + part.first;
    let mut row = constants.history as usize;
    if part.first == 0 {
        if minibatch.fresh == 1 {
            drive[..row * units].fill(0.0);
        } else if constants.tap_count == 0 {
            past_of_traces(part, traces, weights, drive);
        } else {
            step -= constants.history;
            row = 0;
        }
    }
    if step >= end {
        return;
    }
    sum_columns(step..end, spikes, below, weights, units, &mut drive[row * units..], events);
}

/// For each of `steps`, counted from the first that has spikes, a row of `sums`, `[steps, units]`: the
/// columns of the neurons that spike, in ascending order; one that spikes twice is added twice.
pub fn sum_columns(
    steps: Range<u32>,
    spikes: &[u32],
    below: usize,
    weights: &Columns,
    units: usize,
    sums: &mut [f32],
    events: &mut Events,
) {
    if weights.stride() == LINE {
        return sum_lines(steps, spikes, below, weights.padded(), units, sums);
    }
    let steps = events.collect(steps, spikes, below, weights.stride());
    match units {
        64.. => sum_tiles::<64>(steps, weights.padded(), units, sums),
        _ => sum_tiles::<16>(steps, weights.padded(), units, sums),
    }
}

/// The past of the uncut kernel: what the traces of the neurons below, carried on from the image
/// before, drive through the weights of now.
fn past_of_traces(part: &Part, traces: &[f32], weights: &Columns, drive: &mut [f32]) {
    let (units, below) = (part.units as usize, part.below as usize);
    for (row, sums) in [SLOW, FAST].into_iter().zip(drive.chunks_mut(units)) {
        sums.fill(0.0);
        for neuron in 0..below {
            let trace = traces[row * below + neuron];
            if trace != 0.0 {
                for (sum, weight) in sums.iter_mut().zip(weights.column(neuron)) {
                    *sum += trace * weight;
                }
            }
        }
    }
}

/// [`sum_columns`] for layers whose columns are one line, as the output's: straight from the words,
/// without lists.
#[multiversion(targets = "simd")]
fn sum_lines(
    steps: Range<u32>,
    spikes: &[u32],
    below: usize,
    weights: &[f32],
    units: usize,
    sums: &mut [f32],
) {
    let (lines, _) = weights.as_chunks::<LINE>();
    let mut rows = sums.chunks_mut(units);
    for (word, of_steps) in words_of(&steps) {
        let mut tiles = [[0.0; LINE]; STEPS_PER_WORD as usize];
        each_spike(&spikes[word as usize * below..][..below], |slot, neuron, count| {
            let line = &lines[neuron];
            let tile = &mut tiles[slot as usize];
            for _ in 0..count {
                for j in 0..LINE {
                    tile[j] += line[j];
                }
            }
        });
        let tiles = &tiles[(of_steps.start % STEPS_PER_WORD) as usize..][..of_steps.len()];
        for (tile, row) in tiles.iter().zip(&mut rows) {
            row.copy_from_slice(&tile[..units]);
        }
    }
}

/// [`sum_columns`] from lists, `N` neurons at a time in registers and through all steps: the part of
/// the weights that a tile reads stays in the nearest cache. The last tile overlaps the one before it:
/// neurons are independent, so computing some twice gives the same bits.
#[multiversion(targets = "simd")]
fn sum_tiles<const N: usize>(steps: &[Vec<u32>], weights: &[f32], units: usize, sums: &mut [f32]) {
    let last = units - N;
    let mut start = 0;
    loop {
        for (events, row) in steps.iter().zip(sums.chunks_mut(units)) {
            let mut tile = [0.0f32; N];
            for &column in events {
                let column = &weights[column as usize + start..][..N];
                for j in 0..N {
                    tile[j] += column[j];
                }
            }
            row[start..start + N].copy_from_slice(&tile);
        }
        if start == last {
            break;
        }
        start = (start + N).min(last);
    }
}

//! Sums, for every step, the weight columns of the neurons below that spike: `W n` of an event-driven
//! network. The filter comes behind, `W (kappa * n) = kappa * (W n)`.

use std::ops::Range;

use multiversion::multiversion;

use super::columns::Columns;
use crate::layout::trace::{FAST, SLOW};
use crate::layout::{COUNT_BITS, COUNT_MASK, Constants, Lane, Minibatch, Part, STEPS_PER_WORD};

/// Who spikes at each step of a block: where the weight column of each spiking neuron starts, as often
/// as it spikes. Kept between calls to spare the allocations.
#[derive(Default)]
pub struct Events {
    pub steps: Vec<Vec<u32>>,
}

impl Events {
    /// Lists for so many steps, all empty.
    fn clear(&mut self, steps: usize) {
        self.steps.resize_with(steps.max(self.steps.len()), Vec::new);
        for list in &mut self.steps {
            list.clear();
        }
    }
}

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
    collect(step..end, spikes, below, weights.stride(), events);
    let steps = &events.steps[..(end - step) as usize];
    add_columns(steps, weights.padded(), units, &mut drive[row * units..]);
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

/// Lists who spikes at each of `steps`, counted from the first that has spikes, in ascending order.
/// `spikes`: `[past words + words, below]`; `stride`: from one weight column to the next.
pub fn collect(
    steps: Range<u32>,
    spikes: &[u32],
    below: usize,
    stride: usize,
    events: &mut Events,
) {
    events.clear(steps.len());
    let mut step = steps.start;
    while step < steps.end {
        let word = step / STEPS_PER_WORD;
        let next = steps.end.min((word + 1) * STEPS_PER_WORD);
        let lists = &mut events.steps[(step - steps.start) as usize..][..(next - step) as usize];
        let words = &spikes[word as usize * below..][..below];
        collect_word(words, step % STEPS_PER_WORD, stride, lists);
        step = next;
    }
}

/// Lists who spikes at the steps from slot `first` of a word on, one list a step.
#[multiversion(targets = "simd")]
fn collect_word(words: &[u32], first: u32, stride: usize, lists: &mut [Vec<u32>]) {
    let (groups, rest) = words.as_chunks::<GROUP>();
    for (index, group) in groups.iter().enumerate() {
        collect_group(group, index * GROUP, first, stride, lists);
    }
    let mut last = [0; GROUP];
    last[..rest.len()].copy_from_slice(rest);
    collect_group(&last, groups.len() * GROUP, first, stride, lists);
}

/// Neurons whose spikes are looked for at once.
const GROUP: usize = 8;

#[inline(always)]
fn collect_group(
    words: &[u32; GROUP],
    start: usize,
    first: u32,
    stride: usize,
    lists: &mut [Vec<u32>],
) {
    // The words of four neurons make one, in which the count of each slot has become four bits, and
    // two of those a longer one: the branch is then taken once for eight neurons and steps.
    let mut halves = [0; 2];
    for i in 0..GROUP {
        let pairs = words[i] | words[i] >> 2;
        halves[i / 4] |= ((pairs | pairs >> 1) & 0x1111_1111) << (i % 4);
    }
    let mut bits = u64::from(halves[0]) | u64::from(halves[1]) << 32;
    while bits != 0 {
        let place = bits.trailing_zeros();
        let (half, slot) = (place / 32, place % 32 / 4);
        let index = (4 * half + place % 4) as usize;
        if let Some(list) = lists.get_mut(slot.wrapping_sub(first) as usize) {
            let column = ((start + index) * stride) as u32;
            let count = words[index] >> (slot * COUNT_BITS) & COUNT_MASK;
            list.push(column);
            for _ in 1..count {
                list.push(column);
            }
        }
        bits &= bits - 1;
    }
}

/// For each step a row of `sums`, `[steps, units]`: `sums[j] = sum over events of weights[event + j]`,
/// in the order of the events.
///
/// Neurons are taken a tile at a time through all steps: the part of the weights that a tile reads
/// stays in the nearest cache.
#[multiversion(targets = "simd")]
pub fn add_columns(steps: &[Vec<u32>], weights: &[f32], units: usize, sums: &mut [f32]) {
    match units {
        64.. => add_tiles::<64>(steps, weights, units, sums),
        16.. => add_tiles::<16>(steps, weights, units, sums),
        // The usual output, in one piece.
        10 => add_tiles::<10>(steps, weights, units, sums),
        4.. => add_tiles::<4>(steps, weights, units, sums),
        _ => add_tiles::<1>(steps, weights, units, sums),
    }
}

/// Sums `N` neurons at a time in registers. The last tile overlaps the one before it: neurons are
/// independent, so computing some twice gives the same bits.
#[inline(always)]
fn add_tiles<const N: usize>(steps: &[Vec<u32>], weights: &[f32], units: usize, sums: &mut [f32]) {
    let last = units - N;
    let mut start = 0;
    loop {
        for (events, row) in steps.iter().zip(sums.chunks_mut(units)) {
            let mut tile = [0.0f32; N];
            for &event in events {
                let column = &weights[event as usize + start..][..N];
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

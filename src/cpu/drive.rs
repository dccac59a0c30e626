//! Sums, for every step, the weight columns of the neurons below that spike: `W n` of an event-driven
//! network. The filter comes behind, `W (kappa * n) = kappa * (W n)`.

use multiversion::multiversion;

use crate::layout::trace::{FAST, SLOW};
use crate::layout::{COUNT_BITS, COUNT_MASK, Constants, Lane, Minibatch, Part, STEPS_PER_WORD};

/// A neuron below that spikes: where its weight column starts, and how often it spikes.
#[derive(Clone, Copy)]
pub struct Event {
    column: u32,
    count: f32,
}

/// Events of each step of one spike word; kept between calls to spare the allocations.
pub type Events = [Vec<Event>; STEPS_PER_WORD as usize];

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
    weights: &[f32],
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
    while step < end {
        let word = (step / STEPS_PER_WORD) as usize;
        let next = end.min((word as u32 + 1) * STEPS_PER_WORD);
        collect(&spikes[word * below..][..below], units, events);
        for step in step..next {
            let sums = &mut drive[row * units..][..units];
            add_columns(&events[(step % STEPS_PER_WORD) as usize], weights, sums);
            row += 1;
        }
        step = next;
    }
}

/// The past of the uncut kernel: what the traces of the neurons below, carried on from the image
/// before, drive through the weights of now.
fn past_of_traces(part: &Part, traces: &[f32], weights: &[f32], drive: &mut [f32]) {
    let (units, below) = (part.units as usize, part.below as usize);
    for (row, sums) in [SLOW, FAST].into_iter().zip(drive.chunks_mut(units)) {
        sums.fill(0.0);
        for neuron in 0..below {
            let trace = traces[row * below + neuron];
            if trace != 0.0 {
                for (sum, weight) in sums.iter_mut().zip(&weights[neuron * units..]) {
                    *sum += trace * weight;
                }
            }
        }
    }
}

/// Lists who spikes at each step of a word, in ascending order.
pub fn collect(words: &[u32], units: usize, events: &mut Events) {
    for list in events.iter_mut() {
        list.clear();
    }
    for (chunk, words) in words.chunks(64).enumerate() {
        let masks = who_spikes(words);
        for (slot, (list, mask)) in events.iter_mut().zip(masks).enumerate() {
            let shift = slot as u32 * COUNT_BITS;
            let mut rest = mask;
            while rest != 0 {
                let index = rest.trailing_zeros() as usize;
                let count = words[index] >> shift & COUNT_MASK;
                let neuron = chunk * 64 + index;
                list.push(Event { column: (neuron * units) as u32, count: count as f32 });
                rest &= rest - 1;
            }
        }
    }
}

/// For each slot of up to 64 words, a bit for each word with a count there.
#[multiversion(targets = "simd")]
fn who_spikes(words: &[u32]) -> [u64; STEPS_PER_WORD as usize] {
    let mut masks = [0; STEPS_PER_WORD as usize];
    for (quad, words) in words.chunks(4).enumerate() {
        // Four words make one, in which the count of each slot has become the four words' bits.
        let mut bits = 0;
        for (i, &word) in words.iter().enumerate() {
            let halves = word | word >> 2;
            bits |= ((halves | halves >> 1) & 0x1111_1111) << i;
        }
        if bits != 0 {
            for (slot, mask) in masks.iter_mut().enumerate() {
                let here = bits >> (slot as u32 * COUNT_BITS) & 0xF;
                *mask |= u64::from(here) << (4 * quad);
            }
        }
    }
    masks
}

/// `sums[j] = sum over events of count * weights[column + j]`, in the order of the events.
#[multiversion(targets = "simd")]
pub fn add_columns(events: &[Event], weights: &[f32], sums: &mut [f32]) {
    match sums.len() {
        64.. => add_tiles::<64>(events, weights, sums),
        // The usual output, in one piece.
        10 => add_tiles::<10>(events, weights, sums),
        16.. => add_tiles::<16>(events, weights, sums),
        4.. => add_tiles::<4>(events, weights, sums),
        _ => add_tiles::<1>(events, weights, sums),
    }
}

/// Sums `N` neurons at a time in registers. The last tile overlaps the one before it: neurons are
/// independent, so computing some twice gives the same bits.
#[inline(always)]
fn add_tiles<const N: usize>(events: &[Event], weights: &[f32], sums: &mut [f32]) {
    let last = sums.len() - N;
    let mut start = 0;
    loop {
        let mut tile = [0.0f32; N];
        for event in events {
            let column = &weights[event.column as usize + start..][..N];
            for j in 0..N {
                tile[j] += event.count * column[j];
            }
        }
        sums[start..start + N].copy_from_slice(&tile);
        if start == last {
            break;
        }
        start = (start + N).min(last);
    }
}

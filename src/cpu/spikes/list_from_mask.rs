//! Spike lists built from the mask, with the widest registers of the processor.

use std::ops::Range;

use crate::cpu::simd::Simd;
use crate::cpu::simd::tiled::TiledArray;
use crate::cpu::simd::width::simd_versions;
use crate::cpu::spikes::mask::{GroupBits, NEURONS_PER_GROUP, SpikeMask};
use crate::interface::{STEPS_PER_WORD, spike_count};

/// Number of neurons that are listed without a check for the last, because that branch is unpredictable.
const AT_ONCE: usize = 8;

simd_versions! {
    /// Appends the neurons that spike at each of `steps` to the first `length` elements of `units`, and the end of each
    /// step's list to `ends`.
    pub(super) fn append_lists(
        steps: Range<u32>,
        image: u32,
        spike_mask: &SpikeMask,
        spikes: &TiledArray<u32>,
        units: &mut Vec<u32>,
        length: usize,
        ends: &mut Vec<usize>,
    ) = append_steps;
}

#[inline(always)]
fn append_steps<V: Simd>(
    steps: Range<u32>,
    image: u32,
    spike_mask: &SpikeMask,
    spikes: &TiledArray<u32>,
    units: &mut Vec<u32>,
    length: usize,
    ends: &mut Vec<usize>,
) {
    // Worst case without triple spikes: every neuron twice, plus slack for the stores after the last.
    let worst_case = 2 * spike_mask.count() + 2 * AT_ONCE;
    let mut end = length;
    for step in steps {
        grow(units, end + worst_case);
        for group in 0..spike_mask.groups() {
            let (bits, neurons) = (spike_mask.at(step, group), spike_mask.group_units(group));
            if bits.has_triples() {
                end = append_counts(spikes, image + step, bits, neurons, units, end);
                grow(units, end + worst_case);
                continue;
            }
            let (mut left, doubles) = (bits.ge1(), bits.ge2());
            let next = end + (left.count_ones() + doubles.count_ones()) as usize;
            while left != 0 {
                let places = &mut units[end..][..2 * AT_ONCE];
                let mut place = 0;
                for _ in 0..AT_ONCE {
                    let neuron = left.trailing_zeros() as usize % NEURONS_PER_GROUP;
                    // The next neuron overwrites the second if this one spikes once.
                    places[place] = neurons[neuron];
                    places[place + 1] = neurons[neuron];
                    place += 1 + (doubles >> neuron & 1) as usize;
                    left &= left.wrapping_sub(1);
                }
                end += place;
            }
            end = next;
        }
        ends.push(end);
    }
}

/// Appends the neurons of a group in which one spikes at least three times at `step`, and returns the new end.
#[cold]
fn append_counts(
    spikes: &TiledArray<u32>,
    step: u32,
    bits: &GroupBits,
    neurons: &[u32; NEURONS_PER_GROUP],
    units: &mut Vec<u32>,
    start: usize,
) -> usize {
    let mut left = bits.ge1();
    let mut end = start;
    while left != 0 {
        let neuron = neurons[left.trailing_zeros() as usize];
        let count = count(spikes, step, neuron) as usize;
        grow(units, end + count);
        units[end..end + count].fill(neuron);
        end += count;
        left &= left - 1;
    }
    end
}

/// Grows `units` to at least `length` elements.
#[inline(always)]
pub(super) fn grow(units: &mut Vec<u32>, length: usize) {
    if units.len() < length {
        units.resize(2 * length, 0);
    }
}

/// Returns the spike count of a neuron at a step.
#[inline(always)]
fn count(spikes: &TiledArray<u32>, step: u32, unit: u32) -> u32 {
    let word = spikes.value((step / STEPS_PER_WORD) as usize, unit as usize);
    spike_count(word, step)
}

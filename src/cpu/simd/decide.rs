//! Coarse decisions about spike counts in any vectors.

use std::ops::Range;

use super::coarse::{CoarseTables, Decisions};
use super::tiled::Tile;
use super::{Mask, Simd};
use crate::cpu::spikes::WORD_STEPS;

/// Returns the random number of each neuron for step `slot` of a word, in the high half; the low half is arbitrary.
/// `random`: words of [`Simd::philox`].
#[inline(always)]
pub fn half_word<V: Simd>(random: &[V::Words; 4], slot: usize) -> V::Words {
    if slot < 4 { random[slot] << 16 } else { random[slot - 4] }
}

/// Leaves every candidate spike of `neurons` in the steps `slots` of the word open.
#[inline(always)]
pub fn open_candidates<V: Simd>(
    tables: &CoarseTables,
    random: &[V::Words; 4],
    slots: Range<usize>,
    neurons: u16,
) -> Decisions<V::Words> {
    let mut open = [0; WORD_STEPS];
    for slot in slots {
        let max = V::splat_u32(tables.max_candidate_word);
        open[slot] = V::le(half_word::<V>(random, slot), max).bits() as u16 & neurons;
    }
    Decisions { once: [0; WORD_STEPS], open, counts: V::splat_u32(0) }
}

/// Decides the steps `slots` of a word. The others have no spike and no open count.
#[inline(always)]
pub fn decide_few<V: Simd>(
    tables: &CoarseTables,
    random: &[V::Words; 4],
    soma: &[Tile<f32>; WORD_STEPS],
    slots: Range<usize>,
    neurons: u16,
) -> Decisions<V::Words> {
    match V::LOOKUP_IS_FAST {
        true => decide_by_lookup::<V>(tables, random, soma, slots, neurons),
        false => open_candidates::<V>(tables, random, slots, neurons),
    }
}

/// Decides the steps `slots` of the word by the tables of `f32`. `soma`: somatic voltages of the 8 steps.
#[inline(always)]
pub fn decide_by_lookup<V: Simd>(
    tables: &CoarseTables,
    random: &[V::Words; 4],
    soma: &[Tile<f32>; WORD_STEPS],
    slots: Range<usize>,
    neurons: u16,
) -> Decisions<V::Words> {
    let neurons = V::Mask::from_bits(neurons.into());
    let (mut once, mut open) = ([0; WORD_STEPS], [0; WORD_STEPS]);
    let mut counts = V::splat_u32(0);
    for slot in slots {
        let word = half_word::<V>(random, slot);
        let soma = V::load_f32(&soma[slot]);
        let candidates = V::le(word, V::splat_u32(tables.max_candidate_word)) & neurons;
        let entry = word >> tables.shift;
        let spikes = V::lt(V::lookup(&tables.one_spike_above, entry), soma) & candidates;
        let none = V::lt(soma, V::lookup(&tables.no_spike_below, entry));
        once[slot] = spikes.bits() as u16;
        open[slot] = candidates.and_not(none).and_not(spikes).bits() as u16;
        counts = V::masked_add(counts, spikes, V::splat_u32(1 << (slot * 4)));
    }
    Decisions { once, open, counts }
}

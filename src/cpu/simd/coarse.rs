//! Coarse decisions about spike counts: for the 8 steps of a word and 16 neurons at once, from the highest bits of the
//! random numbers.

use crate::cpu::simd::tiled::Tile;
use crate::cpu::simd::{Mask, Simd};
use crate::cpu::spikes::WORD_STEPS;

/// Number of entries of the tables of `f32`.
pub const TABLE_ENTRIES: usize = 32;
/// Number of entries of the tables of bytes.
pub const BYTE_ENTRIES: usize = 48;
/// Factor from a voltage to a byte: bytes cover voltages from -8 to 8.
pub const BYTE_SCALE: f32 = 16.0;

/// Voltage bounds for the highest bits of a random number. Below the first bound there is no spike, above the second
/// exactly one; between them the count is open.
#[derive(Clone, Debug)]
pub struct CoarseTables {
    /// Largest word with a candidate spike; larger words give no spike at any voltage.
    pub max_candidate_word: u32,
    /// Right shift from a word to its entry in the tables of `f32`.
    pub shift: u32,
    pub no_spike_below: [f32; TABLE_ENTRIES],
    pub one_spike_above: [f32; TABLE_ENTRIES],
    /// Right shift from the high half of a word to its entry in the tables of bytes, at least 1.
    pub byte_shift: u32,
    /// Largest entry of the tables of bytes with a candidate spike.
    pub max_candidate_byte: u8,
    /// Voltages times [`BYTE_SCALE`], rounded to the nearest integer and limited to the range of a byte, are compared
    /// with these bounds.
    pub no_spike_below_byte: [i8; BYTE_ENTRIES],
    pub one_spike_above_byte: [i8; BYTE_ENTRIES],
}

#[cfg(test)]
impl CoarseTables {
    /// Returns the count of a word by the tables of `f32`; `None` if it is open.
    pub fn by_floats(&self, word: u32, voltage: f32) -> Option<u32> {
        let entry = (word >> self.shift) as usize % TABLE_ENTRIES;
        match () {
            () if word > self.max_candidate_word => Some(0),
            () if voltage > self.one_spike_above[entry] => Some(1),
            () if voltage < self.no_spike_below[entry] => Some(0),
            () => None,
        }
    }

    /// Returns the count of a word by the tables of bytes; `None` if it is open.
    pub fn by_bytes(&self, word: u32, voltage: f32) -> Option<u32> {
        let entry = (word >> 16 >> self.byte_shift) as usize;
        // By the exact rule, NaN counts as the lowest voltage.
        let voltage = if voltage.is_nan() { f32::MIN } else { voltage };
        let voltage = (voltage * BYTE_SCALE).round_ties_even() as i8;
        match () {
            () if entry > self.max_candidate_byte.into() => Some(0),
            () if voltage > self.one_spike_above_byte[entry] => Some(1),
            () if voltage < self.no_spike_below_byte[entry] => Some(0),
            () => None,
        }
    }
}

/// Decisions about the 8 steps of a word. Bit masks: one bit per neuron, of the first the lowest.
pub struct Decisions<W> {
    /// Neurons with exactly one spike, for each step.
    pub once: [u16; WORD_STEPS],
    /// Neurons with an open count, for each step. All others do not spike.
    pub open: [u16; WORD_STEPS],
    /// Counts of `once` of each neuron, 4 bits per step.
    pub counts: W,
}

/// Returns the random number of each neuron for step `slot` of a word, in the high half; the low half is arbitrary.
/// `random`: words of [`Simd::philox`].
#[inline(always)]
pub fn half_word<V: Simd>(random: &[V::Words; 4], slot: usize) -> V::Words {
    if slot < 4 { random[slot] << 16 } else { random[slot - 4] }
}

/// Leaves every candidate spike of `neurons` open.
#[inline(always)]
pub fn open_candidates<V: Simd>(
    tables: &CoarseTables,
    random: &[V::Words; 4],
    neurons: u16,
) -> Decisions<V::Words> {
    let mut open = [0; WORD_STEPS];
    for slot in 0..WORD_STEPS {
        let max = V::splat_u32(tables.max_candidate_word);
        open[slot] = V::le(half_word::<V>(random, slot), max).bits() as u16 & neurons;
    }
    Decisions { once: [0; WORD_STEPS], open, counts: V::splat_u32(0) }
}

/// Decides by the tables of `f32`. `soma`: somatic voltages of the 8 steps.
#[inline(always)]
pub fn decide_by_lookup<V: Simd>(
    tables: &CoarseTables,
    random: &[V::Words; 4],
    soma: &[Tile<f32>; WORD_STEPS],
    neurons: u16,
) -> Decisions<V::Words> {
    let neurons = V::Mask::from_bits(neurons.into());
    let (mut once, mut open) = ([0; WORD_STEPS], [0; WORD_STEPS]);
    let mut counts = V::splat_u32(0);
    for slot in 0..WORD_STEPS {
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

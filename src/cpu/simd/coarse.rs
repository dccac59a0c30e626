//! Coarse decisions about spike counts: for the 8 steps of a word and 16 neurons at once, from the highest bits of the
//! random numbers.

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
    /// Returns the count of a word without a candidate spike, 0; `None` for other words.
    pub fn by_candidates(&self, word: u32) -> Option<u32> {
        (word > self.max_candidate_word).then_some(0)
    }

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

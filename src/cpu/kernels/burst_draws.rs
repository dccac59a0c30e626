//! Random draws of bursts: whether a spike is a burst depends on the seed, the image, the step, the neuron and the index
//! of the spike in its step. Twin of functions of `shaders/draw_bursts.wgsl`.

use crate::interface::STEPS_PER_WORD;
use crate::model::spikes::{FRACTION_BITS, LOW16, upper16};
use crate::random::{RngStream, philox, philox_counter0};

/// Factor of the highest 24 bits of a random word.
pub const FRACTION_SCALE: f32 = 1.0 / (1 << FRACTION_BITS) as f32;
/// First bit of the index of a spike in the counters of its random words.
const SPIKE_INDEX_SHIFT: u32 = 16;
/// First bit of the index of a spike in the counters of low halves.
const LOW_HALF_INDEX_SHIFT: u32 = 20;

/// Source of the draws of a population for an image.
#[derive(Clone, Copy)]
pub struct BurstDraws {
    /// First word of the counters of random words.
    pub counter0: u32,
    /// First word of the counters of low halves.
    low_counter0: u32,
    /// Index of the image's presentation.
    pub draw_index: u32,
    /// Seed of the run, as [`crate::random::key`] returns it.
    pub key: [u32; 2],
}

/// Spike of a neuron at a step, and its burst probability `limit / odds`.
#[derive(Clone, Copy)]
pub struct DrawnSpike {
    /// Index of the neuron.
    pub unit: u32,
    /// Step from the start of the image.
    pub step: u32,
    /// Divisor of the burst probability.
    pub odds: f32,
    /// Dividend of the burst probability.
    pub limit: f32,
}

impl BurstDraws {
    /// Returns the draws of a population. `split`: a [`crate::random::Split`].
    pub fn new(key: [u32; 2], population: u32, split: u32, draw_index: u32) -> Self {
        let counter0 = |stream| philox_counter0(stream, population, split);
        BurstDraws {
            counter0: counter0(RngStream::Bursts),
            low_counter0: counter0(RngStream::BurstLowHalf),
            draw_index,
            key,
        }
    }

    /// Returns 1 if the spike of this index in its step is a burst, otherwise 0. The low half of its random word is drawn
    /// only if the high half does not decide.
    #[inline(never)]
    pub fn bursts(&self, spike: &DrawnSpike, index: u32) -> u32 {
        let random = |counter0: u32, word: u32| {
            philox([counter0, self.draw_index, spike.unit, word], self.key)
        };
        let slot = spike.step % STEPS_PER_WORD;
        let call = (spike.step / STEPS_PER_WORD) | (index << SPIKE_INDEX_SHIFT);
        let word = random(self.counter0, call)[slot as usize % 4];
        let half = if slot < 4 { word << (u32::BITS / 2) } else { word & !LOW16 };
        if spike.is_burst(half) == spike.is_burst(half | LOW16) {
            return u32::from(spike.is_burst(half));
        }
        let low = random(self.low_counter0, spike.step | (index << LOW_HALF_INDEX_SHIFT))[0];
        u32::from(spike.is_burst(half | upper16(low)))
    }
}

impl DrawnSpike {
    /// Whether a spike with this random word is a burst.
    fn is_burst(&self, word: u32) -> bool {
        let fraction = (word >> (u32::BITS - FRACTION_BITS)) as f32 * FRACTION_SCALE;
        fraction * self.odds < self.limit
    }
}

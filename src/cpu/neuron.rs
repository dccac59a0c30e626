//! What hidden and output neurons share: the draw of spikes.

use std::ops::Range;

use super::filter::Voltages;
use super::tile::{Tile, WIDTH, load, store};
use crate::layout::{COUNT_BITS, Constants, Lane, Minibatch, Part, Replica, STEPS_PER_WORD};
use crate::model::arithmetic::{SMALLEST_VOLTAGE, exp, flush};
use crate::model::spikes::{COUNT_MAX, FRACTION_BITS};
use crate::random::{Purpose, counter_head, philox, philox_units};

/// The voltages without what is next to zero. Done at the first step of every word: a voltage that
/// decays by no more than a hundred times a step does not get from there to subnormal numbers within
/// one word.
#[inline(always)]
pub fn flushed(soma: &Tile<f32>) -> Tile<f32> {
    let mut kept = [0.0; WIDTH];
    for i in 0..WIDTH {
        kept[i] = flush(soma[i], SMALLEST_VOLTAGE);
    }
    kept
}

/// Draws the spikes of one tile.
pub struct SpikeTile<'a> {
    constants: &'a Constants,
    replica: &'a Replica,
    head: u32,
    thinning_head: u32,
    position: u32,
    units: usize,
    start: usize,
}

impl<'a> SpikeTile<'a> {
    /// For the neurons from `start` on.
    #[inline(always)]
    pub fn new(
        constants: &'a Constants,
        replica: &'a Replica,
        part: &Part,
        minibatch: &Minibatch,
        lane: &Lane,
        start: usize,
    ) -> Self {
        SpikeTile {
            constants,
            replica,
            head: counter_head(Purpose::Spikes, part.population, minibatch.source),
            thinning_head: counter_head(Purpose::Thinning, part.population, minibatch.source),
            position: lane.position,
            units: part.units as usize,
            start,
        }
    }

    /// Draws the spikes of `steps`, which share a word, from the somatic voltages of each.
    /// `spikes`: `[past words + words, units]`.
    #[inline(always)]
    pub fn draw_word(&self, steps: Range<u32>, soma: &Voltages, spikes: &mut [u32]) {
        let word = steps.start / STEPS_PER_WORD;
        let row = (self.constants.past_words + word) as usize * self.units;
        let row = &mut spikes[row..][..self.units];
        let mut units = [self.start as u32; WIDTH];
        for (i, unit) in units.iter_mut().enumerate() {
            *unit += i as u32;
        }
        let quad = word * STEPS_PER_WORD / 4;
        let seed = self.replica.seed;
        // Closures may stay out of line, and then without the vector instructions of this version.
        let random = [
            philox_units(self.head, self.position, &units, quad, seed),
            philox_units(self.head, self.position, &units, quad + 1, seed),
        ];
        let is_begun = !steps.start.is_multiple_of(STEPS_PER_WORD);
        let mut counts = if is_begun { load(row, self.start) } else { [0; WIDTH] };
        // All steps of the word, so that the compiler knows their number; those outside are not used.
        let mut odds = [[0.0; WIDTH]; STEPS_PER_WORD as usize];
        for (odds, soma) in odds.iter_mut().zip(soma) {
            for i in 0..WIDTH {
                odds[i] = 1.0 + exp(-soma[i]);
            }
        }
        for (odds, step) in odds.iter().zip(steps) {
            let slot = step % STEPS_PER_WORD;
            let now = self.draw(&random.as_flattened()[slot as usize], odds, step);
            for i in 0..WIDTH {
                counts[i] |= now[i] << (slot * COUNT_BITS);
            }
        }
        store(row, self.start, &counts);
    }

    /// Spike counts of one step: candidates at rate `phi_max`, each kept with probability
    /// `1 / odds`, where `odds = 1 + exp(-C)`.
    #[inline(always)]
    fn draw(&self, words: &Tile<u32>, odds: &Tile<f32>, step: u32) -> Tile<u32> {
        let replica = self.replica;
        let [one, two, three, ..] = replica.candidates;
        let mut counts = [0; WIDTH];
        for i in 0..WIDTH {
            // Each is meaningless where there is another number of candidates: not used there.
            let place = words[i].wrapping_sub(two) >> replica.one_shift;
            let of_one = place as i32 as f32 * replica.one_scale * odds[i];
            let place = words[i].wrapping_sub(three) >> replica.two_shift;
            let of_two = place as i32 as f32 * replica.two_scale * odds[i] * odds[i];
            let kept_of_one = u32::from((words[i] < one) & (of_one < 1.0));
            let kept_of_two = u32::from(of_two < 1.0) + u32::from(of_two < 2.0 * odds[i] - 1.0);
            counts[i] = if words[i] < two { kept_of_two } else { kept_of_one };
        }
        let least = words.iter().fold(u32::MAX, |least, &word| least.min(word));
        if least < three {
            for i in 0..WIDTH {
                if words[i] < three {
                    counts[i] = self.thinned(words[i], odds[i], self.start + i, step);
                }
            }
        }
        counts
    }

    /// How many of three or more candidates are kept: each has a word of its own.
    fn thinned(&self, word: u32, odds: f32, unit: usize, step: u32) -> u32 {
        const SCALE: f32 = 1.0 / (1 << FRACTION_BITS) as f32;
        let candidates = &self.replica.candidates[..COUNT_MAX];
        let mut count = 0;
        let mut words = [0; 4];
        for (k, _) in candidates.iter().take_while(|&&limit| word < limit).enumerate() {
            if k % 4 == 0 {
                let index = step * 4 + k as u32 / 4;
                let counter = [self.thinning_head, self.position, unit as u32, index];
                words = philox(counter, self.replica.seed);
            }
            let fraction = (words[k % 4] >> (32 - FRACTION_BITS)) as f32 * SCALE;
            count += u32::from(fraction * odds < 1.0);
        }
        count
    }
}

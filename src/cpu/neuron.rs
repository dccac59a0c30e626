//! What hidden and output neurons share: the synaptic filter in the dendrite, and the draw of spikes.

use super::tile::{Tile, WIDTH, load, store};
use crate::layout::{COUNT_BITS, Constants, Lane, Minibatch, Part, STEPS_PER_WORD};
use crate::model::arithmetic::{SMALLEST_VOLTAGE, exp, flush};
use crate::model::spikes::{COUNT_MAX, FRACTION_BITS};
use crate::random::{Purpose, counter_head, philox, philox_units};

/// Filtered drive `(kappa * W n)` of the neurons from `start` on, at the step in row
/// `history + step` of `drive` `[history + block, units]`.
#[inline(always)]
pub fn filtered(
    constants: &Constants,
    units: usize,
    drive: &mut [f32],
    step: usize,
    start: usize,
) -> Tile<f32> {
    let history = constants.history as usize;
    let mut sum = [0.0; WIDTH];
    if constants.tap_count > 0 {
        for k in 0..constants.tap_count as usize {
            let row = &drive[(history + step - k) * units..][..units];
            let past = load(row, start);
            for i in 0..WIDTH {
                sum[i] += constants.taps[k] * past[i];
            }
        }
    } else {
        // Rows 0 and 1 hold the two traces of the uncut kernel.
        let now = load(&drive[(history + step) * units..][..units], start);
        let mut slow = load(&drive[..units], start);
        let mut fast = load(&drive[units..2 * units], start);
        for i in 0..WIDTH {
            slow[i] = flush(constants.decay_slow * slow[i] + now[i], SMALLEST_VOLTAGE);
            fast[i] = flush(constants.decay_fast * fast[i] + now[i], SMALLEST_VOLTAGE);
            sum[i] = constants.gain_slow * slow[i] - constants.gain_fast * fast[i];
        }
        store(&mut drive[..units], start, &slow);
        store(&mut drive[units..2 * units], start, &fast);
    }
    sum
}

/// Clears the past of a fresh lane.
#[inline(always)]
pub fn clear_history(constants: &Constants, units: usize, drive: &mut [f32]) {
    drive[..constants.history as usize * units].fill(0.0);
}

/// Moves the last drives of a block of `steps` steps to where the next block looks for its past.
#[inline(always)]
pub fn keep_history(constants: &Constants, units: usize, drive: &mut [f32], steps: usize) {
    if constants.tap_count > 0 {
        drive.copy_within(steps * units..(steps + constants.history as usize) * units, 0);
    }
}

/// Draws the spikes of one tile over a block of steps and packs them into words.
pub struct SpikeTile<'a> {
    constants: &'a Constants,
    head: u32,
    thinning_head: u32,
    position: u32,
    units: usize,
    first: u32,
    end: u32,
    start: usize,
    random: [Tile<u32>; 4],
    counts: Tile<u32>,
}

impl<'a> SpikeTile<'a> {
    /// For the neurons from `start` on, over the steps `part.first .. end`.
    #[inline(always)]
    pub fn new(
        constants: &'a Constants,
        part: &Part,
        minibatch: &Minibatch,
        lane: &Lane,
        end: u32,
        start: usize,
    ) -> Self {
        SpikeTile {
            constants,
            head: counter_head(Purpose::Spikes, part.population, minibatch.source),
            thinning_head: counter_head(Purpose::Thinning, part.population, minibatch.source),
            position: lane.position,
            units: part.units as usize,
            first: part.first,
            end,
            start,
            random: [[0; WIDTH]; 4],
            counts: [0; WIDTH],
        }
    }

    /// Draws the spikes of `step`; the steps come in order. `spikes`: `[past words +
    /// words, units]`.
    #[inline(always)]
    pub fn step(&mut self, step: u32, soma: &Tile<f32>, spikes: &mut [u32]) {
        let slot = step % STEPS_PER_WORD;
        let is_first = step == self.first;
        if step % 4 == 0 || is_first {
            let units = std::array::from_fn(|i| (self.start + i) as u32);
            let seed = self.constants.seed;
            self.random = philox_units(self.head, self.position, &units, step / 4, seed);
        }
        let word = (self.constants.past_words + step / STEPS_PER_WORD) as usize;
        let row = &mut spikes[word * self.units..][..self.units];
        if slot == 0 {
            self.counts = [0; WIDTH];
        } else if is_first {
            self.counts = load(row, self.start);
        }
        let now = self.draw(&self.random[(step % 4) as usize], soma, step);
        for i in 0..WIDTH {
            self.counts[i] |= now[i] << (slot * COUNT_BITS);
        }
        if slot + 1 == STEPS_PER_WORD || step + 1 == self.end {
            store(row, self.start, &self.counts);
        }
    }

    /// Spike counts of one step: candidates at rate `phi_max`, each kept with probability
    /// `sigma(C)`, that is where `fraction * (1 + exp(-C)) < 1`.
    #[inline(always)]
    fn draw(&self, words: &Tile<u32>, soma: &Tile<f32>, step: u32) -> Tile<u32> {
        let constants = self.constants;
        let [one, two] = [constants.candidates[0], constants.candidates[1]];
        let mut counts = [0; WIDTH];
        let mut odds = [0.0; WIDTH];
        let mut any_several = false;
        for i in 0..WIDTH {
            odds[i] = 1.0 + exp(-soma[i]);
            // Meaningless where there are several candidates, or none: not used there.
            let place = words[i].wrapping_sub(two) >> constants.fraction_shift;
            let fraction = place as i32 as f32 * constants.fraction_scale;
            counts[i] = u32::from((words[i] < one) & (fraction * odds[i] < 1.0));
            any_several |= words[i] < two;
        }
        if any_several {
            for i in 0..WIDTH {
                if words[i] < two {
                    counts[i] = self.thinned(words[i], odds[i], self.start + i, step);
                }
            }
        }
        counts
    }

    /// How many of two or more candidates are kept: each has a word of its own.
    fn thinned(&self, word: u32, odds: f32, unit: usize, step: u32) -> u32 {
        const SCALE: f32 = 1.0 / (1 << FRACTION_BITS) as f32;
        let candidates = &self.constants.candidates[..COUNT_MAX];
        let mut count = 0;
        let mut words = [0; 4];
        for (k, _) in candidates.iter().take_while(|&&limit| word < limit).enumerate() {
            if k % 4 == 0 {
                let index = step * 4 + k as u32 / 4;
                let counter = [self.thinning_head, self.position, unit as u32, index];
                words = philox(counter, self.constants.seed);
            }
            let fraction = (words[k % 4] >> (32 - FRACTION_BITS)) as f32 * SCALE;
            count += u32::from(fraction * odds < 1.0);
        }
        count
    }
}

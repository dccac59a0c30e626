//! What hidden and output neurons share: the synaptic filter in the dendrite, and the draw of spikes.

use std::ops::Range;

use super::tile::{Tile, WIDTH, load, load_padded, store};
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
    let now = (history + step) * units + start;
    match constants.tap_count {
        0 => {}
        // The usual number, so that the loop is unrolled.
        10 => return weighted(&constants.taps[..10], units, drive, now),
        count => return weighted(&constants.taps[..count as usize], units, drive, now),
    }
    let mut sum = [0.0; WIDTH];
    {
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

/// The drive at `now` and before, weighted by the taps, the newest first.
#[inline(always)]
fn weighted(taps: &[f32], units: usize, drive: &[f32], now: usize) -> Tile<f32> {
    let mut sum = [0.0; WIDTH];
    for (k, tap) in taps.iter().enumerate() {
        // A tile may reach into the next row: the drive is padded, and what does not belong to the
        // row is not stored.
        let past = load_padded(drive, now - k * units);
        for i in 0..WIDTH {
            sum[i] += tap * past[i];
        }
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

/// The steps of a block, word by word.
#[inline(always)]
pub fn words_of(steps: Range<u32>) -> impl Iterator<Item = Range<u32>> {
    let words = steps.start / STEPS_PER_WORD..steps.end.div_ceil(STEPS_PER_WORD);
    words.map(move |word| {
        let first = word * STEPS_PER_WORD;
        first.max(steps.start)..(first + STEPS_PER_WORD).min(steps.end)
    })
}

/// Voltages of a tile over the steps of one word.
pub type Voltages = [Tile<f32>; STEPS_PER_WORD as usize];

/// Draws the spikes of one tile.
pub struct SpikeTile<'a> {
    constants: &'a Constants,
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
        part: &Part,
        minibatch: &Minibatch,
        lane: &Lane,
        start: usize,
    ) -> Self {
        SpikeTile {
            constants,
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
        for i in 0..WIDTH {
            units[i] += i as u32;
        }
        let quad = word * STEPS_PER_WORD / 4;
        let seed = self.constants.seed;
        // Closures may stay out of line, and then without the vector instructions of this version.
        let random = [
            philox_units(self.head, self.position, &units, quad, seed),
            philox_units(self.head, self.position, &units, quad + 1, seed),
        ];
        let is_begun = steps.start % STEPS_PER_WORD != 0;
        let mut counts = if is_begun { load(row, self.start) } else { [0; WIDTH] };
        for (soma, step) in soma.iter().zip(steps) {
            let slot = step % STEPS_PER_WORD;
            let now = self.draw(&random.as_flattened()[slot as usize], soma, step);
            for i in 0..WIDTH {
                counts[i] |= now[i] << (slot * COUNT_BITS);
            }
        }
        store(row, self.start, &counts);
    }

    /// Spike counts of one step: candidates at rate `phi_max`, each kept with probability
    /// `sigma(C)`, that is where `fraction * (1 + exp(-C)) < 1`.
    #[inline(always)]
    fn draw(&self, words: &Tile<u32>, soma: &Tile<f32>, step: u32) -> Tile<u32> {
        let constants = self.constants;
        let [one, two] = [constants.candidates[0], constants.candidates[1]];
        let mut counts = [0; WIDTH];
        let mut odds = [0.0; WIDTH];
        let mut several = 0u32;
        for i in 0..WIDTH {
            odds[i] = 1.0 + exp(-soma[i]);
            // Meaningless where there are several candidates, or none: not used there.
            let place = words[i].wrapping_sub(two) >> constants.fraction_shift;
            let fraction = place as i32 as f32 * constants.fraction_scale;
            counts[i] = u32::from((words[i] < one) & (fraction * odds[i] < 1.0));
            several |= u32::from(words[i] < two) << i;
        }
        while several != 0 {
            let i = several.trailing_zeros() as usize;
            counts[i] = self.thinned(words[i], odds[i], self.start + i, step);
            several &= several - 1;
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

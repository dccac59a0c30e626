//! Sampling of the spikes of hidden and output neurons.

use std::ops::Range;

use crate::cpu::kernels::definition::StepContext;
use crate::cpu::simd::tiled::{LANES, Tile};
use crate::cpu::simd::{Mask, Simd};
use crate::cpu::spikes::list::words_covering;
use crate::cpu::spikes::mask::SpikeMaskSlice;
use crate::cpu::spikes::tables::{SpikeTables, UNDECIDED, thin_few};
use crate::interface::{COUNT_BITS, STEPS_PER_WORD};
use crate::model::exact_math::exp_exact;
use crate::model::spikes::{COUNT_MAX, FRACTION_BITS, LOW16, upper16};
use crate::random::{RngStream, counter0, philox};

/// Number of steps whose spike counts share a word.
pub const WORD_STEPS: usize = STEPS_PER_WORD as usize;

/// Sampler of a layer's spikes over a block of steps, tile by tile.
///
/// Each stage processes the whole block before the next begins, so a mispredicted branch in one stage does not stall
/// the others.
pub struct SpikeSampler<'a> {
    block: &'a StepContext<'a>,
    steps: Range<u32>,
    spike_mask: SpikeMaskSlice<'a>,
    rows: Rows,
}

/// Intermediate rows of one tile, one per step of the block, padded to a multiple of [`WORD_STEPS`] steps.
struct Rows {
    /// Random words; the high half is valid.
    words: Vec<[u32; LANES]>,
    /// Mask of the neurons whose count the coarse table leaves undecided.
    open: Vec<u16>,
}

impl<'a> SpikeSampler<'a> {
    /// Creates a sampler. `spike_mask`: mask of the slice of the layer, with capacity for the block.
    pub fn new(block: &'a StepContext<'a>, spike_mask: SpikeMaskSlice<'a>) -> Self {
        let steps = block.steps();
        let rows = steps.len().next_multiple_of(WORD_STEPS);
        let rows = Rows { words: vec![[0; LANES]; rows], open: vec![0; rows] };
        SpikeSampler { block, steps, spike_mask, rows }
    }

    /// Draws the spikes of one tile of the slice. `soma`: somatic voltages, `[steps]`; `spikes`: spike counts,
    /// `[history words + words]`.
    #[inline(always)]
    pub fn sample_tile<V: Simd>(
        &mut self,
        tile: usize,
        soma: &[Tile<f32>],
        spikes: &mut [Tile<u32>],
    ) {
        for (word, steps) in words_covering(&self.steps) {
            let random = self.random_words::<V>(tile, word);
            let counts = &mut spikes[(self.block.constants.history_words + word) as usize];
            let row = (steps.start - self.steps.start) as usize;
            let slot = (steps.start % STEPS_PER_WORD) as usize;
            // Nearly all words are complete; the constant range lets the compiler unroll the loop.
            if steps.len() == WORD_STEPS {
                self.decide_coarse::<V>(tile, row, 0..WORD_STEPS, &random, soma, counts);
            } else {
                self.decide_coarse::<V>(tile, row, slot..slot + steps.len(), &random, soma, counts);
            }
        }
        self.decide_remaining(tile, soma, spikes);
    }

    #[inline(always)]
    fn random_words<V: Simd>(&self, tile: usize, word: u32) -> [V::Words; 4] {
        let word0 = counter0(
            RngStream::Spikes,
            self.block.params.population,
            self.block.minibatch.rng_split,
        );
        V::philox(
            word0,
            self.block.sample.draw_index,
            self.spike_mask.padded_units(tile),
            word,
            self.block.replica.seed,
        )
    }

    /// Decides the counts that the coarse table determines, for the steps `slots` of a word. The first of them has row
    /// `row`.
    #[inline(always)]
    fn decide_coarse<V: Simd>(
        &mut self,
        tile: usize,
        row: usize,
        slots: Range<usize>,
        random: &[V::Words; 4],
        soma: &[Tile<f32>],
        counts: &mut [u32; LANES],
    ) {
        let SpikeTables { max_candidate_word, shift, no_spike_below, one_spike_above, .. } =
            self.block.spike_tables;
        let neurons = self.neurons(tile);
        let (start, count) = (slots.start, slots.len());
        let soma = &soma[row..][..count];
        let words = &mut self.rows.words[row..][..count];
        let open = &mut self.rows.open[row..][..count];
        let first = self.steps.start + row as u32;
        let mut spike_mask = self.spike_mask.tile_mask(tile);
        // Keep the counts that earlier launches drew in the same word.
        let mut sum = V::load_u32(counts) & V::splat_u32((1 << (start as u32 * COUNT_BITS)) - 1);
        for slot in slots {
            let row = slot - start;
            let random = random[slot % 4];
            // The low half of `high` is arbitrary.
            let high = if slot < 4 { random << 16 } else { random };
            let soma = V::load_f32(&soma[row]);
            let candidates = V::le(high, V::splat_u32(*max_candidate_word)) & neurons;
            let entry = high >> *shift;
            let once = V::lt(V::lookup(one_spike_above, entry), soma) & candidates;
            let none = V::lt(soma, V::lookup(no_spike_below, entry));
            V::store_u32(high, &mut words[row]);
            open[row] = (candidates & !none & !once) as u16;
            sum = V::masked_add(sum, once, V::splat_u32(1 << (slot as u32 * COUNT_BITS)));
            spike_mask.set(first + row as u32, once as u16, 0);
        }
        V::store_u32(sum, counts);
    }

    /// Returns the mask of the tile's lanes that hold neurons.
    #[inline(always)]
    fn neurons(&self, tile: usize) -> Mask {
        (1 << self.spike_mask.units(tile).len()) - 1
    }

    /// Decides the counts that the coarse table left undecided, by the fine table or the exact rule.
    #[inline(always)]
    fn decide_remaining(&mut self, tile: usize, soma: &[Tile<f32>], spikes: &mut [Tile<u32>]) {
        for chunk in 0..self.rows.open.len() / WORD_STEPS {
            let rows = &self.rows.open[chunk * WORD_STEPS..][..WORD_STEPS];
            let mut open = 0;
            for row in (0..WORD_STEPS).rev() {
                open = open << LANES | u128::from(rows[row]);
            }
            while open != 0 {
                let place = open.trailing_zeros() as usize;
                open &= open - 1;
                let (row, i) = (chunk * WORD_STEPS + place / LANES, place % LANES);
                let step = self.steps.start + row as u32;
                let (word, soma) = (self.rows.words[row][i], soma[row][i]);
                let mut count = self.block.spike_tables.count(word, soma);
                if count == UNDECIDED {
                    let unit = self.spike_mask.padded_units(tile)[i];
                    count = self.exact_count(word & !LOW16, soma, unit, step);
                }
                let word = &mut spikes
                    [(self.block.constants.history_words + step / STEPS_PER_WORD) as usize];
                word[i] |= count << (step % STEPS_PER_WORD * COUNT_BITS);
                self.spike_mask.tile_mask(tile).add(step, i, count);
            }
        }
    }

    /// Returns the spike count of one step by the exact rule. `high`: the step's random word with a zero low half. The
    /// low half is drawn only if the high half does not determine the count, which is rare.
    #[cold]
    fn exact_count(&self, high: u32, soma: f32, unit: u32, step: u32) -> u32 {
        let [one, two, three, ..] = self.block.replica.candidate_thresholds;
        if high > one {
            return 0;
        }
        let odds = 1.0 + exp_exact(-soma);
        let is_limit = high <= three || high == two & !LOW16 || high == one & !LOW16;
        if !is_limit {
            let count = thin_few(self.block.replica, high, odds);
            if count == thin_few(self.block.replica, high | LOW16, odds) {
                return count;
            }
        }
        let word = high | self.low_half(unit, step);
        if word >= one {
            0
        } else if word >= three {
            thin_few(self.block.replica, word, odds)
        } else {
            self.thin_many(word, odds, unit, step)
        }
    }

    fn low_half(&self, unit: u32, step: u32) -> u32 {
        let word0 = counter0(
            RngStream::LowHalf,
            self.block.params.population,
            self.block.minibatch.rng_split,
        );
        upper16(
            philox([word0, self.block.sample.draw_index, unit, step], self.block.replica.seed)[0],
        )
    }

    /// Returns how many of three or more candidates are kept; each has its own random word.
    fn thin_many(&self, word: u32, odds: f32, unit: u32, step: u32) -> u32 {
        const SCALE: f32 = 1.0 / (1 << FRACTION_BITS) as f32;
        let word0 = counter0(
            RngStream::Thinning,
            self.block.params.population,
            self.block.minibatch.rng_split,
        );
        let candidates = &self.block.replica.candidate_thresholds[..COUNT_MAX];
        let mut count = 0;
        let mut words = [0; 4];
        for (k, _) in candidates.iter().take_while(|&&limit| word < limit).enumerate() {
            if k % 4 == 0 {
                let index = step * 4 + k as u32 / 4;
                words = philox(
                    [word0, self.block.sample.draw_index, unit, index],
                    self.block.replica.seed,
                );
            }
            let fraction = (words[k % 4] >> (32 - FRACTION_BITS)) as f32 * SCALE;
            count += u32::from(fraction * odds < 1.0);
        }
        count
    }
}

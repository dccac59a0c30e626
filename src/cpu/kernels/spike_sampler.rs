//! Random spikes of hidden and output neurons. Twin of `shaders/shared/spike_sampler.wgsl`.

use std::ops::Range;

use crate::cpu::kernels::definition::StepContext;
use crate::cpu::simd::tiled::{LANES, Tile};
use crate::cpu::simd::{Mask, Simd};
use crate::cpu::spikes::WORD_STEPS;
use crate::cpu::spikes::list::words_covering;
use crate::cpu::spikes::mask::SpikeMaskSlice;
use crate::cpu::spikes::tables::{SpikeTables, UNDECIDED, thin_few};
use crate::interface::{COUNT_BITS, STEPS_PER_WORD};
use crate::model::exact_math::exp_exact;
use crate::model::spikes::{COUNT_MAX, FRACTION_BITS, LOW16, upper16};
use crate::random::{RngStream, philox, philox_counter0};

/// Sampler of a layer's spikes over the steps of a launch, tile by tile.
///
/// Each stage processes all steps before the next stage begins. So a mispredicted branch in one stage does not stall
/// the others.
pub struct SpikeSampler<'a> {
    context: &'a StepContext<'a>,
    steps: Range<u32>,
    spike_mask: SpikeMaskSlice<'a>,
    rows: Rows,
}

/// Intermediate rows of one tile, one per step, padded to a multiple of [`WORD_STEPS`] steps.
struct Rows {
    /// Random words; only the high half is valid.
    words: Vec<[u32; LANES]>,
    /// Mask of the neurons whose count the coarse table leaves undecided.
    open: Vec<u16>,
}

impl<'a> SpikeSampler<'a> {
    /// Creates a sampler. `spike_mask`: mask of the slice of the layer, with capacity for the steps.
    pub fn new(context: &'a StepContext<'a>, spike_mask: SpikeMaskSlice<'a>) -> Self {
        let steps = context.steps();
        let rows = steps.len().next_multiple_of(WORD_STEPS);
        let rows = Rows { words: vec![[0; LANES]; rows], open: vec![0; rows] };
        SpikeSampler { context, steps, spike_mask, rows }
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
            let counts = &mut spikes[(self.context.constants.history_words + word) as usize];
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
        let counter0 = philox_counter0(
            RngStream::Spikes,
            self.context.params.population,
            self.context.minibatch.rng_split,
        );
        V::philox(
            counter0,
            self.context.sample.draw_index,
            self.spike_mask.padded_units(tile),
            word,
            self.context.replica.seed,
        )
    }

    /// Writes the counts that the coarse table decides, for the steps `slots` of a word. `row`: row of the first step.
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
            self.context.spike_tables;
        let neurons = V::Mask::from_bits(self.neurons(tile));
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
            open[row] = candidates.and_not(none).and_not(once).bits() as u16;
            sum = V::masked_add(sum, once, V::splat_u32(1 << (slot as u32 * COUNT_BITS)));
            spike_mask.set(first + row as u32, once.bits() as u16, 0);
        }
        V::store_u32(sum, counts);
    }

    /// Returns the mask of the tile's lanes that hold neurons.
    #[inline(always)]
    fn neurons(&self, tile: usize) -> u32 {
        (1 << self.spike_mask.units(tile).len()) - 1
    }

    /// Adds the counts that the coarse table left undecided, by the fine table or the exact rule.
    #[inline(always)]
    fn decide_remaining(&mut self, tile: usize, soma: &[Tile<f32>], spikes: &mut [Tile<u32>]) {
        for chunk in 0..self.rows.open.len() / WORD_STEPS {
            let rows = &self.rows.open[chunk * WORD_STEPS..][..WORD_STEPS];
            let mut open = 0;
            for row in (0..WORD_STEPS).rev() {
                open = open << LANES | u128::from(rows[row]);
            }
            while open != 0 {
                let bit = open.trailing_zeros() as usize;
                open &= open - 1;
                let (row, i) = (chunk * WORD_STEPS + bit / LANES, bit % LANES);
                let step = self.steps.start + row as u32;
                let (word, soma) = (self.rows.words[row][i], soma[row][i]);
                let mut count = self.context.spike_tables.count(word, soma);
                if count == UNDECIDED {
                    let unit = self.spike_mask.padded_units(tile)[i];
                    count = self.sample_spike_count(word & !LOW16, soma, unit, step);
                }
                let word = &mut spikes
                    [(self.context.constants.history_words + step / STEPS_PER_WORD) as usize];
                word[i] |= count << (step % STEPS_PER_WORD * COUNT_BITS);
                self.spike_mask.tile_mask(tile).add(step, i, count);
            }
        }
    }

    /// Returns the spike count of one step: candidates at rate `phi_max`, each kept with probability
    /// `1 / (1 + exp(-C))`. `half`: the step's random word with a zero low half. The low half is drawn only if the high
    /// half does not decide the count, which is rare.
    #[cold]
    fn sample_spike_count(&self, half: u32, soma: f32, unit: u32, step: u32) -> u32 {
        let [one, two, three, ..] = self.context.replica.candidate_thresholds;
        if half > one {
            return 0;
        }
        let odds = 1.0 + exp_exact(-soma);
        let needs_word = half <= three || half == two & !LOW16 || half == one & !LOW16;
        if !needs_word {
            let count = thin_few(self.context.replica, half, odds);
            if count == thin_few(self.context.replica, half | LOW16, odds) {
                return count;
            }
        }
        let word = half | self.lower16(unit, step);
        if word >= one {
            0
        } else if word >= three {
            thin_few(self.context.replica, word, odds)
        } else {
            self.thin_many(word, odds, unit, step)
        }
    }

    /// Returns the low half of a step's random word.
    fn lower16(&self, unit: u32, step: u32) -> u32 {
        let counter0 = philox_counter0(
            RngStream::LowHalf,
            self.context.params.population,
            self.context.minibatch.rng_split,
        );
        upper16(
            philox(
                [counter0, self.context.sample.draw_index, unit, step],
                self.context.replica.seed,
            )[0],
        )
    }

    /// Returns the number of kept candidates, for three or more. Each candidate uses its own random word.
    fn thin_many(&self, word: u32, odds: f32, unit: u32, step: u32) -> u32 {
        const SCALE: f32 = 1.0 / (1 << FRACTION_BITS) as f32;
        let counter0 = philox_counter0(
            RngStream::Thinning,
            self.context.params.population,
            self.context.minibatch.rng_split,
        );
        let candidates = &self.context.replica.candidate_thresholds[..COUNT_MAX];
        let mut count = 0;
        let mut words = [0; 4];
        for (k, _) in candidates.iter().take_while(|&&limit| word < limit).enumerate() {
            if k % 4 == 0 {
                let index = step * 4 + k as u32 / 4;
                words = philox(
                    [counter0, self.context.sample.draw_index, unit, index],
                    self.context.replica.seed,
                );
            }
            let uniform01 = (words[k % 4] >> (32 - FRACTION_BITS)) as f32 * SCALE;
            count += u32::from(uniform01 * odds < 1.0);
        }
        count
    }
}

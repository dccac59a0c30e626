//! Random spikes of hidden and output neurons. Twin of `shaders/shared/spike_sampler.wgsl`.

use std::ops::Range;

use crate::cpu::kernels::definition::StepContext;
use crate::cpu::kernels::shared_words::{PhiloxArguments, SharedWords};
use crate::cpu::simd::Simd;
use crate::cpu::simd::decide::decide_few;
use crate::cpu::simd::tiled::{LANES, Tile};
use crate::cpu::spikes::WORD_STEPS;
use crate::cpu::spikes::mask::SpikeMaskSlice;
use crate::cpu::spikes::steps::words_covering;
use crate::cpu::spikes::tables::{UNDECIDED, thin_few};
use crate::interface::{COUNT_BITS, STEPS_PER_WORD};
use crate::model::exact_math::exp_exact;
use crate::model::spikes::{COUNT_MAX, FRACTION_BITS, LOW16, upper16};
use crate::random::{RngStream, philox, philox_counter0};

/// Number of rows whose undecided counts are listed at once.
const OPEN_ROWS: usize = 4;
/// Number of undecided counts that are listed without a check for the last. Few groups of rows have more.
const OPEN_AT_ONCE: usize = 3;

/// Sampler of a layer's spikes over the steps of a launch, tile by tile.
///
/// Each stage processes all steps before the next stage begins. So a mispredicted branch in one stage does not stall
/// the others.
pub struct SpikeSampler<'a> {
    context: &'a StepContext<'a>,
    steps: Range<u32>,
    spike_mask: SpikeMaskSlice<'a>,
    rows: &'a mut Rows,
    /// Random words that the launch shares with others, see [`SharedWords::of_launch`].
    shared: Option<&'a mut SharedWords>,
}

/// Intermediate results of one tile.
#[derive(Default)]
pub struct Rows {
    /// Random words of [`Simd::philox`], per word of steps.
    random: Vec<[[u32; LANES]; 4]>,
    /// Mask of the neurons whose count the coarse tables leave open, for each step of a word.
    open: Vec<[u16; WORD_STEPS]>,
    /// Positions of these counts, `step * 16 + lane`, then unused capacity.
    positions: Vec<u32>,
}

impl Rows {
    /// Sets the number of words of steps. The content is arbitrary.
    fn resize(&mut self, words: usize) {
        self.random.resize(words, [[0; LANES]; 4]);
        self.open.resize(words, [0; WORD_STEPS]);
        self.positions.resize(words * WORD_STEPS * LANES + OPEN_AT_ONCE, 0);
    }
}

impl<'a> SpikeSampler<'a> {
    /// Creates a sampler. `spike_mask`: mask of the slice of the layer, with capacity for the steps; `shared`: random words
    /// that the thread keeps, of each population.
    pub fn new(
        context: &'a StepContext<'a>,
        spike_mask: SpikeMaskSlice<'a>,
        rows: &'a mut Rows,
        shared: &'a mut Vec<SharedWords>,
    ) -> Self {
        let steps = context.steps();
        rows.resize(words_covering(&steps).count());
        let shared = SharedWords::of_launch(context, &spike_mask, shared);
        SpikeSampler { context, steps, spike_mask, rows, shared }
    }

    /// Draws the spikes of one tile of the slice. `soma`: somatic voltages, `[8 * words]`; `spikes`: spike counts,
    /// `[history words + words]`.
    #[inline(always)]
    pub fn sample_tile<V: Simd>(
        &mut self,
        tile: usize,
        soma: &[[Tile<f32>; WORD_STEPS]],
        spikes: &mut [Tile<u32>],
    ) {
        for (index, (word, steps)) in words_covering(&self.steps).enumerate() {
            let counts = &mut spikes[(self.context.constants.history_words + word) as usize];
            self.decide_coarse::<V>(tile, index, steps, &soma[index], counts);
        }
        self.decide_remaining(tile, soma.as_flattened(), spikes);
    }

    #[inline(always)]
    fn random_words<V: Simd>(&mut self, tile: usize, word: u32) -> [V::Words; 4] {
        let arguments = PhiloxArguments::new(self.context, word);
        let units = self.spike_mask.padded_units(tile);
        match &mut self.shared {
            Some(shared) => shared.words::<V>(tile, arguments, units),
            None => arguments.draw::<V>(units),
        }
    }

    /// Writes the counts that the coarse tables decide, for the `steps` of a word. `index`: of the word in the launch.
    #[inline(always)]
    fn decide_coarse<V: Simd>(
        &mut self,
        tile: usize,
        index: usize,
        steps: Range<u32>,
        soma: &[Tile<f32>; WORD_STEPS],
        counts: &mut [u32; LANES],
    ) {
        let word = steps.start / STEPS_PER_WORD;
        let first = word * STEPS_PER_WORD;
        let slots = (steps.start - first) as usize..(steps.end - first) as usize;
        let random = self.random_words::<V>(tile, word);
        let rows = &mut self.rows.random[index];
        for i in 0..4 {
            V::store_u32(random[i], &mut rows[i]);
        }
        let (tables, neurons) = (&self.context.spike_tables.coarse, self.neurons(tile));
        let decisions = if slots.len() >= WORD_STEPS / 2 {
            V::decide(tables, &random, soma, neurons)
        } else {
            decide_few::<V>(tables, &random, soma, slots.clone(), neurons)
        };
        let mut spike_mask = self.spike_mask.tile_mask(tile);
        let open = &mut self.rows.open[index];
        if slots.len() == WORD_STEPS {
            V::store_u32(decisions.counts, counts);
            *open = decisions.open;
            for slot in 0..WORD_STEPS {
                spike_mask.set(first + slot as u32, decisions.once[slot], 0);
            }
            return;
        }
        // Keep the counts that earlier launches drew in the same word.
        let earlier = (1 << (slots.start as u32 * COUNT_BITS)) - 1;
        let later = (1u64 << (slots.end as u32 * COUNT_BITS)) - 1;
        let drawn = decisions.counts & V::splat_u32(later as u32 & !earlier);
        V::store_u32(V::load_u32(counts) & V::splat_u32(earlier) | drawn, counts);
        *open = [0; WORD_STEPS];
        for slot in slots {
            spike_mask.set(first + slot as u32, decisions.once[slot], 0);
            open[slot] = decisions.open[slot];
        }
    }

    /// Returns the mask of the tile's lanes that hold neurons.
    #[inline(always)]
    fn neurons(&self, tile: usize) -> u16 {
        ((1u32 << self.spike_mask.units(tile).len()) - 1) as u16
    }

    /// Adds the counts that the coarse table left undecided, by the fine table or the exact rule.
    #[inline(always)]
    fn decide_remaining(&mut self, tile: usize, soma: &[Tile<f32>], spikes: &mut [Tile<u32>]) {
        let first = self.steps.start / STEPS_PER_WORD * STEPS_PER_WORD;
        let count = list_open(self.rows.open.as_flattened(), &mut self.rows.positions);
        let random = self.rows.random.as_flattened().as_flattened();
        for &position in &self.rows.positions[..count] {
            let (slot, i) = (position / LANES as u32, position as usize % LANES);
            let step = first + slot;
            // Two steps share a row of words: `slot` and `slot + 4`.
            let row = slot / STEPS_PER_WORD * 4 + slot % 4;
            let shift = if slot % STEPS_PER_WORD < 4 { 16 } else { 0 };
            let word = random[row as usize * LANES + i] << shift;
            let soma = soma[slot as usize][i];
            let mut count = self.context.spike_tables.count(word, soma);
            if count == UNDECIDED {
                let unit = self.spike_mask.padded_units(tile)[i];
                count = self.sample_spike_count(word & !LOW16, soma, unit, step);
            }
            let word = (self.context.constants.history_words + step / STEPS_PER_WORD) as usize;
            spikes[word][i] |= count << (step % STEPS_PER_WORD * COUNT_BITS);
            self.spike_mask.tile_mask(tile).add(step, i, count);
        }
    }

    /// Returns the spike count of one step: candidates at rate `phi_max`, each kept with probability
    /// `1 / (1 + exp(-C))`. `half`: the step's random word with a zero low half. The low half is drawn only if the high
    /// half does not decide the count, which is rare.
    #[cold]
    fn sample_spike_count(&self, half: u32, soma: f32, unit: u32, step: u32) -> u32 {
        let thresholds = self.context.replica.candidate_thresholds;
        let [one, _, three, ..] = thresholds;
        if half > one {
            return 0;
        }
        let odds = 1.0 + exp_exact(-soma);
        let is_open = thresholds.iter().any(|&limit| upper16(limit) == upper16(half));
        if half >= three && !is_open {
            let count = thin_few(self.context.replica, half, odds);
            if count == thin_few(self.context.replica, half | LOW16, odds) {
                return count;
            }
        }
        // Three candidates and more have random words of their own.
        let needs_low = is_open || half >= three;
        let word = if needs_low { half | self.lower16(unit, step) } else { half };
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

/// Lists the positions of the undecided counts and returns their number. `open`: masks of the steps, padded to whole
/// words.
#[inline(always)]
#[expect(clippy::needless_range_loop, reason = "iterators are not inlined here")]
fn list_open(open: &[u16], positions: &mut [u32]) -> usize {
    let chunks = open.as_chunks::<OPEN_ROWS>().0;
    let mut end = 0;
    for chunk in 0..chunks.len() {
        let [a, b, c, d] = chunks[chunk];
        let mut open = u64::from(a) | u64::from(b) << 16 | u64::from(c) << 32 | u64::from(d) << 48;
        let first = (chunk * OPEN_ROWS * LANES) as u32;
        let next = end + open.count_ones() as usize;
        // The loop checks for the end only once per `OPEN_AT_ONCE` positions, because that branch is unpredictable.
        loop {
            let places = &mut positions[end..][..OPEN_AT_ONCE];
            for i in 0..OPEN_AT_ONCE {
                places[i] = first + open.trailing_zeros();
                open &= open.wrapping_sub(1);
            }
            end += OPEN_AT_ONCE;
            if open == 0 {
                break;
            }
        }
        end = next;
    }
    end
}

//! Draws the input's spikes from an image: Poisson counts with mean `phi_max * pixel` per step.

use crate::cpu::kernels::definition::{
    Columns, CpuFunction, KernelDefinition, PreparedLaunch, SampleContext, Scope,
};
use crate::cpu::simd::tiled::{LANES, Tile};
use crate::cpu::simd::width::simd_versions;
use crate::cpu::simd::{Mask, Simd};
use crate::cpu::spikes::mask::{SpikeMaskSlice, TileMask};
use crate::cpu::state::SampleState;
use crate::interface::{ArrayId, BatchParams, COUNT_BITS, ReplicaParams, STEPS_PER_WORD, Sample};
use crate::model::spikes::{LOW16, THRESHOLDS, upper16};
use crate::random::{RngStream, philox, philox_counter0};

/// Definition of the kernel.
pub const DEFINITION: KernelDefinition = KernelDefinition {
    equation: "`n` Poisson with mean `φ_max p`",
    scope: Scope::Input,
    runs_on: |shape, _| shape.events.is_none(),
    reads: |_, _| vec![ArrayId::InputThresholds, ArrayId::Images],
    writes: |_| vec![ArrayId::Spikes(0)],
    columns: |_| Columns::None,
    threads: |grid| [grid.shape.populations[0] as u32, grid.launch.count_words()],
    cpu: CpuFunction::Sample(run),
};

simd_versions! {
    /// Draws the spikes of the launch's steps. `input_thresholds`: `[256, 16]`; `image`: pixels, `[units]`;
    /// `spikes`: spike counts, `[history words + words, units]`; `spike_mask`: mask of the same spikes.
    fn run(
        state: &mut SampleState,
        context: &SampleContext,
        prepared: &PreparedLaunch,
    ) = draw_spikes;
}

#[inline(always)]
fn draw_spikes<V: Simd>(
    state: &mut SampleState,
    context: &SampleContext,
    prepared: &PreparedLaunch,
) {
    let SampleContext { constants, replica, minibatch, replica_state, sample, image, .. } =
        *context;
    let (input_thresholds, params) = (&replica_state.input_thresholds, &prepared.params);
    let (spikes, spike_mask) = (&mut state.spikes[0], &mut state.spike_mask[0]);
    if minibatch.draws_spikes == 0 {
        return;
    }
    let steps = params.first_step..sample.steps().min(params.first_step + params.step_count);
    let words = steps.start / STEPS_PER_WORD..steps.end.div_ceil(STEPS_PER_WORD);
    let past = constants.history_words;
    for rows in spikes.iter_tiles_mut() {
        let words = (past + words.start) as usize..(past + words.end) as usize;
        for row in &mut rows[words] {
            *row = Tile([0; LANES]);
        }
    }
    // Black pixels never spike; the others are packed into tiles.
    spike_mask.set_active(image[..params.units as usize].iter().map(|&pixel| pixel > 0));
    for mut spike_mask in spike_mask.reserve_steps(&steps, 1) {
        for tile in 0..spike_mask.tiles() {
            let pixels = PixelTile::new(
                replica,
                minibatch,
                sample,
                input_thresholds,
                image,
                &spike_mask,
                tile,
            );
            let mut bits = spike_mask.tile_mask(tile);
            for word in words.clone() {
                let first = word * STEPS_PER_WORD;
                let end = steps.end.min(first + STEPS_PER_WORD);
                let counts = pixels.draw_word::<V>(first, end, &mut bits);
                for (&pixel, &count) in pixels.pixels[..pixels.count].iter().zip(&counts) {
                    let pixel = pixel as usize;
                    spikes.tile_rows_mut(pixel / LANES)[(past + word) as usize][pixel % LANES] =
                        count;
                }
            }
        }
    }
}

/// Tile of up to 16 pixels that are not black.
struct PixelTile<'a> {
    replica: &'a ReplicaParams,
    rng_split: u32,
    draw_index: u32,
    input_thresholds: &'a [u32],
    image: &'a [u8],
    pixels: [u32; LANES],
    /// Number of valid entries of `pixels`.
    count: usize,
    /// Largest random words that give at least one, two and three spikes, or 0, `[3, 16]`.
    largest: [[u32; LANES]; 3],
}

impl<'a> PixelTile<'a> {
    #[inline(always)]
    fn new(
        replica: &'a ReplicaParams,
        minibatch: &BatchParams,
        sample: &Sample,
        input_thresholds: &'a [u32],
        image: &'a [u8],
        spike_mask: &SpikeMaskSlice,
        tile: usize,
    ) -> Self {
        let pixels = spike_mask.units(tile);
        let mut largest = [[0; LANES]; 3];
        for (i, &pixel) in pixels.iter().enumerate() {
            let limits = limits(input_thresholds, image[pixel as usize]);
            for (k, limit) in limits.enumerate().take(largest.len()) {
                largest[k][i] = limit.saturating_sub(1);
            }
        }
        PixelTile {
            replica,
            rng_split: minibatch.rng_split,
            draw_index: sample.draw_index,
            input_thresholds,
            image,
            pixels: *spike_mask.padded_units(tile),
            count: pixels.len(),
            largest,
        }
    }

    /// Draws the counts of the steps `first .. end`, which share a word, and sets their bits in the mask.
    #[inline(always)]
    fn draw_word<V: Simd>(&self, first: u32, end: u32, spike_mask: &mut TileMask) -> [u32; LANES] {
        let counter0 = philox_counter0(RngStream::Spikes, 0, self.rng_split);
        let index = first / STEPS_PER_WORD;
        let random = V::philox(counter0, self.draw_index, &self.pixels, index, self.replica.seed);
        let [max_ge1, max_ge2, max_ge3] = &self.largest;
        let (max_ge1, max_ge2, max_ge3) =
            (V::load_u32(max_ge1), V::load_u32(max_ge2), V::load_u32(max_ge3));
        let mut counts = V::splat_u32(0);
        let mut open = [0; STEPS_PER_WORD as usize];
        let mut any_open = 0;
        for (slot, step) in (0..).zip(first..end) {
            let word = random[(slot % 4) as usize];
            // The high half leaves about one pixel in 65,536 undecided. Three spikes are nearly as rare.
            let low = if slot < 4 { word << 16 } else { word & V::splat_u32(!LOW16) };
            let high = low | V::splat_u32(LOW16);
            let (once, maybe_once) = (V::le(high, max_ge1), V::le(low, max_ge1));
            let (twice, maybe_twice) = (V::le(high, max_ge2), V::le(low, max_ge2));
            let undecided = (once ^ maybe_once) | (twice ^ maybe_twice) | V::le(low, max_ge3);
            let (once, twice) = (once.and_not(undecided), twice.and_not(undecided));
            let undecided = undecided.bits();
            let one = V::splat_u32(1 << (slot * COUNT_BITS));
            counts = V::masked_add(V::masked_add(counts, once, one), twice, one);
            spike_mask.set(step, once.bits() as u16, twice.bits() as u16);
            open[slot as usize] = undecided;
            any_open |= undecided;
        }
        let mut words = [0; LANES];
        V::store_u32(counts, &mut words);
        if any_open != 0 {
            let mut random_words = [[0; LANES]; 4];
            for (words, random) in random_words.iter_mut().zip(random) {
                V::store_u32(random, words);
            }
            self.decide_remaining(&random_words, &open, first, &mut words, spike_mask);
        }
        words
    }

    /// Adds the counts of the undecided pixels of each step to `words`, and their bits to the mask.
    #[cold]
    fn decide_remaining(
        &self,
        random: &[[u32; LANES]; 4],
        open: &[u32; STEPS_PER_WORD as usize],
        first: u32,
        words: &mut [u32; LANES],
        spike_mask: &mut TileMask,
    ) {
        for (slot, open) in open.iter().enumerate() {
            for i in (0..self.count).filter(|i| open >> i & 1 == 1) {
                let word = random[slot % 4][i];
                let high = if slot < 4 { word << 16 } else { word & !LOW16 };
                let step = first + slot as u32;
                let count = self.count_from_halfword(high, self.pixels[i], step);
                words[i] |= count << (slot as u32 * COUNT_BITS);
                spike_mask.add(step, i, count);
            }
        }
    }

    /// Returns the spike count of a pixel at a step. The low half of the random word is drawn only if the high half
    /// does not decide the count.
    fn count_from_halfword(&self, half: u32, pixel: u32, step: u32) -> u32 {
        let limits = limits(self.input_thresholds, self.image[pixel as usize]);
        let is_open = limits.clone().any(|limit| upper16(limit) == upper16(half));
        let word = if is_open {
            let counter0 = philox_counter0(RngStream::LowHalf, 0, self.rng_split);
            let counter = [counter0, self.draw_index, pixel, step];
            half | upper16(philox(counter, self.replica.seed)[0])
        } else {
            half
        };
        limits.filter(|&limit| word < limit).count() as u32
    }
}

/// Returns the nonzero thresholds of a pixel value: a random word below the `k`-th gives at least `k` spikes.
fn limits(input_thresholds: &[u32], level: u8) -> impl Iterator<Item = u32> + Clone + '_ {
    let of_level = &input_thresholds[usize::from(level) * THRESHOLDS..][..THRESHOLDS];
    of_level.iter().copied().take_while(|&limit| limit > 0)
}

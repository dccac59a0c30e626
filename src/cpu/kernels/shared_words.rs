//! Random words of spikes. Eight steps draw their spikes from the same words, so launches of single steps share them.

use super::definition::StepContext;
use crate::cpu::simd::Simd;
use crate::cpu::simd::tiled::LANES;
use crate::cpu::spikes::WORD_STEPS;
use crate::cpu::spikes::mask::SpikeMaskSlice;
use crate::cpu::spikes::steps::words_covering;
use crate::random::{RngStream, philox_counter0};

/// Arguments of [`Simd::philox`] for the spikes of eight steps, without the units.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct PhiloxArguments {
    counter0: u32,
    draw_index: u32,
    word: u32,
    seed: [u32; 2],
}

impl PhiloxArguments {
    #[inline(always)]
    pub fn new(context: &StepContext, word: u32) -> Self {
        let &StepContext { params, minibatch, sample, replica, .. } = context;
        PhiloxArguments {
            counter0: philox_counter0(RngStream::Spikes, params.population, minibatch.rng_split),
            draw_index: sample.draw_index,
            word,
            seed: replica.seed,
        }
    }

    /// Draws the words of a tile.
    #[inline(always)]
    pub fn draw<V: Simd>(self, units: &[u32; LANES]) -> [V::Words; 4] {
        V::philox(self.counter0, self.draw_index, units, self.word, self.seed)
    }
}

/// Random words of a slice of tiles for eight steps, kept by a thread from launch to launch.
#[derive(Default)]
pub struct SharedWords {
    /// Arguments with which the words are drawn, and first unit of the slice.
    key: Option<(PhiloxArguments, u32)>,
    /// Whether an earlier launch has drawn the words.
    is_drawn: bool,
    tiles: Vec<[[u32; LANES]; 4]>,
}

impl SharedWords {
    /// Returns the words of a launch that draws spikes of less than eight steps; `None` for other launches. `kept`: words
    /// of each population. If the arguments differ from those of the kept words, the launch draws those of all its tiles.
    pub fn of_launch<'a>(
        context: &StepContext,
        spike_mask: &SpikeMaskSlice,
        kept: &'a mut Vec<SharedWords>,
    ) -> Option<&'a mut Self> {
        let steps = context.steps();
        let (word, _) = words_covering(&steps).next()?;
        let is_partial = steps.len() < WORD_STEPS && words_covering(&steps).count() == 1;
        if !is_partial || context.minibatch.draws_spikes == 0 {
            return None;
        }
        let population = context.params.population as usize;
        if kept.len() <= population {
            kept.resize_with(population + 1, SharedWords::default);
        }
        let shared = &mut kept[population];
        let key = Some((PhiloxArguments::new(context, word), spike_mask.padded_units(0)[0]));
        shared.is_drawn = shared.key == key && shared.tiles.len() == spike_mask.tiles();
        shared.key = key;
        shared.tiles.resize(spike_mask.tiles(), [[0; LANES]; 4]);
        Some(shared)
    }

    /// Returns the words of a tile.
    #[inline(always)]
    pub fn words<V: Simd>(
        &mut self,
        tile: usize,
        arguments: PhiloxArguments,
        units: &[u32; LANES],
    ) -> [V::Words; 4] {
        let rows = &mut self.tiles[tile];
        if self.is_drawn {
            let [a, b, c, d] = rows;
            return [V::load_u32(a), V::load_u32(b), V::load_u32(c), V::load_u32(d)];
        }
        let words = arguments.draw::<V>(units);
        for i in 0..4 {
            V::store_u32(words[i], &mut rows[i]);
        }
        words
    }
}

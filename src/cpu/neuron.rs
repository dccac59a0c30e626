//! What hidden and output neurons share: the draw of spikes.

use std::ops::Range;

use super::block::Block;
use super::bounds::{Bounds, OPEN};
use super::drawn::DrawnPart;
use super::events::words_of;
use super::tile::{Tile, WIDTH};
use super::vectors::{Mask, Vectors};
use crate::layout::{COUNT_BITS, Replica, STEPS_PER_WORD};
use crate::model::exact_math::exp_exact;
use crate::model::spikes::{COUNT_MAX, FRACTION_BITS, LOW16, upper16};
use crate::random::{RngStream, counter0, philox};

/// Steps whose spike counts share a word.
pub const WORD: usize = STEPS_PER_WORD as usize;

/// Draws the spikes of a layer over a block of steps, tile by tile. Each stage goes through the whole block
/// before the next: where one waits for chance, in branches that cannot be foreseen, the others run on.
pub struct SpikeDistribution<'a> {
    block: &'a Block<'a>,
    steps: Range<u32>,
    drawn: DrawnPart<'a>,
    rows: Rows,
}

/// Of a tile, at each step of the block, in whole chunks of [`WORD`] steps.
struct Rows {
    /// Words, of which the high halves are compared.
    words: Vec<[u32; WIDTH]>,
    /// Of whom the high half of a word leaves the count open.
    open: Vec<u16>,
}

impl<'a> SpikeDistribution<'a> {
    /// `drawn`: of the part of the layer whose tiles are drawn, with room for the block.
    pub fn new(block: &'a Block<'a>, drawn: DrawnPart<'a>) -> Self {
        let steps = block.steps();
        let rows = steps.len().next_multiple_of(WORD);
        let rows = Rows { words: vec![[0; WIDTH]; rows], open: vec![0; rows] };
        SpikeDistribution { block, steps, drawn, rows }
    }

    /// Draws the spikes of one tile of the part. `soma`: its voltages, `[steps]`; `spikes`: its words,
    /// `[past words + words]`.
    #[inline(always)]
    pub fn tile<V: Vectors>(&mut self, tile: usize, soma: &[Tile<f32>], spikes: &mut [Tile<u32>]) {
        for (word, steps) in words_of(&self.steps) {
            let random = self.random::<V>(tile, word);
            let counts = &mut spikes[(self.block.constants.past_words + word) as usize];
            let row = (steps.start - self.steps.start) as usize;
            let slot = (steps.start % STEPS_PER_WORD) as usize;
            // Nearly all words are whole: their number of steps is known to the compiler.
            if steps.len() == WORD {
                self.settle::<V>(tile, row, 0..WORD, &random, soma, counts);
            } else {
                self.settle::<V>(tile, row, slot..slot + steps.len(), &random, soma, counts);
            }
        }
        self.decide(tile, soma, spikes);
    }

    #[inline(always)]
    fn random<V: Vectors>(&self, tile: usize, word: u32) -> [V::Words; 4] {
        let head =
            counter0(RngStream::Spikes, self.block.part.population, self.block.minibatch.source);
        V::philox(
            head,
            self.block.lane.position,
            self.drawn.tile(tile),
            word,
            self.block.replica.seed,
        )
    }

    /// Settles what the bounds of voltages tell, for some `slots` of a word, the first of them in `row`.
    #[inline(always)]
    fn settle<V: Vectors>(
        &mut self,
        tile: usize,
        row: usize,
        slots: Range<usize>,
        random: &[V::Words; 4],
        soma: &[Tile<f32>],
        counts: &mut [u32; WIDTH],
    ) {
        let Bounds { largest, shift, none_below, one_above, .. } = self.block.bounds;
        let neurons = self.neurons(tile);
        let (start, count) = (slots.start, slots.len());
        let soma = &soma[row..][..count];
        let words = &mut self.rows.words[row..][..count];
        let open = &mut self.rows.open[row..][..count];
        let first = self.steps.start + row as u32;
        let mut drawn = self.drawn.of_tile(tile);
        // What earlier launches have drawn of the word.
        let mut sum = V::words(counts) & V::word((1 << (start as u32 * COUNT_BITS)) - 1);
        for slot in slots {
            let row = slot - start;
            let random = random[slot % 4];
            // In the low halves may be anything.
            let high = if slot < 4 { random << 16 } else { random };
            let soma = V::floats(&soma[row]);
            let candidates = V::le(high, V::word(*largest)) & neurons;
            let entry = high >> *shift;
            let once = V::below(V::look_up(one_above, entry), soma) & candidates;
            let none = V::below(soma, V::look_up(none_below, entry));
            V::store(high, &mut words[row]);
            open[row] = (candidates & !none & !once) as u16;
            sum = V::add_where(sum, once, V::word(1 << (slot as u32 * COUNT_BITS)));
            drawn.set(first + row as u32, once as u16, 0);
        }
        V::store(sum, counts);
    }

    /// Those of the tile that are neurons.
    #[inline(always)]
    fn neurons(&self, tile: usize) -> Mask {
        (1 << self.drawn.units(tile).len()) - 1
    }

    /// Decides what the bounds of many words at once have left open.
    #[inline(always)]
    fn decide(&mut self, tile: usize, soma: &[Tile<f32>], spikes: &mut [Tile<u32>]) {
        for chunk in 0..self.rows.open.len() / WORD {
            let rows = &self.rows.open[chunk * WORD..][..WORD];
            let mut open = 0;
            for row in (0..WORD).rev() {
                open = open << WIDTH | u128::from(rows[row]);
            }
            while open != 0 {
                let place = open.trailing_zeros() as usize;
                open &= open - 1;
                let (row, i) = (chunk * WORD + place / WIDTH, place % WIDTH);
                let step = self.steps.start + row as u32;
                let (word, soma) = (self.rows.words[row][i], soma[row][i]);
                let mut count = self.block.bounds.count(word, soma);
                if count == OPEN {
                    let unit = self.drawn.tile(tile)[i];
                    count = self.count(word & !LOW16, soma, unit, step);
                }
                let word =
                    &mut spikes[(self.block.constants.past_words + step / STEPS_PER_WORD) as usize];
                word[i] |= count << (step % STEPS_PER_WORD * COUNT_BITS);
                self.drawn.of_tile(tile).add(step, i, count);
            }
        }
    }

    /// The spike count of one step. `high`: the high half of the step's word, in its place; nearly always
    /// it decides.
    #[cold]
    fn count(&self, high: u32, soma: f32, unit: u32, step: u32) -> u32 {
        let [one, two, three, ..] = self.block.replica.candidates;
        if high > one {
            return 0;
        }
        let odds = 1.0 + exp_exact(-soma);
        let is_limit = high <= three || high == two & !LOW16 || high == one & !LOW16;
        if !is_limit {
            let count = kept(self.block.replica, high, odds);
            if count == kept(self.block.replica, high | LOW16, odds) {
                return count;
            }
        }
        let word = high | self.low_half(unit, step);
        if word >= one {
            0
        } else if word >= three {
            kept(self.block.replica, word, odds)
        } else {
            self.thinned(word, odds, unit, step)
        }
    }

    fn low_half(&self, unit: u32, step: u32) -> u32 {
        let head =
            counter0(RngStream::LowHalf, self.block.part.population, self.block.minibatch.source);
        upper16(philox([head, self.block.lane.position, unit, step], self.block.replica.seed)[0])
    }

    /// How many of three or more candidates are kept: each has a word of its own.
    fn thinned(&self, word: u32, odds: f32, unit: u32, step: u32) -> u32 {
        const SCALE: f32 = 1.0 / (1 << FRACTION_BITS) as f32;
        let head =
            counter0(RngStream::Thinning, self.block.part.population, self.block.minibatch.source);
        let candidates = &self.block.replica.candidates[..COUNT_MAX];
        let mut count = 0;
        let mut words = [0; 4];
        for (k, _) in candidates.iter().take_while(|&&limit| word < limit).enumerate() {
            if k % 4 == 0 {
                let index = step * 4 + k as u32 / 4;
                words =
                    philox([head, self.block.lane.position, unit, index], self.block.replica.seed);
            }
            let fraction = (words[k % 4] >> (32 - FRACTION_BITS)) as f32 * SCALE;
            count += u32::from(fraction * odds < 1.0);
        }
        count
    }
}

/// How many of one or two candidates are kept, each with probability `1 / odds`, where
/// `odds = 1 + exp(-C)`.
#[inline(always)]
pub fn kept(replica: &Replica, word: u32, odds: f32) -> u32 {
    let [_, two, three, ..] = replica.candidates;
    if word >= two {
        let place = ((word - two) >> replica.one_shift) as i32 as f32 * replica.one_scale;
        return u32::from(place * odds < 1.0);
    }
    let place = ((word - three) >> replica.two_shift) as i32 as f32 * replica.two_scale;
    let scaled = place * (odds * odds);
    u32::from(scaled < 1.0) + u32::from(scaled < 2.0 * odds - 1.0)
}

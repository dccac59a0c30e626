//! What hidden and output neurons share: the draw of spikes.

use std::ops::Range;

use super::events::{Events, bits};
use super::tile::{Tile, WIDTH};
use super::vectors::{Mask, Vectors};
use crate::layout::{COUNT_BITS, Constants, Lane, Minibatch, Part, Replica, STEPS_PER_WORD};
use crate::model::arithmetic::{Float, exp};
use crate::model::spikes::{COUNT_MAX, FRACTION_BITS, HALF, half_of};
use crate::random::{Purpose, counter_head, philox};

/// Draws the spikes of one tile.
pub struct SpikeTile<'a> {
    constants: &'a Constants,
    replica: &'a Replica,
    part: &'a Part,
    source: u32,
    position: u32,
    units: [u32; WIDTH],
    /// Those of the tile that are neurons.
    neurons: Mask,
    /// How far the low half of a word may move the place of one candidate, and of two, with room for
    /// rounding.
    one_span: f32,
    two_span: f32,
}

/// Who spikes, and who of them twice, as far as the high halves of words tell.
struct Kept {
    once: Mask,
    twice: Mask,
    /// Those of whom they do not.
    open: Mask,
}

impl<'a> SpikeTile<'a> {
    #[inline(always)]
    pub fn new(
        constants: &'a Constants,
        replica: &'a Replica,
        part: &'a Part,
        minibatch: &Minibatch,
        lane: &Lane,
        tile: usize,
    ) -> Self {
        let start = tile * WIDTH;
        let mut units = [start as u32; WIDTH];
        for (i, unit) in units.iter_mut().enumerate() {
            *unit += i as u32;
        }
        let count = WIDTH.min(part.units as usize - start);
        let span = |shift: u32, scale: f32| ((HALF >> shift) + 1) as f32 * scale + 2e-6;
        SpikeTile {
            constants,
            replica,
            part,
            source: minibatch.source,
            position: lane.position,
            units,
            neurons: (1 << count) - 1,
            one_span: span(replica.one_shift, replica.one_scale),
            two_span: span(replica.two_shift, replica.two_scale),
        }
    }

    /// Draws the spikes of `steps`, which share a word, from the somatic voltages of each. `spikes`: the
    /// tile's rows, `[past words + words]`.
    #[inline(always)]
    pub fn draw<V: Vectors>(
        &self,
        steps: Range<u32>,
        soma: &[V::Floats; STEPS_PER_WORD as usize],
        spikes: &mut [Tile<u32>],
        events: &mut Events,
    ) {
        let SpikeTile { constants, replica, .. } = self;
        let word = steps.start / STEPS_PER_WORD;
        let head = counter_head(Purpose::Spikes, self.part.population, self.source);
        let random = V::philox(head, self.position, &self.units, word, replica.seed);
        // All steps of the word before the first draw, so that their chains of operations overlap.
        let mut odds = [V::Floats::of(1.0); STEPS_PER_WORD as usize];
        for (odds, soma) in odds.iter_mut().zip(soma) {
            *odds = *odds + exp(-*soma);
        }
        let row = &mut spikes[(constants.past_words + word) as usize];
        // What earlier launches have drawn of the word.
        let earlier = (1 << (steps.start % STEPS_PER_WORD * COUNT_BITS)) - 1;
        let mut counts = V::words(row) & V::word(earlier);
        for (&odds, step) in odds.iter().zip(steps) {
            let slot = step % STEPS_PER_WORD;
            let random = random[(slot % 4) as usize];
            let high = if slot < 4 { random << 16 } else { random & V::word(!HALF) };
            let listed = constants.past_words * STEPS_PER_WORD + step;
            let kept = self.keep::<V>(high, odds);
            let one = V::word(1 << (slot * COUNT_BITS));
            if kept.twice | kept.open == 0 {
                counts = V::add_where(counts, kept.once, one);
                events.add_once::<V>(listed, &self.units, kept.once);
            } else if kept.open == 0 {
                counts = V::add_where(V::add_where(counts, kept.once, one), kept.twice, one);
                events.add_twice(listed, &self.units, kept.once, kept.twice);
            } else {
                let (mut words, mut all_odds) = ([0; WIDTH], [0.0; WIDTH]);
                V::store(high, &mut words);
                V::store_floats(odds, &mut all_odds);
                let settled = self.settle(&kept, &words, &all_odds, step);
                counts = counts + (V::words(&settled) << (slot * COUNT_BITS));
                events.add(listed, &self.units, kept.once | kept.open, &settled);
            }
        }
        V::store(counts, row);
    }

    /// Who keeps how many spike candidates, each with probability `1 / odds`, where
    /// `odds = 1 + exp(-C)`. Nearly always the high half of a neuron's word decides.
    #[inline(always)]
    fn keep<V: Vectors>(&self, high: V::Words, odds: V::Floats) -> Kept {
        let replica = self.replica;
        let float = V::Floats::of;
        let [one, two, three, ..] = replica.candidates;
        let candidates = V::at_most(high, V::word(one)) & self.neurons;
        let is_two = V::at_most(high, V::word(two));
        let is_limit = V::at_most(high, V::word(three))
            | V::equal(high, V::word(two & !HALF))
            | V::equal(high, V::word(one & !HALF));

        // Each factor is that of one candidate or that of two.
        let least = V::choose_words(is_two, V::word(three), V::word(two));
        let shift = V::choose_words(is_two, V::word(replica.two_shift), V::word(replica.one_shift));
        let scale = V::choose(is_two, float(replica.two_scale), float(replica.one_scale));
        let span = V::choose(is_two, float(self.two_span), float(self.one_span));
        let together = V::choose(is_two, odds * odds, odds);
        // At least one of two is kept below this.
        let bound = V::choose(is_two, float(2.0) * odds - float(1.0), float(0.0));

        let place = V::to_floats(V::shift_right(high - least, shift));
        let scaled = place * scale * together;
        // What the low half adds is at most this.
        let reach = scaled + span * together;
        let all = V::below(scaled, float(1.0));
        let any = V::below(scaled, bound);
        let changes = all ^ V::below(reach, float(1.0)) | any ^ V::below(reach, bound);
        Kept {
            once: (all | any) & candidates,
            twice: all & is_two & candidates,
            open: (changes | is_limit) & candidates,
        }
    }

    /// Counts of one step where the high halves leave something open.
    #[cold]
    fn settle(
        &self,
        kept: &Kept,
        high: &[u32; WIDTH],
        odds: &[f32; WIDTH],
        step: u32,
    ) -> [u32; WIDTH] {
        let mut counts = [0; WIDTH];
        for i in bits(kept.once | kept.open) {
            counts[i] = if kept.open >> i & 1 == 1 {
                let unit = self.units[i];
                self.count(high[i] | self.low_half(unit, step), odds[i], unit, step)
            } else {
                1 + (kept.twice >> i & 1)
            };
        }
        counts
    }

    /// The count that a whole word decides.
    fn count(&self, word: u32, odds: f32, unit: u32, step: u32) -> u32 {
        let replica = self.replica;
        let [one, two, three, ..] = replica.candidates;
        if word >= one {
            0
        } else if word >= two {
            let place = (word - two) >> replica.one_shift;
            u32::from(place as i32 as f32 * replica.one_scale * odds < 1.0)
        } else if word >= three {
            let place = (word - three) >> replica.two_shift;
            let scaled = place as i32 as f32 * replica.two_scale * (odds * odds);
            u32::from(scaled < 1.0) + u32::from(scaled < 2.0 * odds - 1.0)
        } else {
            self.thinned(word, odds, unit, step)
        }
    }

    fn low_half(&self, unit: u32, step: u32) -> u32 {
        let head = counter_head(Purpose::LowHalf, self.part.population, self.source);
        half_of(philox([head, self.position, unit, step], self.replica.seed)[0])
    }

    /// How many of three or more candidates are kept: each has a word of its own.
    fn thinned(&self, word: u32, odds: f32, unit: u32, step: u32) -> u32 {
        const SCALE: f32 = 1.0 / (1 << FRACTION_BITS) as f32;
        let head = counter_head(Purpose::Thinning, self.part.population, self.source);
        let candidates = &self.replica.candidates[..COUNT_MAX];
        let mut count = 0;
        let mut words = [0; 4];
        for (k, _) in candidates.iter().take_while(|&&limit| word < limit).enumerate() {
            if k % 4 == 0 {
                let index = step * 4 + k as u32 / 4;
                words = philox([head, self.position, unit, index], self.replica.seed);
            }
            let fraction = (words[k % 4] >> (32 - FRACTION_BITS)) as f32 * SCALE;
            count += u32::from(fraction * odds < 1.0);
        }
        count
    }
}

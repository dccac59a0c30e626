//! Draws the input's spikes from an image: counts with mean `phi_max * pixel`.

use multiversion::multiversion;
use multiversion::target::match_target;

use super::events::{Events, bits};
use super::tile::{Tile, Tiled, WIDTH};
use super::vectors::{Mask, Portable, Vectors};
use crate::layout::{COUNT_BITS, Constants, Lane, Minibatch, Part, Replica, STEPS_PER_WORD};
use crate::model::spikes::{HALF, THRESHOLDS, half_of};
use crate::random::{Purpose, counter_head, philox};

/// `thresholds`: `[256, 16]`; `image`: bytes `[units]`; `spikes`: `[past words + words, units]`;
/// `events`: lists of the same, which are begun.
#[multiversion(targets = "simd")]
#[allow(clippy::too_many_arguments)] // one for each binding of the shader
pub fn input(
    constants: &Constants,
    replica: &Replica,
    part: &Part,
    minibatch: &Minibatch,
    lane: &Lane,
    thresholds: &[u32],
    image: &[u8],
    spikes: &mut Tiled<u32>,
    events: &mut Events,
) {
    if minibatch.draws == 0 {
        return;
    }
    let steps = lane.steps().min(part.first + part.steps);
    let words = (part.first / STEPS_PER_WORD) as usize..steps.div_ceil(STEPS_PER_WORD) as usize;
    let past = constants.past_words as usize;
    for rows in spikes.each_mut() {
        rows[past + words.start..past + words.end].fill(Tile([0; WIDTH]));
    }
    // Black pixels never spike; the others are drawn a tile at a time.
    let lit: Vec<u32> = (0..part.units).filter(|&unit| image[unit as usize] > 0).collect();
    for pixels in lit.chunks(WIDTH) {
        let mut drawn =
            PixelTile::new(constants, replica, minibatch, lane, thresholds, image, pixels);
        for word in words.clone() {
            let first = word as u32 * STEPS_PER_WORD;
            let end = steps.min(first + STEPS_PER_WORD);
            let counts = match_target! {
                "x86_64+avx512f" => drawn.word::<super::avx512::Avx512>(first, end, events),
                _ => drawn.word::<Portable>(first, end, events),
            };
            for (&pixel, count) in pixels.iter().zip(counts) {
                let pixel = pixel as usize;
                spikes.of_mut(pixel / WIDTH)[past + word][pixel % WIDTH] = count;
            }
        }
    }
}

/// Sixteen pixels that are not black.
struct PixelTile<'a> {
    constants: &'a Constants,
    replica: &'a Replica,
    source: u32,
    position: u32,
    pixels: [u32; WIDTH],
    /// The largest words that are one spike or more, two, three; zero also where none is.
    largest: [[u32; WIDTH]; 3],
    /// Words below the first are one spike or more, below the second two or more, and so on.
    limits: [[u32; WIDTH]; THRESHOLDS],
}

impl<'a> PixelTile<'a> {
    #[inline(always)]
    fn new(
        constants: &'a Constants,
        replica: &'a Replica,
        minibatch: &Minibatch,
        lane: &Lane,
        thresholds: &[u32],
        image: &[u8],
        pixels: &[u32],
    ) -> Self {
        let mut tile = PixelTile {
            constants,
            replica,
            source: minibatch.source,
            position: lane.position,
            pixels: [0; WIDTH],
            largest: [[0; WIDTH]; 3],
            limits: [[0; WIDTH]; THRESHOLDS],
        };
        for (i, &pixel) in pixels.iter().enumerate() {
            tile.pixels[i] = pixel;
            let level = usize::from(image[pixel as usize]) * THRESHOLDS;
            for (k, limits) in tile.limits.iter_mut().enumerate() {
                limits[i] = thresholds[level + k];
            }
            for (largest, limits) in tile.largest.iter_mut().zip(&tile.limits) {
                largest[i] = limits[i].saturating_sub(1);
            }
        }
        tile
    }

    /// Counts of the steps `first .. end`, which share a word.
    #[inline(always)]
    fn word<V: Vectors>(&mut self, first: u32, end: u32, events: &mut Events) -> [u32; WIDTH] {
        let PixelTile { constants, replica, .. } = *self;
        let head = counter_head(Purpose::Spikes, 0, self.source);
        let index = first / STEPS_PER_WORD;
        let random = V::philox(head, self.position, &self.pixels, index, replica.seed);
        let spiking = V::words(&self.largest[0]);
        let twice = V::words(&self.largest[1]);
        let thrice = V::words(&self.largest[2]);
        let mut counts = V::word(0);
        for step in first..end {
            let slot = step - first;
            let word = random[(slot % 4) as usize];
            let low = if slot < 4 { word << 16 } else { word & V::word(!HALF) };
            // The high half of a word does not decide about one pixel in 65,536, and three spikes are
            // nearly as rare.
            let high = low | V::word(HALF);
            let (once, maybe_once) = (V::at_most(high, spiking), V::at_most(low, spiking));
            let (twice, maybe_twice) = (V::at_most(high, twice), V::at_most(low, twice));
            let open = (once ^ maybe_once) | (twice ^ maybe_twice) | V::at_most(low, thrice);
            let listed = constants.past_words * STEPS_PER_WORD + step;
            let one = V::word(1 << (slot * COUNT_BITS));
            if twice | open == 0 {
                counts = V::add_where(counts, once, one);
                events.add_once::<V>(listed, &self.pixels, once);
            } else if open == 0 {
                counts = V::add_where(V::add_where(counts, once, one), twice, one);
                events.add_twice(listed, &self.pixels, once, twice);
            } else {
                let mut words = [0; WIDTH];
                V::store(low, &mut words);
                let settled = self.settle(&words, maybe_once, step);
                counts = counts + (V::words(&settled) << (slot * COUNT_BITS));
                events.add(listed, &self.pixels, maybe_once, &settled);
            }
        }
        let mut words = [0; WIDTH];
        V::store(counts, &mut words);
        words
    }

    /// Counts of those in `maybe`, from the high halves of their words.
    #[cold]
    fn settle(&self, high: &[u32; WIDTH], maybe: Mask, step: u32) -> [u32; WIDTH] {
        let mut counts = [0; WIDTH];
        for i in bits(maybe) {
            counts[i] = self.count(high[i], i, step);
        }
        counts
    }

    /// The count of a pixel that the high half of a word, and if need be the low one, decide.
    fn count(&self, high_half: u32, i: usize, step: u32) -> u32 {
        let limits = self.limits.iter().map(|limits| limits[i]).take_while(|&limit| limit > 0);
        let is_open = limits.clone().any(|limit| half_of(limit) == half_of(high_half));
        let word = if is_open {
            let head = counter_head(Purpose::LowHalf, 0, self.source);
            let counter = [head, self.position, self.pixels[i], step];
            high_half | half_of(philox(counter, self.replica.seed)[0])
        } else {
            high_half
        };
        limits.filter(|&limit| word < limit).count() as u32
    }
}

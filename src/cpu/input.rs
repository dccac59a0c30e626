//! Draws the input's spikes from an image: counts with mean `phi_max * pixel`.

use multiversion::multiversion;
use multiversion::target::match_target;

use super::drawn::{Drawn, DrawnPart, TileBits};
use super::tile::{Tile, Tiled, WIDTH};
use super::vectors::{Mask, Portable, Vectors};
use crate::layout::{COUNT_BITS, Constants, Lane, Minibatch, Part, Replica, STEPS_PER_WORD};
use crate::model::spikes::{LOW16, THRESHOLDS, upper16};
use crate::random::{RngStream, counter0, philox};

/// `thresholds`: `[256, 16]`; `image`: bytes `[units]`; `spikes`: `[past words + words, units]`;
/// `drawn`: the same of the steps of this launch.
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
    drawn: &mut Drawn,
) {
    if minibatch.draws == 0 {
        return;
    }
    let steps = part.first..lane.steps().min(part.first + part.steps);
    let words = steps.start / STEPS_PER_WORD..steps.end.div_ceil(STEPS_PER_WORD);
    let past = constants.past_words;
    for rows in spikes.each_mut() {
        let words = (past + words.start) as usize..(past + words.end) as usize;
        for row in &mut rows[words] {
            *row = Tile([0; WIDTH]);
        }
    }
    // Black pixels never spike; the others are drawn a tile at a time.
    drawn.choose((0..part.units).filter(|&unit| image[unit as usize] > 0));
    for mut drawn in drawn.begin(&steps, 1) {
        for tile in 0..drawn.tiles() {
            let pixels = PixelTile::new(replica, minibatch, lane, thresholds, image, &drawn, tile);
            let mut bits = drawn.of_tile(tile);
            for word in words.clone() {
                let first = word * STEPS_PER_WORD;
                let end = steps.end.min(first + STEPS_PER_WORD);
                let counts = match_target! {
                    "x86_64+avx512f" => pixels.word::<super::avx512::Avx512>(first, end, &mut bits),
                    _ => pixels.word::<Portable>(first, end, &mut bits),
                };
                for (&pixel, &count) in pixels.pixels[..pixels.count].iter().zip(&counts) {
                    let pixel = pixel as usize;
                    spikes.of_mut(pixel / WIDTH)[(past + word) as usize][pixel % WIDTH] = count;
                }
            }
        }
    }
}

/// Sixteen pixels that are not black.
struct PixelTile<'a> {
    replica: &'a Replica,
    source: u32,
    position: u32,
    thresholds: &'a [u32],
    image: &'a [u8],
    pixels: [u32; WIDTH],
    /// Those of them that are pixels.
    count: usize,
    /// The largest words that are one spike or more, two, three; zero also where none is.
    largest: [[u32; WIDTH]; 3],
}

impl<'a> PixelTile<'a> {
    #[inline(always)]
    fn new(
        replica: &'a Replica,
        minibatch: &Minibatch,
        lane: &Lane,
        thresholds: &'a [u32],
        image: &'a [u8],
        drawn: &DrawnPart,
        tile: usize,
    ) -> Self {
        let pixels = drawn.units(tile);
        let mut largest = [[0; WIDTH]; 3];
        for (i, &pixel) in pixels.iter().enumerate() {
            let limits = limits(thresholds, image[pixel as usize]);
            for (k, limit) in limits.enumerate().take(largest.len()) {
                largest[k][i] = limit.saturating_sub(1);
            }
        }
        PixelTile {
            replica,
            source: minibatch.source,
            position: lane.position,
            thresholds,
            image,
            pixels: *drawn.tile(tile),
            count: pixels.len(),
            largest,
        }
    }

    /// Counts of the steps `first .. end`, which share a word.
    #[inline(always)]
    fn word<V: Vectors>(&self, first: u32, end: u32, drawn: &mut TileBits) -> [u32; WIDTH] {
        let head = counter0(RngStream::Spikes, 0, self.source);
        let index = first / STEPS_PER_WORD;
        let random = V::philox(head, self.position, &self.pixels, index, self.replica.seed);
        let [once, twice, thrice] = &self.largest;
        let (once, twice, thrice) = (V::words(once), V::words(twice), V::words(thrice));
        let mut counts = V::word(0);
        let mut open = [0; STEPS_PER_WORD as usize];
        let mut any_open = 0;
        for (slot, step) in (0..).zip(first..end) {
            let word = random[(slot % 4) as usize];
            // The high half of a word does not decide about one pixel in 65,536, and three spikes are
            // nearly as rare.
            let low = if slot < 4 { word << 16 } else { word & V::word(!LOW16) };
            let high = low | V::word(LOW16);
            let (once, maybe_once) = (V::le(high, once), V::le(low, once));
            let (twice, maybe_twice) = (V::le(high, twice), V::le(low, twice));
            let left = (once ^ maybe_once) | (twice ^ maybe_twice) | V::le(low, thrice);
            let (once, twice) = (once & !left, twice & !left);
            let one = V::word(1 << (slot * COUNT_BITS));
            counts = V::add_where(V::add_where(counts, once, one), twice, one);
            drawn.set(step, once as u16, twice as u16);
            open[slot as usize] = left;
            any_open |= left;
        }
        let mut words = [0; WIDTH];
        V::store(counts, &mut words);
        if any_open != 0 {
            let mut random_words = [[0; WIDTH]; 4];
            for (words, random) in random_words.iter_mut().zip(random) {
                V::store(random, words);
            }
            self.settle(&random_words, &open, first, &mut words, drawn);
        }
        words
    }

    /// Counts of those that are open at each step.
    #[cold]
    fn settle(
        &self,
        random: &[[u32; WIDTH]; 4],
        open: &[Mask; STEPS_PER_WORD as usize],
        first: u32,
        words: &mut [u32; WIDTH],
        drawn: &mut TileBits,
    ) {
        for (slot, open) in open.iter().enumerate() {
            for i in (0..self.count).filter(|i| open >> i & 1 == 1) {
                let word = random[slot % 4][i];
                let high = if slot < 4 { word << 16 } else { word & !LOW16 };
                let step = first + slot as u32;
                let count = self.count_of(high, self.pixels[i], step);
                words[i] |= count << (slot as u32 * COUNT_BITS);
                drawn.add(step, i, count);
            }
        }
    }

    /// The count of a pixel that the high half of a word, and if need be the low one, decide.
    fn count_of(&self, high_half: u32, pixel: u32, step: u32) -> u32 {
        let limits = limits(self.thresholds, self.image[pixel as usize]);
        let is_open = limits.clone().any(|limit| upper16(limit) == upper16(high_half));
        let word = if is_open {
            let head = counter0(RngStream::LowHalf, 0, self.source);
            let counter = [head, self.position, pixel, step];
            high_half | upper16(philox(counter, self.replica.seed)[0])
        } else {
            high_half
        };
        limits.filter(|&limit| word < limit).count() as u32
    }
}

/// Words below the first are one spike or more, below the second two or more, and so on.
fn limits(thresholds: &[u32], level: u8) -> impl Iterator<Item = u32> + Clone + '_ {
    let of_level = &thresholds[usize::from(level) * THRESHOLDS..][..THRESHOLDS];
    of_level.iter().copied().take_while(|&limit| limit > 0)
}

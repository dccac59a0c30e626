//! Who spikes at each step: lists, where the words of counts are mostly zero.

use std::ops::Range;

use super::tile::{Tiled, WIDTH};
use super::vectors::{Mask, Vectors};
use crate::layout::{COUNT_BITS, COUNT_MASK, Constants, Lane, Minibatch, Part, STEPS_PER_WORD};

/// Who spikes at each of some steps of one population: ascending, as often as it spikes. What kernels
/// that draw spikes leave for those that sum weight columns.
///
/// Steps are counted from the first that has spikes, so that those before the image are not negative.
#[derive(Default)]
pub struct Events {
    lists: Vec<List>,
    steps: Range<u32>,
}

#[derive(Default)]
struct List {
    units: Vec<u32>,
    length: usize,
}

impl Events {
    /// Starts lists for the steps whose spikes a kernel draws, and lists those of the past that are heard
    /// with them, which `spikes` has.
    pub fn begin(&mut self, heard: Heard, spikes: &Tiled<u32>) {
        if !heard.is_drawn {
            return self.forget();
        }
        let Range { start, end } = heard.steps;
        self.clear(start..end);
        if start < heard.image {
            self.list(start..heard.image, spikes);
        }
    }

    /// Starts empty lists for the steps that `other` has lists of.
    pub fn begin_beside(&mut self, other: &Events) {
        self.clear(other.steps.clone());
    }

    /// Adds the lists of neurons that come behind these.
    pub fn append(&mut self, behind: &Events) {
        for (list, behind) in self.lists.iter_mut().zip(&behind.lists).take(self.steps.len()) {
            list.units.truncate(list.length);
            list.units.extend_from_slice(&behind.units[..behind.length]);
            list.length = list.units.len();
        }
    }

    /// Has no lists any more.
    pub fn forget(&mut self) {
        self.steps = 0..0;
    }

    /// Starts empty lists for `steps`.
    fn clear(&mut self, steps: Range<u32>) {
        self.lists.resize_with(self.lists.len().max(steps.len()), List::default);
        for list in &mut self.lists[..steps.len()] {
            list.length = 0;
        }
        self.steps = steps;
    }

    /// Who spikes at `step`.
    pub fn at(&self, step: u32) -> &[u32] {
        let list = &self.lists[(step - self.steps.start) as usize];
        &list.units[..list.length]
    }

    /// Adds those of a tile's `units` that spike once at `step`.
    #[inline(always)]
    pub fn add_once<V: Vectors>(&mut self, step: u32, units: &[u32; WIDTH], spiking: Mask) {
        let list = &mut self.lists[(step - self.steps.start) as usize];
        list.make_room();
        if let Some(end) = list.units[list.length..].first_chunk_mut() {
            V::store(V::compress(V::words(units), spiking), end);
        }
        list.length += spiking.count_ones() as usize;
    }

    /// Adds those of a tile's `units` that spike once at `step`, or `twice`.
    #[inline(always)]
    pub fn add_twice(&mut self, step: u32, units: &[u32; WIDTH], spiking: Mask, twice: Mask) {
        let list = &mut self.lists[(step - self.steps.start) as usize];
        list.make_room();
        for i in bits(spiking) {
            list.units[list.length] = units[i];
            list.units[list.length + 1] = units[i];
            list.length += 1 + (twice >> i & 1) as usize;
        }
    }

    /// Adds those of a tile's `units` that are in `spiking` as often as they spike at `step`.
    pub fn add(&mut self, step: u32, units: &[u32; WIDTH], spiking: Mask, counts: &[u32; WIDTH]) {
        let list = &mut self.lists[(step - self.steps.start) as usize];
        for i in bits(spiking) {
            for _ in 0..counts[i] {
                list.push(units[i]);
            }
        }
    }

    /// Lists who spikes at the steps of `heard`, unless the kernel that drew the spikes has. `spikes`:
    /// `[past words + words, units]`.
    pub fn ensure(&mut self, heard: Heard, spikes: &Tiled<u32>) {
        let Range { start, end } = heard.steps;
        if start < self.steps.start || end > self.steps.end {
            self.clear(start..end);
            self.list(start..end, spikes);
        }
    }

    fn list(&mut self, steps: Range<u32>, spikes: &Tiled<u32>) {
        for tile in 0..spikes.count() {
            let rows = spikes.of(tile);
            for (word, of_word) in words_of(&steps) {
                let words = &rows[word as usize];
                if words.iter().fold(0, |any, word| any | word) == 0 {
                    continue;
                }
                let first = word * STEPS_PER_WORD;
                for (i, &word) in words.iter().enumerate() {
                    let mut left = word & counts_of(&of_word);
                    while left != 0 {
                        let slot = left.trailing_zeros() / COUNT_BITS;
                        let step = first + slot;
                        let list = &mut self.lists[(step - self.steps.start) as usize];
                        for _ in 0..left >> (slot * COUNT_BITS) & COUNT_MASK {
                            list.push((tile * WIDTH + i) as u32);
                        }
                        left &= !(COUNT_MASK << (slot * COUNT_BITS));
                    }
                }
            }
        }
    }
}

/// The places of a mask's bits.
#[inline(always)]
pub fn bits(mut mask: Mask) -> impl Iterator<Item = usize> {
    std::iter::from_fn(move || {
        let place = mask.trailing_zeros() as usize;
        mask &= mask.wrapping_sub(1);
        (place < WIDTH).then_some(place)
    })
}

/// The steps whose spikes a launch hears, counted from the first that has spikes.
pub struct Heard {
    pub steps: Range<u32>,
    /// The image's first step.
    pub image: u32,
    /// Spikes are drawn, not given.
    pub is_drawn: bool,
}

impl Heard {
    /// Those of the block, and before the first block of a lane that carries on, those of the past that
    /// a cut kernel still feels.
    pub fn new(constants: &Constants, part: &Part, minibatch: &Minibatch, lane: &Lane) -> Self {
        let image = constants.past_words * STEPS_PER_WORD;
        let feels_past = part.first == 0 && minibatch.fresh == 0 && constants.tap_count > 0;
        let past = if feels_past { constants.history } else { 0 };
        let first = lane.steps().min(part.first);
        let end = lane.steps().min(part.first + part.steps);
        let is_drawn = minibatch.draws == 1;
        Heard { steps: image + first - past..image + end, image, is_drawn }
    }
}

impl List {
    /// Room for a whole tile behind the last unit, twice.
    #[inline(always)]
    fn make_room(&mut self) {
        if self.units.len() < self.length + 2 * WIDTH {
            self.units.resize(2 * self.units.len() + 4 * WIDTH, 0);
        }
    }

    fn push(&mut self, unit: u32) {
        self.make_room();
        self.units[self.length] = unit;
        self.length += 1;
    }
}

/// Mask of the counts of some steps, which share a word.
fn counts_of(steps: &Range<u32>) -> u32 {
    let first = steps.start % STEPS_PER_WORD;
    let unused = STEPS_PER_WORD - steps.len() as u32;
    u32::MAX >> (unused * COUNT_BITS) << (first * COUNT_BITS)
}

/// The words that hold some steps, with the steps that each holds.
#[inline(always)]
pub fn words_of(steps: &Range<u32>) -> impl Iterator<Item = (u32, Range<u32>)> + use<> {
    let Range { start, end } = *steps;
    (start / STEPS_PER_WORD..end.div_ceil(STEPS_PER_WORD)).map(move |word| {
        let first = word * STEPS_PER_WORD;
        (word, first.max(start)..(first + STEPS_PER_WORD).min(end))
    })
}

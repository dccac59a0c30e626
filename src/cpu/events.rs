//! Who spikes at each step: lists, where bits and words of counts are mostly zero.

use std::ops::Range;

use multiversion::multiversion;

use super::drawn::{Drawn, Group, NEURONS};
use super::tile::Tiled;
use crate::layout::{COUNT_BITS, COUNT_MASK, Constants, Lane, Minibatch, Part, STEPS_PER_WORD};

/// Who spikes at each of some steps of one population: ascending, as often as it spikes. What kernels
/// read that sum weight columns.
///
/// Steps are counted from the first that has spikes, so that those before the image are not negative.
#[derive(Default)]
pub struct Events {
    steps: Range<u32>,
    /// The lists one after the other, and room.
    units: Vec<u32>,
    /// Where the list of each step ends.
    ends: Vec<usize>,
}

impl Events {
    /// Has no lists any more.
    pub fn forget(&mut self) {
        self.clear(0);
    }

    /// Who spikes at `step`.
    #[inline]
    pub fn at(&self, step: u32) -> &[u32] {
        let index = (step - self.steps.start) as usize;
        let start = if index == 0 { 0 } else { self.ends[index - 1] };
        &self.units[start..self.ends[index]]
    }

    /// Lists who spikes at the steps of `heard`, as `drawn` has them, or where a step was not drawn, as
    /// `spikes` has, `[past words + words, units]`.
    pub fn ensure(&mut self, heard: Heard, drawn: &Drawn, spikes: &Tiled<u32>) {
        let Heard { steps, image } = heard;
        let has_all = self.steps.start <= steps.start && steps.end <= self.steps.end;
        // Lists of the steps before the image may begin earlier than the first that is needed.
        let has_start = self.steps.start == steps.start
            || (steps.start < image
                && self.steps.start < steps.start
                && steps.start <= self.steps.end);
        if !has_all && !has_start {
            self.clear(steps.start);
        }
        let left = self.steps.end..steps.end;
        if left.is_empty() {
            return;
        }
        if left.start >= image && drawn.has(&(left.start - image..left.end - image)) {
            self.list_drawn(left.start - image..left.end - image, image, drawn, spikes);
        } else {
            self.list_words(left, spikes);
        }
    }

    /// Has the lists of the last steps of an image, `steps` of it long, as those of the steps before the
    /// next. Forgets all where they were not drawn.
    pub fn carry(&mut self, constants: &Constants, steps: u32, drawn: &Drawn, spikes: &Tiled<u32>) {
        self.forget();
        let past = constants.past_steps;
        let last = steps.saturating_sub(past)..steps;
        if constants.tap_count > 0 && last.len() == past as usize && drawn.has(&last) {
            let image = constants.past_words * STEPS_PER_WORD;
            self.list_drawn(last, image, drawn, spikes);
            self.steps = image - past..image;
        }
    }

    /// The counts of the steps before an image, `[past words, units]`, as [`Array::Spikes`] has them.
    ///
    /// [`Array::Spikes`]: crate::layout::Array::Spikes
    pub fn past_words(&self, past_words: usize, units: usize) -> Vec<u32> {
        let mut words = vec![0; past_words * units];
        for step in self.steps.clone() {
            let (word, slot) = (step / STEPS_PER_WORD, step % STEPS_PER_WORD);
            for &unit in self.at(step) {
                words[word as usize * units + unit as usize] += 1 << (slot * COUNT_BITS);
            }
        }
        words
    }

    /// Has the lists of the `past` steps before an image from their counts.
    pub fn set_past_words(&mut self, past: u32, spikes: &Tiled<u32>) {
        let image = spikes.rows() as u32 * STEPS_PER_WORD;
        self.clear(image - past);
        self.list_words(image - past..image, spikes);
    }

    /// Has the lists of `other`.
    pub fn copy_from(&mut self, other: &Events) {
        let length = other.length();
        if self.units.len() < length {
            self.units.resize(length, 0);
        }
        self.units[..length].copy_from_slice(&other.units[..length]);
        self.ends.clone_from(&other.ends);
        self.steps = other.steps.clone();
    }

    /// Starts anew before `step`.
    #[inline]
    fn clear(&mut self, step: u32) {
        self.steps = step..step;
        self.ends.clear();
    }

    /// Ends the list of a step.
    #[inline]
    fn end(&mut self, length: usize) {
        self.ends.push(length);
        self.steps.end += 1;
    }

    #[inline]
    fn length(&self) -> usize {
        self.ends.last().copied().unwrap_or(0)
    }

    /// Lists `steps` of the image, which starts at `image`.
    fn list_drawn(&mut self, steps: Range<u32>, image: u32, drawn: &Drawn, spikes: &Tiled<u32>) {
        let length = self.length();
        self.steps.end += steps.len() as u32;
        list(steps, image, drawn, spikes, &mut self.units, length, &mut self.ends);
    }

    fn list_words(&mut self, steps: Range<u32>, spikes: &Tiled<u32>) {
        let mut lists = vec![Vec::new(); steps.len()];
        for unit in 0..spikes.units() {
            for (word, of_word) in words_of(&steps) {
                // Mostly nobody spikes.
                let mut left = spikes.value(word as usize, unit) & counts_of(&of_word);
                while left != 0 {
                    let slot = left.trailing_zeros() / COUNT_BITS;
                    let step = word * STEPS_PER_WORD + slot;
                    for _ in 0..left >> (slot * COUNT_BITS) & COUNT_MASK {
                        lists[(step - steps.start) as usize].push(unit as u32);
                    }
                    left &= !(COUNT_MASK << (slot * COUNT_BITS));
                }
            }
        }
        for list in lists {
            let length = self.length();
            make_room(&mut self.units, length + list.len());
            self.units[length..length + list.len()].copy_from_slice(&list);
            self.end(length + list.len());
        }
    }
}

/// Puts those who spike at each of `steps` of the image into `units`, behind the first `length`, and where
/// the list of each step ends into `ends`.
#[multiversion(targets = "simd")]
fn list(
    steps: Range<u32>,
    image: u32,
    drawn: &Drawn,
    spikes: &Tiled<u32>,
    units: &mut Vec<u32>,
    length: usize,
    ends: &mut Vec<usize>,
) {
    // Everybody twice, and room for what is stored in vain.
    let most = 2 * drawn.count() + 2 * AT_ONCE;
    let mut end = length;
    for step in steps {
        make_room(units, end + most);
        for group in 0..drawn.groups() {
            let group = drawn.at(step, group);
            if group.many == 0 {
                end = list_group(&group, units, end);
                continue;
            }
            let mut spiking = group.spiking;
            while spiking != 0 {
                let unit = group.units[spiking.trailing_zeros() as usize % NEURONS];
                spiking &= spiking - 1;
                for _ in 0..count(spikes, image + step, unit) {
                    units[end] = unit;
                    end += 1;
                }
                make_room(units, end + most);
            }
        }
        ends.push(end);
    }
}

/// Neurons that are listed without a look at whether there are so many.
const AT_ONCE: usize = 4;

/// Lists a group of neurons of which nobody spikes more than twice. Where a list ends cannot be foreseen, so
/// it is looked for as rarely as may be.
#[inline(always)]
fn list_group(group: &Group, units: &mut [u32], start: usize) -> usize {
    let &Group { units: neurons, mut spiking, twice, .. } = group;
    let count = spiking.count_ones() as usize;
    let mut end = start;
    for _ in 0..count.div_ceil(AT_ONCE) {
        for _ in 0..AT_ONCE {
            let i = spiking.trailing_zeros() as usize % NEURONS;
            spiking &= spiking.wrapping_sub(1);
            // Stored twice, and kept as often as it spikes.
            units[end] = neurons[i];
            units[end + 1] = neurons[i];
            end += 1 + (twice >> i & 1) as usize;
        }
    }
    start + count + twice.count_ones() as usize
}

#[inline(always)]
fn make_room(units: &mut Vec<u32>, length: usize) {
    if units.len() < length {
        units.resize(2 * length, 0);
    }
}

/// How often a neuron spikes at a step.
#[inline(always)]
fn count(spikes: &Tiled<u32>, step: u32, unit: u32) -> u32 {
    let word = spikes.value((step / STEPS_PER_WORD) as usize, unit as usize);
    word >> (step % STEPS_PER_WORD * COUNT_BITS) & COUNT_MASK
}

/// The steps whose spikes a launch hears, counted from the first that has spikes.
pub struct Heard {
    pub steps: Range<u32>,
    /// The image's first step.
    pub image: u32,
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
        Heard { steps: image + first - past..image + end, image }
    }

    /// All steps before the image whose spikes are kept.
    pub fn past(constants: &Constants) -> Self {
        let image = constants.past_words * STEPS_PER_WORD;
        Heard { steps: image - constants.past_steps..image, image }
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

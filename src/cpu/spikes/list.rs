//! Spike lists: the indices of the neurons that spike at each step, for sparse sums over weight columns.

use std::ops::Range;

use crate::cpu::simd::tiled::TiledArray;
use crate::cpu::spikes::list_from_mask::{append_lists, grow};
use crate::cpu::spikes::mask::SpikeMask;
use crate::cpu::spikes::steps::{StepRange, count_bits, words_covering};
use crate::interface::{COUNT_BITS, COUNT_MASK, RunParams, STEPS_PER_WORD, spike_count};

/// Spike lists of one population over a range of steps. Indices ascend; a neuron occurs once per spike.
///
/// Steps count from the first row of the spike counts, so that steps before the image are not negative.
#[derive(Default)]
pub struct SpikeList {
    steps: Range<u32>,
    /// All lists, concatenated, then unused capacity.
    units: Vec<u32>,
    /// End of each step's list in `units`.
    ends: Vec<usize>,
}

impl SpikeList {
    /// Removes all lists.
    pub fn clear(&mut self) {
        self.reset_to(0);
    }

    /// Returns the neurons that spike at `step`.
    #[inline]
    pub fn at(&self, step: u32) -> &[u32] {
        let index = (step - self.steps.start) as usize;
        let start = if index == 0 { 0 } else { self.ends[index - 1] };
        &self.units[start..self.ends[index]]
    }

    /// Builds the lists of a range of steps: from the mask `spike_mask` if it has them, otherwise from the counts
    /// `spikes`, `[history words + words, units]`. Keeps lists that exist.
    pub fn build(&mut self, range: StepRange, spike_mask: &SpikeMask, spikes: &TiledArray<u32>) {
        let StepRange { steps, image } = range;
        let has_all = self.steps.start <= steps.start && steps.end <= self.steps.end;
        // Lists of steps before the image may start before the first requested step.
        let has_start = self.steps.start == steps.start
            || (steps.start < image
                && self.steps.start < steps.start
                && steps.start <= self.steps.end);
        if !has_all && !has_start {
            self.reset_to(steps.start);
        }
        let left = self.steps.end..steps.end;
        if left.is_empty() {
            return;
        }
        if left.start >= image && spike_mask.has(&(left.start - image..left.end - image)) {
            self.append_from_mask(left.start - image..left.end - image, image, spike_mask, spikes);
        } else {
            self.append_from_counts(left, spikes);
        }
    }

    /// Continues the lists at `step`, for [`SpikeList::append`]. Removes lists that end at another step.
    pub fn begin(&mut self, step: u32) {
        if self.steps.end != step {
            self.reset_to(step);
        }
    }

    /// Appends the list of the next step. `neurons`: ascending, one per spike.
    pub fn append(&mut self, neurons: impl ExactSizeIterator<Item = u32>) {
        let (start, end) = (self.length(), self.length() + neurons.len());
        grow(&mut self.units, end);
        for (unit, neuron) in self.units[start..end].iter_mut().zip(neurons) {
            *unit = neuron;
        }
        self.end(end);
    }

    /// Keeps the lists of the last steps of an image of `steps` steps as the history of the next image. Removes all
    /// lists if neither the mask nor the lists have these steps.
    pub fn keep_last_steps(
        &mut self,
        constants: &RunParams,
        steps: u32,
        spike_mask: &SpikeMask,
        spikes: &TiledArray<u32>,
    ) {
        let past = constants.history_steps;
        let last = steps.saturating_sub(past)..steps;
        let image = constants.history_words * STEPS_PER_WORD;
        if constants.tap_count == 0 || last.len() != past as usize {
            self.clear();
        } else if spike_mask.has(&last) {
            self.clear();
            self.append_from_mask(last, image, spike_mask, spikes);
            self.steps = image - past..image;
        } else if self.steps.start <= image + last.start && self.steps.end == image + last.end {
            self.keep_last(past as usize);
            self.steps = image - past..image;
        } else {
            self.clear();
        }
    }

    /// Removes all lists except the last `count`.
    fn keep_last(&mut self, count: usize) {
        let removed = self.ends.len() - count;
        let start = if removed == 0 { 0 } else { self.ends[removed - 1] };
        let end = self.length();
        self.units.copy_within(start..end, 0);
        self.ends.drain(..removed);
        self.ends.iter_mut().for_each(|end| *end -= start);
    }

    /// Returns the spike counts of the steps before an image, `[history words, units]`, as in [`ArrayId::Spikes`].
    ///
    /// [`ArrayId::Spikes`]: crate::interface::ArrayId::Spikes
    pub fn history_counts(&self, history_words: usize, units: usize) -> Vec<u32> {
        let mut words = vec![0; history_words * units];
        for step in self.steps.clone() {
            let (word, slot) = (step / STEPS_PER_WORD, step % STEPS_PER_WORD);
            for &unit in self.at(step) {
                words[word as usize * units + unit as usize] += 1 << (slot * COUNT_BITS);
            }
        }
        words
    }

    /// Builds the lists of the `past` steps before an image from their counts.
    pub fn set_history_counts(&mut self, past: u32, spikes: &TiledArray<u32>) {
        let image = spikes.rows() as u32 * STEPS_PER_WORD;
        self.reset_to(image - past);
        self.append_from_counts(image - past..image, spikes);
    }

    /// Copies the lists of `other`.
    pub fn copy_from(&mut self, other: &SpikeList) {
        let length = other.length();
        if self.units.len() < length {
            self.units.resize(length, 0);
        }
        self.units[..length].copy_from_slice(&other.units[..length]);
        self.ends.clone_from(&other.ends);
        self.steps = other.steps.clone();
    }

    /// Removes all lists; the next one is of `step`.
    #[inline]
    fn reset_to(&mut self, step: u32) {
        self.steps = step..step;
        self.ends.clear();
    }

    /// Ends the list of a step at `length`.
    #[inline]
    fn end(&mut self, length: usize) {
        self.ends.push(length);
        self.steps.end += 1;
    }

    /// Returns the total length of all lists.
    #[inline]
    fn length(&self) -> usize {
        self.ends.last().copied().unwrap_or(0)
    }

    /// Appends lists from the mask. `steps`: relative to the image, whose first step is `image`.
    fn append_from_mask(
        &mut self,
        steps: Range<u32>,
        image: u32,
        spike_mask: &SpikeMask,
        spikes: &TiledArray<u32>,
    ) {
        let length = self.length();
        self.steps.end += steps.len() as u32;
        append_lists(steps, image, spike_mask, spikes, &mut self.units, length, &mut self.ends);
    }

    /// Appends lists from the spike counts.
    fn append_from_counts(&mut self, steps: Range<u32>, spikes: &TiledArray<u32>) {
        let mut lists = vec![Vec::new(); steps.len()];
        for unit in 0..spikes.units() {
            for (word, of_word) in words_covering(&steps) {
                // Nearly always zero.
                let mut left = spikes.value(word as usize, unit) & count_bits(&of_word);
                while left != 0 {
                    let slot = left.trailing_zeros() / COUNT_BITS;
                    let step = word * STEPS_PER_WORD + slot;
                    for _ in 0..spike_count(left, slot) {
                        lists[(step - steps.start) as usize].push(unit as u32);
                    }
                    left &= !(COUNT_MASK << (slot * COUNT_BITS));
                }
            }
        }
        for list in lists {
            let length = self.length();
            grow(&mut self.units, length + list.len());
            self.units[length..length + list.len()].copy_from_slice(&list);
            self.end(length + list.len());
        }
    }
}

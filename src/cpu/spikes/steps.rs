//! Ranges of steps, and the words of spike counts that cover them.

use std::ops::Range;

use crate::interface::{BatchParams, COUNT_BITS, LaunchParams, RunParams, STEPS_PER_WORD, Sample};

/// Steps whose spikes a launch reads, counted from the first row of the spike counts.
pub struct StepRange {
    pub steps: Range<u32>,
    /// First step of the image.
    pub image: u32,
}

impl StepRange {
    /// Returns the steps of the block. In the first block of a sample that is not reset, the last steps before the
    /// image are included, as far as the cut kernel reaches.
    pub fn new(
        constants: &RunParams,
        params: &LaunchParams,
        minibatch: &BatchParams,
        sample: &Sample,
    ) -> Self {
        let image = constants.history_words * STEPS_PER_WORD;
        let feels_past =
            params.first_step == 0 && minibatch.reset_state == 0 && constants.tap_count > 0;
        let past = if feels_past { constants.history_rows } else { 0 };
        let first = sample.steps().min(params.first_step);
        let end = sample.steps().min(params.first_step + params.step_count);
        StepRange { steps: image + first - past..image + end, image }
    }

    /// Returns all steps before the image whose spikes are kept.
    pub fn past(constants: &RunParams) -> Self {
        let image = constants.history_words * STEPS_PER_WORD;
        StepRange { steps: image - constants.history_steps..image, image }
    }
}

/// Returns the bit mask of the counts of `steps` in their common word.
pub fn count_bits(steps: &Range<u32>) -> u32 {
    let first = steps.start % STEPS_PER_WORD;
    let unused = STEPS_PER_WORD - steps.len() as u32;
    u32::MAX >> (unused * COUNT_BITS) << (first * COUNT_BITS)
}

/// Returns the index of each word that covers `steps`, with the steps that it covers.
#[inline(always)]
pub fn words_covering(steps: &Range<u32>) -> impl Iterator<Item = (u32, Range<u32>)> + use<> {
    let Range { start, end } = *steps;
    (start / STEPS_PER_WORD..end.div_ceil(STEPS_PER_WORD)).map(move |word| {
        let first = word * STEPS_PER_WORD;
        (word, first.max(start)..(first + STEPS_PER_WORD).min(end))
    })
}

//! Running means of voltages and rates over the window at the end of a phase.

use std::ops::Range;

use crate::cpu::kernels::spike_sampler::WORD_STEPS;
use crate::cpu::simd::Simd;
use crate::interface::Sample;
use crate::model::exact_math::Float;

/// Steps over which a voltage or rate is averaged.
pub struct WindowMean {
    steps: Range<u32>,
    inverse: f32,
}

impl WindowMean {
    /// Returns the window at the end of the forward phase.
    pub fn forward(sample: &Sample) -> Self {
        let end = sample.steps_forward;
        WindowMean { steps: end - sample.window_forward..end, inverse: sample.inv_window_forward }
    }

    /// Returns the window at the end of the target phase; empty in a test.
    pub fn target(sample: &Sample) -> Self {
        let end = sample.steps();
        WindowMean { steps: end - sample.window_target..end, inverse: sample.inv_window_target }
    }

    /// Whether the window overlaps `steps`.
    #[inline(always)]
    pub fn overlaps(&self, steps: &Range<u32>) -> bool {
        self.steps.start < steps.end && steps.start < self.steps.end
    }

    /// Adds the values of the `steps` within the window to `mean`. The last step of the window divides the sum by the
    /// window's length.
    #[inline(always)]
    pub fn add<V: Simd>(
        &self,
        steps: &Range<u32>,
        values: &[V::Floats; WORD_STEPS],
        mean: &mut V::Floats,
    ) {
        if !self.overlaps(steps) {
            return;
        }
        for (value, step) in values.iter().zip(steps.clone()) {
            if self.steps.contains(&step) {
                *mean = *mean + *value;
            }
        }
        if steps.contains(&(self.steps.end - 1)) {
            *mean = *mean * V::Floats::splat(self.inverse);
        }
    }
}

//! Means over the last steps of a phase.

use std::ops::Range;

use super::neuron::WORD;
use super::vectors::Vectors;
use crate::layout::Lane;
use crate::model::exact_math::Float;

/// The steps of an image over which something is averaged.
pub struct Window {
    steps: Range<u32>,
    inverse: f32,
}

impl Window {
    /// The end of the forward phase.
    pub fn forward(lane: &Lane) -> Self {
        let end = lane.steps_forward;
        Window { steps: end - lane.window_forward..end, inverse: lane.inverse_window_forward }
    }

    /// The end of the target phase; no steps in a test.
    pub fn target(lane: &Lane) -> Self {
        let end = lane.steps();
        Window { steps: end - lane.window_target..end, inverse: lane.inverse_window_target }
    }

    /// Whether it has any of `steps`.
    #[inline(always)]
    pub fn meets(&self, steps: &Range<u32>) -> bool {
        self.steps.start < steps.end && steps.start < self.steps.end
    }

    /// Adds to `mean` the values of those of `steps` that are in the window; the last makes the sum a
    /// mean.
    #[inline(always)]
    pub fn add<V: Vectors>(
        &self,
        steps: &Range<u32>,
        values: &[V::Floats; WORD],
        mean: &mut V::Floats,
    ) {
        if !self.meets(steps) {
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

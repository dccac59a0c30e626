//! Averaging windows at the ends of the phases, and the weight of a spike in an average.
//!
//! Twin of `shaders/shared/averaging_window.wgsl` and `window_means.wgsl`.

use std::ops::Range;

use crate::cpu::simd::Simd;
use crate::cpu::spikes::WORD_STEPS;
use crate::interface::{RunParams, Sample, window_mean};
use crate::model::exact_math::Float;

/// Window of `length` steps that ends before step `end`.
pub struct PhaseWindow {
    pub end: u32,
    pub length: u32,
    /// `1 / length`.
    pub inverse: f32,
}

impl PhaseWindow {
    /// Returns the window that ends `lead` steps before the forward phase ends.
    #[inline(always)]
    pub fn forward(sample: &Sample, lead: u32) -> Self {
        PhaseWindow {
            end: sample.steps_forward - lead,
            length: sample.window_forward,
            inverse: sample.inv_window_forward,
        }
    }

    /// Returns the window that ends `lead` steps before the target phase ends.
    #[inline(always)]
    pub fn target(sample: &Sample, lead: u32) -> Self {
        PhaseWindow {
            end: sample.steps() - lead,
            length: sample.window_target,
            inverse: sample.inv_window_target,
        }
    }

    /// Whether a step is in the window.
    #[inline(always)]
    pub fn contains(&self, step: u32) -> bool {
        step + self.length >= self.end && step < self.end
    }

    /// Whether the window overlaps `steps`.
    #[inline(always)]
    pub fn overlaps(&self, steps: &Range<u32>) -> bool {
        self.end - self.length < steps.end && steps.start < self.end
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
            if self.contains(step) {
                *mean = *mean + *value;
            }
        }
        if steps.contains(&(self.end - 1)) {
            *mean = *mean * V::Floats::splat(self.inverse);
        }
    }

    /// Returns the first step with spikes that contribute to the window after `delay` steps.
    #[inline(always)]
    pub fn first_contributing_step(&self, constants: &RunParams, delay: u32) -> u32 {
        let reach = self.length + constants.tap_count - 1 + delay;
        self.end - reach.min(self.end)
    }

    /// Returns the response to a spike that arrives at `step`, summed over the window.
    #[inline(always)]
    pub fn weight(&self, constants: &RunParams, step: u32) -> f32 {
        let until_end = self.end - step;
        let until_start = until_end.saturating_sub(self.length);
        let last = until_end.min(constants.tap_count);
        let first = until_start.min(constants.tap_count);
        constants.kernel_cumsum[last as usize] - constants.kernel_cumsum[first as usize]
    }
}

/// Returns the row of the window means for feedback in a phase (0 forward, 1 target), averaged over a window that ends
/// `lead` steps before the phase ends.
#[inline(always)]
pub fn feedback_row(constants: &RunParams, phase: u32, lead: u32) -> usize {
    match lead {
        0 => window_mean::FEEDBACK_FORWARD + phase as usize,
        _ => window_mean::ROWS + (phase * constants.max_plateau_lead() + lead - 1) as usize,
    }
}

/// Mean of a population that the next layer or the feedback reads.
pub struct WindowMean {
    /// Row of the window means.
    pub row: usize,
    pub window: PhaseWindow,
    /// Number of steps from a spike to its effect.
    pub delay: u32,
}

/// Returns the means of a population that feeds forward or back, or both.
pub fn window_means(
    constants: &RunParams,
    sample: &Sample,
    feeds_forward: bool,
    feeds_back: bool,
) -> Vec<WindowMean> {
    let mut means = Vec::new();
    if feeds_forward {
        let window = PhaseWindow::forward(sample, 0);
        means.push(WindowMean { row: window_mean::FORWARD, window, delay: 0 });
    }
    if feeds_back {
        for lead in 0..=constants.max_plateau_lead() {
            let windows = [PhaseWindow::forward(sample, lead), PhaseWindow::target(sample, lead)];
            for (phase, window) in (0..).zip(windows) {
                let row = feedback_row(constants, phase, lead);
                means.push(WindowMean { row, window, delay: 1 });
            }
        }
    }
    means
}

// The code above relies on consecutive rows of the two phases.
const _: () = assert!(window_mean::FEEDBACK_TARGET == window_mean::FEEDBACK_FORWARD + 1);

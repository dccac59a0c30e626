//! Averaging windows at the ends of the phases, and the weight of a spike in an average. The twin of
//! `shaders/shared/response.wgsl`.

use crate::interface::{Constants, Lane, trace};

/// The `length` steps before step `end`.
pub struct PhaseWindow {
    pub end: u32,
    pub length: u32,
    pub inverse: f32,
}

impl PhaseWindow {
    /// Returns the window of the forward phase, shifted back by `lead` steps.
    #[inline(always)]
    pub fn forward(lane: &Lane, lead: u32) -> Self {
        PhaseWindow {
            end: lane.steps_forward - lead,
            length: lane.window_forward,
            inverse: lane.inverse_window_forward,
        }
    }

    /// Returns the window of the target phase, shifted back by `lead` steps.
    #[inline(always)]
    pub fn target(lane: &Lane, lead: u32) -> Self {
        PhaseWindow {
            end: lane.steps() - lead,
            length: lane.window_target,
            inverse: lane.inverse_window_target,
        }
    }

    #[inline(always)]
    pub fn contains(&self, step: u32) -> bool {
        step + self.length >= self.end && step < self.end
    }

    /// Returns the first step whose spikes contribute to the window, with a delay of `delay` steps.
    #[inline(always)]
    pub fn first_contributing_step(&self, constants: &Constants, delay: u32) -> u32 {
        let reach = self.length + constants.tap_count - 1 + delay;
        self.end - reach.min(self.end)
    }

    /// Returns the kernel summed over the window for a spike that arrives at `step`.
    #[inline(always)]
    pub fn weight(&self, constants: &Constants, step: u32) -> f32 {
        let until_end = self.end - step;
        let until_start = until_end.saturating_sub(self.length);
        let last = until_end.min(constants.tap_count);
        let first = until_start.min(constants.tap_count);
        constants.cumulative[last as usize] - constants.cumulative[first as usize]
    }
}

/// Returns the row of the feedback mean of a phase (0: forward, 1: target) whose window ends `lead` steps early.
#[inline(always)]
pub fn feedback_trace_row(constants: &Constants, phase: u32, lead: u32) -> usize {
    match lead {
        0 => trace::FEEDBACK_FORWARD + phase as usize,
        _ => trace::ROWS + (phase * constants.earliest_plateau() + lead - 1) as usize,
    }
}

// The code above relies on consecutive rows of the two phases.
const _: () = assert!(trace::FEEDBACK_TARGET == trace::FEEDBACK_FORWARD + 1);

//! Windows at the ends of phases, and what a spike of a step adds to an average over one: the twin of
//! `shaders/shared/response.wgsl`.

use crate::layout::{Constants, Lane, trace};

/// The last `length` steps before step `end`.
pub struct Window {
    pub end: u32,
    pub length: u32,
    pub inverse: f32,
}

impl Window {
    /// Of the forward phase, so many steps early.
    #[inline(always)]
    pub fn forward(lane: &Lane, early: u32) -> Self {
        Window {
            end: lane.steps_forward - early,
            length: lane.window_forward,
            inverse: lane.inverse_window_forward,
        }
    }

    /// Of the target phase.
    #[inline(always)]
    pub fn target(lane: &Lane, early: u32) -> Self {
        Window {
            end: lane.steps() - early,
            length: lane.window_target,
            inverse: lane.inverse_window_target,
        }
    }

    #[inline(always)]
    pub fn contains(&self, step: u32) -> bool {
        step + self.length >= self.end && step < self.end
    }

    /// The first step whose spikes reach into the window, seen `delay` steps late.
    #[inline(always)]
    pub fn first_heard(&self, constants: &Constants, delay: u32) -> u32 {
        let reach = self.length + constants.tap_count - 1 + delay;
        self.end - reach.min(self.end)
    }

    /// Sum over the window of the response to a spike that arrives at `step`.
    #[inline(always)]
    pub fn weight(&self, constants: &Constants, step: u32) -> f32 {
        let until_end = self.end - step;
        let until_start = until_end.saturating_sub(self.length);
        let last = until_end.min(constants.tap_count);
        let first = until_start.min(constants.tap_count);
        constants.cumulative[last as usize] - constants.cumulative[first as usize]
    }
}

/// The row of the traces with what apical dendrites hear in a phase (0 forward, 1 target), so many steps early.
#[inline(always)]
pub fn feedback_row(constants: &Constants, phase: u32, early: u32) -> usize {
    match early {
        0 => trace::FEEDBACK_FORWARD + phase as usize,
        _ => trace::ROWS + (phase * constants.earliest_plateau() + early - 1) as usize,
    }
}

// The rows of both phases lie behind each other.
const _: () = assert!(trace::FEEDBACK_TARGET == trace::FEEDBACK_FORWARD + 1);

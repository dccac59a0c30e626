//! Sums what spikes before an image drive in the apical dendrites, through the feedback weights of now: those of the
//! last K steps, or of the uncut kernel its two traces.

use super::columns::Columns;
use super::drive::{history_from_traces, sum_columns};
use super::events::Events;
use super::tile::Tiled;
use crate::layout::{Constants, Minibatch, Part, STEPS_PER_WORD};

/// `events`: who spikes in the feedback's population at the last K steps; `traces`: its, `[rows, sources]`;
/// `feedback`: `[columns, units]`; `apical_drive`: `[history + 1, units]`.
pub fn apical_history(
    constants: &Constants,
    part: &Part,
    minibatch: &Minibatch,
    events: &Events,
    traces: &Tiled<f32>,
    feedback: &Columns,
    apical_drive: &mut Tiled<f32>,
) {
    if minibatch.fresh == 1 {
        return;
    }
    let mut drive = apical_drive.span();
    if constants.tap_count == 0 {
        return history_from_traces(part.sources as usize, traces, feedback, &mut drive);
    }
    let image = constants.past_words * STEPS_PER_WORD;
    sum_columns(image - constants.tap_count..image, events, feedback, &mut drive, 0);
}

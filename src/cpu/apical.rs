//! Steps the apical dendrites: the feedback spikes of this step set the apical voltage of the next
//! (feedback takes one step). `A = kappa * (Y n)`.

use multiversion::multiversion;

use super::columns::Columns;
use super::drive::sum_columns;
use super::events::Events;
use super::filter::{clear_history, filtered, keep_history};
use super::tile::{WIDTH, store};
use crate::layout::compartment::APICAL;
use crate::layout::{Constants, Lane, Minibatch, Part, STEPS_PER_WORD};

/// `spikes`: the feedback's population, `[words, sources]`; `feedback`: `[sources, units]`;
/// `apical_drive`: `[history + 1, units]`; `compartments`: `[5, units]`.
#[allow(clippy::too_many_arguments)] // one for each binding of the shader
pub fn apical(
    constants: &Constants,
    part: &Part,
    minibatch: &Minibatch,
    lane: &Lane,
    spikes: &[u32],
    feedback: &Columns,
    apical_drive: &mut [f32],
    compartments: &mut [f32],
    events: &mut Events,
) {
    let (units, sources) = (part.units as usize, part.sources as usize);
    if part.first >= lane.steps() {
        return;
    }
    if part.first == 0 && minibatch.fresh == 1 {
        clear_history(constants, units, apical_drive);
    }
    let step = constants.past_words * STEPS_PER_WORD + part.first;
    let now = &mut apical_drive[constants.history as usize * units..];
    sum_columns(step..step + 1, spikes, sources, feedback, units, now, events);
    filter(constants, units, apical_drive, &mut compartments[APICAL * units..][..units]);
}

#[multiversion(targets = "simd")]
fn filter(constants: &Constants, units: usize, apical_drive: &mut [f32], apical: &mut [f32]) {
    for start in (0..units).step_by(WIDTH) {
        let voltages = filtered(constants, units, apical_drive, 0..1, start);
        store(apical, start, &voltages[0]);
    }
    keep_history(constants, units, apical_drive, 1);
}

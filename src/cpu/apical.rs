//! Steps the apical dendrites: the feedback spikes of this step set the apical voltage of the next
//! (feedback takes one step). `A = kappa * (Y n) + c`.

use multiversion::multiversion;

use super::columns::Columns;
use super::drive::sum_columns;
use super::events::Events;
use super::filter::{filtered, keep_history};
use super::tile::{Tile, Tiled, WIDTH};
use super::vectors::{Portable, Vectors};
use crate::layout::compartment::APICAL;
use crate::layout::{Constants, Lane, Minibatch, Part, STEPS_PER_WORD};
use crate::model::exact_math::{SMALLEST_VOLTAGE, flush};

/// `events`: who spikes in the feedback's population at the step; `feedback`: `[columns, units]`;
/// `apical_drive`: `[history + 1, units]`; `compartments`: `[5, units]`.
pub fn apical(
    constants: &Constants,
    part: &Part,
    lane: &Lane,
    events: &Events,
    feedback: &Columns,
    apical_drive: &mut Tiled<f32>,
    compartments: &mut Tiled<f32>,
) {
    if part.first >= lane.steps() {
        return;
    }
    let step = constants.past_words * STEPS_PER_WORD + part.first;
    let history = constants.history as usize;
    sum_columns(step..step + 1, events, feedback, &mut apical_drive.span(), history);
    filter(constants, apical_drive, compartments);
    add_biases(part, feedback, compartments);
}

/// Sets the voltages before any spike of the image: of a cleared state the bias alone, otherwise what
/// `apical_history` summed with the feedback weights of now. Shapes as in [`apical`].
pub fn begin_apical(
    constants: &Constants,
    part: &Part,
    minibatch: &Minibatch,
    feedback: &Columns,
    apical_drive: &mut Tiled<f32>,
    compartments: &mut Tiled<f32>,
) {
    if minibatch.fresh == 1 {
        apical_drive.span().clear_rows(constants.history as usize);
        compartments.each_mut().for_each(|rows| rows[APICAL] = Tile([0.0; WIDTH]));
    } else if constants.tap_count > 0 {
        filter(constants, apical_drive, compartments);
    } else {
        for (drive, compartments) in apical_drive.each().zip(compartments.each_mut()) {
            let (slow, fast) = (&drive[0], &drive[1]);
            for i in 0..WIDTH {
                compartments[APICAL][i] =
                    constants.gain_slow * slow[i] - constants.gain_fast * fast[i];
            }
        }
    }
    add_biases(part, feedback, compartments);
}

/// Adds the apical biases, if any, to the voltages.
pub fn add_biases(part: &Part, feedback: &Columns, compartments: &mut Tiled<f32>) {
    if part.feedback_columns > part.sources {
        let biases = feedback.column(part.sources as usize);
        for (compartments, biases) in compartments.each_mut().zip(biases) {
            for i in 0..WIDTH {
                compartments[APICAL][i] += biases[i];
            }
        }
    }
    for compartments in compartments.each_mut() {
        for voltage in compartments[APICAL].iter_mut() {
            *voltage = flush(*voltage, SMALLEST_VOLTAGE);
        }
    }
}

#[multiversion(targets = "simd")]
fn filter(constants: &Constants, apical_drive: &mut Tiled<f32>, compartments: &mut Tiled<f32>) {
    for (drive, compartments) in apical_drive.each_mut().zip(compartments.each_mut()) {
        let voltages = filtered::<Portable>(constants, drive, 0, 1);
        Portable::store_floats(voltages[0], &mut compartments[APICAL]);
        keep_history(constants, drive, 1);
    }
}

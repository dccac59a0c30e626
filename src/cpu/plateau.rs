//! Plateau potentials: the sigmoid of the mean apical voltage at the end of each phase.
//!
//! The dendrite is linear, so the mean of `A = Y s` is `Y` times the mean of `s`.

use multiversion::multiversion;

use super::columns::Columns;
use super::response::feedback_row;
use super::tile::{Tile, Tiled, WIDTH};
use crate::layout::{Constants, Lane, Part, Replica, plateau};
use crate::model::exact_math::sigmoid;
use crate::model::plateau_timing::lead_steps;
use crate::random::{RngStream, Split, counter0, philox_units};

/// `traces`: of the feedback's population, `[rows, sources]`; `feedback`: `[columns, units]`;
/// `plateaus`: `[2, units]`.
#[multiversion(targets = "simd")]
pub fn plateau(
    constants: &Constants,
    replica: &Replica,
    part: &Part,
    lane: &Lane,
    traces: &Tiled<f32>,
    feedback: &Columns,
    plateaus: &mut Tiled<f32>,
) {
    let earliest = constants.earliest_plateau();
    for (tile, plateaus) in plateaus.each_mut().enumerate() {
        let mut early = [[0; WIDTH]; plateau::ROWS];
        if earliest > 0 {
            early = early_steps(constants, replica, part, lane, tile);
        }
        for (phase, early) in (0..).zip(&early) {
            let mut apical = Tile([0.0; WIDTH]);
            for source in 0..part.sources as usize {
                let mut spikes = [traces.value(feedback_row(constants, phase, 0), source); WIDTH];
                // Faster than to look each neuron's up.
                for steps in 1..=earliest {
                    let of_steps = traces.value(feedback_row(constants, phase, steps), source);
                    for i in 0..WIDTH {
                        spikes[i] = if early[i] == steps { of_steps } else { spikes[i] };
                    }
                }
                let weights = &feedback.column(source)[tile];
                for i in 0..WIDTH {
                    apical[i] += weights[i] * spikes[i];
                }
            }
            if part.feedback_columns > part.sources {
                let biases = &feedback.column(part.sources as usize)[tile];
                for i in 0..WIDTH {
                    apical[i] += biases[i];
                }
            }
            for i in 0..WIDTH {
                plateaus[phase as usize][i] = sigmoid(apical[i]);
            }
        }
    }
}

/// Steps by which the plateau potentials of a tile's neurons come before the end of each phase.
#[inline(always)]
fn early_steps(
    constants: &Constants,
    replica: &Replica,
    part: &Part,
    lane: &Lane,
    tile: usize,
) -> [[u32; WIDTH]; plateau::ROWS] {
    let head = counter0(RngStream::PlateauTime, part.population, Split::Training as u32);
    let mut units = [0; WIDTH];
    for (i, unit) in units.iter_mut().enumerate() {
        *unit = (tile * WIDTH + i) as u32;
    }
    let words = philox_units(head, lane.position, &units, 0, replica.seed);
    let mut steps = [[0; WIDTH]; plateau::ROWS];
    for (steps, words) in steps.iter_mut().zip(&words) {
        for i in 0..WIDTH {
            steps[i] = lead_steps(words[i], &constants.early_plateaus);
        }
    }
    steps
}

// The rows of both phases lie behind each other.
const _: () = assert!(plateau::FORWARD == 0 && plateau::TARGET == 1);

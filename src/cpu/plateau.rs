//! Plateau potentials: the sigmoid of the mean apical voltage at the end of each phase.
//!
//! The dendrite is linear, so the mean of `A = Y s` is `Y` times the mean of `s`.

use multiversion::multiversion;

use super::columns::Columns;
use super::response::feedback_row;
use super::tile::{Tile, Tiled, WIDTH};
use crate::layout::{Constants, Lane, Part, Replica, plateau};
use crate::model::arithmetic::sigmoid;
use crate::model::plateaus::early;
use crate::random::{Purpose, Source, counter_head, philox};

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
    for (tile, plateaus) in plateaus.each_mut().enumerate() {
        for phase in 0..2 {
            let mut apical = Tile([0.0; WIDTH]);
            if constants.earliest_plateau() == 0 {
                let row = feedback_row(constants, phase, 0);
                for source in 0..part.sources as usize {
                    let spikes = traces.value(row, source);
                    let weights = &feedback.column(source)[tile];
                    for i in 0..WIDTH {
                        apical[i] += weights[i] * spikes;
                    }
                }
            } else {
                let rows = early_rows(constants, replica, part, lane, phase, tile);
                for source in 0..part.sources as usize {
                    let weights = &feedback.column(source)[tile];
                    for i in 0..WIDTH {
                        apical[i] += weights[i] * traces.value(rows[i], source);
                    }
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

/// The rows that neurons average over whose plateau potentials come early, each at a time of its own.
fn early_rows(
    constants: &Constants,
    replica: &Replica,
    part: &Part,
    lane: &Lane,
    phase: u32,
    tile: usize,
) -> [usize; WIDTH] {
    let head = counter_head(Purpose::PlateauTime, part.population, Source::Training as u32);
    let mut rows = [0; WIDTH];
    for (i, row) in rows.iter_mut().enumerate() {
        let unit = (tile * WIDTH + i) as u32;
        let words = philox([head, lane.position, unit, 0], replica.seed);
        let steps = early(words[phase as usize], &constants.early_plateaus);
        *row = feedback_row(constants, phase, steps);
    }
    rows
}

// The rows of both phases lie behind each other.
const _: () = assert!(plateau::FORWARD == 0 && plateau::TARGET == 1);

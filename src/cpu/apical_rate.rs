//! Sets the apical voltages that the next step sees from feedback by rates, which no kernel filters: `A = Y phi + c`.

use multiversion::multiversion;

use super::apical::add_biases;
use super::columns::Columns;
use super::tile::{Tile, Tiled, WIDTH};
use crate::layout::compartment::APICAL;
use crate::layout::{Lane, Minibatch, Part};

/// `rates`: of the feedback's population, `[1 + steps, sources]`; `feedback`: `[columns, units]`; `compartments`:
/// `[5, units]`.
pub fn apical_rate(
    part: &Part,
    minibatch: &Minibatch,
    lane: &Lane,
    rates: &Tiled<f32>,
    feedback: &Columns,
    compartments: &mut Tiled<f32>,
) {
    if part.steps > 0 && part.first >= lane.steps() {
        return;
    }
    // The row of the step before the one that sees the voltage.
    let step = part.first + part.steps;
    let sources = if step > 0 || minibatch.fresh == 0 { part.sources as usize } else { 0 };
    sum(step as usize, sources, rates, feedback, compartments);
    add_biases(part, feedback, compartments);
}

/// The columns of the first `sources` neurons times their rates, in ascending order.
#[multiversion(targets = "simd")]
fn sum(
    step: usize,
    sources: usize,
    rates: &Tiled<f32>,
    feedback: &Columns,
    compartments: &mut Tiled<f32>,
) {
    for (tile, compartments) in compartments.each_mut().enumerate() {
        let mut sums = Tile([0.0; WIDTH]);
        for source in 0..sources {
            let rate = rates.value(step, source);
            let weights = &feedback.column(source)[tile];
            for i in 0..WIDTH {
                sums[i] += weights[i] * rate;
            }
        }
        compartments[APICAL] = sums;
    }
}

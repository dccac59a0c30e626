//! Plateau potentials: the sigmoid of the mean apical voltage at the end of each phase.
//!
//! The dendrite is linear, so the mean of `A = Y s` is `Y` times the mean of `s`.

use multiversion::multiversion;

use super::columns::Columns;
use crate::layout::{Part, plateau, trace};
use crate::model::arithmetic::sigmoid;

/// `traces`: of the feedback's population, `[5, sources]`; `feedback`: `[sources, units]`;
/// `plateaus`: `[2, units]`.
#[multiversion(targets = "simd")]
pub fn plateau(part: &Part, traces: &[f32], feedback: &Columns, plateaus: &mut [f32]) {
    let (units, sources) = (part.units as usize, part.sources as usize);
    for (row, mean) in
        [(plateau::FORWARD, trace::FEEDBACK_FORWARD), (plateau::TARGET, trace::FEEDBACK_TARGET)]
    {
        let plateaus = &mut plateaus[row * units..][..units];
        plateaus.fill(0.0);
        for source in 0..sources {
            let spikes = traces[mean * sources + source];
            for (apical, weight) in plateaus.iter_mut().zip(feedback.column(source)) {
                *apical += weight * spikes;
            }
        }
        for potential in plateaus {
            *potential = sigmoid(*potential);
        }
    }
}

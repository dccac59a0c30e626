//! Computes the predicted class of an image and the output's loss.

use super::tiled::TiledArray;
use crate::interface::{LaunchParams, ReplicaParams, RunParams, Sample, compartment, result};
use crate::model::exact_math::{SMALLEST_MOMENT, flush, sigmoid};

/// `compartments`: of the output, `[5, units]`; `result`: `[2]`.
///
/// The class is the one whose neurons have the highest mean voltage; the lowest index wins ties. The loss is
/// `sum (phi_t - phi_max sigma(C))^2`, or zero if there was no target phase.
pub fn classify(
    constants: &RunParams,
    replica: &ReplicaParams,
    part: &LaunchParams,
    lane: &Sample,
    compartments: &TiledArray<f32>,
    result: &mut [u32],
) {
    let units = part.units as usize;
    let group = constants.neurons_per_class as usize;
    let mut best = (0, 0.0);
    for class in 0..constants.classes as usize {
        let mut sum = 0.0;
        for member in 0..group {
            sum += compartments.value(compartment::MEAN_SOMA, class * group + member);
        }
        if class == 0 || sum > best.1 {
            best = (class, sum);
        }
    }
    let mut loss = 0.0;
    if lane.steps_target > 0 {
        for unit in 0..units {
            let forward = sigmoid(compartments.value(compartment::MEAN_SOMA, unit));
            let target = compartments.value(compartment::MEAN_RATE, unit);
            let difference = target - replica.phi_max * forward;
            loss += flush(difference * difference, SMALLEST_MOMENT);
        }
    }
    result[result::CLASS] = best.0 as u32;
    result[result::LOSS] = loss.to_bits();
}

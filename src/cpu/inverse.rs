//! Changes feedback weights towards the inverse of the feed-forward function: so that what the output of the
//! forward phase makes of the apical dendrite is what the soma does. `E_inv = -(phi_max sigma(Cf) - alpha_f)
//! sigma'(Af)`, `Y -= eta E_inv s_fb`, the mean over the minibatch.

use rayon::prelude::*;

use super::carried::Carried;
use super::is_stopped;
use super::state::Shared;
use super::tile::{Tile, WIDTH};
use crate::layout::{Minibatch, Part, Replica, Stop};
use crate::model::exact_math::{SMALLEST_GRADIENT, flush, flush_weight, sigmoid, sigmoid_slope};

/// Updates one layer's feedback weights of a replica from what its lanes carry. `source`: the population that
/// is heard. After a stop, some are updated.
#[allow(clippy::too_many_arguments)] // what an update hangs on
pub fn of_replica(
    stop: Option<&Stop>,
    replica: &Replica,
    minibatch: &Minibatch,
    layer: usize,
    source: usize,
    part: &Part,
    shared: &mut Shared,
    lanes: &[Carried],
) {
    let lanes = &lanes[..minibatch.lanes as usize];
    let errors: Vec<Vec<Tile<f32>>> =
        lanes.par_iter().map(|lane| errors(replica, layer, lane)).collect();
    let columns: Vec<&mut [Tile<f32>]> = shared.feedback[layer].columns_mut().collect();
    columns.into_par_iter().enumerate().for_each(|(index, column)| {
        if is_stopped(stop) {
            return;
        }
        let is_bias = index == part.sources as usize;
        let eta = if is_bias { replica.apical_bias_eta } else { replica.feedback_eta };
        let eta = flush(eta * minibatch.rate, SMALLEST_GRADIENT);
        let trace =
            |lane: &Carried| if is_bias { 1.0 } else { lane.feedback_forward(source, index) };
        let traces: Vec<f32> = lanes.iter().map(trace).collect();
        for (tile, weights) in column.iter_mut().enumerate() {
            let mut sums = Tile([0.0; WIDTH]);
            for (trace, errors) in traces.iter().zip(&errors) {
                for i in 0..WIDTH {
                    sums[i] += trace * errors[tile][i];
                }
            }
            for i in 0..WIDTH {
                let gradient = flush(sums[i] * minibatch.inverse_lanes, SMALLEST_GRADIENT);
                weights[i] = flush_weight(weights[i] - eta * gradient);
            }
        }
    });
}

/// `E_inv` of the layer's neurons in one lane.
fn errors(replica: &Replica, layer: usize, lane: &Carried) -> Vec<Tile<f32>> {
    let (means, plateaus) = (lane.mean_soma(layer), lane.forward_plateaus(layer));
    let mut errors = vec![Tile([0.0; WIDTH]); plateaus.len()];
    for (tile, errors) in errors.iter_mut().enumerate() {
        for i in 0..WIDTH {
            let rate = replica.phi_max * sigmoid(means[tile][i]);
            let plateau = plateaus[tile][i];
            errors[i] = flush((plateau - rate) * sigmoid_slope(plateau), SMALLEST_GRADIENT);
        }
    }
    errors
}

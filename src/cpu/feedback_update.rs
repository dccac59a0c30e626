//! Updates feedback weights towards an inverse of the feed-forward function: so that the forward plateau potential
//! `alpha_f` approaches the somatic rate.
//!
//! `E_inv = -(phi_max sigma(Cf) - alpha_f) sigma'(Af)`, `Y -= eta E_inv s_fb`, averaged over the minibatch.

use rayon::prelude::*;

use super::is_stopped;
use super::persistent::PersistentState;
use super::state::ReplicaState;
use super::tiled::{LANES, Tile};
use crate::interface::{BatchParams, LaunchParams, ReplicaParams, Stop};
use crate::model::exact_math::{SMALLEST_GRADIENT, flush, flush_weight, sigmoid, sigmoid_slope};

/// Updates the feedback weights of one layer of a replica from the persistent state of its samples. `source`: index of
/// the feedback population. After a stop, only some weights are updated.
#[allow(clippy::too_many_arguments)] // the replica, its arrays and the layer
pub fn run(
    stop: Option<&Stop>,
    replica: &ReplicaParams,
    minibatch: &BatchParams,
    layer: usize,
    source: usize,
    part: &LaunchParams,
    replica_state: &mut ReplicaState,
    lanes: &[PersistentState],
) {
    let lanes = &lanes[..minibatch.batch_size as usize];
    let errors: Vec<Vec<Tile<f32>>> =
        lanes.par_iter().map(|lane| errors(replica, layer, lane)).collect();
    let columns: Vec<&mut [Tile<f32>]> = replica_state.feedback[layer].columns_mut().collect();
    columns.into_par_iter().enumerate().for_each(|(index, column)| {
        if is_stopped(stop) {
            return;
        }
        let is_bias = index == part.n_feedback as usize;
        let eta = if is_bias { replica.apical_bias_eta } else { replica.feedback_eta };
        let eta = flush(eta * minibatch.lr_scale, SMALLEST_GRADIENT);
        let trace = |lane: &PersistentState| {
            if is_bias { 1.0 } else { lane.feedback_forward(source, index) }
        };
        let traces: Vec<f32> = lanes.iter().map(trace).collect();
        for (tile, weights) in column.iter_mut().enumerate() {
            let mut sums = Tile([0.0; LANES]);
            for (trace, errors) in traces.iter().zip(&errors) {
                for i in 0..LANES {
                    sums[i] += trace * errors[tile][i];
                }
            }
            for i in 0..LANES {
                let gradient = flush(sums[i] * minibatch.inv_batch_size, SMALLEST_GRADIENT);
                weights[i] = flush_weight(weights[i] - eta * gradient);
            }
        }
    });
}

/// Returns `E_inv` of the layer's neurons for one sample.
fn errors(replica: &ReplicaParams, layer: usize, lane: &PersistentState) -> Vec<Tile<f32>> {
    let (means, plateaus) = (lane.mean_soma(layer), lane.forward_plateaus(layer));
    let mut errors = vec![Tile([0.0; LANES]); plateaus.len()];
    for (tile, errors) in errors.iter_mut().enumerate() {
        for i in 0..LANES {
            let rate = replica.phi_max * sigmoid(means[tile][i]);
            let plateau = plateaus[tile][i];
            errors[i] = flush((plateau - rate) * sigmoid_slope(plateau), SMALLEST_GRADIENT);
        }
    }
    errors
}

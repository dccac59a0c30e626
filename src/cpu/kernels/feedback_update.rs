//! Moves feedback weights towards the inverse of the feed-forward function: the plateau potential `alpha_f` of the
//! forward phase approaches the soma's rate.
//!
//! `E_inv = -(phi_max sigma(Cf) - alpha_f) sigma'(Af)`, `Y -= eta_b mean(E_inv s_fb)`, with the setting `feedback_lr` as
//! `eta_b`.

use rayon::prelude::*;

use super::mean_gradient::{Contribution, descend, scaled_eta};
use crate::cpu::kernels::definition::{
    Columns, CpuFunction, KernelDefinition, PreparedLaunch, ReplicaContext, Scope,
};
use crate::cpu::simd::tiled::{LANES, Tile};
use crate::cpu::state::ReplicaState;
use crate::cpu::state::persistent::PersistentState;
use crate::interface::{ArrayId, ReplicaParams};
use crate::model::exact_math::{SMALLEST_GRADIENT, flush, sigmoid, sigmoid_slope};

/// Definition of the kernel.
pub const DEFINITION: KernelDefinition = KernelDefinition {
    equation: "`Y -= η_b E_inv s_fbᵀ`",
    scope: Scope::HiddenLayer,
    runs_on: |_, _| true,
    reads: |shape, layer| {
        vec![
            ArrayId::WindowMeans(shape.feedback_population(layer)),
            ArrayId::Compartments(layer),
            ArrayId::Plateaus(layer),
        ]
    },
    writes: |layer| vec![ArrayId::Feedback(layer)],
    columns: |_| Columns::Feedback,
    threads: |grid| [grid.units(), grid.columns],
    cpu: CpuFunction::AfterSamples(run),
};

/// Updates the feedback weights of one layer.
fn run(replica_state: &mut ReplicaState, context: &ReplicaContext, prepared: &PreparedLaunch) {
    let &ReplicaContext { shape, stop, replica, minibatch, samples, .. } = context;
    let (layer, params) = (prepared.launch.layer, &prepared.params);
    let population = shape.feedback_population(layer);
    let errors: Vec<Vec<Tile<f32>>> =
        samples.par_iter().map(|sample| errors(replica, layer, sample)).collect();
    let columns: Vec<&mut [Tile<f32>]> = replica_state.feedback[layer].columns_mut().collect();
    columns.into_par_iter().enumerate().for_each(|(index, column)| {
        if stop.is_requested() {
            return;
        }
        let is_bias = index == params.n_feedback as usize;
        let eta = if is_bias { replica.apical_bias_eta } else { replica.feedback_eta };
        let eta = scaled_eta(eta, minibatch);
        let presynaptic = |sample: &PersistentState| {
            if is_bias { 1.0 } else { sample.feedback_forward(population, index) }
        };
        let contributions: Vec<Contribution> = samples
            .iter()
            .zip(&errors)
            .map(|(sample, errors)| Contribution { presynaptic: presynaptic(sample), errors })
            .filter(|contribution| contribution.presynaptic != 0.0)
            .collect();
        descend(minibatch, &contributions, eta, column);
    });
}

/// Returns `E_inv` of the layer's neurons for one sample.
fn errors(replica: &ReplicaParams, layer: usize, sample: &PersistentState) -> Vec<Tile<f32>> {
    let (means, plateaus) = (sample.mean_soma(layer), sample.forward_plateaus(layer));
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

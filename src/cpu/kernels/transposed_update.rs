//! Gives feedback weights the transposed update of the next layer's weights (Kolen & Pollack 1994): with equal learning
//! rates and a weight decay, plain gradient descent lets both matrices converge to each other's transpose.
//!
//! `Y -= eta_b mean(s_f (P E_next)^T)`, with the setting `feedback_lr` as `eta_b`, and the weight decay of feed-forward
//! weights.

use rayon::prelude::*;

use super::mean_gradient::{Contribution, descend, scaled_eta};
use crate::cpu::kernels::definition::{
    Columns, CpuFunction, KernelDefinition, PreparedLaunch, ReplicaContext, Scope,
};
use crate::cpu::simd::tiled::Tile;
use crate::cpu::state::ReplicaState;
use crate::interface::ArrayId;
use crate::model::exact_math::{SMALLEST_GRADIENT, flush};

/// Definition of the kernel.
pub const DEFINITION: KernelDefinition = KernelDefinition {
    equation: "`Y -= η_b s_f (P E_next)ᵀ`",
    scope: Scope::HiddenLayer,
    runs_on: |shape, _| shape.model.transposes_updates(),
    // Population `layer + 1` is the layer itself.
    reads: |_, layer| vec![ArrayId::WindowMeans(layer + 1), ArrayId::Errors(layer + 1)],
    writes: |layer| vec![ArrayId::Feedback(layer)],
    columns: |_| Columns::Feedback,
    threads: |grid| [grid.units(), grid.columns],
    cpu: CpuFunction::AfterSamples(run),
};

/// Updates the feedback weights of one layer.
fn run(replica_state: &mut ReplicaState, context: &ReplicaContext, prepared: &PreparedLaunch) {
    let &ReplicaContext { stop, replica, minibatch, samples, .. } = context;
    let layer = prepared.launch.layer;
    let rates: Vec<Vec<Tile<f32>>> = samples
        .iter()
        .map(|sample| sample.window_means[layer + 1].iter_tiles().map(|rows| rows[0]).collect())
        .collect();
    let eta = scaled_eta(replica.feedback_eta, minibatch);
    let decay = flush(eta * replica.weight_decay, SMALLEST_GRADIENT);
    let columns: Vec<&mut [Tile<f32>]> = replica_state.feedback[layer].columns_mut().collect();
    columns.into_par_iter().enumerate().for_each(|(index, column)| {
        if stop.is_requested() {
            return;
        }
        let contributions: Vec<Contribution> = samples
            .iter()
            .zip(&rates)
            .map(|(sample, rates)| Contribution {
                presynaptic: sample.errors[layer + 1].value(0, index),
                errors: rates,
            })
            .filter(|contribution| contribution.presynaptic != 0.0)
            .collect();
        if decay != 0.0 {
            column.iter_mut().for_each(|weights| {
                weights.iter_mut().for_each(|weight| *weight -= decay * *weight);
            });
        }
        descend(minibatch, &contributions, eta, column);
    });
}

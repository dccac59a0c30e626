//! Moves event feedback weights towards apical voltages of zero, the homeostasis of Greedy et al. (2022).
//!
//! `Q -= eta_q mean(A e^T)`, with the setting `event_feedback_lr` as `eta_q`, and the events e of the next layer. The
//! factor is for rates `phi_max e`.

use rayon::prelude::*;

use super::mean_gradient::{Contribution, descend, scaled_eta};
use crate::cpu::kernels::definition::{
    Columns, CpuFunction, KernelDefinition, PreparedLaunch, ReplicaContext, Scope,
};
use crate::cpu::simd::tiled::Tile;
use crate::cpu::state::ReplicaState;
use crate::interface::{ArrayId, window_mean};

/// Definition of the kernel.
pub const DEFINITION: KernelDefinition = KernelDefinition {
    equation: "`Q -= η_q A eᵀ` of the next layer's events",
    scope: Scope::HiddenLayer,
    runs_on: |shape, _| shape.model.learns_event_feedback(),
    // Population `layer + 2` is the next layer.
    reads: |_, layer| vec![ArrayId::WindowMeans(layer + 2), ArrayId::Compartments(layer)],
    writes: |layer| vec![ArrayId::EventFeedback(layer)],
    columns: |_| Columns::Feedback,
    threads: |grid| [grid.units(), grid.columns],
    cpu: CpuFunction::AfterSamples(run),
};

/// Updates the event feedback weights of one layer.
fn run(replica_state: &mut ReplicaState, context: &ReplicaContext, prepared: &PreparedLaunch) {
    let &ReplicaContext { stop, replica, minibatch, samples, .. } = context;
    let layer = prepared.launch.layer;
    let voltages: Vec<Vec<Tile<f32>>> = samples.iter().map(|sample| sample.apical(layer)).collect();
    let eta = scaled_eta(replica.event_feedback_eta, minibatch);
    let columns: Vec<_> = replica_state.event_feedback[layer].columns_mut().collect();
    columns.into_par_iter().enumerate().for_each(|(index, column)| {
        if stop.is_requested() {
            return;
        }
        let contributions: Vec<Contribution> = samples
            .iter()
            .zip(&voltages)
            .map(|(sample, voltages)| Contribution {
                presynaptic: sample.window_means[layer + 2].value(window_mean::FORWARD, index),
                errors: voltages,
            })
            .filter(|contribution| contribution.presynaptic != 0.0)
            .collect();
        descend(minibatch, &contributions, eta, column);
    });
}

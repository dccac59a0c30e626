//! Computes symmetric feedback weights: the transpose of the next layer's weights and, with broadcast feedback, times
//! the next layer's feedback weights. Each transpose has its own noise, drawn anew per minibatch.

use crate::cpu::kernels::definition::{
    Columns, CpuFunction, KernelDefinition, LaunchPlan, ReplicaContext, Scope,
};
use crate::cpu::simd::tiled::LANES;
use crate::cpu::state::ReplicaState;
use crate::interface::ArrayId;
use crate::model::exact_math::flush_weight;
use crate::random::{RngStream, Split, approx_normal, counter0};

/// Definition of the kernel.
pub const DEFINITION: KernelDefinition = KernelDefinition {
    equation: "`Y_last = W_outᵀ + N`, `Y_m = (W_{m+1}ᵀ + N_m) Y_{m+1}`",
    scope: Scope::HiddenLayer,
    is_valid: |_, _| true,
    reads: |_, layer| vec![ArrayId::Weights(layer + 1), ArrayId::Feedback(layer + 1)],
    writes: |layer| vec![ArrayId::Feedback(layer)],
    columns: |_| Columns::WeightsAbove,
    threads: |grid| [grid.units(), grid.shape.n_feedback(grid.launch.layer) as u32],
    cpu: CpuFunction::BeforeSamples(run),
};

/// Recomputes the feedback weights of a hidden layer, or continues the sums over the next layer.
fn run(replica_state: &mut ReplicaState, context: &ReplicaContext, plan: &LaunchPlan) {
    let &ReplicaContext { replica, minibatch, .. } = context;
    let (layer, params) = (plan.launch.layer, &plan.params);
    let sources = params.n_feedback as usize;
    let above = params.first_step as usize
        ..(params.first_step + params.step_count).min(params.n_next) as usize;
    let weights_above = &replica_state.weights[layer + 1];
    let (feedback, feedback_above) = replica_state.feedback.split_at_mut(layer + 1);
    // Feedback weights of the next layer, `[n_next, n_feedback]`, in the order of the sums.
    let mut feedback_rows = vec![0.0; above.len() * sources];
    if params.feedback_is_next_layer == 0 {
        for source in 0..sources {
            let column = feedback_above[0].column(source);
            for (row, j) in feedback_rows.chunks_exact_mut(sources).zip(above.clone()) {
                row[source] = column[j / LANES][j % LANES];
            }
        }
    }
    // A test uses the noise of the training minibatch after it.
    let word0 = counter0(RngStream::FeedbackNoise, params.population, Split::Training as u32);
    let mut weights = vec![0.0; sources];
    for unit in 0..params.units as usize {
        let column = weights_above.column(unit);
        let factor = |above: usize| {
            let weight = column[above / LANES][above % LANES];
            if replica.feedback_noise_sd == 0.0 {
                return weight;
            }
            let counter = [word0, minibatch.update_index, unit as u32, 3 * above as u32];
            flush_weight(weight + replica.feedback_noise_sd * approx_normal(counter, replica.seed))
        };
        let place = |source: usize| (source, unit / LANES, unit % LANES);
        for (source, weight) in weights.iter_mut().enumerate() {
            let (column, tile, i) = place(source);
            *weight = if params.feedback_is_next_layer == 1 {
                factor(source)
            } else if params.first_step == 0 {
                0.0
            } else {
                feedback[layer].column(column)[tile][i]
            };
        }
        if params.feedback_is_next_layer == 0 {
            for (row, j) in feedback_rows.chunks_exact(sources).zip(above.clone()) {
                add(&mut weights, factor(j), row);
            }
        }
        for (source, weight) in weights.iter().enumerate() {
            let (column, tile, i) = place(source);
            feedback[layer].column_mut(column)[tile][i] = flush_weight(*weight);
        }
    }
}

/// Adds `factor * values` to `sums`.
fn add(sums: &mut [f32], factor: f32, values: &[f32]) {
    for (sum, value) in sums.iter_mut().zip(values) {
        *sum += factor * value;
    }
}

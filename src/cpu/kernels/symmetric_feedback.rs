//! Sets feedback weights to the transpose of the next layer's weights. Feedback from the output to a layer below the last
//! hidden layer: the transpose times the next layer's feedback weights. Each transpose has its own noise, drawn anew per
//! minibatch.

use crate::cpu::kernels::definition::{
    Columns, CpuFunction, KernelDefinition, PreparedLaunch, ReplicaContext, Scope,
};
use crate::cpu::simd::tiled::LANES;
use crate::cpu::state::ReplicaState;
use crate::interface::ArrayId;
use crate::model::exact_math::flush_weight;
use crate::random::{RngStream, Split, approx_normal, philox_counter0};

/// Definition of the kernel.
pub const DEFINITION: KernelDefinition = KernelDefinition {
    equation: "`Y_last = W_outᵀ + N`, `Y_m = (W_{m+1}ᵀ + N_m) Y_{m+1}`",
    scope: Scope::HiddenLayer,
    runs_on: |_, _| true,
    reads: |_, layer| vec![ArrayId::Weights(layer + 1), ArrayId::Feedback(layer + 1)],
    writes: |layer| vec![ArrayId::Feedback(layer)],
    columns: |_| Columns::NextWeights,
    threads: |grid| [grid.units(), grid.shape.n_feedback(grid.launch.layer) as u32],
    cpu: CpuFunction::BeforeSamples(run),
};

/// Computes the feedback weights of a hidden layer, or continues the sums over the next layer.
fn run(replica_state: &mut ReplicaState, context: &ReplicaContext, prepared: &PreparedLaunch) {
    let &ReplicaContext { replica, minibatch, .. } = context;
    let (layer, params) = (prepared.launch.layer, &prepared.params);
    let n_feedback = params.n_feedback as usize;
    let range = params.first_next as usize
        ..(params.first_next + params.next_count).min(params.n_next) as usize;
    let weights_next = &replica_state.weights[layer + 1];
    let (feedback, feedback_next) = replica_state.feedback.split_at_mut(layer + 1);
    // Feedback weights of the next layer, `[n_next, n_feedback]`, in the order of the sums.
    let mut feedback_rows = vec![0.0; range.len() * n_feedback];
    if params.feedback_is_next_layer == 0 {
        for pre in 0..n_feedback {
            let column = feedback_next[0].column(pre);
            for (row, j) in feedback_rows.chunks_exact_mut(n_feedback).zip(range.clone()) {
                row[pre] = column[j / LANES][j % LANES];
            }
        }
    }
    // An evaluation uses the noise of the training minibatch that follows it.
    let counter0 =
        philox_counter0(RngStream::FeedbackNoise, params.population, Split::Training as u32);
    let mut weights = vec![0.0; n_feedback];
    for unit in 0..params.units as usize {
        let column = weights_next.column(unit);
        let noisy_weight = |next: usize| {
            let weight = column[next / LANES][next % LANES];
            if replica.feedback_noise_sd == 0.0 {
                return weight;
            }
            let counter = [counter0, minibatch.update_index, unit as u32, 3 * next as u32];
            flush_weight(weight + replica.feedback_noise_sd * approx_normal(counter, replica.seed))
        };
        let (tile, i) = (unit / LANES, unit % LANES);
        for (pre, weight) in weights.iter_mut().enumerate() {
            *weight = if params.feedback_is_next_layer == 1 {
                noisy_weight(pre)
            } else if params.first_next == 0 {
                0.0
            } else {
                feedback[layer].column(pre)[tile][i]
            };
        }
        if params.feedback_is_next_layer == 0 {
            for (row, j) in feedback_rows.chunks_exact(n_feedback).zip(range.clone()) {
                add(&mut weights, noisy_weight(j), row);
            }
        }
        for (pre, weight) in weights.iter().enumerate() {
            feedback[layer].column_mut(pre)[tile][i] = flush_weight(*weight);
        }
    }
}

/// Adds `factor * values` to `sums`.
fn add(sums: &mut [f32], factor: f32, values: &[f32]) {
    for (sum, value) in sums.iter_mut().zip(values) {
        *sum += factor * value;
    }
}

//! Computes hidden errors by exact backpropagation instead of plateau potentials:
//! `P E = P (W_next^T E_next) k_B phi_max sigma'(Cf)`.
//!
//! The next layer's stored error is its own `P E`.

use crate::cpu::kernels::definition::{
    Columns, CpuFunction, KernelDefinition, PreparedLaunch, SampleContext, Scope,
};
use crate::cpu::simd::tiled::{LANES, Tile, TiledArray};
use crate::cpu::state::weight_matrix::WeightMatrix;
use crate::cpu::state::{LayerState, SampleState};
use crate::interface::{ArrayId, LaunchParams, ReplicaParams, compartment};
use crate::model::exact_math::{SMALLEST_GRADIENT, flush, sigmoid, sigmoid_slope};

/// Definition of the kernel.
pub const DEFINITION: KernelDefinition = KernelDefinition {
    equation: "`P E = P (W_nextᵀ E_next) k_B φ_max σ'(C_f)`",
    scope: Scope::HiddenLayer,
    runs_on: |_, _| true,
    reads: |_, layer| {
        vec![ArrayId::Compartments(layer), ArrayId::Weights(layer + 1), ArrayId::Errors(layer + 1)]
    },
    writes: |layer| vec![ArrayId::Errors(layer)],
    columns: |_| Columns::NextWeights,
    threads: |grid| [grid.units(), 1],
    cpu: CpuFunction::Sample(run),
};

fn run(state: &mut SampleState, context: &SampleContext, prepared: &PreparedLaunch) {
    let SampleContext { replica, replica_state, .. } = *context;
    let next = prepared.launch.layer + 1;
    let (layers, next_layers) = state.layers.split_at_mut(next);
    let LayerState { compartments, errors, .. } = &mut layers[next - 1];
    let (weights_next, errors_next) = (&replica_state.weights[next], &next_layers[0].errors);
    backprop_error(replica, &prepared.params, compartments, weights_next, errors_next, errors);
}

/// Computes the errors of a hidden layer. `compartments`: `[5, units]`; `weights_next`: `[units + 1, n_next]`;
/// `errors_next`: `[1, n_next]`; `errors`: `[1, units]`.
pub fn backprop_error(
    replica: &ReplicaParams,
    params: &LaunchParams,
    compartments: &TiledArray<f32>,
    weights_next: &WeightMatrix,
    errors_next: &TiledArray<f32>,
    errors: &mut TiledArray<f32>,
) {
    // For the last hidden layer, P is `phi_max` times the output's P.
    let gain = match params.is_last_hidden {
        1 => replica.phi_max * replica.backprop_gain,
        _ => replica.backprop_gain,
    };
    let units = params.units as usize;
    for (tile, errors) in errors.iter_tiles_mut().enumerate() {
        let first = tile * LANES;
        let count = LANES.min(units - first);
        // Interleave the sums of 16 neurons: additions to one sum depend on each other.
        let mut sums = [0.0; LANES];
        for (next_tile, next_errors) in errors_next.single_row().iter().enumerate() {
            let used = LANES.min(params.n_next as usize - next_tile * LANES);
            let columns = sums[..count].iter_mut().enumerate();
            for (sum, column) in columns.map(|(i, sum)| (sum, weights_next.column(first + i))) {
                for j in 0..used {
                    *sum += column[next_tile][j] * next_errors[j];
                }
            }
        }
        // The padding of the last tile has zero error.
        let mut error = Tile([0.0; LANES]);
        let means = &compartments.tile_rows(tile)[compartment::MEAN_SOMA];
        for i in 0..count {
            let slope = sigmoid_slope(sigmoid(means[i]));
            error[i] = flush(sums[i] * gain * slope, SMALLEST_GRADIENT);
        }
        errors[0] = error;
    }
}

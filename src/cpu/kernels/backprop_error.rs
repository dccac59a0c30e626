//! The hidden error by exact backpropagation, instead of by plateau potentials:
//! `E = (W_next^T E_next) k_B phi_max sigma'(C)`, with C the mean over the forward phase. Errors include the factor P
//! of their layer's update.

use crate::cpu::kernels::definition::{
    Columns, CpuFunction, KernelDefinition, LaunchPlan, SampleContext, Scope,
};
use crate::cpu::simd::tiled::{LANES, Tile, TiledArray};
use crate::cpu::state::weight_matrix::WeightMatrix;
use crate::cpu::state::{LayerState, SampleState};
use crate::interface::{ArrayId, LaunchParams, ReplicaParams, compartment};
use crate::model::exact_math::{SMALLEST_GRADIENT, flush, sigmoid, sigmoid_slope};

/// Definition of the kernel.
pub const DEFINITION: KernelDefinition = KernelDefinition {
    equation: "`E = (W_aboveᵀ E_above) k_B φ_max σ'(C_f)`",
    scope: Scope::HiddenLayer,
    is_valid: |_, _| true,
    reads: |_, layer| {
        vec![ArrayId::Compartments(layer), ArrayId::Weights(layer + 1), ArrayId::Errors(layer + 1)]
    },
    writes: |layer| vec![ArrayId::Errors(layer)],
    columns: |_| Columns::WeightsAbove,
    threads: |grid| [grid.units(), 1],
    cpu: CpuFunction::Sample(run),
};

fn run(state: &mut SampleState, context: &SampleContext, plan: &LaunchPlan) {
    let SampleContext { replica, replica_state, .. } = *context;
    let above = plan.launch.layer + 1;
    let (layers, layers_above) = state.layers.split_at_mut(above);
    let LayerState { compartments, errors, .. } = &mut layers[above - 1];
    let (weights_above, errors_above) = (&replica_state.weights[above], &layers_above[0].errors);
    backprop_error(replica, &plan.params, compartments, weights_above, errors_above, errors);
}

/// `compartments`: `[5, units]`; `weights_above`: `[units + 1, n_next]`; `errors_above`: `[1, n_next]`;
/// `errors`: `[1, units]`.
pub fn backprop_error(
    replica: &ReplicaParams,
    params: &LaunchParams,
    compartments: &TiledArray<f32>,
    weights_above: &WeightMatrix,
    errors_above: &TiledArray<f32>,
    errors: &mut TiledArray<f32>,
) {
    // In the last hidden layer, P is `phi_max` times P of the output.
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
        for (place, above) in errors_above.single_row().iter().enumerate() {
            let used = LANES.min(params.n_next as usize - place * LANES);
            let columns = sums[..count].iter_mut().enumerate();
            for (sum, column) in columns.map(|(i, sum)| (sum, weights_above.column(first + i))) {
                for j in 0..used {
                    *sum += column[place][j] * above[j];
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

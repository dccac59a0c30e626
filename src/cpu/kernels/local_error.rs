//! Computes `P E` of every neuron: its local error E times the factor P of its update.
//!
//! Output: `P E = -P (phi_t - phi_max sigma(Cf)) k_D phi_max sigma'(Cf)`.
//! Hidden: `P E = -P (alpha_t - alpha_f) k_B phi_max sigma'(Cf)`.

use crate::cpu::kernels::definition::{
    Columns, CpuFunction, KernelDefinition, PreparedLaunch, SampleContext, Scope,
};
use crate::cpu::simd::Simd;
use crate::cpu::simd::tiled::{LANES, Tile};
use crate::cpu::simd::width::simd_versions;
use crate::cpu::state::{LayerState, SampleState};
use crate::interface::{ArrayId, compartment, plateau};
use crate::model::exact_math::{SMALLEST_GRADIENT, flush, sigmoid, sigmoid_slope};

/// Definition of the kernel.
pub const DEFINITION: KernelDefinition = KernelDefinition {
    equation: "output `P E = -P (φ_t - φ_max σ(C_f)) k_D φ_max σ'(C_f)`; \
               hidden `P E = -P (α_t - α_f) k_B φ_max σ'(C_f)`",
    scope: Scope::Layer,
    runs_on: |_, _| true,
    reads: |_, layer| vec![ArrayId::Compartments(layer), ArrayId::Plateaus(layer)],
    writes: |layer| vec![ArrayId::Errors(layer)],
    columns: |_| Columns::None,
    threads: |grid| [grid.units(), 1],
    cpu: CpuFunction::Sample(run),
};

simd_versions! {
    /// Computes the errors of a layer. `compartments`: `[5, units]`; `plateaus`: `[2, units]`; `errors`: `[1, units]`.
    fn run(
        state: &mut SampleState,
        context: &SampleContext,
        prepared: &PreparedLaunch,
    ) = compute_errors;
}

#[inline(always)]
fn compute_errors<V: Simd>(
    state: &mut SampleState,
    context: &SampleContext,
    prepared: &PreparedLaunch,
) {
    let (replica, params) = (context.replica, &prepared.params);
    let LayerState { compartments, plateaus, errors, .. } =
        &mut state.layers[prepared.launch.layer];
    for (tile, errors) in errors.iter_tiles_mut().enumerate() {
        let compartments = compartments.tile_rows(tile);
        let means = &compartments[compartment::MEAN_SOMA];
        let mut error = Tile([0.0; LANES]);
        if params.is_output == 1 {
            let rates = &compartments[compartment::MEAN_RATE];
            for i in 0..LANES {
                let sigma_mean = sigmoid(means[i]);
                let difference = replica.phi_max * sigma_mean - rates[i];
                error[i] = difference * replica.output_error_gain * sigmoid_slope(sigma_mean);
            }
        } else {
            let plateaus = plateaus.tile_rows(tile);
            let (alpha_forward, alpha_target) =
                (&plateaus[plateau::FORWARD], &plateaus[plateau::TARGET]);
            for i in 0..LANES {
                let slope = sigmoid_slope(sigmoid(means[i]));
                let difference = alpha_forward[i] - alpha_target[i];
                error[i] = difference * replica.hidden_error_gain * slope;
            }
        }
        for error in error.iter_mut() {
            *error = flush(*error, SMALLEST_GRADIENT);
        }
        // The padding of the last tile has zero error.
        for (i, error) in error.iter_mut().enumerate() {
            if tile * LANES + i >= params.units as usize {
                *error = 0.0;
            }
        }
        errors[0] = error;
    }
}

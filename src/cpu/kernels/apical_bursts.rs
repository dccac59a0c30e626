//! Sums the apical voltages `A = phi_max (Y b + Q e)` from the bursts b and the events e of the next layer. With
//! `Q = -p0 Y`, only the deviation of the bursts from their baseline remains: `A = phi_max Y (b - p0 e)`.
//!
//! The stored errors of the next layer are `-P (b - p0 e) / p0`.

use crate::cpu::kernels::definition::{
    Columns, CpuFunction, KernelDefinition, PreparedLaunch, SampleContext, Scope,
};
use crate::cpu::simd::Simd;
use crate::cpu::simd::tiled::{LANES, Tile};
use crate::cpu::simd::width::simd_versions;
use crate::cpu::state::{LayerState, SampleState};
use crate::interface::{ArrayId, compartment};
use crate::model::exact_math::{SMALLEST_VOLTAGE, flush};

/// Definition of the kernel.
pub const DEFINITION: KernelDefinition = KernelDefinition {
    equation: "`A = φ_max (Y b + Q e)` of the next layer, with `Q = -p_0 Y`",
    scope: Scope::HiddenLayer,
    runs_on: |shape, _| shape.model.has_bursts() && shape.model.sends_rates(),
    reads: |_, layer| vec![ArrayId::Errors(layer + 1), ArrayId::Feedback(layer)],
    writes: |layer| vec![ArrayId::Compartments(layer)],
    columns: |_| Columns::Feedback,
    threads: |grid| [grid.units(), 1],
    cpu: CpuFunction::Sample(run),
};

simd_versions! {
    /// Sums the apical voltages of a layer. `errors`: of the next layer, `[1, n_feedback]`; `feedback`:
    /// `[n_feedback, units]`; `compartments`: `[5, units]`.
    fn run(
        state: &mut SampleState,
        context: &SampleContext,
        prepared: &PreparedLaunch,
    ) = sum_bursts;
}

#[inline(always)]
fn sum_bursts<V: Simd>(
    state: &mut SampleState,
    context: &SampleContext,
    prepared: &PreparedLaunch,
) {
    let SampleContext { replica, replica_state, .. } = *context;
    let next = prepared.launch.layer + 1;
    let (layers, next_layers) = state.layers.split_at_mut(next);
    let LayerState { compartments, .. } = &mut layers[next - 1];
    let (errors, feedback) = (&next_layers[0].errors, &replica_state.feedback[next - 1]);
    for (tile, compartments) in compartments.iter_tiles_mut().enumerate() {
        let mut apical = Tile([0.0; LANES]);
        for pre in 0..prepared.params.n_feedback as usize {
            let error = errors.value(0, pre);
            let weights = &feedback.column(pre)[tile];
            for i in 0..LANES {
                apical[i] += weights[i] * error;
            }
        }
        for apical in apical.iter_mut() {
            *apical = flush(*apical * replica.burst_apical_gain, SMALLEST_VOLTAGE);
        }
        compartments[compartment::APICAL] = apical;
    }
}

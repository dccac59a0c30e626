//! Computes `P E` of every neuron: the deviation of its burst rate from the baseline, `E = -e (p - p0) / p0`, times the
//! factor P of its update. `e = sigma(Cf)`.
//!
//! Output: `p = p0 (1 + s (t - e) (1 - e))`, t the target.
//! Hidden: `p = 2 p0 sigma(k A (1 - e))`.

use crate::cpu::kernels::definition::{
    Columns, CpuFunction, KernelDefinition, PreparedLaunch, SampleContext, Scope,
};
use crate::cpu::simd::tiled::{LANES, Tile};
use crate::cpu::state::{LayerState, SampleState};
use crate::interface::{ArrayId, compartment};
use crate::model::exact_math::{
    SMALLEST_GRADIENT, flush, sigmoid, sigmoid_deviation, sigmoid_slope,
};

/// Definition of the kernel.
pub const DEFINITION: KernelDefinition = KernelDefinition {
    equation: "`P E = -P e (p - p_0) / p_0` with `e = σ(C_f)`; output `p = p_0 (1 + s (t - e) (1 - e))`; \
               hidden `p = 2 p_0 σ(k A (1 - e))`",
    scope: Scope::Layer,
    runs_on: |shape, _| shape.model.has_bursts() && shape.model.sends_rates(),
    reads: |_, layer| vec![ArrayId::Compartments(layer)],
    writes: |layer| vec![ArrayId::Errors(layer)],
    columns: |_| Columns::None,
    threads: |grid| [grid.units(), 1],
    cpu: CpuFunction::Sample(run),
};

/// Computes the errors of a layer. `compartments`: `[5, units]`; `errors`: `[1, units]`.
fn run(state: &mut SampleState, context: &SampleContext, prepared: &PreparedLaunch) {
    let (SampleContext { constants, replica, sample, .. }, params) = (*context, &prepared.params);
    let LayerState { compartments, errors, .. } = &mut state.layers[prepared.launch.layer];
    for (tile, errors) in errors.iter_tiles_mut().enumerate() {
        let compartments = compartments.tile_rows(tile);
        let (means, apical) =
            (&compartments[compartment::MEAN_SOMA], &compartments[compartment::APICAL]);
        let first = tile * LANES;
        // The padding of the last tile has zero error.
        let mut error = Tile([0.0; LANES]);
        for i in 0..LANES.min(params.units as usize - first) {
            let events = sigmoid(means[i]);
            let value = if params.is_output == 1 {
                let is_target = (first + i) as u32 / constants.neurons_per_class == sample.label;
                let target = if is_target { 1.0 } else { 0.0 };
                (events - target) * replica.burst_teacher_gain * sigmoid_slope(events)
            } else {
                let argument = replica.burst_slope * apical[i] * (1.0 - events);
                -sigmoid_deviation(argument) * replica.burst_error_gain * events
            };
            error[i] = flush(value, SMALLEST_GRADIENT);
        }
        errors[0] = error;
    }
}

//! Stores the rates `phi_max sigma(C)` of a layer at a step, spikes per ms, if the layer sends rates.

use crate::cpu::kernels::definition::{
    Columns, CpuFunction, KernelDefinition, PreparedLaunch, SampleContext, Scope,
};
use crate::cpu::simd::tiled::{LANES, TiledArray};
use crate::cpu::state::SampleState;
use crate::interface::{ArrayId, LaunchParams, RATE_HISTORY, ReplicaParams, Sample, compartment};
use crate::model::exact_math::{SMALLEST_VOLTAGE, flush, sigmoid};

/// Definition of the kernel.
pub const DEFINITION: KernelDefinition = KernelDefinition {
    equation: "`φ = φ_max σ(C)`",
    scope: Scope::Layer,
    runs_on: |shape, layer| shape.emits_rates(layer + 1),
    reads: |_, layer| vec![ArrayId::Compartments(layer)],
    writes: |layer| vec![ArrayId::Rates(layer + 1)],
    columns: |_| Columns::None,
    threads: |grid| [grid.units(), 1],
    cpu: CpuFunction::Sample(run),
};

fn run(state: &mut SampleState, context: &SampleContext, prepared: &PreparedLaunch) {
    let SampleContext { replica, sample, .. } = *context;
    let layer = prepared.launch.layer;
    let (compartments, rates) = (&state.layers[layer].compartments, &mut state.rates[layer + 1]);
    emit_rates(replica, &prepared.params, sample, compartments, rates);
}

/// Stores the rates of a step. `compartments`: `[5, units]`; `rates`: `[1 + steps, units]`.
pub fn emit_rates(
    replica: &ReplicaParams,
    params: &LaunchParams,
    sample: &Sample,
    compartments: &TiledArray<f32>,
    rates: &mut TiledArray<f32>,
) {
    if sample.steps() <= params.first_step {
        return;
    }
    let row = (RATE_HISTORY + params.first_step) as usize;
    for (rates, compartments) in rates.iter_tiles_mut().zip(compartments.iter_tiles()) {
        for i in 0..LANES {
            let rate = replica.phi_max * sigmoid(compartments[compartment::SOMA][i]);
            rates[row][i] = flush(rate, SMALLEST_VOLTAGE);
        }
    }
}

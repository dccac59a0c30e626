//! Sets the apical voltages of the next step from feedback rates, which are not filtered: `A = Y phi + c`.

use crate::cpu::kernels::apical_step_spikes::add_biases;
use crate::cpu::kernels::definition::{
    Columns, CpuFunction, KernelDefinition, PreparedLaunch, SampleContext, Scope,
};
use crate::cpu::simd::Simd;
use crate::cpu::simd::tiled::{LANES, Tile, TiledArray};
use crate::cpu::simd::width::simd_versions;
use crate::cpu::state::weight_matrix::WeightMatrix;
use crate::cpu::state::{LayerState, SampleState};
use crate::interface::compartment::APICAL;
use crate::interface::{ArrayId, BatchParams, LaunchParams, Sample};

/// Definition of the kernel.
pub const DEFINITION: KernelDefinition = KernelDefinition {
    equation: "`A = Y φ + c`, only if `g_A > 0` or recorded",
    scope: Scope::HiddenLayer,
    runs_on: |shape, _| shape.model.steps_apical_rates(),
    reads: |shape, layer| {
        vec![ArrayId::Rates(shape.feedback_population(layer)), ArrayId::Feedback(layer)]
    },
    writes: |layer| vec![ArrayId::Compartments(layer)],
    columns: |_| Columns::Feedback,
    threads: |grid| [grid.units(), 1],
    cpu: CpuFunction::Sample(run),
};

fn run(state: &mut SampleState, context: &SampleContext, prepared: &PreparedLaunch) {
    let SampleContext { shape, minibatch, replica_state, sample, .. } = *context;
    let layer = prepared.launch.layer;
    let population = shape.feedback_population(layer);
    let LayerState { compartments, .. } = &mut state.layers[layer];
    let (rates, feedback) = (&state.rates[population], &replica_state.feedback[layer]);
    apical_step_rates(&prepared.params, minibatch, sample, rates, feedback, compartments);
}

/// Sets the apical voltages. `rates`: of the feedback population, `[1 + steps, n_feedback]`; `feedback`:
/// `[columns, units]`; `compartments`: `[5, units]`.
pub fn apical_step_rates(
    params: &LaunchParams,
    minibatch: &BatchParams,
    sample: &Sample,
    rates: &TiledArray<f32>,
    feedback: &WeightMatrix,
    compartments: &mut TiledArray<f32>,
) {
    if params.step_count > 0 && params.first_step >= sample.steps() {
        return;
    }
    // Row of the last step before the one that uses the voltage.
    let step = params.first_step + params.step_count;
    let n_pre = if step > 0 || minibatch.reset_state == 0 { params.n_feedback as usize } else { 0 };
    sum(step as usize, n_pre, rates, feedback, compartments);
    add_biases(params, feedback, compartments);
}

simd_versions! {
    /// Sums the columns of the first `n_pre` neurons times their rates, in ascending order.
    fn sum(
        step: usize,
        n_pre: usize,
        rates: &TiledArray<f32>,
        feedback: &WeightMatrix,
        compartments: &mut TiledArray<f32>,
    ) = sum_tiles;
}

#[inline(always)]
fn sum_tiles<V: Simd>(
    step: usize,
    n_pre: usize,
    rates: &TiledArray<f32>,
    feedback: &WeightMatrix,
    compartments: &mut TiledArray<f32>,
) {
    for (tile, compartments) in compartments.iter_tiles_mut().enumerate() {
        let mut sums = Tile([0.0; LANES]);
        for pre in 0..n_pre {
            let rate = rates.value(step, pre);
            let weights = &feedback.column(pre)[tile];
            for i in 0..LANES {
                sums[i] += weights[i] * rate;
            }
        }
        compartments[APICAL] = sums;
    }
}

//! Sums the input of the apical dendrites from spikes before an image, with the current feedback weights: the input of
//! each of the last K steps, or the two traces of the uncut kernel.

use crate::cpu::kernels::definition::{
    Columns, CpuFunction, KernelDefinition, PreparedLaunch, SampleContext, Scope,
};
use crate::cpu::kernels::synaptic_input_spikes::{history_from_traces, sum_columns};
use crate::cpu::simd::tiled::TiledArray;
use crate::cpu::spikes::list::SpikeList;
use crate::cpu::spikes::steps::StepRange;
use crate::cpu::state::weight_matrix::WeightMatrix;
use crate::cpu::state::{LayerState, SampleState};
use crate::interface::{ArrayId, BatchParams, LaunchParams, RunParams, STEPS_PER_WORD};

/// Definition of the kernel.
pub const DEFINITION: KernelDefinition = KernelDefinition {
    equation: "`Y n` of the last K steps, only if `g_A > 0` or recorded",
    scope: Scope::HiddenLayer,
    runs_on: |shape, _| shape.model.steps_apical_spikes(),
    reads: |shape, layer| {
        let population = shape.feedback_population(layer);
        vec![
            ArrayId::SpikeMask(population),
            ArrayId::Spikes(population),
            ArrayId::WindowMeans(population),
            ArrayId::Feedback(layer),
        ]
    },
    writes: |layer| vec![ArrayId::ApicalInput(layer)],
    columns: |_| Columns::Feedback,
    threads: |grid| [grid.units(), grid.shape.apical_history_rows()],
    cpu: CpuFunction::Sample(run),
};

fn run(state: &mut SampleState, context: &SampleContext, prepared: &PreparedLaunch) {
    let SampleContext { shape, constants, minibatch, replica_state, .. } = *context;
    let layer = prepared.launch.layer;
    let population = shape.feedback_population(layer);
    let SampleState { spikes, spike_mask, spike_list, window_means, layers, .. } = state;
    let LayerState { apical_input, .. } = &mut layers[layer];
    let (spike_list, window_means) = (&mut spike_list[population], &window_means[population]);
    if minibatch.reset_state == 0 {
        spike_list.build(StepRange::past(constants), &spike_mask[population], &spikes[population]);
    }
    let feedback = &replica_state.feedback[layer];
    apical_history(
        constants,
        &prepared.params,
        minibatch,
        spike_list,
        window_means,
        feedback,
        apical_input,
    );
}

/// Sums the history rows of the apical input. `spike_list`: spikes of the feedback population at the last K steps;
/// `window_means`: of the same population, `[rows, n_feedback]`; `feedback`: `[columns, units]`; `apical_input`:
/// `[history + 1, units]`.
pub fn apical_history(
    constants: &RunParams,
    params: &LaunchParams,
    minibatch: &BatchParams,
    spike_list: &SpikeList,
    window_means: &TiledArray<f32>,
    feedback: &WeightMatrix,
    apical_input: &mut TiledArray<f32>,
) {
    if minibatch.reset_state == 1 {
        return;
    }
    let mut synaptic_input = apical_input.all_tiles();
    if constants.tap_count == 0 {
        return history_from_traces(
            params.n_feedback as usize,
            window_means,
            feedback,
            &mut synaptic_input,
        );
    }
    let image = constants.history_words * STEPS_PER_WORD;
    sum_columns(image - constants.tap_count..image, spike_list, feedback, &mut synaptic_input, 0);
}

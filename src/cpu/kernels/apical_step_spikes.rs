//! Advances the apical dendrites by one step: `A = kappa * (Y n) + c`. The feedback spikes of a step set the apical
//! voltage of the next (the feedback delay is one step).

use crate::cpu::kernels::definition::{
    Columns, CpuFunction, KernelDefinition, PreparedLaunch, SampleContext, Scope,
};
use crate::cpu::kernels::synaptic_filter::{filtered_input, shift_history};
use crate::cpu::kernels::synaptic_input_spikes::sum_columns;
use crate::cpu::simd::Simd;
use crate::cpu::simd::tiled::{LANES, Tile, TiledArray};
use crate::cpu::simd::width::simd_versions;
use crate::cpu::spikes::list::SpikeList;
use crate::cpu::spikes::steps::StepRange;
use crate::cpu::state::weight_matrix::WeightMatrix;
use crate::cpu::state::{LayerState, SampleState};
use crate::interface::compartment::APICAL;
use crate::interface::{ArrayId, BatchParams, LaunchParams, RunParams, STEPS_PER_WORD, Sample};
use crate::model::exact_math::{SMALLEST_VOLTAGE, flush};

/// Definition of the kernel.
pub const DEFINITION: KernelDefinition = KernelDefinition {
    equation: "`A = κ * (Y n) + c`, only if `g_A > 0` or recorded",
    scope: Scope::HiddenLayer,
    runs_on: |shape, _| shape.model.steps_apical_spikes(),
    reads: |shape, layer| {
        let population = shape.feedback_population(layer);
        vec![ArrayId::SpikeMask(population), ArrayId::Spikes(population), ArrayId::Feedback(layer)]
    },
    writes: |layer| vec![ArrayId::ApicalInput(layer), ArrayId::Compartments(layer)],
    columns: |launch| match launch.count {
        // A launch of 0 steps sums no spikes.
        0 => Columns::ApicalBiases,
        _ => Columns::Feedback,
    },
    threads: |grid| [grid.units(), 1],
    cpu: CpuFunction::Sample(run),
};

fn run(state: &mut SampleState, context: &SampleContext, prepared: &PreparedLaunch) {
    let SampleContext { shape, constants, minibatch, replica_state, sample, .. } = *context;
    let (layer, params) = (prepared.launch.layer, &prepared.params);
    let population = shape.feedback_population(layer);
    let SampleState { spikes, spike_mask, spike_list, layers, .. } = state;
    let LayerState { apical_input, compartments, .. } = &mut layers[layer];
    let feedback = &replica_state.feedback[layer];
    if params.step_count == 0 {
        begin_apical(constants, params, minibatch, feedback, apical_input, compartments);
        return;
    }
    let range = StepRange::new(constants, params, minibatch, sample);
    let spike_list = &mut spike_list[population];
    spike_list.build(range, &spike_mask[population], &spikes[population]);
    apical_step_spikes(constants, params, sample, spike_list, feedback, apical_input, compartments);
}

/// Advances the apical voltages by one step. `spike_list`: spikes of the feedback population at the step; `feedback`:
/// `[columns, units]`; `apical_input`: `[history + 1, units]`; `compartments`: `[5, units]`.
pub fn apical_step_spikes(
    constants: &RunParams,
    params: &LaunchParams,
    sample: &Sample,
    spike_list: &SpikeList,
    feedback: &WeightMatrix,
    apical_input: &mut TiledArray<f32>,
    compartments: &mut TiledArray<f32>,
) {
    if params.first_step >= sample.steps() {
        return;
    }
    let step = constants.history_words * STEPS_PER_WORD + params.first_step;
    let history = constants.history_rows as usize;
    sum_columns(step..step + 1, spike_list, feedback, &mut apical_input.all_tiles(), history);
    filter(constants, apical_input, compartments);
    add_biases(params, feedback, compartments);
}

/// Sets the apical voltages before the first spike of the image. After a reset they equal the bias; otherwise they
/// follow from the history that `apical_history` summed with the current feedback weights. Shapes: see
/// [`apical_step_spikes`].
pub fn begin_apical(
    constants: &RunParams,
    params: &LaunchParams,
    minibatch: &BatchParams,
    feedback: &WeightMatrix,
    apical_input: &mut TiledArray<f32>,
    compartments: &mut TiledArray<f32>,
) {
    if minibatch.reset_state == 1 {
        apical_input.all_tiles().clear_rows(constants.history_rows as usize);
        compartments.iter_tiles_mut().for_each(|rows| rows[APICAL] = Tile([0.0; LANES]));
    } else if constants.tap_count > 0 {
        filter(constants, apical_input, compartments);
    } else {
        for (synaptic_input, compartments) in
            apical_input.iter_tiles().zip(compartments.iter_tiles_mut())
        {
            let (slow, fast) = (&synaptic_input[0], &synaptic_input[1]);
            for i in 0..LANES {
                compartments[APICAL][i] =
                    constants.gain_slow * slow[i] - constants.gain_fast * fast[i];
            }
        }
    }
    add_biases(params, feedback, compartments);
}

/// Adds the apical biases, if any, and flushes the apical voltages.
pub fn add_biases(
    params: &LaunchParams,
    feedback: &WeightMatrix,
    compartments: &mut TiledArray<f32>,
) {
    if params.feedback_columns > params.n_feedback {
        let biases = feedback.column(params.n_feedback as usize);
        for (compartments, biases) in compartments.iter_tiles_mut().zip(biases) {
            for i in 0..LANES {
                compartments[APICAL][i] += biases[i];
            }
        }
    }
    for compartments in compartments.iter_tiles_mut() {
        for voltage in compartments[APICAL].iter_mut() {
            *voltage = flush(*voltage, SMALLEST_VOLTAGE);
        }
    }
}

simd_versions! {
    /// Filters the input of one step and shifts its history.
    fn filter(
        constants: &RunParams,
        apical_input: &mut TiledArray<f32>,
        compartments: &mut TiledArray<f32>,
    ) = filter_tiles;
}

#[inline(always)]
fn filter_tiles<V: Simd>(
    constants: &RunParams,
    apical_input: &mut TiledArray<f32>,
    compartments: &mut TiledArray<f32>,
) {
    for (synaptic_input, compartments) in
        apical_input.iter_tiles_mut().zip(compartments.iter_tiles_mut())
    {
        let voltages = filtered_input::<V>(constants, synaptic_input, 0, 1);
        V::store_f32(voltages[0], &mut compartments[APICAL]);
        shift_history(constants, synaptic_input, 1);
    }
}

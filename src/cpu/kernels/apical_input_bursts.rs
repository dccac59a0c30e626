//! Sums, per step, the input of the apical dendrites from the next layer's bursts b and spikes n: `Y b + Q n`. With
//! `Q = -p0 Y`, it is `Y (b - p0 n)`: only neurons that spike in the step contribute.

use crate::cpu::kernels::burst_steps::first_burst_step;
use crate::cpu::kernels::definition::{
    Columns, CpuFunction, KernelDefinition, PreparedLaunch, SampleContext, Scope,
};
use crate::cpu::simd::Simd;
use crate::cpu::simd::tiled::{LANES, Tile};
use crate::cpu::simd::width::simd_versions;
use crate::cpu::spikes::WORD_STEPS;
use crate::cpu::spikes::steps::{count_bits, words_covering};
use crate::cpu::state::{LayerState, SampleState};
use crate::interface::{ArrayId, STEPS_PER_WORD, spike_count};

/// Definition of the kernel.
pub const DEFINITION: KernelDefinition = KernelDefinition {
    equation: "`Y b + Q n` of each step, with `Q = -p_0 Y`",
    scope: Scope::HiddenLayer,
    runs_on: |shape, _| shape.model.draws_bursts(),
    reads: |_, layer| {
        vec![ArrayId::Spikes(layer + 2), ArrayId::Bursts(layer + 2), ArrayId::Feedback(layer)]
    },
    writes: |layer| vec![ArrayId::ApicalInput(layer)],
    columns: |_| Columns::Feedback,
    threads: |grid| [grid.units(), grid.launch.count],
    cpu: CpuFunction::Sample(run),
};

/// Neuron that spikes in a step, and the deviation `b - p0 n` of its bursts from their baseline.
struct Deviation {
    unit: u32,
    value: f32,
}

simd_versions! {
    /// Sums the apical input of a layer. `apical_input`: `[burst steps, units]`.
    fn run(
        state: &mut SampleState,
        context: &SampleContext,
        prepared: &PreparedLaunch,
    ) = sum_deviations;
}

#[inline(always)]
fn sum_deviations<V: Simd>(
    state: &mut SampleState,
    context: &SampleContext,
    prepared: &PreparedLaunch,
) {
    let SampleContext { constants, replica, replica_state, sample, .. } = *context;
    let (layer, params) = (prepared.launch.layer, &prepared.params);
    let source = layer + 2;
    let SampleState { spikes, bursts, layers, .. } = state;
    let LayerState { apical_input, .. } = &mut layers[layer];
    let feedback = &replica_state.feedback[layer];
    let first = params.first_step.max(first_burst_step(constants.tap_count, source as u32, sample));
    let end = sample.steps().min(params.first_step + params.step_count);
    let mut lists: [Vec<Deviation>; WORD_STEPS] = std::array::from_fn(|_| Vec::new());
    for (word, steps) in words_covering(&(first..end.max(first))) {
        lists.iter_mut().for_each(Vec::clear);
        let spike_row = (constants.history_words + word) as usize;
        let within = count_bits(&steps);
        for unit in 0..params.n_feedback as usize {
            let counts = spikes[source].value(spike_row, unit) & within;
            if counts == 0 {
                continue;
            }
            let burst_counts = bursts[source].value(word as usize, unit);
            for step in steps.clone() {
                let n = spike_count(counts, step);
                if n > 0 {
                    let b = spike_count(burst_counts, step);
                    let value = b as f32 - replica.burst_baseline * n as f32;
                    let list = &mut lists[(step % STEPS_PER_WORD) as usize];
                    list.push(Deviation { unit: unit as u32, value });
                }
            }
        }
        for (tile, rows) in apical_input.iter_tiles_mut().enumerate() {
            for step in steps.clone() {
                let mut sum = Tile([0.0; LANES]);
                for deviation in &lists[(step % STEPS_PER_WORD) as usize] {
                    let weights = &feedback.column(deviation.unit as usize)[tile];
                    for i in 0..LANES {
                        sum[i] += weights[i] * deviation.value;
                    }
                }
                rows[step as usize] = sum;
            }
        }
    }
}

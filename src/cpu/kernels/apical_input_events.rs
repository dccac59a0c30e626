//! Adds the next layer's spikes n to the input of the apical dendrites, per step: with weights Q of their own,
//! `Y b + Q n = Y (b - p0 n) + (p0 Y + Q) n`. The first term is what `apical_input_bursts` leaves.

use crate::cpu::kernels::burst_steps::first_burst_step;
use crate::cpu::kernels::definition::{
    Columns, CpuFunction, KernelDefinition, PreparedLaunch, SampleContext, Scope,
};
use crate::cpu::simd::Simd;
use crate::cpu::simd::tiled::LANES;
use crate::cpu::simd::width::simd_versions;
use crate::cpu::state::{LayerState, SampleState};
use crate::interface::{ArrayId, STEPS_PER_WORD, spike_count};
use crate::model::exact_math::flush_weight;

/// Definition of the kernel.
pub const DEFINITION: KernelDefinition = KernelDefinition {
    equation: "`Y b + Q n` of each step: adds `(p_0 Y + Q) n`",
    scope: Scope::HiddenLayer,
    runs_on: |shape, _| shape.model.draws_bursts() && shape.model.learns_event_feedback(),
    reads: |_, layer| {
        vec![ArrayId::Spikes(layer + 2), ArrayId::Feedback(layer), ArrayId::EventFeedback(layer)]
    },
    writes: |layer| vec![ArrayId::ApicalInput(layer)],
    columns: |_| Columns::Feedback,
    threads: |grid| [grid.units(), grid.launch.count],
    cpu: CpuFunction::Sample(run),
};

simd_versions! {
    /// Adds to the apical input of a layer. `apical_input`: `[burst steps, units]`.
    fn run(
        state: &mut SampleState,
        context: &SampleContext,
        prepared: &PreparedLaunch,
    ) = add_events;
}

#[inline(always)]
fn add_events<V: Simd>(
    state: &mut SampleState,
    context: &SampleContext,
    prepared: &PreparedLaunch,
) {
    let SampleContext { constants, replica, replica_state, sample, .. } = *context;
    let (layer, params) = (prepared.launch.layer, &prepared.params);
    let source = layer + 2;
    let SampleState { spikes, layers, .. } = state;
    let LayerState { apical_input, .. } = &mut layers[layer];
    let (feedback, event_feedback) =
        (&replica_state.feedback[layer], &replica_state.event_feedback[layer]);
    let first = params.first_step.max(first_burst_step(constants.tap_count, source as u32, sample));
    let mut spiking = Vec::new();
    for step in first..sample.steps().min(params.first_step + params.step_count) {
        let row = (constants.history_words + step / STEPS_PER_WORD) as usize;
        spiking.clear();
        spiking.extend((0..params.n_feedback as usize).filter_map(|unit| {
            let n = spike_count(spikes[source].value(row, unit), step);
            (n > 0).then_some((unit, n as f32))
        }));
        for (tile, rows) in apical_input.iter_tiles_mut().enumerate() {
            let sum = &mut rows[step as usize];
            for &(unit, n) in &spiking {
                let (bursts, events) =
                    (&feedback.column(unit)[tile], &event_feedback.column(unit)[tile]);
                for i in 0..LANES {
                    sum[i] += flush_weight(replica.burst_baseline * bursts[i] + events[i]) * n;
                }
            }
        }
    }
}

//! Adds the events of the next layer to the apical voltages: with weights Q of their own,
//! `A = phi_max (Y b + Q e) = phi_max Y (b - p0 e) + (p0 Y + Q) s`, where `s = phi_max e` is the events' mean rate.
//!
//! The first term is what `apical_bursts` leaves.

use crate::cpu::kernels::definition::{
    Columns, CpuFunction, KernelDefinition, PreparedLaunch, SampleContext, Scope,
};
use crate::cpu::simd::Simd;
use crate::cpu::simd::tiled::LANES;
use crate::cpu::simd::width::simd_versions;
use crate::cpu::state::SampleState;
use crate::interface::{ArrayId, compartment, window_mean};
use crate::model::exact_math::{SMALLEST_VOLTAGE, flush, flush_weight};

/// Definition of the kernel.
pub const DEFINITION: KernelDefinition = KernelDefinition {
    equation: "`A += (p_0 Y + Q) φ_max e` of the next layer",
    scope: Scope::HiddenLayer,
    runs_on: |shape, _| shape.model.learns_event_feedback() && shape.model.sends_rates(),
    // Population `layer + 2` is the next layer.
    reads: |_, layer| {
        vec![
            ArrayId::WindowMeans(layer + 2),
            ArrayId::Feedback(layer),
            ArrayId::EventFeedback(layer),
        ]
    },
    writes: |layer| vec![ArrayId::Compartments(layer)],
    columns: |_| Columns::Feedback,
    threads: |grid| [grid.units(), 1],
    cpu: CpuFunction::Sample(run),
};

simd_versions! {
    /// Adds to the apical voltages of a layer. `rates`: of the next layer, `[rows, n_feedback]`; `feedback` and
    /// `event_feedback`: `[n_feedback, units]`; `compartments`: `[5, units]`.
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
    let SampleContext { replica, replica_state, .. } = *context;
    let layer = prepared.launch.layer;
    let rates = &state.window_means[layer + 2];
    let (feedback, event_feedback) =
        (&replica_state.feedback[layer], &replica_state.event_feedback[layer]);
    for (tile, compartments) in state.layers[layer].compartments.iter_tiles_mut().enumerate() {
        let apical = &mut compartments[compartment::APICAL];
        for pre in 0..prepared.params.n_feedback as usize {
            let rate = rates.value(window_mean::FORWARD, pre);
            let (bursts, events) = (&feedback.column(pre)[tile], &event_feedback.column(pre)[tile]);
            for i in 0..LANES {
                apical[i] += flush_weight(replica.burst_baseline * bursts[i] + events[i]) * rate;
            }
        }
        for apical in apical.iter_mut() {
            *apical = flush(*apical, SMALLEST_VOLTAGE);
        }
    }
}

//! Copies the input's spikes from a recording, whose steps repeat if a phase is longer.

use crate::cpu::kernels::definition::{
    Columns, CpuFunction, KernelDefinition, PreparedLaunch, SampleContext, Scope,
};
use crate::cpu::simd::tiled::{LANES, Tile};
use crate::cpu::state::SampleState;
use crate::interface::{ArrayId, COUNT_BITS, STEPS_PER_WORD, UNITS_PER_WORD};
use crate::model::events::{event_unit, pack_event};

/// Definition of the kernel.
pub const DEFINITION: KernelDefinition = KernelDefinition {
    equation: "`n` as recorded",
    scope: Scope::Input,
    runs_on: |shape, _| shape.events.is_some(),
    reads: |_, _| vec![ArrayId::Images],
    writes: |_| vec![ArrayId::Spikes(0)],
    columns: |_| Columns::None,
    threads: |grid| {
        let units = grid.shape.populations[0] as u32;
        [units.div_ceil(UNITS_PER_WORD), grid.launch.count_words()]
    },
    cpu: CpuFunction::Sample(run),
};

/// Copies the spikes of the launch's steps: counts, and the lists that the synaptic input sums.
fn run(state: &mut SampleState, context: &SampleContext, prepared: &PreparedLaunch) {
    let SampleContext { constants, minibatch, sample, recording, .. } = *context;
    let (spikes, spike_list) = (&mut state.spikes[0], &mut state.spike_list[0]);
    if minibatch.draws_spikes == 0 {
        return;
    }
    let first = prepared.params.first_step;
    let steps = first..sample.steps().min(first + prepared.params.step_count);
    let past = constants.history_words;
    let words = past + steps.start / STEPS_PER_WORD..past + steps.end.div_ceil(STEPS_PER_WORD);
    for rows in spikes.iter_tiles_mut() {
        for row in &mut rows[words.start as usize..words.end as usize] {
            *row = Tile([0; LANES]);
        }
    }
    let image = past * STEPS_PER_WORD;
    spike_list.begin(image + steps.start);
    for step in steps {
        let shown = sample.recording_step(step);
        let start = recording.partition_point(|&event| event < pack_event(shown, 0));
        let rest = &recording[start..];
        let end = rest.partition_point(|&event| event < pack_event(shown + 1, 0));
        let row = (past + step / STEPS_PER_WORD) as usize;
        let one = 1 << (step % STEPS_PER_WORD * COUNT_BITS);
        for unit in rest[..end].iter().map(|&event| event_unit(event) as usize) {
            spikes.tile_rows_mut(unit / LANES)[row][unit % LANES] += one;
        }
        spike_list.append(rest[..end].iter().map(|&event| event_unit(event)));
    }
}

//! Converts an image to rates: `phi_max * pixel` at every step, spikes per ms.

use crate::cpu::kernels::definition::{
    Columns, CpuFunction, KernelDefinition, PreparedLaunch, SampleContext, Scope,
};
use crate::cpu::simd::tiled::TiledArray;
use crate::cpu::state::SampleState;
use crate::interface::{ArrayId, LaunchParams, RATE_HISTORY, Sample};

/// Definition of the kernel.
pub const DEFINITION: KernelDefinition = KernelDefinition {
    equation: "`φ_max p`",
    scope: Scope::Input,
    runs_on: |_, _| true,
    reads: |_, _| vec![ArrayId::InputRates, ArrayId::Images],
    writes: |_| vec![ArrayId::Rates(0)],
    columns: |_| Columns::None,
    threads: |grid| [grid.shape.populations[0] as u32, grid.launch.count],
    cpu: CpuFunction::Sample(run),
};

fn run(state: &mut SampleState, context: &SampleContext, prepared: &PreparedLaunch) {
    let SampleContext { replica_state, sample, image, .. } = *context;
    encode_rates(&prepared.params, sample, &replica_state.input_rates, image, &mut state.rates[0]);
}

/// Stores the rates of the launch's steps. `input_rates`: `[256]`; `image`: pixels, `[units]`; `rates`: `[1 + steps,
/// units]`.
pub fn encode_rates(
    params: &LaunchParams,
    sample: &Sample,
    input_rates: &[f32],
    image: &[u8],
    rates: &mut TiledArray<f32>,
) {
    let steps = params.first_step..sample.steps().min(params.first_step + params.step_count);
    for (unit, &level) in image.iter().enumerate() {
        let rate = input_rates[usize::from(level)];
        for step in steps.clone() {
            rates.set((RATE_HISTORY + step) as usize, unit, rate);
        }
    }
}

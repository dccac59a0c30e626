//! Averages the apical voltages `A = kappa * (Y b + Q n)` over the averaging window. With a cut kernel, the input of each
//! step adds the part of its response inside the window, which depends on its time alone.

use crate::cpu::kernels::averaging_window::PhaseWindow;
use crate::cpu::kernels::burst_steps::first_burst_step;
use crate::cpu::kernels::definition::{
    Columns, CpuFunction, KernelDefinition, PreparedLaunch, SampleContext, Scope,
};
use crate::cpu::simd::Simd;
use crate::cpu::simd::tiled::{LANES, Tile};
use crate::cpu::simd::width::simd_versions;
use crate::cpu::state::{LayerState, SampleState};
use crate::interface::{ArrayId, RunParams, compartment};
use crate::model::exact_math::{SMALLEST_VOLTAGE, flush};

/// Definition of the kernel.
pub const DEFINITION: KernelDefinition = KernelDefinition {
    equation: "mean of `A = κ * (Y b + Q n)`",
    scope: Scope::HiddenLayer,
    runs_on: |shape, _| shape.model.draws_bursts() && shape.model.learns_event_feedback(),
    reads: |_, layer| vec![ArrayId::ApicalInput(layer)],
    writes: |layer| vec![ArrayId::Compartments(layer)],
    columns: |_| Columns::None,
    threads: |grid| [grid.units(), 1],
    cpu: CpuFunction::Sample(run),
};

simd_versions! {
    /// Averages the apical voltages of a layer. `apical_input`: `[burst steps, units]`; `compartments`: `[5, units]`.
    fn run(
        state: &mut SampleState,
        context: &SampleContext,
        prepared: &PreparedLaunch,
    ) = average_voltages;
}

#[inline(always)]
fn average_voltages<V: Simd>(
    state: &mut SampleState,
    context: &SampleContext,
    prepared: &PreparedLaunch,
) {
    let SampleContext { constants, sample, .. } = *context;
    let window = PhaseWindow::forward(sample, 0);
    let population = prepared.params.population;
    let first_input = first_burst_step(constants.tap_count, population + 1, sample);
    let LayerState { apical_input, compartments, .. } = &mut state.layers[prepared.launch.layer];
    for (tile, compartments) in compartments.iter_tiles_mut().enumerate() {
        let input = apical_input.tile_rows(tile);
        let mut sum = match constants.tap_count {
            0 => uncut_sum(constants, &window, first_input, input),
            _ => cut_sum(constants, &window, input),
        };
        for sum in sum.iter_mut() {
            *sum = flush(*sum * window.inverse, SMALLEST_VOLTAGE);
        }
        compartments[compartment::APICAL] = sum;
    }
}

/// Returns the sum of the voltages in the window by the cut kernel.
#[inline(always)]
fn cut_sum(constants: &RunParams, window: &PhaseWindow, input: &[Tile<f32>]) -> Tile<f32> {
    let mut sum = Tile([0.0; LANES]);
    for step in window.first_contributing_step(constants, 0)..window.end {
        let weight = window.weight(constants, step);
        for i in 0..LANES {
            sum[i] += input[step as usize][i] * weight;
        }
    }
    sum
}

/// Returns the sum of the voltages in the window by the uncut kernel. `first_input`: first step with input.
#[inline(always)]
fn uncut_sum(
    constants: &RunParams,
    window: &PhaseWindow,
    first_input: u32,
    input: &[Tile<f32>],
) -> Tile<f32> {
    let [mut sum, mut slow, mut fast] = [Tile([0.0; LANES]); 3];
    for step in first_input..window.end {
        let input = &input[step as usize];
        for i in 0..LANES {
            slow[i] = flush(constants.decay_slow * slow[i] + input[i], SMALLEST_VOLTAGE);
            fast[i] = flush(constants.decay_fast * fast[i] + input[i], SMALLEST_VOLTAGE);
            if window.contains(step) {
                sum[i] += constants.gain_slow * slow[i] - constants.gain_fast * fast[i];
            }
        }
    }
    sum
}

//! Sums, per step, the weight columns of all presynaptic neurons times their rates: `W phi`. Rates are not filtered.

use crate::cpu::kernels::definition::{
    Columns, CpuFunction, KernelDefinition, PreparedLaunch, SampleContext, Scope,
};
use crate::cpu::simd::Simd;
use crate::cpu::simd::tiled::{LANES, Tile, TiledArray};
use crate::cpu::simd::width::simd_versions;
use crate::cpu::state::SampleState;
use crate::cpu::state::weight_matrix::WeightMatrix;
use crate::interface::{ArrayId, LaunchParams, RATE_HISTORY, RunParams, Sample, Shape};

/// Definition of the kernel.
pub const DEFINITION: KernelDefinition = KernelDefinition {
    equation: "`W φ`",
    scope: Scope::Layer,
    runs_on: Shape::emits_rates,
    reads: |_, layer| vec![ArrayId::Rates(layer), ArrayId::Weights(layer)],
    writes: |layer| vec![ArrayId::SynapticInput(layer)],
    columns: |_| Columns::Synapses,
    threads: |grid| [grid.units(), grid.launch.count],
    cpu: CpuFunction::Sample(run),
};

fn run(state: &mut SampleState, context: &SampleContext, prepared: &PreparedLaunch) {
    let SampleContext { constants, replica_state, sample, .. } = *context;
    let layer = prepared.launch.layer;
    let (rates, weights) = (&state.rates[layer], &replica_state.weights[layer]);
    let synaptic_input = &mut state.layers[layer].synaptic_input;
    synaptic_input_rates(constants, &prepared.params, sample, rates, weights, synaptic_input);
}

/// Sums the synaptic input of the launch's steps. `rates`: of the presynaptic population, `[1 + steps, n_pre]`;
/// `weights`: `[n_pre + 1, units]`; `synaptic_input`: `[history + block, units]`, with the first step in row `history`.
pub fn synaptic_input_rates(
    constants: &RunParams,
    params: &LaunchParams,
    sample: &Sample,
    rates: &TiledArray<f32>,
    weights: &WeightMatrix,
    synaptic_input: &mut TiledArray<f32>,
) {
    let begin = (RATE_HISTORY + params.first_step) as usize;
    let end = (RATE_HISTORY + sample.steps().min(params.first_step + params.step_count)) as usize;
    for (row, step) in (constants.history_rows as usize..).zip(begin..end) {
        // Constant rates, such as the input's, give the sums of the step before.
        let is_same = |rates: &[Tile<f32>]| rates[step] == rates[step - 1];
        if step > begin && rates.iter_tiles().all(is_same) {
            synaptic_input.iter_tiles_mut().for_each(|rows| rows[row] = rows[row - 1]);
        } else {
            sum_columns(params, rates, step, weights, synaptic_input, row);
        }
    }
}

simd_versions! {
    /// Sums the columns of all presynaptic neurons times their rates, in ascending order.
    fn sum_columns(
        params: &LaunchParams,
        rates: &TiledArray<f32>,
        step: usize,
        weights: &WeightMatrix,
        synaptic_input: &mut TiledArray<f32>,
        row: usize,
    ) = sum_tiles;
}

#[inline(always)]
fn sum_tiles<V: Simd>(
    params: &LaunchParams,
    rates: &TiledArray<f32>,
    step: usize,
    weights: &WeightMatrix,
    synaptic_input: &mut TiledArray<f32>,
    row: usize,
) {
    for (tile, rows) in synaptic_input.iter_tiles_mut().enumerate() {
        let mut sums = Tile([0.0; LANES]);
        for pre in 0..params.n_pre as usize {
            let rate = rates.value(step, pre);
            let weights = &weights.column(pre)[tile];
            for i in 0..LANES {
                sums[i] += weights[i] * rate;
            }
        }
        rows[row] = sums;
    }
}

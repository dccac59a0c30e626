//! Draws the bursts of a layer's spikes, `b ~ Binomial(n, p)` with n spikes in a step, and computes `P E` from their
//! deviation from the baseline, `E = -mean(b - p0 n) / (p0 phi_max)`. `e = sigma(C)` of the step.
//!
//! Output: `p = p0 (1 + s (t - e) (1 - e))`, t the target.
//! Hidden: `p = 2 p0 sigma(k A (1 - e))` with `A = kappa * (Y b + Q n)`, see `apical_input_bursts`. Bursts before the
//! image have no effect.

use crate::cpu::kernels::averaging_window::PhaseWindow;
use crate::cpu::kernels::burst_draws::BurstDraws;
use crate::cpu::kernels::burst_sampler::{Neurons, Rows, TileArrays, draw_tile};
use crate::cpu::kernels::burst_steps::first_burst_step;
use crate::cpu::kernels::definition::{
    Columns, CpuFunction, KernelDefinition, PreparedLaunch, SampleContext, Scope,
};
use crate::cpu::simd::tiled::{LANES, Tile};
use crate::cpu::simd::width::simd_versions;
use crate::cpu::simd::{Mask, Simd};
use crate::cpu::state::{LayerState, SampleState};
use crate::interface::ArrayId;
use crate::model::exact_math::{SMALLEST_GRADIENT, flush};

/// Definition of the kernel.
pub const DEFINITION: KernelDefinition = KernelDefinition {
    equation: "`b` binomial from `n` and `p`; output `p = p_0 (1 + s (t - e) (1 - e))`; hidden \
               `A = κ * (Y b + Q n)`, `p = 2 p_0 σ(k A (1 - e))`; `P E = -P mean(b - p_0 n) / (p_0 φ_max)`",
    scope: Scope::Layer,
    runs_on: |shape, _| shape.model.draws_bursts(),
    reads: |_, layer| {
        vec![ArrayId::Spikes(layer + 1), ArrayId::Somata(layer), ArrayId::ApicalInput(layer)]
    },
    writes: |layer| vec![ArrayId::Bursts(layer + 1), ArrayId::Errors(layer)],
    columns: |_| Columns::None,
    threads: |grid| [grid.units(), 1],
    cpu: CpuFunction::Sample(run),
};

simd_versions! {
    /// Draws the bursts of a layer. `bursts`: `[burst words, units]`; `errors`: `[1, units]`.
    fn run(
        state: &mut SampleState,
        context: &SampleContext,
        prepared: &PreparedLaunch,
    ) = draw_layer;
}

#[inline(always)]
fn draw_layer<V: Simd>(
    state: &mut SampleState,
    context: &SampleContext,
    prepared: &PreparedLaunch,
) {
    let SampleContext { constants, replica, minibatch, sample, .. } = *context;
    let (layer, params) = (prepared.launch.layer, &prepared.params);
    let population = params.population;
    let neurons = Neurons {
        constants,
        steps: first_burst_step(constants.tap_count, population, sample)..sample.steps_forward,
        first_input: first_burst_step(constants.tap_count, population + 1, sample),
        window: PhaseWindow::forward(sample, 0),
        is_output: params.is_output == 1,
        baseline: replica.burst_baseline,
        slope: replica.burst_slope,
        teacher: replica.burst_teacher,
        draws: BurstDraws::new(replica.seed, population, minibatch.rng_split, sample.draw_index),
    };
    let mut rows = Rows::new(sample.steps_forward as usize);
    let SampleState { spikes, bursts, layers, .. } = state;
    let LayerState { apical_input, somata, errors, .. } = &mut layers[layer];
    let (spikes, bursts) = (&spikes[layer + 1], &mut bursts[layer + 1]);
    for (tile, errors) in errors.iter_tiles_mut().enumerate() {
        let first = (tile * LANES) as u32;
        let in_use = (params.units - first).min(LANES as u32);
        let units = std::array::from_fn(|i| first + i as u32);
        let mut targets = Tile([0.0; LANES]);
        for (target, unit) in targets.iter_mut().zip(units) {
            *target = f32::from(unit / constants.neurons_per_class == sample.label);
        }
        let arrays = TileArrays {
            units: &units,
            in_use: V::Mask::from_bits((1 << in_use) - 1),
            targets: &targets,
            counts: &spikes.tile_rows(tile)[constants.history_words as usize..],
            somata: somata.tile_rows(tile),
            apical_input: apical_input.tile_rows(tile),
        };
        let (burst_sums, spike_sums) =
            draw_tile::<V>(&neurons, &arrays, &mut rows, bursts.tile_rows_mut(tile));
        // The padding of the last tile has zero error.
        errors[0] = Tile([0.0; LANES]);
        for i in 0..in_use as usize {
            let deviation = burst_sums[i] as f32 - neurons.baseline * spike_sums[i] as f32;
            let mean = deviation * neurons.window.inverse;
            errors[0][i] = flush(mean * replica.burst_spike_gain, SMALLEST_GRADIENT);
        }
    }
}

//! Averages rates over the windows at the ends of the phases, and copies the last step's rates to the history of the
//! next image. For spikes, see `window_mean_spikes`.

use crate::cpu::kernels::averaging_window::{self, PhaseWindow, WindowMean};
use crate::cpu::kernels::definition::{
    Columns, CpuFunction, KernelDefinition, PreparedLaunch, SampleContext, Scope,
};
use crate::cpu::simd::Simd;
use crate::cpu::simd::tiled::{LANES, Tile};
use crate::cpu::simd::width::simd_versions;
use crate::cpu::state::SampleState;
use crate::interface::{ArrayId, RATE_HISTORY, Shape};
use crate::model::exact_math::{SMALLEST_VOLTAGE, flush};
use crate::model::network_model::LearningRule;

/// Definition of the kernel.
pub const DEFINITION: KernelDefinition = KernelDefinition {
    equation: "`s_f`, `s_fb` as means of `φ`",
    scope: Scope::Population,
    runs_on: Shape::emits_rates,
    reads: |_, _| vec![],
    writes: |population| vec![ArrayId::Rates(population), ArrayId::WindowMeans(population)],
    columns: |_| Columns::None,
    threads: |grid| [grid.shape.populations[grid.launch.layer] as u32, 1],
    cpu: CpuFunction::Sample(run),
};

simd_versions! {
    /// Averages the rates of a population. `rates`: `[1 + steps, units]`; `window_means`: `[rows, units]`.
    fn run(
        state: &mut SampleState,
        context: &SampleContext,
        prepared: &PreparedLaunch,
    ) = average_rates;
}

#[inline(always)]
fn average_rates<V: Simd>(
    state: &mut SampleState,
    context: &SampleContext,
    prepared: &PreparedLaunch,
) {
    let SampleContext { constants, sample, .. } = *context;
    // The kernel takes populations, so `layer` is one.
    let (population, params) = (prepared.launch.layer, &prepared.params);
    let (rates, window_means) = (&mut state.rates[population], &mut state.window_means[population]);
    // With bursts, the forward means of the output are the events that feed back.
    let has_bursts = constants.rule == LearningRule::Bursts as u32;
    let feeds_forward = (params.is_output == 0 || has_bursts) && params.sends_rates == 1;
    let feeds_back = params.feeds_back_rates == 1;
    let means = averaging_window::window_means(constants, sample, feeds_forward, feeds_back);
    for (rates, window_means) in rates.iter_tiles_mut().zip(window_means.iter_tiles_mut()) {
        for WindowMean { row, window, delay } in &means {
            window_means[*row] = mean(window, *delay, rates);
        }
        let steps = sample.steps() as usize;
        for row in 0..RATE_HISTORY as usize {
            rates[row] = rates[steps + row];
        }
    }
}

/// Returns the mean of each neuron's rates over a window, delayed by `delay` steps.
#[inline(always)]
fn mean(window: &PhaseWindow, delay: u32, rates: &[Tile<f32>]) -> Tile<f32> {
    let mut mean = Tile([0.0; LANES]);
    let end = window.end - delay;
    for step in end - window.length..end {
        let rates = &rates[(RATE_HISTORY + step) as usize];
        for i in 0..LANES {
            mean[i] += rates[i];
        }
    }
    for mean in mean.iter_mut() {
        *mean = flush(*mean * window.inverse, SMALLEST_VOLTAGE);
    }
    mean
}

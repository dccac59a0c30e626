//! Averages filtered spike trains over the windows at the ends of the phases, and keeps the spikes or traces that the
//! next image needs.
//!
//! With a cut kernel, each spike adds the part of its response inside the window, which depends on its time alone.

use crate::cpu::kernels::averaging_window::{self, PhaseWindow, WindowMean, feedback_row};
use crate::cpu::kernels::definition::{
    Columns, CpuFunction, KernelDefinition, PreparedLaunch, SampleContext, Scope,
};
use crate::cpu::simd::Simd;
use crate::cpu::simd::tiled::{LANES, Tile};
use crate::cpu::simd::width::simd_versions;
use crate::cpu::state::SampleState;
use crate::interface::window_mean::{FAST, FORWARD, SLOW};
use crate::interface::{
    ArrayId, BatchParams, COUNT_BITS, LaunchParams, RunParams, STEPS_PER_WORD, Sample, spike_count,
};
use crate::model::exact_math::{SMALLEST_VOLTAGE, flush};
use crate::model::network_model::LearningRule;

/// Definition of the kernel.
pub const DEFINITION: KernelDefinition = KernelDefinition {
    equation: "`s_f`, `s_fb` as means of `κ * n`",
    scope: Scope::Population,
    runs_on: |_, _| true,
    reads: |_, _| vec![],
    writes: |population| vec![ArrayId::Spikes(population), ArrayId::WindowMeans(population)],
    columns: |_| Columns::None,
    threads: |grid| [grid.shape.populations[grid.launch.layer] as u32, 1],
    cpu: CpuFunction::Sample(run),
};

simd_versions! {
    /// Averages the filtered spike trains of a population. `spikes`: `[history words + words, units]`; `window_means`:
    /// `[rows, units]`.
    fn run(
        state: &mut SampleState,
        context: &SampleContext,
        prepared: &PreparedLaunch,
    ) = average_spikes;
}

#[inline(always)]
fn average_spikes<V: Simd>(
    state: &mut SampleState,
    context: &SampleContext,
    prepared: &PreparedLaunch,
) {
    let SampleContext { constants, minibatch, sample, .. } = *context;
    // The kernel takes populations, so `layer` is one.
    let (population, params) = (prepared.launch.layer, &prepared.params);
    let (spikes, window_means) =
        (&mut state.spikes[population], &mut state.window_means[population]);
    // With bursts, the forward means of the output are the events that feed back.
    let has_bursts = constants.rule == LearningRule::Bursts as u32;
    let feeds_forward = (params.is_output == 0 || has_bursts) && params.sends_rates == 0;
    let feeds_back = params.feeds_back_spikes == 1;
    let means = averaging_window::window_means(constants, sample, feeds_forward, feeds_back);
    for (spikes, window_means) in spikes.iter_tiles_mut().zip(window_means.iter_tiles_mut()) {
        let (past, spikes) = spikes.split_at_mut(constants.history_words as usize);
        if constants.tap_count == 0 {
            iir_traces(constants, params, minibatch, sample, spikes, window_means);
            continue;
        }
        save_spike_history(sample.steps(), spikes, past);
        for WindowMean { row, window, delay } in &means {
            window_means[*row] = mean(window, constants, *delay, spikes);
        }
    }
}

/// Copies the last spikes of an image of `steps` steps to `past`, the history of the next image, with the last step in
/// the last slot.
#[inline(always)]
fn save_spike_history(steps: u32, spikes: &[Tile<u32>], past: &mut [Tile<u32>]) {
    let earliest = steps - past.len() as u32 * STEPS_PER_WORD;
    let from = &spikes[(earliest / STEPS_PER_WORD) as usize..];
    let shift = earliest % STEPS_PER_WORD * COUNT_BITS;
    for (index, past) in past.iter_mut().enumerate() {
        for i in 0..LANES {
            past[i] = from[index][i] >> shift;
        }
        if shift > 0 {
            for i in 0..LANES {
                past[i] |= from[index + 1][i] << (u32::BITS - shift);
            }
        }
    }
}

/// Returns the mean of each neuron's filtered spike train over a window, delayed by `delay` steps.
#[inline(always)]
fn mean(
    window: &PhaseWindow,
    constants: &RunParams,
    delay: u32,
    spikes: &[Tile<u32>],
) -> Tile<f32> {
    let mut mean = Tile([0.0; LANES]);
    for step in window.first_contributing_step(constants, delay)..window.end - delay {
        let weight = window.weight(constants, step + delay);
        let words = &spikes[(step / STEPS_PER_WORD) as usize];
        for i in 0..LANES {
            mean[i] += spike_count(words[i], step) as i32 as f32 * weight;
        }
    }
    for mean in mean.iter_mut() {
        *mean *= window.inverse;
    }
    mean
}

/// Averages and stores the two traces of the uncut kernel, stepped through the whole image. A population that feeds
/// back takes one pass per possible lead of plateau potentials.
#[inline(always)]
fn iir_traces(
    constants: &RunParams,
    params: &LaunchParams,
    minibatch: &BatchParams,
    sample: &Sample,
    spikes: &[Tile<u32>],
    window_means: &mut [Tile<f32>],
) {
    let initial = [window_means[SLOW], window_means[FAST]];
    let max_lead = if params.feeds_back_spikes == 1 { constants.max_plateau_lead() } else { 0 };
    for lead in 0..=max_lead {
        iir_traces_at(constants, minibatch, sample, lead, &initial, spikes, window_means);
    }
}

/// Averages the traces over windows that end `lead` steps early, and stores the traces in the pass without lead.
/// `initial`: traces before the image.
#[inline(always)]
fn iir_traces_at(
    constants: &RunParams,
    minibatch: &BatchParams,
    sample: &Sample,
    lead: u32,
    initial: &[Tile<f32>; 2],
    spikes: &[Tile<u32>],
    window_means: &mut [Tile<f32>],
) {
    let [forward, target] = [PhaseWindow::forward(sample, lead), PhaseWindow::target(sample, lead)];
    let [mut slow, mut fast] = [Tile([0.0; LANES]); 2];
    if minibatch.reset_state == 0 {
        [slow, fast] = *initial;
    }
    let mut filtered = [0.0; LANES];
    for i in 0..LANES {
        filtered[i] = constants.gain_slow * slow[i] - constants.gain_fast * fast[i];
    }
    let [mut mean, mut feedback_forward, mut feedback_target] = [Tile([0.0; LANES]); 3];
    for step in 0..sample.steps() {
        let words = &spikes[(step / STEPS_PER_WORD) as usize];
        let delayed = filtered;
        for i in 0..LANES {
            let n = spike_count(words[i], step) as i32 as f32;
            slow[i] = flush(constants.decay_slow * slow[i] + n, SMALLEST_VOLTAGE);
            fast[i] = flush(constants.decay_fast * fast[i] + n, SMALLEST_VOLTAGE);
            filtered[i] = constants.gain_slow * slow[i] - constants.gain_fast * fast[i];
        }
        if forward.contains(step) {
            for i in 0..LANES {
                mean[i] += filtered[i];
                feedback_forward[i] += delayed[i];
            }
        }
        if target.contains(step) {
            for i in 0..LANES {
                feedback_target[i] += delayed[i];
            }
        }
    }
    let rows = [0, 1].map(|phase| feedback_row(constants, phase, lead));
    for i in 0..LANES {
        window_means[rows[0]][i] = flush(feedback_forward[i] * forward.inverse, SMALLEST_VOLTAGE);
        window_means[rows[1]][i] = flush(feedback_target[i] * target.inverse, SMALLEST_VOLTAGE);
    }
    if lead == 0 {
        for i in 0..LANES {
            window_means[FORWARD][i] = flush(mean[i] * forward.inverse, SMALLEST_VOLTAGE);
        }
        (window_means[SLOW], window_means[FAST]) = (slow, fast);
    }
}

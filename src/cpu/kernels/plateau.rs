//! Computes the plateau potentials `alpha = sigma(mean A)`, with the mean over a window at the end of each phase.
//!
//! The dendrite is linear, so the mean of `A = Y s + c` is `Y` times the mean of `s`, plus the apical biases `c`.

use crate::cpu::kernels::averaging_window::feedback_row;
use crate::cpu::kernels::definition::{
    Columns, CpuFunction, KernelDefinition, PreparedLaunch, SampleContext, Scope,
};
use crate::cpu::simd::Simd;
use crate::cpu::simd::tiled::{LANES, Tile};
use crate::cpu::simd::width::simd_versions;
use crate::cpu::state::{LayerState, SampleState};
use crate::interface::{ArrayId, LaunchParams, ReplicaParams, RunParams, Sample, plateau};
use crate::model::exact_math::sigmoid;
use crate::model::plateau_timing::lead_steps;
use crate::random::{RngStream, Split, philox_counter0, philox_units};

/// Definition of the kernel.
pub const DEFINITION: KernelDefinition = KernelDefinition {
    equation: "`A_f`, `A_t` by `A = Y s_fb + c`; `α_f = σ(A_f)`, `α_t = σ(A_t)`",
    scope: Scope::HiddenLayer,
    runs_on: |_, _| true,
    reads: |shape, layer| {
        vec![ArrayId::WindowMeans(shape.feedback_population(layer)), ArrayId::Feedback(layer)]
    },
    writes: |layer| vec![ArrayId::Plateaus(layer)],
    columns: |_| Columns::Feedback,
    threads: |grid| [grid.units(), 1],
    cpu: CpuFunction::Sample(run),
};

simd_versions! {
    /// Computes the plateau potentials of a layer. `window_means`: of the feedback population, `[rows, n_feedback]`;
    /// `feedback`: `[columns, units]`; `plateaus`: `[2, units]`.
    fn run(
        state: &mut SampleState,
        context: &SampleContext,
        prepared: &PreparedLaunch,
    ) = compute_plateaus;
}

#[inline(always)]
fn compute_plateaus<V: Simd>(
    state: &mut SampleState,
    context: &SampleContext,
    prepared: &PreparedLaunch,
) {
    let SampleContext { shape, constants, replica, replica_state, sample, .. } = *context;
    let (layer, params) = (prepared.launch.layer, &prepared.params);
    let population = shape.feedback_population(layer);
    let LayerState { plateaus, .. } = &mut state.layers[layer];
    let (window_means, feedback) =
        (&state.window_means[population], &replica_state.feedback[layer]);
    let max_lead = constants.max_plateau_lead();
    for (tile, plateaus) in plateaus.iter_tiles_mut().enumerate() {
        let mut leads = [[0; LANES]; plateau::ROWS];
        if max_lead > 0 {
            leads = plateau_lead(constants, replica, params, sample, tile);
        }
        for (phase, leads) in (0..).zip(&leads) {
            let mut apical = Tile([0.0; LANES]);
            for pre in 0..params.n_feedback as usize {
                let mut means = [window_means.value(feedback_row(constants, phase, 0), pre); LANES];
                // Selecting in a loop is faster than one lookup per neuron.
                for lead in 1..=max_lead {
                    let mean = window_means.value(feedback_row(constants, phase, lead), pre);
                    for i in 0..LANES {
                        means[i] = if leads[i] == lead { mean } else { means[i] };
                    }
                }
                let weights = &feedback.column(pre)[tile];
                for i in 0..LANES {
                    apical[i] += weights[i] * means[i];
                }
            }
            if params.feedback_columns > params.n_feedback {
                let biases = &feedback.column(params.n_feedback as usize)[tile];
                for i in 0..LANES {
                    apical[i] += biases[i];
                }
            }
            for i in 0..LANES {
                plateaus[phase as usize][i] = sigmoid(apical[i]);
            }
        }
    }
}

/// Returns the leads of the plateau potentials of a tile's neurons in each phase, in steps, as
/// [`crate::model::plateau_timing::plateau_lead`] for one neuron.
#[inline(always)]
fn plateau_lead(
    constants: &RunParams,
    replica: &ReplicaParams,
    params: &LaunchParams,
    sample: &Sample,
    tile: usize,
) -> [[u32; LANES]; plateau::ROWS] {
    let counter0 =
        philox_counter0(RngStream::PlateauTime, params.population, Split::Training as u32);
    let mut units = [0; LANES];
    for (i, unit) in units.iter_mut().enumerate() {
        *unit = (tile * LANES + i) as u32;
    }
    let words = philox_units(counter0, sample.draw_index, &units, 0, replica.seed);
    let mut steps = [[0; LANES]; plateau::ROWS];
    for (steps, words) in steps.iter_mut().zip(&words) {
        for i in 0..LANES {
            steps[i] = lead_steps(words[i], &constants.plateau_lead_thresholds);
        }
    }
    steps
}

// The code above relies on consecutive rows of the two phases.
const _: () = assert!(plateau::FORWARD == 0 && plateau::TARGET == 1);

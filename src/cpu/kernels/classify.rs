//! Computes the class of an image and the output's loss.

use crate::cpu::kernels::definition::{
    Columns, CpuFunction, KernelDefinition, PreparedLaunch, SampleContext, Scope,
};
use crate::cpu::simd::tiled::TiledArray;
use crate::cpu::state::SampleState;
use crate::interface::{ArrayId, LaunchParams, ReplicaParams, RunParams, Sample, compartment};
use crate::model::exact_math::{SMALLEST_MOMENT, flush, sigmoid};
use crate::model::network_model::LearningRule;

/// Definition of the kernel.
pub const DEFINITION: KernelDefinition = KernelDefinition {
    equation: "class: argmax of the mean `C_f` of its neurons; `L1 = Σ (φ_t - φ_max σ(C_f))²`",
    scope: Scope::OutputLayer,
    runs_on: |_, _| true,
    reads: |_, layer| vec![ArrayId::Compartments(layer)],
    writes: |_| vec![ArrayId::Classes, ArrayId::Losses],
    columns: |_| Columns::None,
    threads: |_| [1, 1],
    cpu: CpuFunction::Sample(run),
};

fn run(state: &mut SampleState, context: &SampleContext, prepared: &PreparedLaunch) {
    let SampleContext { constants, replica, sample, .. } = *context;
    let compartments = &state.layers[prepared.launch.layer].compartments;
    state.result = classify(constants, replica, &prepared.params, sample, compartments);
}

/// Returns class and loss. `compartments`: voltages of the output, `[5, units]`.
///
/// The class is the one with the highest mean voltage, the first of several. The loss is
/// `L1 = sum (phi_t - phi_max sigma(Cf))^2`, or zero without a target phase. With bursts, phi_t is phi_max for the
/// neurons of the image's class, else 0.
pub fn classify(
    constants: &RunParams,
    replica: &ReplicaParams,
    params: &LaunchParams,
    sample: &Sample,
    compartments: &TiledArray<f32>,
) -> (u32, f32) {
    let units = params.units as usize;
    let group = constants.neurons_per_class as usize;
    let mut best = (0, 0.0);
    for class in 0..constants.classes as usize {
        let mut sum = 0.0;
        for member in 0..group {
            sum += compartments.value(compartment::MEAN_SOMA, class * group + member);
        }
        if class == 0 || sum > best.1 {
            best = (class, sum);
        }
    }
    let mut loss = 0.0;
    let has_bursts = constants.rule == LearningRule::Bursts as u32;
    if has_bursts || sample.steps_target > 0 {
        for unit in 0..units {
            let forward = sigmoid(compartments.value(compartment::MEAN_SOMA, unit));
            let target = if !has_bursts {
                compartments.value(compartment::MEAN_RATE, unit)
            } else if (unit / group) as u32 == sample.label {
                replica.phi_max
            } else {
                0.0
            };
            let difference = target - replica.phi_max * forward;
            loss += flush(difference * difference, SMALLEST_MOMENT);
        }
    }
    (best.0 as u32, loss)
}

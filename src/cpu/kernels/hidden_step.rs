//! Steps hidden neurons: basal voltage from the filtered input, soma by forward Euler, spikes.
//!
//! `B = kappa * (W n) + b`; `C += -g_L C + g_B (B - C) + g_A (A - C)`.

use multiversion::multiversion;
use multiversion::target::match_target;

use crate::cpu::kernels::definition::{Columns, CpuFunction, KernelDefinition, Scope, StepContext};
use crate::cpu::kernels::neuron_block::{NeuronModel, step_tiles};
use crate::cpu::kernels::spike_sampler::WORD_STEPS;
use crate::cpu::kernels::synaptic_filter::{basal_input, shift_history};
use crate::cpu::kernels::window_mean::WindowMean;
use crate::cpu::simd::tiled::{LANES, Tile, TileSlice};
use crate::cpu::simd::{Scalar16, Simd};
use crate::cpu::spikes::list::words_covering;
use crate::cpu::spikes::mask::SpikeMaskSlice;
use crate::interface::ArrayId;
use crate::interface::compartment::{APICAL, BASAL, MEAN_RATE, MEAN_SOMA, SOMA};
use crate::model::exact_math::{Float, SMALLEST_VOLTAGE};

/// Definition of the kernel.
pub const DEFINITION: KernelDefinition = KernelDefinition {
    scope: Scope::HiddenLayer,
    is_valid: |_, _| true,
    reads: |_, layer| vec![ArrayId::Weights(layer)],
    writes: |layer| {
        vec![
            ArrayId::SynapticInput(layer),
            ArrayId::Compartments(layer),
            ArrayId::Spikes(layer + 1),
        ]
    },
    columns: |_| Columns::Biases,
    threads: |grid| [grid.units(), 1],
    cpu: CpuFunction::Neurons(hidden_step),
};

/// Steps a slice of tiles. Shapes: see [`NeuronFunction`](super::definition::NeuronFunction).
#[multiversion(targets = "simd")]
pub fn hidden_step(
    block: &StepContext,
    synaptic_input: &mut TileSlice<f32>,
    compartments: &mut TileSlice<f32>,
    spikes: &mut TileSlice<u32>,
    spike_mask: SpikeMaskSlice,
) {
    let hidden = HiddenNeuron(block);
    match_target! {
        "x86_64+avx512f" => step_tiles::<crate::cpu::simd::avx512::Avx512>(
            block, &hidden, synaptic_input, compartments, spikes, spike_mask
        ),
        _ => step_tiles::<Scalar16>(block, &hidden, synaptic_input, compartments, spikes, spike_mask),
    }
}

struct HiddenNeuron<'a>(&'a StepContext<'a>);

impl NeuronModel for HiddenNeuron<'_> {
    #[inline(always)]
    fn step<V: Simd>(
        &self,
        tile: usize,
        synaptic_input: &mut [Tile<f32>],
        compartments: &mut [Tile<f32>],
        soma: &mut [Tile<f32>],
    ) {
        let &StepContext { constants, replica, params, minibatch, sample, biases, .. } = self.0;
        let steps = self.0.steps();
        if steps.start == 0 {
            if minibatch.reset_state == 1 {
                // The apical voltage was set before, by `apical`.
                for row in [BASAL, SOMA, MEAN_RATE] {
                    compartments[row] = Tile([0.0; LANES]);
                }
            }
            compartments[MEAN_SOMA] = Tile([0.0; LANES]);
        }
        let forward = WindowMean::forward(sample);
        let float = V::Floats::splat;
        let from_apical = float(replica.hidden_apical_gain) * V::load_f32(&compartments[APICAL]);
        let bias = V::load_f32(&biases[tile]);
        let mut basal = V::load_f32(&compartments[BASAL]);
        let mut voltage = V::load_f32(&compartments[SOMA]);
        let mut mean = V::load_f32(&compartments[MEAN_SOMA]);

        for (_, steps_of_word) in words_covering(&steps) {
            let row = (steps_of_word.start - steps.start) as usize;
            let row_of_block = (steps_of_word.start - params.block_start) as usize;
            // Two calls instead of a closure: a large closure is not inlined and then lacks the SIMD instructions of
            // this version. Nearly all words are complete; the constant count lets the compiler unroll the loop.
            let from = [bias, from_apical];
            let (last_basal, voltages) = if steps_of_word.len() == WORD_STEPS {
                euler_steps::<V>(self.0, synaptic_input, row_of_block, WORD_STEPS, from, voltage)
            } else {
                euler_steps::<V>(
                    self.0,
                    synaptic_input,
                    row_of_block,
                    steps_of_word.len(),
                    from,
                    voltage,
                )
            };
            basal = last_basal;
            voltage = voltages[steps_of_word.len() - 1];
            forward.add::<V>(&steps_of_word, &voltages, &mut mean);
            let soma = &mut soma[row..][..steps_of_word.len()];
            for step in 0..steps_of_word.len() {
                V::store_f32(voltages[step], &mut soma[step]);
            }
        }

        V::store_f32(basal, &mut compartments[BASAL]);
        V::store_f32(voltage, &mut compartments[SOMA]);
        V::store_f32(mean, &mut compartments[MEAN_SOMA]);
        if params.sends_rates == 0 && params.ends_block(sample) {
            shift_history(constants, synaptic_input, (steps.end - params.block_start) as usize);
        }
    }
}

/// Returns the basal voltage of the last of `count` steps from `row` of the block on, and the somatic voltages of all.
#[inline(always)]
fn euler_steps<V: Simd>(
    block: &StepContext,
    synaptic_input: &mut [Tile<f32>],
    row: usize,
    count: usize,
    [bias, from_apical]: [V::Floats; 2],
    mut soma: V::Floats,
) -> (V::Floats, [V::Floats; WORD_STEPS]) {
    let float = V::Floats::splat;
    let &StepContext { constants, replica, params, .. } = block;
    let mut voltages = basal_input::<V>(constants, params, synaptic_input, row, count);
    let mut basal = float(0.0);
    for voltage in &mut voltages[..count] {
        basal = *voltage + bias;
        let input = float(replica.hidden_basal_gain) * basal + from_apical;
        soma = V::flush(float(replica.hidden_decay) * soma + input, SMALLEST_VOLTAGE);
        *voltage = soma;
    }
    (basal, voltages)
}

//! Steps output neurons: dendritic voltage from the filtered input, soma by forward Euler with the teaching current
//! of the target phase, mean rate, spikes.
//!
//! `B = kappa * (W n) + b`; `C += -g_L C + g_D (B - C) + I`, `I = g_E (E_E - C) + g_I (E_I - C)`.

use multiversion::multiversion;
use multiversion::target::match_target;

use crate::cpu::kernels::definition::{Columns, CpuFunction, KernelDefinition, Scope, StepContext};
use crate::cpu::kernels::neuron_block::{NeuronModel, step_tiles};
use crate::cpu::kernels::synaptic_filter::{basal_input, shift_history};
use crate::cpu::kernels::window_mean::WindowMean;
use crate::cpu::simd::tiled::{LANES, Tile, TileSlice};
use crate::cpu::simd::{Scalar16, Simd};
use crate::cpu::spikes::list::words_covering;
use crate::cpu::spikes::mask::SpikeMaskSlice;
use crate::interface::ArrayId;
use crate::interface::compartment::{BASAL, MEAN_RATE, MEAN_SOMA, SOMA};
use crate::model::exact_math::{Float, SMALLEST_VOLTAGE, sigmoid};

/// Definition of the kernel.
pub const DEFINITION: KernelDefinition = KernelDefinition {
    scope: Scope::OutputLayer,
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
    cpu: CpuFunction::Neurons(output_step),
};

/// Steps a slice of tiles. Shapes: see [`NeuronFunction`](super::definition::NeuronFunction).
#[multiversion(targets = "simd")]
pub fn output_step(
    block: &StepContext,
    synaptic_input: &mut TileSlice<f32>,
    compartments: &mut TileSlice<f32>,
    spikes: &mut TileSlice<u32>,
    spike_mask: SpikeMaskSlice,
) {
    let output = OutputNeuron(block);
    match_target! {
        "x86_64+avx512f" => step_tiles::<crate::cpu::simd::avx512::Avx512>(
            block, &output, synaptic_input, compartments, spikes, spike_mask
        ),
        _ => step_tiles::<Scalar16>(block, &output, synaptic_input, compartments, spikes, spike_mask),
    }
}

struct OutputNeuron<'a>(&'a StepContext<'a>);

impl OutputNeuron<'_> {
    /// Returns the teaching current `g E` of each neuron of a tile.
    #[inline(always)]
    fn teaching(&self, tile: usize) -> [f32; LANES] {
        let StepContext { constants, sample, .. } = self.0;
        let mut teaching = [constants.teaching_inhibition; LANES];
        for (i, current) in teaching.iter_mut().enumerate() {
            if (tile * LANES + i) as u32 / constants.neurons_per_class == sample.label {
                *current = constants.teaching_excitation;
            }
        }
        teaching
    }
}

impl NeuronModel for OutputNeuron<'_> {
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
            compartments[MEAN_RATE] = Tile([0.0; LANES]);
        }
        let (forward, target) = (WindowMean::forward(sample), WindowMean::target(sample));
        let float = V::Floats::splat;
        let bias = V::load_f32(&biases[tile]);
        let teaching = V::load_f32(&self.teaching(tile));
        let mut basal = V::load_f32(&compartments[BASAL]);
        let mut voltage = V::load_f32(&compartments[SOMA]);
        let mut mean = V::load_f32(&compartments[MEAN_SOMA]);
        let mut mean_rate = V::load_f32(&compartments[MEAN_RATE]);

        for (_, steps_of_word) in words_covering(&steps) {
            let row = (steps_of_word.start - steps.start) as usize;
            let row_of_block = (steps_of_word.start - params.block_start) as usize;
            // Voltages of the dendrite, then of the soma.
            let mut voltages = basal_input::<V>(
                constants,
                params,
                synaptic_input,
                row_of_block,
                steps_of_word.len(),
            );
            for (filtered, step) in voltages.iter_mut().zip(steps_of_word.clone()) {
                basal = *filtered + bias;
                let (decay, input, current) = if step >= sample.steps_forward {
                    (constants.teaching_decay, constants.teaching_basal_gain, teaching)
                } else {
                    (constants.output_decay, constants.output_basal_gain, float(0.0))
                };
                let total_input = float(input) * basal + current;
                voltage = V::flush(float(decay) * voltage + total_input, SMALLEST_VOLTAGE);
                *filtered = voltage;
            }
            forward.add::<V>(&steps_of_word, &voltages, &mut mean);
            if target.overlaps(&steps_of_word) {
                let mut rates = voltages;
                for rate in &mut rates {
                    *rate = float(replica.phi_max) * sigmoid(*rate);
                }
                target.add::<V>(&steps_of_word, &rates, &mut mean_rate);
            }
            for (voltage, soma) in voltages.iter().zip(&mut soma[row..]) {
                V::store_f32(*voltage, soma);
            }
        }

        V::store_f32(basal, &mut compartments[BASAL]);
        V::store_f32(voltage, &mut compartments[SOMA]);
        V::store_f32(mean, &mut compartments[MEAN_SOMA]);
        V::store_f32(mean_rate, &mut compartments[MEAN_RATE]);
        if params.sends_rates == 0 && params.ends_block(sample) {
            shift_history(constants, synaptic_input, (steps.end - params.block_start) as usize);
        }
    }
}

//! Steps hidden neurons: basal voltage from the filtered input, soma by forward Euler, spikes.
//!
//! `B = kappa * (W n) + b`; `C += -g_L C + g_B (B - C) + g_A (A - C)`.

use multiversion::multiversion;
use multiversion::target::match_target;

use super::neuron_block::{NeuronModel, StepContext, step_tiles};
use super::simd::{Scalar16, Simd};
use super::spike_list::words_covering;
use super::spike_mask::SpikeMaskSlice;
use super::spike_sampler::WORD_STEPS;
use super::synaptic_filter::{basal_input, shift_history};
use super::tiled::{LANES, Tile, TileSlice};
use super::window_mean::WindowMean;
use crate::interface::compartment::{APICAL, BASAL, MEAN_RATE, MEAN_SOMA, SOMA};
use crate::model::exact_math::{Float, SMALLEST_VOLTAGE};

/// Steps a slice of tiles. `drive`: `[history + block, units]`; `compartments`: `[5, units]`; `spikes`: counts of this
/// layer, `[history words + words, units]`; `spike_mask`: the mask of the same spikes, with capacity for the block.
#[multiversion(targets = "simd")]
pub fn hidden_step(
    block: &StepContext,
    drive: &mut TileSlice<f32>,
    compartments: &mut TileSlice<f32>,
    spikes: &mut TileSlice<u32>,
    spike_mask: SpikeMaskSlice,
) {
    let hidden = HiddenNeuron(block);
    match_target! {
        "x86_64+avx512f" => step_tiles::<super::avx512::Avx512>(
            block, &hidden, drive, compartments, spikes, spike_mask
        ),
        _ => step_tiles::<Scalar16>(block, &hidden, drive, compartments, spikes, spike_mask),
    }
}

struct HiddenNeuron<'a>(&'a StepContext<'a>);

impl NeuronModel for HiddenNeuron<'_> {
    #[inline(always)]
    fn step<V: Simd>(
        &self,
        tile: usize,
        drive: &mut [Tile<f32>],
        compartments: &mut [Tile<f32>],
        soma: &mut [Tile<f32>],
    ) {
        let &StepContext { constants, replica, part, minibatch, lane, biases, .. } = self.0;
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
        let forward = WindowMean::forward(lane);
        let float = V::Floats::splat;
        let from_apical = float(replica.hidden_apical_gain) * V::load_f32(&compartments[APICAL]);
        let bias = V::load_f32(&biases[tile]);
        let mut basal = V::load_f32(&compartments[BASAL]);
        let mut voltage = V::load_f32(&compartments[SOMA]);
        let mut mean = V::load_f32(&compartments[MEAN_SOMA]);

        for (_, steps_of_word) in words_covering(&steps) {
            let row = (steps_of_word.start - steps.start) as usize;
            let row_of_block = (steps_of_word.start - part.block_start) as usize;
            // Two calls instead of a closure: a large closure is not inlined and then lacks the SIMD instructions of
            // this version. Nearly all words are complete; the constant count lets the compiler unroll the loop.
            let from = [bias, from_apical];
            let (last_basal, voltages) = if steps_of_word.len() == WORD_STEPS {
                euler_steps::<V>(self.0, drive, row_of_block, WORD_STEPS, from, voltage)
            } else {
                euler_steps::<V>(self.0, drive, row_of_block, steps_of_word.len(), from, voltage)
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
        if part.sends_rates == 0 && part.ends_block(lane) {
            shift_history(constants, drive, (steps.end - part.block_start) as usize);
        }
    }
}

/// Returns the basal voltage of the last of `count` steps from `row` of the block on, and the somatic voltages of all.
#[inline(always)]
fn euler_steps<V: Simd>(
    block: &StepContext,
    drive: &mut [Tile<f32>],
    row: usize,
    count: usize,
    [bias, from_apical]: [V::Floats; 2],
    mut soma: V::Floats,
) -> (V::Floats, [V::Floats; WORD_STEPS]) {
    let float = V::Floats::splat;
    let &StepContext { constants, replica, part, .. } = block;
    let mut voltages = basal_input::<V>(constants, part, drive, row, count);
    let mut basal = float(0.0);
    for voltage in &mut voltages[..count] {
        basal = *voltage + bias;
        let input = float(replica.hidden_basal_gain) * basal + from_apical;
        soma = V::flush(float(replica.hidden_decay) * soma + input, SMALLEST_VOLTAGE);
        *voltage = soma;
    }
    (basal, voltages)
}

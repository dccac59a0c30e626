//! Steps of neurons, tile by tile: dendrite from the filtered synaptic input, soma by forward Euler, window means,
//! spikes. Shared by hidden and output neurons. Twin of `shaders/shared/neuron_step.wgsl`.

use std::ops::Range;

use super::averaging_window::PhaseWindow;
use super::definition::{
    Columns, CpuFunction, KernelDefinition, NeuronFunction, Scope, StepContext,
};
use super::spike_sampler::SpikeSampler;
use super::synaptic_filter::{basal_input, shift_history};
use crate::cpu::simd::Simd;
use crate::cpu::simd::tiled::{LANES, Tile, TileSlice};
use crate::cpu::spikes::WORD_STEPS;
use crate::cpu::spikes::list::words_covering;
use crate::cpu::spikes::mask::SpikeMaskSlice;
use crate::interface::ArrayId;
use crate::interface::compartment::{APICAL, BASAL, MEAN_RATE, MEAN_SOMA, SOMA};
use crate::model::exact_math::{Float, SMALLEST_VOLTAGE, sigmoid};

/// Terms of the soma's Euler step, `C <- decay C + (basal_gain B + current)`.
pub struct SomaTerms<V: Simd> {
    pub decay: f32,
    pub basal_gain: f32,
    pub current: V::Floats,
}

/// Type of neuron.
pub trait NeuronKind {
    /// Whether the neurons receive the teaching current, and their rates are averaged.
    const IS_OUTPUT: bool;

    /// Returns the terms of the forward and of the target phase for the neurons of a tile. `apical`: apical voltages,
    /// `[16]`.
    fn soma_terms<V: Simd>(
        context: &StepContext,
        tile: usize,
        apical: V::Floats,
    ) -> [SomaTerms<V>; 2];
}

/// Returns the definition of a kernel that advances the neurons of a layer. It reads only the biases of the weights.
pub const fn neuron_kernel(
    equation: &'static str,
    scope: Scope,
    advance: NeuronFunction,
) -> KernelDefinition {
    KernelDefinition {
        equation,
        scope,
        runs_on: |_, _| true,
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
        cpu: CpuFunction::Neurons(advance),
    }
}

impl StepContext<'_> {
    /// Returns the steps that the launch computes for the sample.
    #[inline]
    pub fn steps(&self) -> Range<u32> {
        let end = self.sample.steps().min(self.params.first_step + self.params.step_count);
        self.params.first_step.min(end)..end
    }
}

/// Advances a slice of tiles and draws their spikes. Shapes: see [`NeuronFunction`](super::definition::NeuronFunction).
#[inline(always)]
pub fn step_tiles<V: Simd, M: NeuronKind>(
    context: &StepContext,
    synaptic_input: &mut TileSlice<f32>,
    compartments: &mut TileSlice<f32>,
    spikes: &mut TileSlice<u32>,
    spike_mask: SpikeMaskSlice,
) {
    let steps = context.steps();
    if steps.is_empty() {
        return;
    }
    let first = synaptic_input.first_tile;
    let mut soma = vec![Tile([0.0; LANES]); steps.len()];
    let mut sampler = SpikeSampler::new(context, spike_mask);
    for tile in 0..synaptic_input.tile_count() {
        let synaptic_input = synaptic_input.tile_rows_mut(tile);
        let compartments = compartments.tile_rows_mut(tile);
        step_tile::<V, M>(context, first + tile, synaptic_input, compartments, &mut soma);
        if context.minibatch.draws_spikes == 1 {
            sampler.sample_tile::<V>(tile, &soma, spikes.tile_rows_mut(tile));
        }
    }
}

/// Advances the tile of index `tile` through the launch and writes its somatic voltages to `soma`, `[steps]`.
#[inline(always)]
fn step_tile<V: Simd, M: NeuronKind>(
    context: &StepContext,
    tile: usize,
    synaptic_input: &mut [Tile<f32>],
    compartments: &mut [Tile<f32>],
    soma: &mut [Tile<f32>],
) {
    let &StepContext { constants, replica, params, sample, .. } = context;
    let steps = context.steps();
    if steps.start == 0 {
        reset_for_image(context, compartments);
    }
    let (forward, target) = (PhaseWindow::forward(sample, 0), PhaseWindow::target(sample, 0));
    let terms = M::soma_terms::<V>(context, tile, V::load_f32(&compartments[APICAL]));
    let mut basal = V::Floats::splat(0.0);
    let mut somatic = V::load_f32(&compartments[SOMA]);
    let mut mean_soma = V::load_f32(&compartments[MEAN_SOMA]);
    let mut mean_rate = V::load_f32(&compartments[MEAN_RATE]);

    for (_, word) in words_covering(&steps) {
        // Two calls instead of a closure: a large closure is not inlined and then lacks the SIMD instructions of this
        // version. Nearly all words are complete; the constant count lets the compiler unroll the loop.
        let somata;
        (basal, somata) = if word.len() == WORD_STEPS {
            euler_steps::<V, M>(context, tile, &word, WORD_STEPS, synaptic_input, &terms, somatic)
        } else {
            euler_steps::<V, M>(context, tile, &word, word.len(), synaptic_input, &terms, somatic)
        };
        somatic = somata[word.len() - 1];
        forward.add::<V>(&word, &somata, &mut mean_soma);
        if M::IS_OUTPUT && target.overlaps(&word) {
            let mut rates = somata;
            for rate in &mut rates {
                *rate = V::Floats::splat(replica.phi_max) * sigmoid(*rate);
            }
            target.add::<V>(&word, &rates, &mut mean_rate);
        }
        let rows = &mut soma[(word.start - steps.start) as usize..][..word.len()];
        for (row, voltages) in rows.iter_mut().zip(somata) {
            V::store_f32(voltages, row);
        }
    }

    V::store_f32(basal, &mut compartments[BASAL]);
    V::store_f32(somatic, &mut compartments[SOMA]);
    V::store_f32(mean_soma, &mut compartments[MEAN_SOMA]);
    V::store_f32(mean_rate, &mut compartments[MEAN_RATE]);
    if params.sends_rates == 0 && params.ends_block(sample) {
        shift_history(constants, synaptic_input, (steps.end - params.block_start) as usize);
    }
}

/// Clears the means of a tile, and its somatic voltages if the minibatch resets the state. A launch before this one sets the
/// apical voltage.
#[inline(always)]
fn reset_for_image(context: &StepContext, compartments: &mut [Tile<f32>]) {
    if context.minibatch.reset_state == 1 {
        compartments[SOMA] = Tile([0.0; LANES]);
    }
    compartments[MEAN_SOMA] = Tile([0.0; LANES]);
    compartments[MEAN_RATE] = Tile([0.0; LANES]);
}

/// Advances the voltages by the first `count` steps of a word from somatic voltages `soma`. Returns the last basal
/// voltages, and the somatic voltages of each step.
#[inline(always)]
fn euler_steps<V: Simd, M: NeuronKind>(
    context: &StepContext,
    tile: usize,
    word: &Range<u32>,
    count: usize,
    synaptic_input: &mut [Tile<f32>],
    [forward, target]: &[SomaTerms<V>; 2],
    mut soma: V::Floats,
) -> (V::Floats, [V::Floats; WORD_STEPS]) {
    let float = V::Floats::splat;
    let &StepContext { constants, params, sample, biases, .. } = context;
    let bias = V::load_f32(&biases[tile]);
    let row = (word.start - params.block_start) as usize;
    let inputs = basal_input::<V>(constants, params, synaptic_input, row, count);
    let mut basal = float(0.0);
    let mut somata = [soma; WORD_STEPS];
    for (i, step) in (0..count).zip(word.start..) {
        let has_teaching = M::IS_OUTPUT && step >= sample.steps_forward;
        let terms = if has_teaching { target } else { forward };
        basal = inputs[i] + bias;
        let input = float(terms.basal_gain) * basal + terms.current;
        soma = V::flush(float(terms.decay) * soma + input, SMALLEST_VOLTAGE);
        somata[i] = soma;
    }
    (basal, somata)
}

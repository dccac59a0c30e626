//! Advances output neurons: dendrite from the filtered synaptic input, soma by forward Euler with the teaching current
//! of the target phase, mean voltage and rate, spikes.
//!
//! `B = kappa * (W n) + b`; `C += -g_L C + g_D (B - C) + I`, `I = g_E (E_E - C) + g_I (E_I - C)`.
//! In the form of the code: `C <- decay C + g_D B + g_E E_E + g_I E_I`, with `decay = 0.3 - g_E - g_I`.
//! Cf is the mean of C in the forward phase, phi_t the mean rate in the target phase.

use super::definition::{KernelDefinition, Scope, StepContext};
use super::neuron_step::{NeuronKind, SomaTerms, neuron_kernel, step_tiles};
use crate::cpu::simd::Simd;
use crate::cpu::simd::tiled::{LANES, Tile, TileSlice};
use crate::cpu::simd::width::simd_versions;
use crate::cpu::spikes::mask::SpikeMaskSlice;
use crate::model::exact_math::Float;

/// Definition of the kernel.
pub const DEFINITION: KernelDefinition = neuron_kernel(
    "`B = κ * (W n) + b`; `C += -g_L C + g_D (B - C) + I`; `C_f`, `φ_t`; \
     `n` Poisson with mean `φ_max σ(C)`",
    Scope::OutputLayer,
    output_step,
);

simd_versions! {
    /// Advances a slice of tiles. Shapes: see [`NeuronFunction`](super::definition::NeuronFunction).
    fn output_step(
        context: &StepContext,
        synaptic_input: &mut TileSlice<f32>,
        compartments: &mut TileSlice<f32>,
        spikes: &mut TileSlice<u32>,
        spike_mask: SpikeMaskSlice,
        somata: Option<TileSlice<f32>>,
    ) = step_tiles, OutputNeuron;
}

/// Neuron with one dendrite and a teaching current.
struct OutputNeuron;

impl NeuronKind for OutputNeuron {
    const IS_OUTPUT: bool = true;

    #[inline(always)]
    fn soma_terms<V: Simd>(context: &StepContext, tile: usize, _: V::Floats) -> [SomaTerms<V>; 2] {
        let &StepContext { constants, sample, .. } = context;
        let mut teaching = Tile([constants.teaching_inhibition; LANES]);
        for (i, current) in teaching.iter_mut().enumerate() {
            if (tile * LANES + i) as u32 / constants.neurons_per_class == sample.label {
                *current = constants.teaching_excitation;
            }
        }
        let forward = SomaTerms {
            decay: constants.output_decay,
            basal_gain: constants.output_basal_gain,
            current: V::Floats::splat(0.0),
        };
        let target = SomaTerms {
            decay: constants.teaching_decay,
            basal_gain: constants.teaching_basal_gain,
            current: V::load_f32(&teaching),
        };
        [forward, target]
    }
}

//! Advances hidden neurons: basal voltage from the filtered synaptic input, soma by forward Euler, mean voltage, spikes.
//!
//! `B = kappa * (W n) + b`; `C += -g_L C + g_B (B - C) + g_A (A - C)`; Cf is the mean of C in the forward phase.

use super::definition::{KernelDefinition, Scope, StepContext};
use super::neuron_step::{NeuronKind, SomaTerms, neuron_kernel, step_tiles};
use crate::cpu::simd::Simd;
use crate::cpu::simd::tiled::TileSlice;
use crate::cpu::simd::width::simd_versions;
use crate::cpu::spikes::mask::SpikeMaskSlice;
use crate::model::exact_math::Float;

/// Definition of the kernel.
pub const DEFINITION: KernelDefinition = neuron_kernel(
    "`B = κ * (W n) + b`; `C += -g_L C + g_B (B - C) + g_A (A - C)`; `C_f`; \
     `n` Poisson with mean `φ_max σ(C)`",
    Scope::HiddenLayer,
    hidden_step,
);

simd_versions! {
    /// Advances a slice of tiles. Shapes: see [`NeuronFunction`](super::definition::NeuronFunction).
    fn hidden_step(
        context: &StepContext,
        synaptic_input: &mut TileSlice<f32>,
        compartments: &mut TileSlice<f32>,
        spikes: &mut TileSlice<u32>,
        spike_mask: SpikeMaskSlice,
        somata: Option<TileSlice<f32>>,
    ) = step_tiles, HiddenNeuron;
}

/// Neuron with basal and apical dendrites.
struct HiddenNeuron;

impl NeuronKind for HiddenNeuron {
    const IS_OUTPUT: bool = false;

    #[inline(always)]
    fn soma_terms<V: Simd>(
        context: &StepContext,
        _: usize,
        apical: V::Floats,
    ) -> [SomaTerms<V>; 2] {
        let replica = context.replica;
        let current = V::Floats::splat(replica.hidden_apical_gain) * apical;
        let (decay, basal_gain) = (replica.hidden_decay, replica.hidden_basal_gain);
        [SomaTerms { decay, basal_gain, current }, SomaTerms { decay, basal_gain, current }]
    }
}

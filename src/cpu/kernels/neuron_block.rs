//! Steps the neurons of a layer through a block of steps, tile by tile. Shared by hidden and output neurons.

use std::ops::Range;

use crate::cpu::kernels::definition::StepContext;
use crate::cpu::kernels::spike_sampler::SpikeSampler;
use crate::cpu::simd::Simd;
use crate::cpu::simd::tiled::{LANES, Tile, TileSlice};
use crate::cpu::spikes::mask::SpikeMaskSlice;

impl StepContext<'_> {
    /// Returns the steps of the launch, cut at the end of the sample.
    #[inline]
    pub fn steps(&self) -> Range<u32> {
        let end = self.sample.steps().min(self.params.first_step + self.params.step_count);
        self.params.first_step.min(end)..end
    }
}

/// Equations of a kind of neuron.
pub trait NeuronModel {
    /// Steps the tile of index `tile` through the block and writes the somatic voltages to `soma`. Rows of the tile:
    /// `synaptic_input`: `[history + block]`; `compartments`: `[5]`; `soma`: `[steps]`.
    fn step<V: Simd>(
        &self,
        tile: usize,
        synaptic_input: &mut [Tile<f32>],
        compartments: &mut [Tile<f32>],
        soma: &mut [Tile<f32>],
    );
}

/// Steps a slice of tiles and draws their spikes. Shapes: see [`NeuronFunction`](super::definition::NeuronFunction).
#[inline(always)]
pub fn step_tiles<V: Simd>(
    block: &StepContext,
    neurons: &impl NeuronModel,
    synaptic_input: &mut TileSlice<f32>,
    compartments: &mut TileSlice<f32>,
    spikes: &mut TileSlice<u32>,
    spike_mask: SpikeMaskSlice,
) {
    let steps = block.steps();
    if steps.is_empty() {
        return;
    }
    let first = synaptic_input.first_tile;
    let mut soma = vec![Tile([0.0; LANES]); steps.len()];
    let mut sampler = SpikeSampler::new(block, spike_mask);
    for tile in 0..synaptic_input.tile_count() {
        let (synaptic_input, compartments) =
            (synaptic_input.tile_rows_mut(tile), compartments.tile_rows_mut(tile));
        neurons.step::<V>(first + tile, synaptic_input, compartments, &mut soma);
        if block.minibatch.draws_spikes == 1 {
            sampler.sample_tile::<V>(tile, &soma, spikes.tile_rows_mut(tile));
        }
    }
}

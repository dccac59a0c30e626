//! Steps the neurons of a layer through a block of steps, tile by tile. Shared by hidden and output neurons.

use std::ops::Range;

use super::simd::Simd;
use super::spike_mask::SpikeMaskSlice;
use super::spike_sampler::SpikeSampler;
use super::spike_tables::SpikeTables;
use super::tiled::{LANES, Tile, TileSlice};
use crate::interface::{BatchParams, LaunchParams, ReplicaParams, RunParams, Sample};

/// Parameters of one launch on one sample.
pub struct StepContext<'a> {
    pub constants: &'a RunParams,
    pub replica: &'a ReplicaParams,
    pub spike_tables: &'a SpikeTables,
    pub part: &'a LaunchParams,
    pub minibatch: &'a BatchParams,
    pub lane: &'a Sample,
    /// Biases, the last column of the weight matrix, `[units]`.
    pub biases: &'a [Tile<f32>],
}

impl StepContext<'_> {
    /// Returns the steps of the launch, cut at the end of the sample.
    #[inline]
    pub fn steps(&self) -> Range<u32> {
        let end = self.lane.steps().min(self.part.first_step + self.part.step_count);
        self.part.first_step.min(end)..end
    }
}

/// Equations of a kind of neuron.
pub trait NeuronModel {
    /// Steps the tile of index `tile` through the block and writes the somatic voltages to `soma`. Rows of the tile:
    /// `drive`: `[history + block]`; `compartments`: `[5]`; `soma`: `[steps]`.
    fn step<V: Simd>(
        &self,
        tile: usize,
        drive: &mut [Tile<f32>],
        compartments: &mut [Tile<f32>],
        soma: &mut [Tile<f32>],
    );
}

/// Steps a slice of tiles and draws their spikes. Shapes: see [`super::soma::soma`].
#[inline(always)]
pub fn step_tiles<V: Simd>(
    block: &StepContext,
    neurons: &impl NeuronModel,
    drive: &mut TileSlice<f32>,
    compartments: &mut TileSlice<f32>,
    spikes: &mut TileSlice<u32>,
    spike_mask: SpikeMaskSlice,
) {
    let steps = block.steps();
    if steps.is_empty() {
        return;
    }
    let first = drive.first_tile;
    let mut soma = vec![Tile([0.0; LANES]); steps.len()];
    let mut sampler = SpikeSampler::new(block, spike_mask);
    for tile in 0..drive.tile_count() {
        let (drive, compartments) = (drive.tile_rows_mut(tile), compartments.tile_rows_mut(tile));
        neurons.step::<V>(first + tile, drive, compartments, &mut soma);
        if block.minibatch.draws_spikes == 1 {
            sampler.sample_tile::<V>(tile, &soma, spikes.tile_rows_mut(tile));
        }
    }
}

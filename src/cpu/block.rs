//! Takes the neurons of a layer through a block of steps, tile by tile: what hidden and output neurons
//! share.

use std::ops::Range;

use super::bounds::Bounds;
use super::drawn::DrawnPart;
use super::neuron::SpikeDistribution;
use super::tile::{Span, Tile, WIDTH};
use super::vectors::Vectors;
use crate::layout::{Constants, Lane, Minibatch, Part, Replica};

/// What a layer is stepped with.
pub struct Block<'a> {
    pub constants: &'a Constants,
    pub replica: &'a Replica,
    pub bounds: &'a Bounds,
    pub part: &'a Part,
    pub minibatch: &'a Minibatch,
    pub lane: &'a Lane,
    /// The last column of the shader's weights, `[units]`.
    pub biases: &'a [Tile<f32>],
}

impl Block<'_> {
    /// The steps of the launch that the lane has.
    #[inline]
    pub fn steps(&self) -> Range<u32> {
        let end = self.lane.steps().min(self.part.first + self.part.steps);
        self.part.first.min(end)..end
    }
}

/// A kind of neurons.
pub trait Neurons {
    /// Steps the tile number `tile` through the block. `drive`: its rows, `[history + block]`;
    /// `compartments`: `[5]`; `soma`: its voltages to be, `[steps]`.
    fn step<V: Vectors>(
        &self,
        tile: usize,
        drive: &mut [Tile<f32>],
        compartments: &mut [Tile<f32>],
        soma: &mut [Tile<f32>],
    );
}

/// Steps some tiles, and draws their spikes. Shapes as in [`super::soma::soma`].
#[inline(always)]
pub fn go_through<V: Vectors>(
    block: &Block,
    neurons: &impl Neurons,
    drive: &mut Span<f32>,
    compartments: &mut Span<f32>,
    spikes: &mut Span<u32>,
    drawn: DrawnPart,
) {
    let steps = block.steps();
    if steps.is_empty() {
        return;
    }
    let first = drive.first;
    let mut soma = vec![Tile([0.0; WIDTH]); steps.len()];
    let mut draw = SpikeDistribution::new(block, drawn);
    for tile in 0..drive.tile_count() {
        let (drive, compartments) = (drive.of_mut(tile), compartments.of_mut(tile));
        neurons.step::<V>(first + tile, drive, compartments, &mut soma);
        if block.minibatch.draws == 1 {
            draw.tile::<V>(tile, &soma, spikes.of_mut(tile));
        }
    }
}

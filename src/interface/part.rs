//! What parameterises a launch: a struct that the host writes and every kernel reads, declared in
//! `shaders/shared/layout.wgsl` too.

use bytemuck::{Pod, Zeroable};

use super::{Kernel, Lane, Launch, Shape};

/// What one launch works on: a layer and a range of steps.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Pod, Zeroable)]
pub struct Part {
    /// Neurons of the layer (of the population, for input and traces).
    pub units: u32,
    /// Neurons of the population below.
    pub below: u32,
    /// Neurons whose spikes reach the apical dendrite.
    pub sources: u32,
    /// The population: 0 the input, layer + 1 otherwise.
    pub population: u32,
    /// First step of the range.
    pub first: u32,
    /// Steps in the range.
    pub steps: u32,
    /// Rows of drive behind the history: steps of a block.
    pub block: u32,
    /// First step of the block that the range is in: the one in row `history`.
    pub block_first: u32,
    /// 1 for the output layer.
    pub is_output: u32,
    /// 1 where the update also writes [`super::Array::Gradient`].
    pub keeps_gradient: u32,
    /// 1 for a population whose spikes, not rates, apical dendrites hear.
    pub is_source: u32,
    /// First column of the weights, or of the feedback weights, that is bound.
    pub first_column: u32,
    /// Columns that are bound, the biases' among them.
    pub columns: u32,
    /// Neurons of the layer above; 0 for the output.
    pub above: u32,
    /// 1 where apical dendrites hear the layer above.
    pub hears_above: u32,
    /// 1 for the highest hidden layer.
    pub is_below_output: u32,
    /// Columns of the feedback weights: as many as sources, and the apical biases.
    pub feedback_columns: u32,
    /// 1 where neurons send rates to the layer above.
    pub sends_rates: u32,
    /// 1 for a population whose rates apical dendrites hear.
    pub is_rate_source: u32,
    /// Layers of the network.
    pub layers: u32,
    /// Where arrays of all layers are bound as one, the word at which this layer's weights begin, or feedback
    /// weights for an apical dendrite; 0 where an array is bound by itself, as with the next three.
    pub columns_start: u32,
    /// The same of its drive, or apical drive.
    pub drive_start: u32,
    /// The same of its voltages.
    pub compartments_start: u32,
    /// The same of its spikes.
    pub spikes_start: u32,
    /// Where a workgroup keeps who spikes of all populations, see [`Shape::spiking_words`], the word at which this
    /// layer's bits begin.
    pub spiking_start: u32,
    /// The same of the population whose columns are summed.
    pub heard_start: u32,
    /// Words of them.
    pub spiking_words: u32,
    /// First row of the past that the launch sums before its steps, see [`Shape::past_sums`].
    pub past_first: u32,
    /// The row behind the last.
    pub past_end: u32,
    /// Zero, and never read: with the next two it fills the struct up to a multiple of 16 bytes.
    pub padding_0: u32,
    /// Zero, and never read.
    pub padding_1: u32,
    /// Zero, and never read.
    pub padding_2: u32,
}

impl Part {
    /// The part of a launch, in networks of this shape, all of whose weights are bound.
    pub fn new(launch: &Launch, shape: &Shape) -> Self {
        let is_population = launch.kernel.is_of_population();
        let population = if is_population { launch.layer } else { launch.layer + 1 };
        let output = shape.layers();
        // Of rates, another kernel averages.
        let is_source = shape.is_source(population) && !shape.feedback_rates;
        let block = match launch.kernel {
            Kernel::ApicalStepSpikes | Kernel::ApicalHistory => 1,
            _ => shape.block_of(launch.layer),
        };
        let below = if population == 0 { 0 } else { shape.populations[population - 1] as u32 };
        let sources = if is_population { 0 } else { shape.sources(launch.layer) as u32 };
        let feedback_columns = if is_population { 0 } else { shape.feedback_columns(launch.layer) };
        Part {
            units: shape.populations[population] as u32,
            below,
            sources,
            population: population as u32,
            first: launch.first,
            steps: launch.steps,
            block,
            block_first: launch.first - launch.first % block,
            is_output: u32::from(population == output),
            keeps_gradient: u32::from(shape.keeps_gradient),
            is_source: u32::from(is_source),
            first_column: 0,
            columns: match launch.kernel {
                Kernel::ApicalStepSpikes
                | Kernel::ApicalHistory
                | Kernel::ApicalStepRates
                | Kernel::Plateau
                | Kernel::FeedbackUpdate => feedback_columns as u32,
                // Of the weights above, where this layer's neurons are columns.
                Kernel::TieFeedback | Kernel::BackpropError => {
                    shape.populations[population] as u32 + 1
                }
                _ => below + 1,
            },
            above: shape.populations.get(population + 1).map_or(0, |&above| above as u32),
            hears_above: u32::from(!is_population && shape.source(launch.layer) == population + 1),
            is_below_output: u32::from(population + 1 == output),
            feedback_columns: feedback_columns as u32,
            sends_rates: u32::from(shape.sends_rates),
            is_rate_source: u32::from(shape.feedback_rates && shape.is_source(population)),
            layers: shape.layers() as u32,
            ..Part::zeroed()
        }
    }

    /// Whether the range ends the block for a lane: the last drives are then the next one's history.
    pub fn ends_block(&self, lane: &Lane) -> bool {
        self.first + self.steps >= lane.steps().min(self.block_first + self.block)
    }
}

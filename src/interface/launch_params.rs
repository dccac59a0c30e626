//! What parameterises a launch: a struct that the host writes and every kernel reads, declared in
//! `shaders/shared/layout.wgsl` too.

use bytemuck::{Pod, Zeroable};

use super::{Kernel, Launch, Sample, Shape};

/// What one launch works on: a layer and a range of steps.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Pod, Zeroable)]
pub struct LaunchParams {
    /// Neurons of the layer (of the population, for input and traces).
    pub units: u32,
    /// Neurons of the population below.
    pub n_pre: u32,
    /// Neurons whose spikes reach the apical dendrite.
    pub n_feedback: u32,
    /// The population: 0 the input, layer + 1 otherwise.
    pub population: u32,
    /// First step of the range.
    pub first_step: u32,
    /// Steps in the range.
    pub step_count: u32,
    /// Rows of drive behind the history: steps of a block.
    pub block_len: u32,
    /// First step of the block that the range is in: the one in row `history`.
    pub block_start: u32,
    /// 1 for the output layer.
    pub is_output: u32,
    /// 1 where the update also writes [`super::ArrayId::Gradient`].
    pub keeps_gradient: u32,
    /// 1 for a population whose spikes, not rates, apical dendrites hear.
    pub feeds_back_spikes: u32,
    /// First column of the weights, or of the feedback weights, that is bound.
    pub col_offset: u32,
    /// Columns that are bound, the biases' among them.
    pub col_count: u32,
    /// Neurons of the layer above; 0 for the output.
    pub n_next: u32,
    /// 1 where apical dendrites hear the layer above.
    pub feedback_is_next_layer: u32,
    /// 1 for the highest hidden layer.
    pub is_last_hidden: u32,
    /// Columns of the feedback weights: as many as sources, and the apical biases.
    pub feedback_columns: u32,
    /// 1 where neurons send rates to the layer above.
    pub sends_rates: u32,
    /// 1 for a population whose rates apical dendrites hear.
    pub feeds_back_rates: u32,
    /// Layers of the network.
    pub layers: u32,
    /// Where arrays of all layers are bound as one, the word at which this layer's weights begin, or feedback
    /// weights for an apical dendrite; 0 where an array is bound by itself, as with the next three.
    pub weights_offset: u32,
    /// The same of its drive, or apical drive.
    pub synaptic_input_offset: u32,
    /// The same of its voltages.
    pub compartments_offset: u32,
    /// The same of its spikes.
    pub spikes_offset: u32,
    /// Where a workgroup keeps who spikes of all populations, see [`Shape::mask_words`], the word at which this
    /// layer's bits begin.
    pub mask_offset: u32,
    /// The same of the population whose columns are summed.
    pub pre_mask_offset: u32,
    /// Words of them.
    pub mask_words: u32,
    /// First row of the past that the launch sums before its steps, see [`Shape::history_rows_to_sum`].
    pub history_begin: u32,
    /// The row behind the last.
    pub history_end: u32,
    /// Zero, and never read: with the next two it fills the struct up to a multiple of 16 bytes.
    pub padding_0: u32,
    /// Zero, and never read.
    pub padding_1: u32,
    /// Zero, and never read.
    pub padding_2: u32,
}

impl LaunchParams {
    /// The part of a launch, in networks of this shape, all of whose weights are bound.
    pub fn new(launch: &Launch, shape: &Shape) -> Self {
        let is_population = launch.kernel.takes_population();
        let population = if is_population { launch.layer } else { launch.layer + 1 };
        let output = shape.layers();
        // Of rates, another kernel averages.
        let is_source = shape.feeds_back(population) && !shape.feedback_is_rates;
        let block = match launch.kernel {
            Kernel::ApicalStepSpikes | Kernel::ApicalHistory => 1,
            _ => shape.block_len(launch.layer),
        };
        let below = if population == 0 { 0 } else { shape.populations[population - 1] as u32 };
        let sources = if is_population { 0 } else { shape.n_feedback(launch.layer) as u32 };
        let feedback_columns = if is_population { 0 } else { shape.feedback_columns(launch.layer) };
        LaunchParams {
            units: shape.populations[population] as u32,
            n_pre: below,
            n_feedback: sources,
            population: population as u32,
            first_step: launch.first,
            step_count: launch.steps,
            block_len: block,
            block_start: launch.first - launch.first % block,
            is_output: u32::from(population == output),
            keeps_gradient: u32::from(shape.keeps_gradient),
            feeds_back_spikes: u32::from(is_source),
            col_offset: 0,
            col_count: match launch.kernel {
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
            n_next: shape.populations.get(population + 1).map_or(0, |&above| above as u32),
            feedback_is_next_layer: u32::from(
                !is_population && shape.feedback_population(launch.layer) == population + 1,
            ),
            is_last_hidden: u32::from(population + 1 == output),
            feedback_columns: feedback_columns as u32,
            sends_rates: u32::from(shape.sends_rates),
            feeds_back_rates: u32::from(shape.feedback_is_rates && shape.feeds_back(population)),
            layers: shape.layers() as u32,
            ..LaunchParams::zeroed()
        }
    }

    /// Whether the range ends the block for a lane: the last drives are then the next one's history.
    pub fn ends_block(&self, lane: &Sample) -> bool {
        self.first_step + self.step_count >= lane.steps().min(self.block_start + self.block_len)
    }
}

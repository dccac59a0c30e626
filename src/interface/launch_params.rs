//! Parameters of a launch: a struct that the host writes and every kernel reads.

use super::Sample;

shader_struct! {
    /// Parameters of one launch: a layer and a range of steps.
    pub struct LaunchParams {
        /// Number of neurons of the layer, or of the population.
        pub units: u32,
        /// Number of neurons of the population below.
        pub n_pre: u32,
        /// Number of neurons with spikes that reach the apical dendrite.
        pub n_feedback: u32,
        /// The population: 0 the input, layer + 1 otherwise.
        pub population: u32,
        /// First step of the range.
        pub first_step: u32,
        /// Number of steps in the range.
        pub step_count: u32,
        /// Number of rows of drive after the history: the steps of a block.
        pub block_len: u32,
        /// First step of the block that contains the range: the one in row `history`.
        pub block_start: u32,
        /// 1 for the output layer.
        pub is_output: u32,
        /// 1 if the update also writes [`super::ArrayId::Gradient`].
        pub keeps_gradient: u32,
        /// 1 for a population that feeds spikes, not rates, back to apical dendrites.
        pub feeds_back_spikes: u32,
        /// First bound column of the weights, or of the feedback weights.
        pub col_offset: u32,
        /// Number of bound columns, including the biases.
        pub col_count: u32,
        /// Number of neurons of the layer above; 0 for the output.
        pub n_next: u32,
        /// 1 if the layer above feeds back to apical dendrites.
        pub feedback_is_next_layer: u32,
        /// 1 for the highest hidden layer.
        pub is_last_hidden: u32,
        /// Number of columns of the feedback weights: one per source, and the apical biases.
        pub feedback_columns: u32,
        /// 1 if neurons send rates to the layer above.
        pub sends_rates: u32,
        /// 1 for a population that feeds rates back to apical dendrites.
        pub feeds_back_rates: u32,
        /// Zero, and never read: it fills the struct up to a multiple of 16 bytes.
        pub padding: u32,
    }
}

impl LaunchParams {
    /// Whether the range ends the block for a sample: the last drives then become the history of the next block.
    pub fn ends_block(&self, lane: &Sample) -> bool {
        self.first_step + self.step_count >= lane.steps().min(self.block_start + self.block_len)
    }
}

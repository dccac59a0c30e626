//! Parameters of a launch, which the host writes and every kernel reads. The dispatches of a launch differ in the bound
//! columns.

use super::Sample;

shader_struct! {
    /// Parameters of one launch: a layer, a range of steps or of neurons of the next layer, and the bound columns of its weights.
    pub struct LaunchParams {
        /// Number of neurons of the layer, or of the population.
        pub units: u32,
        /// Number of neurons of the presynaptic population.
        pub n_pre: u32,
        /// Number of neurons that feed back to the apical dendrite.
        pub n_feedback: u32,
        /// Index of the population: 0 the input, layer + 1 otherwise.
        pub population: u32,
        /// First step of the range; 0 for a range of neurons.
        pub first_step: u32,
        /// Number of steps in the range; 0 for a range of neurons.
        pub step_count: u32,
        /// Number of rows of synaptic input after the history: the steps of a block.
        pub block_len: u32,
        /// First step of the block that contains the range; its input is in row `history`.
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
        /// Number of neurons of the next layer; 0 for the output.
        pub n_next: u32,
        /// 1 if the layer's feedback comes from the next layer; 0 if from the output above the next layer.
        pub feedback_is_next_layer: u32,
        /// 1 for the highest hidden layer.
        pub is_last_hidden: u32,
        /// Number of columns of the feedback weights: one per feedback neuron, then the apical biases, if any.
        pub feedback_columns: u32,
        /// 1 if neurons send rates to the next layer.
        pub sends_rates: u32,
        /// 1 for a population that feeds rates back to apical dendrites.
        pub feeds_back_rates: u32,
        /// First neuron of the next layer in the range; 0 for a range of steps.
        pub first_next: u32,
        /// Largest number of neurons of the next layer in the range; 0 for a range of steps.
        pub next_count: u32,
        /// Always zero: pads the struct to a multiple of 16 bytes.
        pub padding_0: u32,
        /// As `padding_0`.
        pub padding_1: [u32; 2] = "vec2<u32>",
    }
}

impl LaunchParams {
    /// Whether the range ends the block for a sample. The last rows of synaptic input then become the history of the
    /// next block.
    pub fn ends_block(&self, sample: &Sample) -> bool {
        self.first_step + self.step_count >= sample.steps().min(self.block_start + self.block_len)
    }
}

//! List of kernels, in the order of their launches in a minibatch.

use std::fmt;

use super::STEPS_PER_WORD;

/// Calls a macro with every kernel: its description, its variant of [`Kernel`], and the name of its two files, in
/// `src/cpu/kernels/` and in `shaders/`.
macro_rules! for_each_kernel {
    ($macro:ident) => {
        $macro! {
            /// Computes symmetric feedback weights from the feed-forward weights.
            SymmetricFeedback symmetric_feedback,
            /// Draws the input's spikes from an image.
            EncodeSpikes encode_spikes,
            /// Copies the input's spikes from a recording.
            RecordedSpikes recorded_spikes,
            /// Converts an image to rates, if the input sends rates.
            EncodeRates encode_rates,
            /// Packs spike counts into two bits per neuron and step.
            PackSpikeMask pack_spike_mask,
            /// Sums the apical input from spikes before an image, with the current feedback weights.
            ApicalHistory apical_history,
            /// Sums the weight columns of the presynaptic neurons that spike.
            SynapticInputSpikes synaptic_input_spikes,
            /// Sums the weight columns of the presynaptic neurons times their rates, if they send rates.
            SynapticInputRates synaptic_input_rates,
            /// Advances hidden neurons: synaptic filter, basal voltage, soma, mean voltage, spikes.
            HiddenStep hidden_step,
            /// Advances output neurons: synaptic filter, dendrite, soma with teaching current, mean voltage and rate, spikes.
            OutputStep output_step,
            /// Stores the rates of a layer at a step, if it sends rates.
            EmitRates emit_rates,
            /// Sets the apical voltages of the next step from feedback spikes.
            ApicalStepSpikes apical_step_spikes,
            /// Sets the apical voltages of the next step from feedback rates.
            ApicalStepRates apical_step_rates,
            /// Computes the class and the loss of every image.
            Classify classify,
            /// Averages filtered spike trains over the windows at the ends of the phases.
            WindowMeanSpikes window_mean_spikes,
            /// Averages rates over the windows at the ends of the phases.
            WindowMeanRates window_mean_rates,
            /// Computes plateau potentials from the window means of the feedback.
            Plateau plateau,
            /// Computes the local error of every neuron.
            LocalError local_error,
            /// Computes hidden errors by exact backpropagation.
            BackpropError backprop_error,
            /// Sums the apical voltages from the next layer's bursts.
            ApicalBursts apical_bursts,
            /// Adds the events of the next layer to the apical voltages, if their weights learn.
            ApicalEvents apical_events,
            /// Computes the error of every neuron from the deviation of its burst rate.
            BurstError burst_error,
            /// Sums the input of the apical dendrites per step from the next layer's bursts, if neurons send spikes.
            ApicalInputBursts apical_input_bursts,
            /// Adds the next layer's spikes to the input of the apical dendrites, if their weights learn.
            ApicalInputEvents apical_input_events,
            /// Averages the apical voltages over the window, if event feedback weights learn from spikes.
            ApicalMean apical_mean,
            /// Draws the bursts of every neuron's spikes and computes its error, if neurons send spikes.
            DrawBursts draw_bursts,
            /// Computes the gradient of the minibatch and updates weights and biases.
            WeightUpdate weight_update,
            /// Moves feedback weights towards the inverse of the feed-forward function.
            FeedbackUpdate feedback_update,
            /// Gives feedback weights the transposed update of the feed-forward weights.
            TransposedUpdate transposed_update,
            /// Moves event feedback weights towards apical voltages of zero.
            EventFeedbackUpdate event_feedback_update,
        }
    };
}
pub(crate) use for_each_kernel;

macro_rules! kernels {
    ($($(#[doc = $doc:literal])+ $kernel:ident $file:ident,)*) => {
        /// Kernel, the same on every backend.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Kernel {
            $($(#[doc = $doc])+ $kernel,)*
        }

        impl Kernel {
            /// Every kernel, in the order of their launches in a minibatch.
            pub const ALL: [Kernel; [$(Kernel::$kernel),*].len()] = [$(Kernel::$kernel),*];

            /// Returns the name of the kernel's two files, without the extension.
            pub fn name(self) -> &'static str {
                match self {
                    $(Kernel::$kernel => stringify!($file),)*
                }
            }

            /// Returns a sentence about the kernel's task.
            pub fn summary(self) -> &'static str {
                match self {
                    $(Kernel::$kernel => concat!($($doc),+).trim_ascii_start(),)*
                }
            }
        }
    };
}
for_each_kernel!(kernels);

impl fmt::Display for Kernel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Launch of a kernel on one layer over a range of steps, or of neurons of the next layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Launch {
    /// Kernel to run.
    pub kernel: Kernel,
    /// Index of the layer, 0 the lowest; or of the population, 0 the input, see [`Kernel::takes_population`].
    pub layer: usize,
    /// First step of the range, counted from the image's first; or first neuron of the next layer, see
    /// [`Kernel::takes_steps`].
    pub first: u32,
    /// Number of steps in the range, 0 for work before the image's first step; or largest number of neurons.
    pub count: u32,
}

impl Launch {
    /// Returns the number of words of spike counts that contain the steps.
    pub(crate) fn count_words(&self) -> u32 {
        (self.first + self.count).div_ceil(STEPS_PER_WORD) - self.first / STEPS_PER_WORD
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn count_words_cover_the_steps() {
        for (first, steps, expected) in [(0, 8, 1), (0, 9, 2), (8, 8, 1), (7, 1, 1), (7, 2, 2)] {
            let launch = Launch { kernel: Kernel::EncodeSpikes, layer: 0, first, count: steps };
            assert_eq!(launch.count_words(), expected, "{steps} steps from {first}");
        }
    }
}

//! The kernels, in the order of their launches in a minibatch.

use std::fmt;

use super::{ArrayId, Shape};

/// One kernel; [`Kernel::name`] is the name of its two files.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kernel {
    /// Sets feedback weights that follow the feed-forward weights.
    TieFeedback,
    /// Draws the input's spikes from an image.
    EncodeSpikes,
    /// Converts an image to rates, if the input sends rates.
    EncodeRates,
    /// Packs spike counts into one bit per neuron and step.
    PackSpikeMask,
    /// Sums the apical input from spikes before an image, with the current feedback weights.
    ApicalHistory,
    /// Sums the weight columns of the neurons below that spike.
    SynapticInputSpikes,
    /// Sums the weight columns of the neurons below times their rates, if they send rates.
    SynapticInputRates,
    /// Steps hidden neurons: filter, basal voltage, soma, spikes.
    HiddenStep,
    /// Steps output neurons: filter, dendrite, soma under teaching, rate, spikes.
    OutputStep,
    /// Stores the rates of a layer at a step, if it sends rates.
    EmitRates,
    /// Steps the apical dendrites: feedback spikes to apical voltage.
    ApicalStepSpikes,
    /// Sets the apical voltages from feedback by rates.
    ApicalStepRates,
    /// Averages filtered spike trains over the phases' windows.
    WindowMeanSpikes,
    /// Averages rates over the phases' windows.
    WindowMeanRates,
    /// Computes plateau potentials from average feedback.
    Plateau,
    /// Computes the local error of every neuron.
    LocalError,
    /// Computes hidden errors by exact backpropagation.
    BackpropError,
    /// Computes the class and the loss of every image.
    Classify,
    /// Computes the gradient over the minibatch and updates weights and biases.
    WeightUpdate,
    /// Moves feedback weights towards the inverse of the feed-forward function.
    FeedbackUpdate,
}

impl Kernel {
    /// Every kernel, in the order of their launches in a minibatch.
    pub const ALL: [Kernel; 20] = [
        Kernel::TieFeedback,
        Kernel::EncodeSpikes,
        Kernel::EncodeRates,
        Kernel::PackSpikeMask,
        Kernel::ApicalHistory,
        Kernel::SynapticInputSpikes,
        Kernel::SynapticInputRates,
        Kernel::HiddenStep,
        Kernel::OutputStep,
        Kernel::EmitRates,
        Kernel::ApicalStepSpikes,
        Kernel::ApicalStepRates,
        Kernel::WindowMeanSpikes,
        Kernel::WindowMeanRates,
        Kernel::Plateau,
        Kernel::LocalError,
        Kernel::BackpropError,
        Kernel::Classify,
        Kernel::WeightUpdate,
        Kernel::FeedbackUpdate,
    ];

    /// Returns the name of its two files, the shader and its Rust twin, without the extension.
    pub fn name(self) -> &'static str {
        match self {
            Kernel::EncodeSpikes => "encode_spikes",
            Kernel::EncodeRates => "encode_rates",
            Kernel::PackSpikeMask => "pack_spike_mask",
            Kernel::SynapticInputSpikes => "synaptic_input_spikes",
            Kernel::SynapticInputRates => "synaptic_input_rates",
            Kernel::HiddenStep => "hidden_step",
            Kernel::OutputStep => "output_step",
            Kernel::EmitRates => "emit_rates",
            Kernel::ApicalStepSpikes => "apical_step_spikes",
            Kernel::ApicalHistory => "apical_history",
            Kernel::ApicalStepRates => "apical_step_rates",
            Kernel::WindowMeanSpikes => "window_mean_spikes",
            Kernel::WindowMeanRates => "window_mean_rates",
            Kernel::Plateau => "plateau",
            Kernel::LocalError => "local_error",
            Kernel::BackpropError => "backprop_error",
            Kernel::Classify => "classify",
            Kernel::WeightUpdate => "weight_update",
            Kernel::FeedbackUpdate => "feedback_update",
            Kernel::TieFeedback => "tie_feedback",
        }
    }

    /// Whether a launch takes a population instead of a layer.
    pub fn takes_population(self) -> bool {
        use Kernel::{EncodeRates, EncodeSpikes, PackSpikeMask, WindowMeanRates, WindowMeanSpikes};
        matches!(
            self,
            EncodeSpikes | EncodeRates | PackSpikeMask | WindowMeanSpikes | WindowMeanRates
        )
    }

    /// Whether the kernel changes weights.
    pub fn is_plasticity(self) -> bool {
        matches!(self, Kernel::WeightUpdate | Kernel::FeedbackUpdate)
    }

    /// Whether each sample is computed independently; if not, the kernel runs after all samples are done.
    pub fn is_per_sample(self) -> bool {
        !matches!(self, Kernel::WeightUpdate | Kernel::FeedbackUpdate | Kernel::TieFeedback)
    }
}

impl fmt::Display for Kernel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// One kernel on one layer over a range of steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Launch {
    /// Kernel to run.
    pub kernel: Kernel,
    /// The layer, 0 the lowest; for kernels of populations the population, 0 the input, see
    /// [`Kernel::takes_population`].
    pub layer: usize,
    /// First step of the range, counted from the image's first. For [`Kernel::TieFeedback`], the first neuron of the
    /// layer above.
    pub first: u32,
    /// Number of steps in the range; 0 for work before the image's first step. For [`Kernel::TieFeedback`], the maximum
    /// number of neurons of the layer above.
    pub steps: u32,
}

impl Launch {
    /// Returns the arrays that the launch only reads, in the order of its shader's bindings.
    pub fn reads(&self, shape: &Shape) -> Vec<ArrayId> {
        let layer = self.layer;
        match self.kernel {
            Kernel::EncodeSpikes => vec![ArrayId::InputCdf, ArrayId::Images],
            Kernel::EncodeRates => vec![ArrayId::InputRates, ArrayId::Images],
            Kernel::PackSpikeMask => vec![ArrayId::Spikes(layer)],
            Kernel::SynapticInputSpikes => {
                let population = [
                    ArrayId::SpikeMask(layer),
                    ArrayId::Spikes(layer),
                    ArrayId::WindowMeans(layer),
                ];
                [population.as_slice(), &[ArrayId::Weights(layer)]].concat()
            }
            Kernel::SynapticInputRates => vec![ArrayId::Rates(layer), ArrayId::Weights(layer)],
            Kernel::HiddenStep | Kernel::OutputStep => vec![ArrayId::Weights(layer)],
            Kernel::ApicalStepSpikes => {
                let source = shape.feedback_population(layer);
                vec![ArrayId::SpikeMask(source), ArrayId::Spikes(source), ArrayId::Feedback(layer)]
            }
            Kernel::ApicalHistory => {
                let source = shape.feedback_population(layer);
                let population = [
                    ArrayId::SpikeMask(source),
                    ArrayId::Spikes(source),
                    ArrayId::WindowMeans(source),
                ];
                [population.as_slice(), &[ArrayId::Feedback(layer)]].concat()
            }
            Kernel::ApicalStepRates => {
                vec![ArrayId::Rates(shape.feedback_population(layer)), ArrayId::Feedback(layer)]
            }
            Kernel::EmitRates => vec![ArrayId::Compartments(layer)],
            Kernel::WindowMeanSpikes | Kernel::WindowMeanRates => vec![],
            Kernel::Plateau => vec![
                ArrayId::WindowMeans(shape.feedback_population(layer)),
                ArrayId::Feedback(layer),
            ],
            Kernel::LocalError => vec![ArrayId::Compartments(layer), ArrayId::Plateaus(layer)],
            Kernel::BackpropError => {
                let above = layer + 1;
                vec![ArrayId::Compartments(layer), ArrayId::Weights(above), ArrayId::Errors(above)]
            }
            Kernel::Classify => vec![ArrayId::Compartments(layer)],
            Kernel::WeightUpdate => vec![ArrayId::WindowMeans(layer), ArrayId::Errors(layer)],
            Kernel::FeedbackUpdate => {
                let source = ArrayId::WindowMeans(shape.feedback_population(layer));
                vec![source, ArrayId::Compartments(layer), ArrayId::Plateaus(layer)]
            }
            Kernel::TieFeedback => vec![ArrayId::Weights(layer + 1), ArrayId::Feedback(layer + 1)],
        }
    }

    /// Returns the arrays that the launch changes; their bindings follow the read-only arrays.
    pub fn writes(&self, _: &Shape) -> Vec<ArrayId> {
        let layer = self.layer;
        match self.kernel {
            Kernel::EncodeSpikes => vec![ArrayId::Spikes(0)],
            Kernel::PackSpikeMask => vec![ArrayId::SpikeMask(layer)],
            Kernel::EncodeRates => vec![ArrayId::Rates(0)],
            Kernel::SynapticInputSpikes | Kernel::SynapticInputRates => {
                vec![ArrayId::SynapticInput(layer)]
            }
            Kernel::HiddenStep | Kernel::OutputStep => {
                vec![
                    ArrayId::SynapticInput(layer),
                    ArrayId::Compartments(layer),
                    ArrayId::Spikes(layer + 1),
                ]
            }
            Kernel::EmitRates => vec![ArrayId::Rates(layer + 1)],
            Kernel::WindowMeanRates => vec![ArrayId::Rates(layer), ArrayId::WindowMeans(layer)],
            Kernel::ApicalStepSpikes => {
                vec![ArrayId::ApicalInput(layer), ArrayId::Compartments(layer)]
            }
            Kernel::ApicalHistory => vec![ArrayId::ApicalInput(layer)],
            Kernel::ApicalStepRates => vec![ArrayId::Compartments(layer)],
            Kernel::WindowMeanSpikes => vec![ArrayId::Spikes(layer), ArrayId::WindowMeans(layer)],
            Kernel::Plateau => vec![ArrayId::Plateaus(layer)],
            Kernel::LocalError | Kernel::BackpropError => vec![ArrayId::Errors(layer)],
            Kernel::Classify => vec![ArrayId::Results],
            Kernel::WeightUpdate => {
                vec![ArrayId::Weights(layer), ArrayId::Moments(layer), ArrayId::Gradient(layer)]
            }
            Kernel::TieFeedback | Kernel::FeedbackUpdate => vec![ArrayId::Feedback(layer)],
        }
    }
}

//! The kernels, in the order in which a minibatch meets them.

use std::fmt;

use super::{Array, Shape};

/// One kernel; `Kernel::name` is the name of its two files.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kernel {
    /// Makes feedback weights that follow the feed-forward ones.
    TieFeedback,
    /// Draws the input's spikes from an image.
    EncodeSpikes,
    /// Turns an image into rates, where the input sends them.
    EncodeRates,
    /// Turns spike counts into bits that tell who spikes at each step.
    PackSpikeMask,
    /// Sums what spikes before an image drive in the apical dendrites, with the feedback weights of now.
    ApicalHistory,
    /// Sums the weight columns of the neurons below that spike.
    SynapticInputSpikes,
    /// Sums the weight columns of the neurons below by their rates, where they send them.
    SynapticInputRates,
    /// Steps hidden neurons: filter, basal voltage, soma, spikes.
    HiddenStep,
    /// Steps output neurons: filter, dendrite, soma under teaching, rate, spikes.
    OutputStep,
    /// Keeps the rates of a layer at a step, where it sends them.
    EmitRates,
    /// Steps the apical dendrites: feedback spikes to apical voltage.
    ApicalStepSpikes,
    /// Sets the apical voltages from feedback by rates.
    ApicalStepRates,
    /// Takes all layers through a block of steps, with their apical dendrites: what drives, somata, outputs and
    /// apical dendrites do step by step, in one launch. See [`Shape::steps_networks`].
    FusedStep,
    /// Averages filtered spike trains over the phases' windows.
    WindowMeanSpikes,
    /// Averages rates over the phases' windows.
    WindowMeanRates,
    /// Turns average feedback into plateau potentials.
    Plateau,
    /// Local error of every neuron.
    LocalError,
    /// Hidden errors by exact backpropagation.
    BackpropError,
    /// Class and loss of every image.
    Classify,
    /// Gradient over the minibatch and change of weights and biases.
    WeightUpdate,
    /// Change of feedback weights towards the inverse of the feed-forward function.
    FeedbackUpdate,
}

impl Kernel {
    /// Every kernel, in the order in which a minibatch meets them.
    pub const ALL: [Kernel; 21] = [
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
        Kernel::FusedStep,
        Kernel::WindowMeanSpikes,
        Kernel::WindowMeanRates,
        Kernel::Plateau,
        Kernel::LocalError,
        Kernel::BackpropError,
        Kernel::Classify,
        Kernel::WeightUpdate,
        Kernel::FeedbackUpdate,
    ];

    /// The name of its two files, the shader and its twin in Rust, without their endings.
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
            Kernel::FusedStep => "fused_step",
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

    /// Whether a launch names a population, and not a layer.
    pub fn is_of_population(self) -> bool {
        use Kernel::{EncodeRates, EncodeSpikes, PackSpikeMask, WindowMeanRates, WindowMeanSpikes};
        matches!(
            self,
            EncodeSpikes | EncodeRates | PackSpikeMask | WindowMeanSpikes | WindowMeanRates
        )
    }

    /// Whether it is by this that a network learns.
    pub fn learns(self) -> bool {
        matches!(self, Kernel::WeightUpdate | Kernel::FeedbackUpdate)
    }

    /// Whether each lane is computed by itself; if not, the kernel needs all lanes to be done.
    pub fn is_per_lane(self) -> bool {
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
    /// What is run.
    pub kernel: Kernel,
    /// The layer, 0 the lowest; for kernels of populations the population, 0 the input, see
    /// [`Kernel::is_of_population`]; 0 for the kernel of all layers.
    pub layer: usize,
    /// First step of the range, counted from the image's first. Of [`Kernel::TieFeedback`], the first neuron of the
    /// layer above.
    pub first: u32,
    /// Steps in the range; none for what comes before the image's first step. Of [`Kernel::TieFeedback`], the most
    /// neurons of the layer above.
    pub steps: u32,
}

impl Launch {
    /// Arrays that the launch only reads, in the order in which its shader binds them.
    pub fn reads(&self, shape: &Shape) -> Vec<Array> {
        let layer = self.layer;
        match self.kernel {
            Kernel::EncodeSpikes => vec![Array::Thresholds, Array::Images],
            Kernel::EncodeRates => vec![Array::InputRates, Array::Images],
            Kernel::PackSpikeMask => vec![Array::Spikes(layer)],
            Kernel::SynapticInputSpikes => {
                let population = [Array::Raster(layer), Array::Spikes(layer), Array::Traces(layer)];
                [population.as_slice(), &[Array::Weights(layer)]].concat()
            }
            Kernel::SynapticInputRates => vec![Array::Rates(layer), Array::Weights(layer)],
            Kernel::HiddenStep | Kernel::OutputStep => vec![Array::Weights(layer)],
            Kernel::ApicalStepSpikes => {
                let source = shape.source(layer);
                vec![Array::Raster(source), Array::Spikes(source), Array::Feedback(layer)]
            }
            Kernel::ApicalHistory => {
                let source = shape.source(layer);
                let population =
                    [Array::Raster(source), Array::Spikes(source), Array::Traces(source)];
                [population.as_slice(), &[Array::Feedback(layer)]].concat()
            }
            Kernel::ApicalStepRates => {
                vec![Array::Rates(shape.source(layer)), Array::Feedback(layer)]
            }
            Kernel::FusedStep => {
                let layers = 0..shape.layers();
                layers.flat_map(|layer| [Array::Weights(layer), Array::Feedback(layer)]).collect()
            }
            Kernel::EmitRates => vec![Array::Compartments(layer)],
            Kernel::WindowMeanSpikes | Kernel::WindowMeanRates => vec![],
            Kernel::Plateau => vec![Array::Traces(shape.source(layer)), Array::Feedback(layer)],
            Kernel::LocalError => vec![Array::Compartments(layer), Array::Plateaus(layer)],
            Kernel::BackpropError => {
                let above = layer + 1;
                vec![Array::Compartments(layer), Array::Weights(above), Array::Errors(above)]
            }
            Kernel::Classify => vec![Array::Compartments(layer)],
            Kernel::WeightUpdate => vec![Array::Traces(layer), Array::Errors(layer)],
            Kernel::FeedbackUpdate => {
                let source = Array::Traces(shape.source(layer));
                vec![source, Array::Compartments(layer), Array::Plateaus(layer)]
            }
            Kernel::TieFeedback => vec![Array::Weights(layer + 1), Array::Feedback(layer + 1)],
        }
    }

    /// Arrays that the launch changes; its shader binds them behind those it reads.
    pub fn writes(&self, shape: &Shape) -> Vec<Array> {
        let layer = self.layer;
        match self.kernel {
            Kernel::EncodeSpikes => vec![Array::Spikes(0)],
            Kernel::PackSpikeMask => vec![Array::Raster(layer)],
            Kernel::EncodeRates => vec![Array::Rates(0)],
            Kernel::SynapticInputSpikes | Kernel::SynapticInputRates => vec![Array::Drive(layer)],
            Kernel::HiddenStep | Kernel::OutputStep => {
                vec![Array::Drive(layer), Array::Compartments(layer), Array::Spikes(layer + 1)]
            }
            Kernel::EmitRates => vec![Array::Rates(layer + 1)],
            Kernel::WindowMeanRates => vec![Array::Rates(layer), Array::Traces(layer)],
            Kernel::ApicalStepSpikes => vec![Array::ApicalDrive(layer), Array::Compartments(layer)],
            Kernel::ApicalHistory => vec![Array::ApicalDrive(layer)],
            Kernel::ApicalStepRates => vec![Array::Compartments(layer)],
            Kernel::FusedStep => {
                let drives = |layer| [Array::Drive(layer), Array::ApicalDrive(layer)];
                let rest = |layer| [Array::Compartments(layer), Array::Spikes(layer + 1)];
                let layers = 0..shape.layers();
                layers.flat_map(|layer| drives(layer).into_iter().chain(rest(layer))).collect()
            }
            Kernel::WindowMeanSpikes => vec![Array::Spikes(layer), Array::Traces(layer)],
            Kernel::Plateau => vec![Array::Plateaus(layer)],
            Kernel::LocalError | Kernel::BackpropError => vec![Array::Errors(layer)],
            Kernel::Classify => vec![Array::Results],
            Kernel::WeightUpdate => {
                vec![Array::Weights(layer), Array::Moments(layer), Array::Gradient(layer)]
            }
            Kernel::TieFeedback | Kernel::FeedbackUpdate => vec![Array::Feedback(layer)],
        }
    }
}

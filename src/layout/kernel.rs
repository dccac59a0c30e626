//! The kernels, in the order in which a minibatch meets them.

use std::fmt;

use super::{Array, Shape};

/// One kernel; `Kernel::name` is the name of its two files.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kernel {
    /// Makes feedback weights that follow the feed-forward ones.
    Feedback,
    /// Draws the input's spikes from an image.
    Input,
    /// Turns an image into rates, where the input sends them.
    Shine,
    /// Turns spike counts into bits that tell who spikes at each step.
    Raster,
    /// Sums what spikes before an image drive in the apical dendrites, with the feedback weights of now.
    ApicalHistory,
    /// Sums the weight columns of the neurons below that spike.
    Drive,
    /// Sums the weight columns of the neurons below by their rates, where they send them.
    Flow,
    /// Steps hidden neurons: filter, basal voltage, soma, spikes.
    Soma,
    /// Steps output neurons: filter, dendrite, soma under teaching, rate, spikes.
    Output,
    /// Keeps the rates of a layer at a step, where it sends them.
    Rate,
    /// Steps the apical dendrites: feedback spikes to apical voltage.
    Apical,
    /// Sets the apical voltages from feedback by rates.
    ApicalRate,
    /// Takes all layers through a block of steps, with their apical dendrites: what drives, somata, outputs and
    /// apical dendrites do step by step, in one launch. See [`Shape::steps_networks`].
    Network,
    /// Averages filtered spike trains over the phases' windows.
    Trace,
    /// Averages rates over the phases' windows.
    Average,
    /// Turns average feedback into plateau potentials.
    Plateau,
    /// Local error of every neuron.
    Error,
    /// Hidden errors by exact backpropagation.
    Backward,
    /// Class and loss of every image.
    Score,
    /// Gradient over the minibatch and change of weights and biases.
    Update,
    /// Change of feedback weights towards the inverse of the feed-forward function.
    Inverse,
}

impl Kernel {
    /// Every kernel, in the order in which a minibatch meets them.
    pub const ALL: [Kernel; 21] = [
        Kernel::Feedback,
        Kernel::Input,
        Kernel::Shine,
        Kernel::Raster,
        Kernel::ApicalHistory,
        Kernel::Drive,
        Kernel::Flow,
        Kernel::Soma,
        Kernel::Output,
        Kernel::Rate,
        Kernel::Apical,
        Kernel::ApicalRate,
        Kernel::Network,
        Kernel::Trace,
        Kernel::Average,
        Kernel::Plateau,
        Kernel::Error,
        Kernel::Backward,
        Kernel::Score,
        Kernel::Update,
        Kernel::Inverse,
    ];

    /// The name of its two files, the shader and its twin in Rust, without their endings.
    pub fn name(self) -> &'static str {
        match self {
            Kernel::Input => "input",
            Kernel::Shine => "shine",
            Kernel::Raster => "raster",
            Kernel::Drive => "drive",
            Kernel::Flow => "flow",
            Kernel::Soma => "soma",
            Kernel::Output => "output",
            Kernel::Rate => "rate",
            Kernel::Apical => "apical",
            Kernel::ApicalHistory => "apical_history",
            Kernel::ApicalRate => "apical_rate",
            Kernel::Network => "network",
            Kernel::Trace => "trace",
            Kernel::Average => "average",
            Kernel::Plateau => "plateau",
            Kernel::Error => "error",
            Kernel::Backward => "backward",
            Kernel::Score => "score",
            Kernel::Update => "update",
            Kernel::Inverse => "inverse",
            Kernel::Feedback => "feedback",
        }
    }

    /// Whether a launch names a population, and not a layer.
    pub fn is_of_population(self) -> bool {
        use Kernel::{Average, Input, Raster, Shine, Trace};
        matches!(self, Input | Shine | Raster | Trace | Average)
    }

    /// Whether it is by this that a network learns.
    pub fn learns(self) -> bool {
        matches!(self, Kernel::Update | Kernel::Inverse)
    }

    /// Whether each lane is computed by itself; if not, the kernel needs all lanes to be done.
    pub fn is_per_lane(self) -> bool {
        !matches!(self, Kernel::Update | Kernel::Inverse | Kernel::Feedback)
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
    /// First step of the range, counted from the image's first. Of [`Kernel::Feedback`], the first neuron of the
    /// layer above.
    pub first: u32,
    /// Steps in the range; none for what comes before the image's first step. Of [`Kernel::Feedback`], the most
    /// neurons of the layer above.
    pub steps: u32,
}

impl Launch {
    /// Arrays that the launch only reads, in the order in which its shader binds them.
    pub fn reads(&self, shape: &Shape) -> Vec<Array> {
        let layer = self.layer;
        match self.kernel {
            Kernel::Input => vec![Array::Thresholds, Array::Images],
            Kernel::Shine => vec![Array::InputRates, Array::Images],
            Kernel::Raster => vec![Array::Spikes(layer)],
            Kernel::Drive => {
                let population = [Array::Raster(layer), Array::Spikes(layer), Array::Traces(layer)];
                [population.as_slice(), &[Array::Weights(layer)]].concat()
            }
            Kernel::Flow => vec![Array::Rates(layer), Array::Weights(layer)],
            Kernel::Soma | Kernel::Output => vec![Array::Weights(layer)],
            Kernel::Apical => {
                let source = shape.source(layer);
                vec![Array::Raster(source), Array::Spikes(source), Array::Feedback(layer)]
            }
            Kernel::ApicalHistory => {
                let source = shape.source(layer);
                let population =
                    [Array::Raster(source), Array::Spikes(source), Array::Traces(source)];
                [population.as_slice(), &[Array::Feedback(layer)]].concat()
            }
            Kernel::ApicalRate => vec![Array::Rates(shape.source(layer)), Array::Feedback(layer)],
            Kernel::Network => {
                let layers = 0..shape.layers();
                layers.flat_map(|layer| [Array::Weights(layer), Array::Feedback(layer)]).collect()
            }
            Kernel::Rate => vec![Array::Compartments(layer)],
            Kernel::Trace | Kernel::Average => vec![],
            Kernel::Plateau => vec![Array::Traces(shape.source(layer)), Array::Feedback(layer)],
            Kernel::Error => vec![Array::Compartments(layer), Array::Plateaus(layer)],
            Kernel::Backward => {
                let above = layer + 1;
                vec![Array::Compartments(layer), Array::Weights(above), Array::Errors(above)]
            }
            Kernel::Score => vec![Array::Compartments(layer)],
            Kernel::Update => vec![Array::Traces(layer), Array::Errors(layer)],
            Kernel::Inverse => {
                let source = Array::Traces(shape.source(layer));
                vec![source, Array::Compartments(layer), Array::Plateaus(layer)]
            }
            Kernel::Feedback => vec![Array::Weights(layer + 1), Array::Feedback(layer + 1)],
        }
    }

    /// Arrays that the launch changes; its shader binds them behind those it reads.
    pub fn writes(&self, shape: &Shape) -> Vec<Array> {
        let layer = self.layer;
        match self.kernel {
            Kernel::Input => vec![Array::Spikes(0)],
            Kernel::Raster => vec![Array::Raster(layer)],
            Kernel::Shine => vec![Array::Rates(0)],
            Kernel::Drive | Kernel::Flow => vec![Array::Drive(layer)],
            Kernel::Soma | Kernel::Output => {
                vec![Array::Drive(layer), Array::Compartments(layer), Array::Spikes(layer + 1)]
            }
            Kernel::Rate => vec![Array::Rates(layer + 1)],
            Kernel::Average => vec![Array::Rates(layer), Array::Traces(layer)],
            Kernel::Apical => vec![Array::ApicalDrive(layer), Array::Compartments(layer)],
            Kernel::ApicalHistory => vec![Array::ApicalDrive(layer)],
            Kernel::ApicalRate => vec![Array::Compartments(layer)],
            Kernel::Network => {
                let drives = |layer| [Array::Drive(layer), Array::ApicalDrive(layer)];
                let rest = |layer| [Array::Compartments(layer), Array::Spikes(layer + 1)];
                let layers = 0..shape.layers();
                layers.flat_map(|layer| drives(layer).into_iter().chain(rest(layer))).collect()
            }
            Kernel::Trace => vec![Array::Spikes(layer), Array::Traces(layer)],
            Kernel::Plateau => vec![Array::Plateaus(layer)],
            Kernel::Error | Kernel::Backward => vec![Array::Errors(layer)],
            Kernel::Score => vec![Array::Results],
            Kernel::Update => {
                vec![Array::Weights(layer), Array::Moments(layer), Array::Gradient(layer)]
            }
            Kernel::Feedback | Kernel::Inverse => vec![Array::Feedback(layer)],
        }
    }
}

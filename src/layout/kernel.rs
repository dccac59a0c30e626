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
    /// Turns spike counts into bits that tell who spikes at each step.
    Raster,
    /// Sums the weight columns of the neurons below that spike.
    Drive,
    /// Steps hidden neurons: filter, basal voltage, soma, spikes.
    Soma,
    /// Steps output neurons: filter, dendrite, soma under teaching, rate, spikes.
    Output,
    /// Averages the rates that apical dendrites hear, step by step.
    Rate,
    /// Steps the apical dendrites: feedback spikes to apical voltage.
    Apical,
    /// Averages filtered spike trains over the phases' windows.
    Trace,
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
    pub const ALL: [Kernel; 15] = [
        Kernel::Feedback,
        Kernel::Input,
        Kernel::Raster,
        Kernel::Drive,
        Kernel::Soma,
        Kernel::Output,
        Kernel::Rate,
        Kernel::Apical,
        Kernel::Trace,
        Kernel::Plateau,
        Kernel::Error,
        Kernel::Backward,
        Kernel::Score,
        Kernel::Update,
        Kernel::Inverse,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Kernel::Input => "input",
            Kernel::Raster => "raster",
            Kernel::Drive => "drive",
            Kernel::Soma => "soma",
            Kernel::Output => "output",
            Kernel::Rate => "rate",
            Kernel::Apical => "apical",
            Kernel::Trace => "trace",
            Kernel::Plateau => "plateau",
            Kernel::Error => "error",
            Kernel::Backward => "backward",
            Kernel::Score => "score",
            Kernel::Update => "update",
            Kernel::Inverse => "inverse",
            Kernel::Feedback => "feedback",
        }
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
    pub kernel: Kernel,
    /// The layer, 0 the lowest; for [`Kernel::Raster`] and [`Kernel::Trace`] the population, 0 the input.
    pub layer: usize,
    /// First step of the range, counted from the image's first.
    pub first: u32,
    /// Steps in the range.
    pub steps: u32,
}

impl Launch {
    /// Arrays that the launch only reads, in the order in which its shader binds them.
    pub fn reads(&self, shape: &Shape) -> Vec<Array> {
        let layer = self.layer;
        match self.kernel {
            Kernel::Input => vec![Array::Thresholds, Array::Images],
            Kernel::Raster => vec![Array::Spikes(layer)],
            Kernel::Drive => {
                let population = [Array::Raster(layer), Array::Spikes(layer), Array::Traces(layer)];
                [population.as_slice(), &[Array::Weights(layer)]].concat()
            }
            Kernel::Soma | Kernel::Output => vec![Array::Weights(layer)],
            Kernel::Apical => {
                let source = shape.source(layer);
                vec![Array::Raster(source), Array::Spikes(source), Array::Feedback(layer)]
            }
            Kernel::Rate => vec![Array::Compartments(layer)],
            Kernel::Trace => vec![],
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
    pub fn writes(&self) -> Vec<Array> {
        let layer = self.layer;
        match self.kernel {
            Kernel::Input => vec![Array::Spikes(0)],
            Kernel::Raster => vec![Array::Raster(layer)],
            Kernel::Drive => vec![Array::Drive(layer)],
            Kernel::Soma | Kernel::Output => {
                vec![Array::Drive(layer), Array::Compartments(layer), Array::Spikes(layer + 1)]
            }
            Kernel::Rate => vec![Array::Traces(layer + 1)],
            Kernel::Apical => vec![Array::ApicalDrive(layer), Array::Compartments(layer)],
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

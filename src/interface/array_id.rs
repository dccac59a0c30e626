//! Names and shapes of the arrays that kernels read and write, the same on every backend.

use std::fmt;

/// Type of an array's values, 4 bytes each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ElementType {
    /// Unsigned integers: counts, bits, packed bytes, classes.
    U32,
    /// Floats in single precision.
    F32,
}

/// Array of 4-byte values. Layers count from 0 (the lowest), populations from 0 (the input). "samples" in a shape
/// counts the samples of all replicas, replica by replica.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ArrayId {
    /// Pixels as bytes, four per word: `[images, pixels]`, training set first.
    Images,
    /// Thresholds of the spike count of every pixel value, `P(n >= k) * 2^32`, `[replicas, 256, 16]`, see
    /// [`crate::model::spikes::thresholds`].
    InputThresholds,
    /// Spike counts of a population, `[samples, history words + words, units]`, 8 steps per word: steps before the
    /// image, then the image's.
    Spikes(usize),
    /// Bits of the spiking neurons of a population, `[samples, history steps + steps, 2, units / 32]`, rows
    /// [`spike_mask`](super::spike_mask). Only for populations with spikes that other neurons receive. The CPU backend
    /// computes the bits from [`ArrayId::Spikes`] when they are read.
    SpikeMask(usize),
    /// Rates of the input by pixel value, `[replicas, 1, 256]`, if the input sends rates.
    InputRates,
    /// Rates of a population, `[samples, 1 + steps, units]`, spikes per ms: those of the step before the image, then
    /// the image's. Empty for a population that sends no rates.
    Rates(usize),
    /// Means of a population's filtered spike trains, or of its rates, `[samples, rows, units]`, rows
    /// [`window_mean`](super::window_mean).
    WindowMeans(usize),
    /// Weights of a layer, `[replicas, n_pre + 1, units]`: one column per presynaptic neuron, then the biases.
    Weights(usize),
    /// Moments of a layer's weights, `[replicas, n_pre + 1, 2, units]`. Both moments of a column are adjacent, so that
    /// consecutive columns are consecutive words.
    Moments(usize),
    /// Gradient of a layer's weights in the last minibatch, `[replicas, n_pre + 1, units]`, if it is kept.
    Gradient(usize),
    /// Feedback weights of a hidden layer, `[replicas, columns, units]`: one column per feedback neuron, then the
    /// apical biases, if any.
    Feedback(usize),
    /// Weights Q of the events that feed back to a hidden layer, `[replicas, n_feedback, units]`. Empty unless they learn.
    EventFeedback(usize),
    /// Synaptic input of a layer, `W n` or `W phi`, `[samples, history + block, units]`, see
    /// [`super::Shape::block_len`].
    SynapticInput(usize),
    /// Input of the apical dendrites. `Y n`, `[samples, history + 1, units]`, if apical voltages are computed per step
    /// from spikes; `Y (b - p0 n)` of each step, `[samples, burst steps, units]`, if bursts are drawn from spikes;
    /// otherwise empty.
    ApicalInput(usize),
    /// Somatic voltages of each step, `[samples, burst steps, units]`, if bursts are drawn from spikes.
    Somata(usize),
    /// Numbers of spikes that are bursts, by population, `[samples, burst words, units]`, 8 steps per word as in
    /// [`ArrayId::Spikes`]. Empty for the input, and unless bursts are drawn from spikes.
    Bursts(usize),
    /// Voltages of a layer and their means, `[samples, 5, units]`, rows [`compartment`](super::compartment).
    Compartments(usize),
    /// Plateau potentials of a layer, `[samples, 2, units]`, rows [`plateau`](super::plateau).
    Plateaus(usize),
    /// Errors of a layer's neurons, including the factor P of the update, `[samples, units]`.
    Errors(usize),
    /// Predicted class of every image, `[replicas, 1, result slots]`.
    Classes,
    /// Loss of the output for every image, summed over its neurons, `[replicas, 1, result slots]`.
    Losses,
}

impl ArrayId {
    /// Returns the type of the values.
    pub fn element_type(self) -> ElementType {
        match self {
            ArrayId::Images
            | ArrayId::InputThresholds
            | ArrayId::Spikes(_)
            | ArrayId::SpikeMask(_)
            | ArrayId::Bursts(_)
            | ArrayId::Classes => ElementType::U32,
            _ => ElementType::F32,
        }
    }
}

impl fmt::Display for ElementType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            ElementType::U32 => "u32",
            ElementType::F32 => "f32",
        })
    }
}

impl fmt::Display for ArrayId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ArrayId::Images => write!(f, "the images"),
            ArrayId::InputThresholds => write!(f, "the input's count thresholds"),
            ArrayId::InputRates => write!(f, "the input's rates by pixel"),
            ArrayId::Rates(0) => write!(f, "the input's rates"),
            ArrayId::Rates(p) => write!(f, "layer {}'s rates", p - 1),
            ArrayId::Spikes(0) => write!(f, "the input's spikes"),
            ArrayId::Spikes(p) => write!(f, "layer {}'s spikes", p - 1),
            ArrayId::SpikeMask(0) => write!(f, "the input's spike mask"),
            ArrayId::SpikeMask(p) => write!(f, "layer {}'s spike mask", p - 1),
            ArrayId::WindowMeans(0) => write!(f, "the input's window means"),
            ArrayId::WindowMeans(p) => write!(f, "layer {}'s window means", p - 1),
            ArrayId::Weights(m) => write!(f, "layer {m}'s weights"),
            ArrayId::Moments(m) => write!(f, "layer {m}'s moments"),
            ArrayId::Gradient(m) => write!(f, "layer {m}'s gradient"),
            ArrayId::Feedback(m) => write!(f, "layer {m}'s feedback weights"),
            ArrayId::EventFeedback(m) => write!(f, "layer {m}'s event feedback weights"),
            ArrayId::SynapticInput(m) => write!(f, "layer {m}'s synaptic input"),
            ArrayId::ApicalInput(m) => write!(f, "layer {m}'s apical input"),
            ArrayId::Somata(m) => write!(f, "layer {m}'s somatic voltages per step"),
            ArrayId::Bursts(0) => write!(f, "the input's bursts"),
            ArrayId::Bursts(p) => write!(f, "layer {}'s bursts", p - 1),
            ArrayId::Compartments(m) => write!(f, "layer {m}'s voltages"),
            ArrayId::Plateaus(m) => write!(f, "layer {m}'s plateaus"),
            ArrayId::Errors(m) => write!(f, "layer {m}'s errors"),
            ArrayId::Classes => write!(f, "the predicted classes"),
            ArrayId::Losses => write!(f, "the losses"),
        }
    }
}

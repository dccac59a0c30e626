//! Settings that are one of a few.

use serde::{Deserialize, Serialize};

/// Where the spikes that reach a hidden layer's apical dendrites come from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "clap", derive(clap::ValueEnum))]
#[serde(rename_all = "lowercase")]
pub enum Feedback {
    /// The output layer (the paper).
    #[default]
    Broadcast,
    /// The next layer up; with no apical conductance, only the highest hidden layer learns.
    Layerwise,
}

/// What the feedback weights are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "clap", derive(clap::ValueEnum))]
#[serde(rename_all = "lowercase")]
pub enum FeedbackWeights {
    /// Random, and they stay (the paper).
    #[default]
    Fixed,
    /// The transpose of the weights above; with broadcast feedback to deeper layers, the product of all of them.
    Symmetric,
}

/// Where the errors of hidden neurons come from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "clap", derive(clap::ValueEnum))]
#[serde(rename_all = "lowercase")]
pub enum HiddenErrors {
    /// The difference of their own plateau potentials (the paper).
    #[default]
    Plateaus,
    /// The errors of the layer above, through its weights: exact backpropagation, to compare with.
    Backpropagation,
}

/// What neurons send.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "clap", derive(clap::ValueEnum))]
#[serde(rename_all = "lowercase")]
pub enum Transmission {
    /// Spikes (the paper).
    #[default]
    Spikes,
    /// Rates: at each step the number of spikes that is expected of it.
    Rates,
}

/// How voltages come about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "clap", derive(clap::ValueEnum))]
#[serde(rename_all = "kebab-case")]
pub enum Dynamics {
    /// Step by step, and neurons spike (the paper).
    #[default]
    Spiking,
    /// Neurons sit at their steady states and send rates, without filters: two steps a phase and a test.
    SteadyState,
}

/// How gradients change weights. All are local to a synapse.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "clap", derive(clap::ValueEnum))]
#[serde(rename_all = "lowercase")]
pub enum Optimizer {
    /// `W -= eta * gradient` (the paper).
    Sgd,
    /// `M <- beta1 * M + gradient`, `W -= eta * M`.
    Momentum,
    /// The gradient over the root of its running mean square.
    Rmsprop,
    /// Adam: the gradient's mean over the root of its mean square, both running.
    #[default]
    Adam,
}

//! Settings with a fixed set of values.

use serde::{Deserialize, Serialize};

/// Population that sends spikes to a hidden layer's apical dendrites.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "clap", derive(clap::ValueEnum))]
#[serde(rename_all = "lowercase")]
pub enum Feedback {
    /// The output layer (paper)
    #[default]
    Broadcast,
    /// The next layer up; without apical conductance, only the highest hidden layer learns
    Layerwise,
}

/// Kind of feedback weights.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "clap", derive(clap::ValueEnum))]
#[serde(rename_all = "lowercase")]
pub enum FeedbackWeights {
    /// Random and constant (paper)
    #[default]
    Fixed,
    /// Transposed weights of the layers above (for broadcast feedback to deeper layers, their product), rebuilt after
    /// each update
    Symmetric,
}

/// Source of the hidden layers' errors.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "clap", derive(clap::ValueEnum))]
#[serde(rename_all = "lowercase")]
pub enum CreditAssignment {
    /// Difference of the neuron's own plateau potentials (paper)
    #[default]
    Plateaus,
    /// Exact backpropagation through the weights above, for comparison
    Backpropagation,
}

/// Signal that neurons send.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "clap", derive(clap::ValueEnum))]
#[serde(rename_all = "lowercase")]
pub enum Signal {
    /// Spikes (paper)
    #[default]
    Spikes,
    /// Expected number of spikes of each step
    Rates,
}

/// How voltages are computed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "clap", derive(clap::ValueEnum))]
#[serde(rename_all = "kebab-case")]
pub enum Dynamics {
    /// Step by step, with spikes (paper)
    #[default]
    Spiking,
    /// As steady states that send unfiltered rates: two steps per phase and test
    SteadyState,
}

/// Rule by which gradients change weights. Each is local to a synapse.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "clap", derive(clap::ValueEnum))]
#[serde(rename_all = "lowercase")]
pub enum Optimizer {
    /// `W -= eta * gradient` (paper)
    Sgd,
    /// `M <- beta1 * M + gradient`, `W -= eta * M`
    Momentum,
    /// Gradient divided by the root of its running mean square
    Rmsprop,
    /// Running mean of the gradient divided by the root of its running mean square
    #[default]
    Adam,
}

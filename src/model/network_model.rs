//! The choices that define a network: which kernels run and which arrays exist.

use serde::{Deserialize, Serialize};

use super::neuron::SomaCoefficients;
use super::plateau_timing::PlateauTiming;

/// Population that feeds back to a hidden layer's apical dendrites.
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

/// Second feedback path of bursts: weights Q of the next layer's events.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "clap", derive(clap::ValueEnum))]
#[serde(rename_all = "lowercase")]
pub enum EventFeedback {
    /// Q = -p0 Y: events alone cause no apical voltage
    #[default]
    Cancelling,
    /// Q starts at 0 and learns to bring the apical voltage to 0
    Homeostatic,
}

/// Learning rule of a network.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "clap", derive(clap::ValueEnum))]
#[serde(rename_all = "lowercase")]
#[repr(u32)]
pub enum LearningRule {
    /// Two phases per image; hidden errors as --credit-assignment (paper)
    #[default]
    Phases = 0,
    /// One phase per image; errors are deviations of burst rates from their baseline (Payeur et al. 2021, Greedy et al.
    /// 2022)
    Bursts = 1,
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

impl Feedback {
    /// Returns the population that feeds back to a hidden layer of a network of `layers` layers. Population 0 is the
    /// input.
    pub fn population(self, layer: usize, layers: usize) -> usize {
        match self {
            Feedback::Broadcast => layers,
            Feedback::Layerwise => layer + 2,
        }
    }
}

impl Dynamics {
    /// Returns the coefficients by which a soma is updated.
    pub fn soma_coefficients(self, per_step: SomaCoefficients) -> SomaCoefficients {
        match self {
            Dynamics::Spiking => per_step,
            Dynamics::SteadyState => per_step.steady_state(),
        }
    }
}

impl Optimizer {
    /// Returns the rule by which kernels update weights.
    pub fn update_rule(self) -> UpdateRule {
        match self {
            Optimizer::Sgd => UpdateRule::Gradient,
            Optimizer::Momentum => UpdateRule::Momentum,
            Optimizer::Adam | Optimizer::Rmsprop => UpdateRule::Adaptive,
        }
    }
}

/// Rule by which kernels update weights, with its code in their parameters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(u32)]
pub enum UpdateRule {
    /// The gradient.
    #[default]
    Gradient = 0,
    /// The mean gradient divided by the root of its mean square.
    Adaptive = 1,
    /// The sum of decaying gradients.
    Momentum = 2,
}

/// Rule by which feedback weights change.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FeedbackRule {
    /// Feedback weights are constant.
    #[default]
    Fixed,
    /// Feedback weights follow the feed-forward weights.
    Symmetric,
    /// Feedback weights learn to invert the feed-forward function.
    Learned,
    /// Feedback weights receive the transposed update of the feed-forward weights.
    Transposed,
}

/// Times at which apical voltages are computed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ApicalVoltages {
    /// At plateau potentials, as means of a phase. The soma does not read them.
    #[default]
    PerPhase,
    /// At each step.
    PerStep,
}

/// Choices that define a network. The default is the paper's network without apical conductance.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct NetworkModel {
    /// Learning rule.
    pub rule: LearningRule,
    /// Population that feeds back to each hidden layer.
    pub feedback: Feedback,
    /// Rule by which feedback weights change.
    pub feedback_rule: FeedbackRule,
    /// Second feedback path of bursts; ignored by other rules.
    pub event_feedback: EventFeedback,
    /// Whether apical dendrites have biases.
    pub has_apical_biases: bool,
    /// Source of the hidden layers' errors.
    pub credit_assignment: CreditAssignment,
    /// Signal to the layer above.
    pub signal: Signal,
    /// Signal to apical dendrites.
    pub feedback_signal: Signal,
    /// Times at which apical voltages are computed.
    pub apical_voltages: ApicalVoltages,
    /// Times of the plateau potentials in a phase.
    pub plateau_timing: PlateauTiming,
    /// Rule by which weights are updated.
    pub update_rule: UpdateRule,
}

impl NetworkModel {
    /// Whether neurons send rates, not spikes, to the layer above.
    pub fn sends_rates(&self) -> bool {
        self.signal == Signal::Rates
    }

    /// Whether apical dendrites receive rates, not spikes.
    pub fn feedback_is_rates(&self) -> bool {
        self.feedback_signal == Signal::Rates
    }

    /// Whether apical voltages are computed at each step. Bursts reach apical dendrites after an image's steps.
    pub fn steps_apical(&self) -> bool {
        self.apical_voltages == ApicalVoltages::PerStep && !self.has_bursts()
    }

    /// Whether apical voltages are computed at each step from spikes.
    pub fn steps_apical_spikes(&self) -> bool {
        self.steps_apical() && !self.feedback_is_rates()
    }

    /// Whether apical voltages are computed at each step from rates.
    pub fn steps_apical_rates(&self) -> bool {
        self.steps_apical() && self.feedback_is_rates()
    }

    /// Whether all layers finish a step before the next, since feedback, rates or recorded voltages of a hidden layer
    /// are needed per step.
    pub fn is_stepwise(&self) -> bool {
        self.apical_voltages == ApicalVoltages::PerStep || self.sends_rates()
    }

    /// Whether feedback weights are computed from the feed-forward weights.
    pub fn has_symmetric_feedback(&self) -> bool {
        self.feedback_rule == FeedbackRule::Symmetric
    }

    /// Whether hidden layers receive bursts as feedback.
    pub fn has_bursts(&self) -> bool {
        self.rule == LearningRule::Bursts
    }

    /// Whether neurons draw bursts from their spikes.
    pub fn draws_bursts(&self) -> bool {
        self.has_bursts() && !self.sends_rates()
    }

    /// Whether the second feedback path of bursts has weights of its own, which learn.
    pub fn learns_event_feedback(&self) -> bool {
        self.has_bursts() && self.event_feedback == EventFeedback::Homeostatic
    }

    /// Whether feedback weights receive the transposed update of the feed-forward weights.
    pub fn transposes_updates(&self) -> bool {
        self.feedback_rule == FeedbackRule::Transposed
    }

    /// Whether training changes feedback weights.
    pub fn changes_feedback(&self) -> bool {
        self.feedback_rule != FeedbackRule::Fixed
    }

    /// Whether feedback weights learn to invert the feed-forward function.
    pub fn learns_feedback(&self) -> bool {
        self.feedback_rule == FeedbackRule::Learned
    }

    /// Whether hidden errors are backpropagated.
    pub fn backpropagates(&self) -> bool {
        self.credit_assignment == CreditAssignment::Backpropagation
    }

    /// Whether weights have moments.
    pub fn has_moments(&self) -> bool {
        self.update_rule != UpdateRule::Gradient
    }
}

//! The quantities by name.

/// Something to record. Names of arrays are those below with the layer's number behind, 0 the lowest, or
/// `_input`; losses and phases have no layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[cfg_attr(feature = "clap", derive(clap::ValueEnum))]
pub enum Quantity {
    /// Spike counts, `[images, steps, units]`; of the input too
    Spikes,
    /// Rates phi_max sigma(C) in spikes per ms, `[images, steps, units]`
    Rates,
    /// Basal voltages (of the output: of its dendrite), `[images, steps, units]`
    Basal,
    /// Apical voltages as the step's soma sees them, `[images, steps, units]`
    Apical,
    /// Somatic voltages, `[images, steps, units]`
    Soma,
    /// Rates at the mean somatic voltage of the forward phase's window, and those of the input, in spikes
    /// per ms: what a network makes of an image, `[images, units]`
    Representations,
    /// Plateau potentials at the ends of the forward and the target phase, `[images, 2, units]`
    Plateaus,
    /// Steps from an image's beginning to each neuron's plateau potentials, `[images, 2, units]`
    PlateauTimes,
    /// Steps of the forward and the target phase, `[images, 2]`
    Phases,
    /// Losses of the hidden layers, L0 of the paper for the lowest, `[images]`
    HiddenLosses,
    /// Loss of the output, `[images]`
    OutputLoss,
    /// Errors by which weights change, `[images, units]`
    Errors,
    /// Gradients of weights and, last, of biases, `[images, units, below + 1]`
    Gradients,
    /// Angle between a hidden layer's errors and those of exact backpropagation, degrees, `[images]`
    Angles,
    /// Product of the Jacobians of feed-forward and feedback function of the highest hidden layer, means
    /// over all images, `[outputs, outputs]`, and the largest eigenvalue of (I - Jb Jg)^T (I - Jb Jg)
    Jacobians,
}

/// What is known of an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Span {
    /// A forward phase is enough.
    Forward,
    /// Both phases of a training image.
    Both,
}

impl Quantity {
    /// All of them.
    pub const ALL: [Quantity; 15] = [
        Quantity::Spikes,
        Quantity::Rates,
        Quantity::Basal,
        Quantity::Apical,
        Quantity::Soma,
        Quantity::Representations,
        Quantity::Plateaus,
        Quantity::PlateauTimes,
        Quantity::Phases,
        Quantity::HiddenLosses,
        Quantity::OutputLoss,
        Quantity::Errors,
        Quantity::Gradients,
        Quantity::Angles,
        Quantity::Jacobians,
    ];

    /// The name of its arrays, without their layer.
    pub fn name(self) -> &'static str {
        match self {
            Quantity::Spikes => "spikes",
            Quantity::Rates => "rates",
            Quantity::Basal => "basal",
            Quantity::Apical => "apical",
            Quantity::Soma => "soma",
            Quantity::Representations => "representations",
            Quantity::Plateaus => "plateaus",
            Quantity::PlateauTimes => "plateau_times",
            Quantity::Phases => "phases",
            Quantity::HiddenLosses => "loss",
            Quantity::OutputLoss => "output_loss",
            Quantity::Errors => "errors",
            Quantity::Gradients => "gradients",
            Quantity::Angles => "angle",
            Quantity::Jacobians => "jacobian_product",
        }
    }

    /// Whether it has a value for each step, or hangs on such values.
    pub(super) fn needs_steps(self) -> bool {
        use Quantity::{Apical, Basal, HiddenLosses, Rates, Soma};
        matches!(self, Basal | Apical | Soma | Rates | HiddenLosses)
    }

    /// What of an image it needs.
    pub fn span(self) -> Span {
        use Quantity::{Apical, Basal, Phases, Rates, Representations, Soma, Spikes};
        match self {
            Spikes | Rates | Basal | Apical | Soma | Representations | Phases => Span::Forward,
            _ => Span::Both,
        }
    }
}

#[cfg(all(test, feature = "clap"))]
mod tests {
    use clap::ValueEnum;

    use super::*;

    #[test]
    fn none_is_missing_among_all() {
        assert_eq!(Quantity::value_variants(), Quantity::ALL);
    }
}

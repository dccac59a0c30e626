//! Recordable quantities and their names.

use crate::model::network_model::NetworkModel;

/// Recordable quantity. The name of an array is the name of the quantity with the index of the layer, 0 for the lowest, or
/// with `_input`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[cfg_attr(feature = "clap", derive(clap::ValueEnum))]
pub enum Quantity {
    /// Spike counts, also of the input, `[images, steps, units]`
    Spikes,
    /// Rates phi_max sigma(C), `[images, steps, units]`, spikes per ms
    Rates,
    /// Basal voltages, or dendritic voltages of the output, `[images, steps, units]`
    Basal,
    /// Apical voltages with which the soma is updated in the same step, `[images, steps, units]`
    Apical,
    /// Somatic voltages, `[images, steps, units]`
    Soma,
    /// Rates at the mean somatic voltage of the forward phase, and rates of the input, `[images, units]`, spikes per ms
    Representations,
    /// Plateau potentials of the forward and the target phase, `[images, 2, units]`
    Plateaus,
    /// Steps of each neuron's plateau potentials, from the start of the image, `[images, 2, units]`
    PlateauTimes,
    /// Lengths of the forward and the target phase, `[images, 2]`, steps
    Phases,
    /// Losses of the hidden layers, L0 of the paper for the lowest layer, `[images]`
    HiddenLosses,
    /// Loss of the output, `[images]`
    OutputLoss,
    /// Local errors, by which weights are updated, `[images, units]`
    Errors,
    /// Gradients of the weights, and at last of the biases, `[images, units, below + 1]`
    Gradients,
    /// Angles between the errors of a hidden layer and those of exact backpropagation, `[images]`, degrees
    Angles,
    /// Angles between the feedback weights of a hidden layer and those of symmetric feedback, `[images]`, degrees: those
    /// with which the image is shown
    FeedbackAngles,
    /// Bursts among the spikes of a step, NaN for steps whose bursts are not drawn, `[images, steps, units]`
    Bursts,
    /// Mean burst rates over the averaging window, `[images, units]`, bursts per ms
    BurstRates,
    /// Burst probabilities, or with spikes the part of the averaging window's spikes that are bursts, NaN without a
    /// spike, `[images, units]`
    BurstProbabilities,
    /// Apical voltages without a teacher, and with it, `[images, 2, units]`; with spikes, means over the averaging window
    BurstApical,
    /// Product of the mean Jacobians of the feed-forward and the feedback function of the last hidden layer,
    /// `[outputs, outputs]`, and the largest eigenvalue of (I - Jb Jg)^T (I - Jb Jg)
    Jacobians,
}

/// Phases that a quantity requires. With bursts, `Both` is a training image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RequiredPhases {
    /// Forward phase only.
    Forward,
    /// Forward and target phase of a training image.
    Both,
}

impl Quantity {
    /// All quantities.
    pub const ALL: [Quantity; 20] = [
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
        Quantity::FeedbackAngles,
        Quantity::Bursts,
        Quantity::BurstRates,
        Quantity::BurstProbabilities,
        Quantity::BurstApical,
        Quantity::Jacobians,
    ];

    /// Returns the name of its arrays, without the layer.
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
            Quantity::FeedbackAngles => "feedback_angle",
            Quantity::Bursts => "bursts",
            Quantity::BurstRates => "burst_rates",
            Quantity::BurstProbabilities => "burst_probability",
            Quantity::BurstApical => "burst_apical",
            Quantity::Jacobians => "jacobian_product",
        }
    }

    /// Returns the quantity and the population of an array by its name; `None` if it is not of a population.
    pub(super) fn of_array(name: &str) -> Option<(Self, usize)> {
        Quantity::ALL.iter().find_map(|&quantity| {
            let population = match name.strip_prefix(quantity.name())? {
                "_input" => 0,
                layer => layer.parse::<usize>().ok()?.checked_add(1)?,
            };
            Some((quantity, population))
        })
    }

    /// Returns whether it has a value per step, or is computed from such values.
    pub(super) fn needs_steps(self) -> bool {
        use Quantity::{Apical, Basal, HiddenLosses, Rates, Soma};
        matches!(self, Basal | Apical | Soma | Rates | HiddenLosses)
    }

    /// Returns the networks that lack the quantity, if those of `model` do. With bursts there is no target phase and no
    /// plateau potential, and apical voltages are another quantity.
    pub(crate) fn networks_without(self, model: &NetworkModel) -> Option<&'static str> {
        use Quantity::{
            Apical, BurstApical, BurstProbabilities, BurstRates, Bursts, HiddenLosses, Jacobians,
            OutputLoss, PlateauTimes, Plateaus,
        };
        match self {
            Apical | Plateaus | PlateauTimes | HiddenLosses | OutputLoss | Jacobians => {
                model.has_bursts().then_some("networks with bursts")
            }
            Bursts | BurstRates | BurstProbabilities | BurstApical if !model.has_bursts() => {
                Some("networks without bursts")
            }
            Bursts => (!model.draws_bursts()).then_some("networks with bursts that are rates"),
            _ => None,
        }
    }

    /// Returns the phases that it requires.
    pub fn required_phases(self) -> RequiredPhases {
        use Quantity::{
            Apical, Basal, FeedbackAngles, Phases, Rates, Representations, Soma, Spikes,
        };
        match self {
            Spikes | Rates | Basal | Apical | Soma | Representations | Phases | FeedbackAngles => {
                RequiredPhases::Forward
            }
            _ => RequiredPhases::Both,
        }
    }
}

#[cfg(all(test, feature = "clap"))]
mod tests {
    use clap::ValueEnum;

    use super::*;

    #[test]
    fn of_array_inverts_array_name() {
        for quantity in Quantity::ALL {
            for population in [0, 1, 12] {
                let name = array_name(quantity, population);
                assert_eq!(Quantity::of_array(&name), Some((quantity, population)));
            }
        }
        assert_eq!(Quantity::of_array("output_loss"), None);
    }

    #[test]
    fn all_lists_every_quantity() {
        assert_eq!(Quantity::value_variants(), Quantity::ALL);
    }
}

/// Returns the name of a population's array.
pub(super) fn array_name(quantity: Quantity, population: usize) -> String {
    match population.checked_sub(1) {
        Some(layer) => format!("{}{layer}", quantity.name()),
        None => format!("{}_input", quantity.name()),
    }
}

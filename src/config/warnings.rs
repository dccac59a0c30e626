//! Warnings about settings that are valid but rarely intended.

use std::fmt;

use super::{Config, Feedback};

/// Warning about settings. Each interface adds a hint in its own terms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConfigWarning {
    /// The errors of all hidden layers except the highest are noise.
    OnlyHighestLayerLearns,
}

impl fmt::Display for ConfigWarning {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            ConfigWarning::OnlyHighestLayerLearns => {
                "only the highest hidden layer learns: with layerwise feedback and g_apical = 0, the feedback spikes of \
                 the layers below do not depend on the class"
            }
        })
    }
}

impl Config {
    /// Returns warnings about these settings.
    pub fn warnings(&self) -> Vec<ConfigWarning> {
        let warns = self.trains_only_highest_hidden_layer();
        warns.then_some(ConfigWarning::OnlyHighestLayerLearns).into_iter().collect()
    }

    /// Whether the errors of all hidden layers except the highest are noise: the teaching current does not reach the
    /// feedback of their `alpha_t - alpha_f`.
    fn trains_only_highest_hidden_layer(&self) -> bool {
        let model = self.network_model();
        model.feedback == Feedback::Layerwise
            && !model.steps_apical()
            && !model.backpropagates()
            && !model.has_bursts()
            && self.layers.len() > 2
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{CreditAssignment, LearningRule};

    #[test]
    fn warnings_layerwise_feedback_without_g_apical() {
        let layers = vec![20, 12, 10];
        let base = Config { layers, feedback: Feedback::Layerwise, ..Config::default() };
        let warned = |config: Config| !config.warnings().is_empty();
        assert!(warned(base.clone()));
        let credit_assignment = CreditAssignment::Backpropagation;
        for other in [
            Config { layers: vec![20, 10], ..base.clone() },
            Config { g_apical: 0.05, ..base.clone() },
            Config { feedback: Feedback::Broadcast, ..base.clone() },
            Config { credit_assignment, ..base.clone() },
            Config { rule: LearningRule::Bursts, ..base.clone() },
            Config::default(),
        ] {
            assert!(!warned(other.clone()), "{other:?}");
        }
    }
}

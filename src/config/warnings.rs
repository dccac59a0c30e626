//! Warnings about settings that are valid but rarely intended.

use std::fmt;

use super::{Config, Feedback};

/// Warning about settings. Each interface adds a hint in its own terms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConfigWarning {
    /// The errors of all hidden layers except the highest are noise.
    OnlyHighestLayerLearns,
    /// Event feedback that learns cannot follow feedback weights that change.
    EventFeedbackLags,
}

impl fmt::Display for ConfigWarning {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            ConfigWarning::OnlyHighestLayerLearns => {
                "only the highest hidden layer learns: with layerwise feedback and g_apical = 0, the feedback spikes of \
                 the layers below do not depend on the class"
            }
            ConfigWarning::EventFeedbackLags => {
                "homeostatic event feedback lags behind feedback weights that change: hidden layers may learn little"
            }
        })
    }
}

impl Config {
    /// Returns warnings about these settings.
    pub fn warnings(&self) -> Vec<ConfigWarning> {
        let model = self.network_model();
        let lags = model.learns_event_feedback() && model.changes_feedback();
        [
            (self.trains_only_highest_hidden_layer(), ConfigWarning::OnlyHighestLayerLearns),
            (lags && self.layers.len() > 1, ConfigWarning::EventFeedbackLags),
        ]
        .into_iter()
        .filter_map(|(warns, warning)| warns.then_some(warning))
        .collect()
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
    use crate::config::{CreditAssignment, Dynamics, EventFeedback, FeedbackWeights, LearningRule};

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

    #[test]
    fn warnings_homeostasis_with_changing_feedback() {
        let base = Config {
            rule: LearningRule::Bursts,
            dynamics: Dynamics::SteadyState,
            feedback: Feedback::Layerwise,
            ..Config::default()
        };
        let homeostatic = Config { event_feedback: EventFeedback::Homeostatic, ..base.clone() };
        let symmetric = |config: &Config| Config {
            feedback_weights: FeedbackWeights::Symmetric,
            ..config.clone()
        };
        let lags = [ConfigWarning::EventFeedbackLags];
        assert_eq!(symmetric(&homeostatic).warnings(), lags);
        assert_eq!(Config { feedback_lr: 0.1, ..homeostatic.clone() }.warnings(), lags);
        for config in [
            symmetric(&base),
            homeostatic.clone(),
            Config { layers: vec![10], ..symmetric(&homeostatic) },
        ] {
            assert_eq!(config.warnings(), []);
        }
    }
}

//! Warnings about settings that are valid but rarely intended.

use super::{Config, Feedback};

impl Config {
    /// Returns warnings about these settings, one sentence each.
    pub fn warnings(&self) -> Vec<String> {
        let mut warnings = Vec::new();
        if self.trains_only_highest_hidden_layer() {
            warnings.push(
                "only the highest hidden layer learns: with layerwise feedback and g_apical = 0, the feedback spikes of \
                 the layers below do not depend on the class; hint: set --g-apical above 0, or --feedback \
                 broadcast"
                    .to_string(),
            );
        }
        warnings
    }

    /// Whether the errors of all hidden layers except the highest are noise: the teaching current does not reach the
    /// feedback of their `alpha_t - alpha_f`.
    fn trains_only_highest_hidden_layer(&self) -> bool {
        let model = self.network_model();
        model.feedback == Feedback::Layerwise
            && !model.steps_apical()
            && !model.backpropagates()
            && self.layers.len() > 2
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::CreditAssignment;

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
            Config::default(),
        ] {
            assert!(!warned(other.clone()), "{other:?}");
        }
    }
}

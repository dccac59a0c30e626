//! Settings that are valid but rarely what is meant.

use super::{Config, Feedback, HiddenErrors};

impl Config {
    /// What a user should know of these settings before a training, a sentence each.
    pub fn warnings(&self) -> Vec<String> {
        let mut warnings = Vec::new();
        if self.teaches_only_the_highest() {
            warnings.push(
                "only the highest hidden layer learns: with layerwise feedback and g_apical = 0, the spikes that \
                 the layers below it receive do not depend on the class (hint: --g-apical above 0, or --feedback \
                 broadcast)"
                    .to_string(),
            );
        }
        warnings
    }

    /// Whether the errors of all hidden layers but the highest are noise (`alpha_t - alpha_f` of feedback that the
    /// teaching current never reaches).
    fn teaches_only_the_highest(&self) -> bool {
        self.feedback == Feedback::Layerwise
            && self.g_apical == 0.0
            && self.layers.len() > 2
            && self.hidden_errors == HiddenErrors::Plateaus
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn layerwise_feedback_that_ends_in_the_dendrite_is_warned_of() {
        let layers = vec![20, 12, 10];
        let base = Config { layers, feedback: Feedback::Layerwise, ..Config::default() };
        let warned = |config: Config| !config.warnings().is_empty();
        assert!(warned(base.clone()));
        let hidden_errors = HiddenErrors::Backpropagation;
        for other in [
            Config { layers: vec![20, 10], ..base.clone() },
            Config { g_apical: 0.05, ..base.clone() },
            Config { feedback: Feedback::Broadcast, ..base.clone() },
            Config { hidden_errors, ..base.clone() },
            Config::default(),
        ] {
            assert!(!warned(other.clone()), "{other:?}");
        }
    }
}

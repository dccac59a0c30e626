//! Limits of the burst rule, and settings that do not go with it.

use super::{ConfigError, FACTOR_MIN, fail, is_factor};
use crate::config::{
    Config, CreditAssignment, EventFeedback, Feedback, LearningRule, PlateauTiming,
};

/// Largest baseline: a burst probability reaches twice its baseline.
const BASELINE_MAX: f64 = 0.5;
/// Largest strength of the teacher: an output neuron of another class loses up to a quarter of it.
const TEACHER_MAX: f64 = 4.0;
/// Largest learning rate of event feedback. One neuron above at its highest rate diverges above 2 / phi_max, many neurons
/// far below.
const EVENT_FEEDBACK_LR_MAX: f64 = 1e3;

impl Config {
    /// Checks the settings of bursts, and that the others go with them.
    pub(super) fn validate_bursts(&self) -> Result<(), ConfigError> {
        let baseline = self.burst_baseline;
        if !(FACTOR_MIN..=BASELINE_MAX).contains(&baseline) {
            let reason =
                format!("expected 1e-9 to {BASELINE_MAX}: bursts reach twice the baseline");
            return fail("burst_baseline", &baseline, reason);
        }
        if !is_factor(self.burst_slope) {
            return fail("burst_slope", &self.burst_slope, "expected 0, or 1e-9 to 1e6");
        }
        let is_homeostatic = self.event_feedback == EventFeedback::Homeostatic;
        let most = (1.0 / baseline - 1.0).min(TEACHER_MAX);
        let has_teacher = (FACTOR_MIN..=most).contains(&self.burst_teacher);
        if !(has_teacher || is_homeostatic && self.burst_teacher == 0.0) {
            let reason = format!(
                "expected 1e-9 to {most}, so that the output's burst probabilities are 0 to 1 with burst_baseline = \
                 {baseline}, or 0 with event_feedback = homeostatic, which learns without a teacher"
            );
            return fail("burst_teacher", &self.burst_teacher, reason);
        }
        if is_homeostatic && self.rule != LearningRule::Bursts {
            let reason = "expected cancelling, the default, unless rule = bursts";
            return fail("event_feedback", &self.event_feedback, reason);
        }
        self.validate_event_feedback_lr()?;
        match self.rule {
            LearningRule::Phases => Ok(()),
            LearningRule::Bursts => self.validate_settings_with_bursts(),
        }
    }

    /// Checks the learning rate of the event feedback.
    fn validate_event_feedback_lr(&self) -> Result<(), ConfigError> {
        let (lr, most) = (self.event_feedback_lr, EVENT_FEEDBACK_LR_MAX);
        if !(FACTOR_MIN..=most).contains(&lr) {
            let reason = format!("expected 1e-9 to {most}");
            return fail("event_feedback_lr", &lr, reason);
        }
        Ok(())
    }

    /// Checks the settings that bursts restrict.
    fn validate_settings_with_bursts(&self) -> Result<(), ConfigError> {
        let model = self.network_model();
        if !model.sends_rates() && model.feedback_is_rates() {
            let reason = "expected spikes with rule = bursts, unless signal = rates, too";
            return fail("feedback_signal", &self.feedback_signal, reason);
        }
        if self.feedback != Feedback::Layerwise {
            return fail("feedback", &self.feedback, "expected layerwise with rule = bursts");
        }
        if self.credit_assignment != CreditAssignment::Plateaus {
            let reason =
                "expected plateaus, the default, with rule = bursts, which has errors of its own";
            return fail("credit_assignment", &self.credit_assignment, reason);
        }
        if self.g_apical != 0.0 {
            return fail("g_apical", &self.g_apical, "expected 0 with rule = bursts");
        }
        if self.apical_bias_sd != 0.0 {
            return fail("apical_bias_sd", &self.apical_bias_sd, "expected 0 with rule = bursts");
        }
        if self.plateau_timing != PlateauTiming::Synchronous {
            let reason = "expected synchronous with rule = bursts, which has no plateau potentials";
            return fail("plateau_timing", &self.plateau_timing, reason);
        }
        Ok(())
    }
}

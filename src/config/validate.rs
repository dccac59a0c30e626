//! Which settings make sense together.

use thiserror::Error;

use super::{Config, Dynamics, FeedbackWeights, Optimizer, PlateauTimes};
use crate::layout::LAYERS_MAX;
use crate::model::filter::TAPS_MAX;
use crate::model::spikes::{COUNT_MAX, SpikeDraw, thresholds};

/// A setting that cannot be, with what can.
#[derive(Debug, Error, PartialEq)]
#[error("{setting} = {value}: {reason}")]
#[expect(missing_docs, reason = "each message says what it is")]
pub struct ConfigError {
    pub setting: &'static str,
    pub value: String,
    pub reason: String,
}

/// Longest phase in steps: more would need more than a gigabyte of spikes for a usual net.
const STEPS_MAX: u32 = 100_000;
/// Most neurons in a layer.
const UNITS_MAX: usize = 1 << 20;
/// Kernels index the weights of a layer with 32 bits; the CPU pads them a little.
const WEIGHTS_MAX: usize = 1 << 31;
const BATCH_MAX: usize = 65_535;
/// Largest factor: more overflows.
const FACTOR_MAX: f64 = 1e6;
/// Smallest factor other than zero. Products of a smaller one with stored numbers could be subnormal, which devices
/// round differently, see [`crate::model::arithmetic`].
const FACTOR_MIN: f64 = 1e-9;
/// Smallest largest rate, spikes per ms: one spike in a quarter of an hour.
const PHI_MIN: f64 = 1e-6;
/// Smallest decay of a moment other than zero, and smallest distance from 1.
const BETA_MIN: f64 = 1e-6;

/// Whether a factor is zero or of a size at which all devices compute the same.
fn is_factor(value: f64) -> bool {
    value == 0.0 || (FACTOR_MIN..=FACTOR_MAX).contains(&value)
}

impl Config {
    /// Checks every setting, for a data set with so many pixels an image and so many classes.
    ///
    /// # Errors
    /// The first setting that cannot be, with its value and what is expected.
    pub fn validate(&self, pixels: usize, classes: usize) -> Result<(), ConfigError> {
        let fail = |setting, value: &dyn std::fmt::Debug, reason: String| {
            Err(ConfigError { setting, value: format!("{value:?}"), reason })
        };
        let Some(&output) = self.layers.last() else {
            return fail("layers", &self.layers, "at least the output layer is needed".into());
        };
        if self.layers.len() > LAYERS_MAX {
            return fail("layers", &self.layers.len(), format!("at most {LAYERS_MAX} layers"));
        }
        if let Some(units) = self.layers.iter().find(|&&n| n == 0 || n > UNITS_MAX) {
            return fail("layers", units, format!("a layer has 1 to {UNITS_MAX} neurons"));
        }
        let below = std::iter::once(&pixels).chain(&self.layers);
        for (&below, &units) in below.zip(&self.layers) {
            if below.saturating_mul(units) > WEIGHTS_MAX {
                let reason = format!("at most {WEIGHTS_MAX} weights from {below} inputs");
                return fail("layers", &units, reason);
            }
        }
        if !output.is_multiple_of(classes) {
            let reason =
                format!("the output needs a multiple of {classes} neurons, as many as classes");
            return fail("layers", &output, reason);
        }
        if self.epochs == 0 {
            return fail("epochs", &self.epochs, "at least 1".into());
        }
        if self.batch == 0 || self.batch > BATCH_MAX {
            return fail("batch", &self.batch, format!("1 to {BATCH_MAX}"));
        }
        for (setting, rates) in [("eta", &self.eta), ("eta_bias", &self.eta_bias)] {
            if !self.fits_layers(rates) {
                let reason = format!(
                    "one rate, two for hidden layers and the output, or one for each of the {} layers",
                    self.layers.len()
                );
                return fail(setting, rates, reason);
            }
            if let Some(eta) = rates.iter().find(|eta| !is_factor(**eta)) {
                return fail(setting, eta, "0, or 1e-9 to 1e6".into());
            }
        }
        let bias_etas = (0..self.layer_count()).map(|layer| self.layer_eta_bias(layer));
        if let Some(eta) = bias_etas.into_iter().find(|&eta| !is_factor(eta)) {
            let reason = format!("times eta it is {eta:e}, which must be 0, or 1e-9 to 1e6");
            return fail("eta_bias", &self.eta_bias, reason);
        }
        let is_symmetric = self.feedback_weights == FeedbackWeights::Symmetric;
        if is_symmetric && self.feedback_sparsity != 0.0 {
            let reason =
                "symmetric feedback has the weights of the layers above, all of them".into();
            return fail("feedback_sparsity", &self.feedback_sparsity, reason);
        }
        if is_symmetric && self.feedback_gain != 1.0 {
            let reason = "symmetric feedback has the weights of the layers above, unchanged".into();
            return fail("feedback_gain", &self.feedback_gain, reason);
        }
        if self.learns_feedback() && (is_symmetric || self.feedback_sparsity != 0.0) {
            let reason = "symmetric and sparse feedback do not learn: 0".into();
            return fail("feedback_eta", &self.feedback_eta, reason);
        }
        if is_symmetric && self.apical_bias != 0.0 {
            let reason = "0 with symmetric feedback".into();
            return fail("apical_bias", &self.apical_bias, reason);
        }
        if !is_symmetric && self.feedback_noise != 0.0 {
            let reason = "only symmetric feedback has noise".into();
            return fail("feedback_noise", &self.feedback_noise, reason);
        }
        if !(0.0..1.0).contains(&self.feedback_sparsity) {
            let reason = "at least 0 and less than 1".into();
            return fail("feedback_sparsity", &self.feedback_sparsity, reason);
        }
        for (setting, value) in [
            ("weight_decay", self.weight_decay),
            ("clip", self.clip),
            ("feedback_gain", self.feedback_gain),
            ("feedback_noise", self.feedback_noise),
            ("feedback_eta", self.feedback_eta),
            ("apical_bias", self.apical_bias),
            ("apical_bias_eta", self.apical_bias_eta),
        ] {
            if !is_factor(value) {
                return fail(setting, &value, "0, or 1e-9 to 1e6".into());
            }
        }
        let apical_bias_eta = self.feedback_eta * self.apical_bias_eta;
        if !is_factor(apical_bias_eta) {
            let reason = format!(
                "times feedback_eta it is {apical_bias_eta:e}, which must be 0, or 1e-9 to 1e6"
            );
            return fail("apical_bias_eta", &self.apical_bias_eta, reason);
        }
        if self.step_epochs == 0 {
            return fail("step_epochs", &self.step_epochs, "at least 1".into());
        }
        for (setting, part) in [("step_factor", self.step_factor), ("final_rate", self.final_rate)]
        {
            if !(0.0..=1.0).contains(&part) {
                return fail(setting, &part, "0 to 1".into());
            }
        }
        if self.optimizer != Optimizer::Sgd {
            for (setting, beta) in [("beta1", self.beta1), ("beta2", self.beta2)] {
                if beta != 0.0 && !(BETA_MIN..=1.0 - BETA_MIN).contains(&beta) {
                    return fail(setting, &beta, "0, or 1e-6 to 0.999999".into());
                }
            }
            if !(1e-12..=1.0).contains(&self.epsilon) {
                return fail("epsilon", &self.epsilon, "1e-12 to 1".into());
            }
        }
        if !(0.0..=0.9).contains(&self.g_apical) {
            let reason = "0 to 0.9: beyond, an Euler step of 1 ms overshoots";
            return fail("g_apical", &self.g_apical, reason.into());
        }
        if !is_factor(self.g_apical) {
            return fail("g_apical", &self.g_apical, "0, or 1e-9 to 0.9".into());
        }
        if !(PHI_MIN..=1.0).contains(&self.phi_max) {
            return fail("phi_max", &self.phi_max, "1e-6 to 1 spike per ms".into());
        }
        let width = thresholds(self.phi_max, self.spikes);
        if width[0] <= width[1] || width[COUNT_MAX - 1] != 0 && self.spikes == SpikeDraw::Poisson {
            return fail("phi_max", &self.phi_max, "too extreme for 32-bit draws".into());
        }
        if self.taps > TAPS_MAX {
            return fail("taps", &self.taps, format!("1 to {TAPS_MAX}, or 0 for no cut"));
        }
        if self.dynamics == Dynamics::SteadyState && self.g_apical != 0.0 {
            let reason = "0 at steady states".into();
            return fail("g_apical", &self.g_apical, reason);
        }
        match self.dynamics {
            Dynamics::Spiking => self.validate_windows(),
            Dynamics::SteadyState if self.plateau_times == PlateauTimes::Random => {
                let reason = "steady states have no times".into();
                fail("plateau_times", &self.plateau_times, reason)
            }
            Dynamics::SteadyState => Ok(()),
        }
    }

    /// Averages of one phase must not reach into the one before.
    fn validate_windows(&self) -> Result<(), ConfigError> {
        let fail = |setting, value: u32, reason| {
            Err(ConfigError { setting, value: value.to_string(), reason })
        };
        let window = self.averaging.window(self.phase_steps);
        let earliest = self.plateau_times.earliest();
        let least = match self.averaging {
            crate::model::phases::Averaging::Last20 => 20 + self.memory() + 1 + earliest,
            crate::model::phases::Averaging::From30 => 31,
            crate::model::phases::Averaging::Last => self.memory() + 2 + earliest,
        };
        if self.phase_steps < least || self.phase_steps > STEPS_MAX {
            let reason = format!("{least} to {STEPS_MAX} ms with these averages and taps");
            return fail("phase_steps", self.phase_steps, reason);
        }
        if self.phase_steps - window - earliest <= self.memory() {
            let most = self.phase_steps - window - earliest - 1;
            let reason = format!("at most {most} with averages from 30 ms and these plateau times");
            return fail("taps", self.memory(), reason);
        }
        if self.test_steps == 0 || self.test_steps > STEPS_MAX {
            return fail("test_steps", self.test_steps, format!("1 to {STEPS_MAX} ms"));
        }
        if self.test_from >= self.test_steps {
            let reason = format!("less than test_steps ({})", self.test_steps);
            return fail("test_from", self.test_from, reason);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Preset;
    use crate::model::phases::Averaging;

    #[test]
    fn presets_are_valid() {
        for preset in [Preset::Quick, Preset::Paper0, Preset::Paper1, Preset::Paper2] {
            preset.config().validate(784, 10).expect("a preset is valid");
        }
    }

    #[test]
    fn each_bad_setting_is_named() {
        let base = Config::default();
        let feedback_weights = FeedbackWeights::Symmetric;
        let symmetric = Config { feedback_weights, ..base.clone() };
        let random_times = Config { plateau_times: PlateauTimes::Random, ..base.clone() };
        let cases: Vec<(&str, Config)> = vec![
            ("layers", Config { layers: vec![], ..base.clone() }),
            ("layers", Config { layers: vec![500, 15], ..base.clone() }),
            ("layers", Config { layers: vec![0, 10], ..base.clone() }),
            ("layers", Config { layers: vec![1 << 20, 1 << 20, 10], ..base.clone() }),
            ("layers", Config { layers: vec![1 << 20, 1 << 20, 10], ..base.clone() }),
            ("epochs", Config { epochs: 0, ..base.clone() }),
            ("batch", Config { batch: 0, ..base.clone() }),
            ("eta", Config { eta: vec![0.1; 3], ..base.clone() }),
            ("eta_bias", Config { eta_bias: vec![0.1; 3], ..base.clone() }),
            ("eta_bias", Config { eta_bias: vec![-0.1], ..base.clone() }),
            ("weight_decay", Config { weight_decay: -1.0, ..base.clone() }),
            ("clip", Config { clip: f64::INFINITY, ..base.clone() }),
            // Below the numbers that all devices compute alike.
            ("eta", Config { eta: vec![1e-37], ..base.clone() }),
            ("eta", Config { eta: vec![0.1, 1e7], ..base.clone() }),
            ("eta_bias", Config { eta_bias: vec![1e-37], ..base.clone() }),
            ("eta_bias", Config { eta: vec![1e-6], eta_bias: vec![1e-6], ..base.clone() }),
            ("feedback_eta", Config { feedback_eta: 1e-37, ..base.clone() }),
            (
                "apical_bias_eta",
                Config { feedback_eta: 1e-6, apical_bias_eta: 1e-6, ..base.clone() },
            ),
            ("weight_decay", Config { weight_decay: 1e-30, ..base.clone() }),
            ("clip", Config { clip: 1e-20, ..base.clone() }),
            ("feedback_gain", Config { feedback_gain: 1e-20, ..base.clone() }),
            ("feedback_noise", Config { feedback_noise: 1e-20, ..symmetric.clone() }),
            ("apical_bias", Config { apical_bias: 1e-20, ..base.clone() }),
            ("beta1", Config { beta1: 1e-30, ..base.clone() }),
            ("beta2", Config { beta2: 1.0 - 1e-12, ..base.clone() }),
            ("g_apical", Config { g_apical: 1e-30, ..base.clone() }),
            ("phi_max", Config { phi_max: 1e-7, ..base.clone() }),
            ("eta", Config { eta: vec![f64::NAN], ..base.clone() }),
            ("feedback_sparsity", Config { feedback_sparsity: 1.0, ..base.clone() }),
            ("feedback_gain", Config { feedback_gain: f64::NAN, ..base.clone() }),
            ("feedback_gain", Config { feedback_gain: 2.0, ..symmetric.clone() }),
            ("feedback_sparsity", Config { feedback_sparsity: 0.5, ..symmetric.clone() }),
            ("feedback_eta", Config { feedback_eta: 0.1, ..symmetric.clone() }),
            ("feedback_eta", Config { feedback_eta: -0.1, ..base.clone() }),
            ("feedback_eta", Config { feedback_eta: 0.1, feedback_sparsity: 0.5, ..base.clone() }),
            ("apical_bias", Config { apical_bias: 0.1, ..symmetric.clone() }),
            ("apical_bias", Config { apical_bias: f64::NAN, ..base.clone() }),
            ("apical_bias_eta", Config { apical_bias_eta: -1.0, ..base.clone() }),
            ("feedback_noise", Config { feedback_noise: -1.0, ..symmetric.clone() }),
            ("feedback_noise", Config { feedback_noise: 0.1, ..base.clone() }),
            ("step_epochs", Config { step_epochs: 0, ..base.clone() }),
            ("step_factor", Config { step_factor: 1.5, ..base.clone() }),
            ("final_rate", Config { final_rate: f64::NAN, ..base.clone() }),
            ("beta1", Config { beta1: 1.0, ..base.clone() }),
            ("epsilon", Config { epsilon: 0.0, ..base.clone() }),
            ("g_apical", Config { g_apical: 1.5, ..base.clone() }),
            ("phi_max", Config { phi_max: 0.0, ..base.clone() }),
            ("taps", Config { taps: 33, ..base.clone() }),
            (
                "g_apical",
                Config { dynamics: Dynamics::SteadyState, g_apical: 0.05, ..base.clone() },
            ),
            ("phase_steps", Config { phase_steps: 35, ..random_times.clone() }),
            ("taps", Config { taps: 25, averaging: Averaging::From30, ..random_times }),
            ("phase_steps", Config { phase_steps: 25, ..base.clone() }),
            ("test_steps", Config { test_steps: 0, ..base.clone() }),
            ("test_from", Config { test_from: 250, ..base.clone() }),
        ];
        for (setting, config) in cases {
            let error = config.validate(784, 10).expect_err(setting);
            assert_eq!(error.setting, setting, "{error}");
        }
    }
}

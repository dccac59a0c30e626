//! Validation of settings.

use std::fmt::Debug;

use serde::Serialize;
use serde_json::Value;
use thiserror::Error;

use super::{Config, Dynamics, FeedbackWeights, Optimizer, PlateauTiming};
use crate::interface::LAYERS_MAX;
use crate::model::neuron::G_APICAL_MAX;
use crate::model::phases::AveragingWindow;
use crate::model::spikes::{COUNT_MAX, SpikeDistribution, thresholds};
use crate::model::synaptic_filter::TAPS_MAX;

/// Invalid setting, with the values that are valid.
#[derive(Debug, Error, PartialEq)]
#[error("{setting} = {value}: {reason}")]
#[expect(missing_docs, reason = "the message documents the fields")]
pub struct ConfigError {
    pub setting: &'static str,
    pub value: String,
    pub reason: String,
}

/// Longest phase, steps. A longer one needs more than 1 GB of spikes for a typical network.
const STEPS_MAX: u32 = 100_000;
/// Largest number of neurons in a layer.
const UNITS_MAX: usize = 1 << 20;
/// Largest number of weights in a layer: kernels index them with 32 bits, and the CPU backend pads them.
const WEIGHTS_MAX: usize = 1 << 31;
/// Largest minibatch: GPUs limit the number of workgroups per dimension.
const BATCH_MAX: usize = 65_535;
/// Largest factor; products with a larger one may overflow.
const FACTOR_MAX: f64 = 1e6;
/// Smallest factor other than 0. Products of a smaller factor with stored numbers may be subnormal, which devices
/// round differently (see [`crate::model::exact_math`]).
const FACTOR_MIN: f64 = 1e-9;
/// Lower bound of `phi_max`: one spike per 17 minutes, spikes per ms.
const PHI_MIN: f64 = 1e-6;
/// Smallest decay of a running mean other than 0, and its smallest distance from 1.
const BETA_MIN: f64 = 1e-6;

/// Whether a factor is 0 or in the range in which all devices compute equal bits.
fn is_factor(value: f64) -> bool {
    value == 0.0 || (FACTOR_MIN..=FACTOR_MAX).contains(&value)
}

/// Returns the error of a setting. Choices have the names that users give.
fn fail(
    setting: &'static str,
    value: &(impl Debug + Serialize),
    reason: impl Into<String>,
) -> Result<(), ConfigError> {
    let value = match serde_json::to_value(value) {
        Ok(Value::String(choice)) => choice,
        _ => format!("{value:?}"),
    };
    Err(ConfigError { setting, value, reason: reason.into() })
}

impl Config {
    /// Checks all settings for a data set with `pixels` per image and `classes` classes.
    ///
    /// # Errors
    /// Returns the first invalid setting with its value and the valid range.
    pub fn validate(&self, pixels: usize, classes: usize) -> Result<(), ConfigError> {
        self.validate_layers(pixels, classes)?;
        self.validate_training()?;
        self.validate_learning_rates()?;
        self.validate_feedback()?;
        self.validate_bursts()?;
        self.validate_factors()?;
        self.validate_lr_schedule()?;
        self.validate_optimizer()?;
        self.validate_neurons()?;
        match self.dynamics {
            Dynamics::Spiking => self.validate_windows(),
            Dynamics::SteadyState => self.validate_steady_state(),
        }
    }

    fn validate_layers(&self, pixels: usize, classes: usize) -> Result<(), ConfigError> {
        let Some(&output) = self.layers.last() else {
            return fail("layers", &self.layers, "expected at least the output layer");
        };
        if self.layers.len() > LAYERS_MAX {
            let reason = format!("expected at most {LAYERS_MAX} layers");
            return fail("layers", &self.layers.len(), reason);
        }
        if let Some(units) = self.layers.iter().find(|&&n| n == 0 || n > UNITS_MAX) {
            return fail("layers", units, format!("expected 1 to {UNITS_MAX} neurons per layer"));
        }
        let sizes_below = std::iter::once(&pixels).chain(&self.layers);
        for (&n_pre, &units) in sizes_below.zip(&self.layers) {
            if n_pre.saturating_mul(units) > WEIGHTS_MAX {
                let reason = format!("expected at most {WEIGHTS_MAX} weights from {n_pre} inputs");
                return fail("layers", &units, reason);
            }
        }
        if !output.is_multiple_of(classes) {
            let reason =
                format!("expected a multiple of {classes} output neurons, the number of classes");
            return fail("layers", &output, reason);
        }
        Ok(())
    }

    fn validate_training(&self) -> Result<(), ConfigError> {
        if self.epochs == 0 {
            return fail("epochs", &self.epochs, "expected at least 1");
        }
        if self.batch_size == 0 || self.batch_size > BATCH_MAX {
            return fail("batch_size", &self.batch_size, format!("expected 1 to {BATCH_MAX}"));
        }
        Ok(())
    }

    fn validate_learning_rates(&self) -> Result<(), ConfigError> {
        for (setting, rates) in [("eta", &self.eta), ("bias_lr_scale", &self.bias_lr_scale)] {
            if !self.has_valid_len(rates) {
                let reason = format!(
                    "expected one value, two (hidden layers and output), or one for each of the {} layers",
                    self.layers.len()
                );
                return fail(setting, rates, reason);
            }
            if let Some(eta) = rates.iter().find(|eta| !is_factor(**eta)) {
                return fail(setting, eta, "expected 0, or 1e-9 to 1e6");
            }
        }
        let mut bias_etas = (0..self.layer_count()).map(|layer| self.layer_bias_eta(layer));
        if let Some(eta) = bias_etas.find(|&eta| !is_factor(eta)) {
            let reason = format!("its product with eta is {eta:e}, expected 0, or 1e-9 to 1e6");
            return fail("bias_lr_scale", &self.bias_lr_scale, reason);
        }
        Ok(())
    }

    /// Checks which settings of feedback weights go together.
    fn validate_feedback(&self) -> Result<(), ConfigError> {
        let is_symmetric = self.feedback_weights == FeedbackWeights::Symmetric;
        if is_symmetric && self.feedback_sparsity != 0.0 {
            let reason =
                "expected 0 with symmetric feedback, which uses all weights of the layers above";
            return fail("feedback_sparsity", &self.feedback_sparsity, reason);
        }
        if is_symmetric && self.feedback_gain != 1.0 {
            let reason = "expected 1 with symmetric feedback, which uses the weights of the layers above unscaled";
            return fail("feedback_gain", &self.feedback_gain, reason);
        }
        if self.feedback_lr > 0.0 && (is_symmetric || self.feedback_sparsity != 0.0) {
            let reason = "expected 0 with symmetric or sparse feedback";
            return fail("feedback_lr", &self.feedback_lr, reason);
        }
        if is_symmetric && self.apical_bias_sd != 0.0 {
            let reason = "expected 0 with symmetric feedback";
            return fail("apical_bias_sd", &self.apical_bias_sd, reason);
        }
        if !is_symmetric && self.feedback_noise_sd != 0.0 {
            let reason = "expected 0 without symmetric feedback";
            return fail("feedback_noise_sd", &self.feedback_noise_sd, reason);
        }
        if !(0.0..1.0).contains(&self.feedback_sparsity) {
            let reason = "expected at least 0 and less than 1";
            return fail("feedback_sparsity", &self.feedback_sparsity, reason);
        }
        Ok(())
    }

    /// Checks that all devices compute products with the factors alike.
    fn validate_factors(&self) -> Result<(), ConfigError> {
        for (setting, value) in [
            ("weight_decay", self.weight_decay),
            ("grad_clip", self.grad_clip),
            ("feedback_gain", self.feedback_gain),
            ("feedback_noise_sd", self.feedback_noise_sd),
            ("feedback_lr", self.feedback_lr),
            ("apical_bias_sd", self.apical_bias_sd),
            ("apical_bias_lr_scale", self.apical_bias_lr_scale),
        ] {
            if !is_factor(value) {
                return fail(setting, &value, "expected 0, or 1e-9 to 1e6");
            }
        }
        let apical_bias_lr = self.feedback_lr * self.apical_bias_lr_scale;
        if !is_factor(apical_bias_lr) {
            let reason = format!(
                "its product with feedback_lr is {apical_bias_lr:e}, expected 0, or 1e-9 to 1e6"
            );
            return fail("apical_bias_lr_scale", &self.apical_bias_lr_scale, reason);
        }
        Ok(())
    }

    fn validate_lr_schedule(&self) -> Result<(), ConfigError> {
        if self.lr_step_epochs == 0 {
            return fail("lr_step_epochs", &self.lr_step_epochs, "expected at least 1");
        }
        for (setting, part) in
            [("lr_step_gamma", self.lr_step_gamma), ("lr_final_factor", self.lr_final_factor)]
        {
            if !(0.0..=1.0).contains(&part) {
                return fail(setting, &part, "expected 0 to 1");
            }
        }
        Ok(())
    }

    fn validate_optimizer(&self) -> Result<(), ConfigError> {
        if self.optimizer == Optimizer::Sgd {
            return Ok(());
        }
        for (setting, beta) in [("beta1", self.beta1), ("beta2", self.beta2)] {
            if beta != 0.0 && !(BETA_MIN..=1.0 - BETA_MIN).contains(&beta) {
                return fail(setting, &beta, "expected 0, or 1e-6 to 0.999999");
            }
        }
        if !(1e-12..=1.0).contains(&self.optimizer_eps) {
            return fail("optimizer_eps", &self.optimizer_eps, "expected 1e-12 to 1");
        }
        Ok(())
    }

    fn validate_neurons(&self) -> Result<(), ConfigError> {
        if !is_factor(self.g_apical) || self.g_apical > G_APICAL_MAX {
            let reason = format!(
                "expected 0, or 1e-9 to {G_APICAL_MAX}: Euler steps of 1 ms diverge above 1.3"
            );
            return fail("g_apical", &self.g_apical, reason);
        }
        if !(PHI_MIN..=1.0).contains(&self.phi_max) {
            return fail("phi_max", &self.phi_max, "expected 1e-6 to 1 spike per ms");
        }
        let table = thresholds(self.phi_max, self.spike_distribution);
        if table[0] <= table[1]
            || table[COUNT_MAX - 1] != 0 && self.spike_distribution == SpikeDistribution::Poisson
        {
            let reason = "cannot be represented by 32-bit random numbers";
            return fail("phi_max", &self.phi_max, reason);
        }
        if self.psp_kernel_ms > TAPS_MAX {
            let reason = format!("expected 1 to {TAPS_MAX}, or 0 for the uncut kernel");
            return fail("psp_kernel_ms", &self.psp_kernel_ms, reason);
        }
        Ok(())
    }

    fn validate_steady_state(&self) -> Result<(), ConfigError> {
        if self.g_apical != 0.0 {
            return fail("g_apical", &self.g_apical, "expected 0 with steady-state dynamics");
        }
        if self.plateau_timing == PlateauTiming::Random {
            let reason = "expected synchronous with steady-state dynamics";
            return fail("plateau_timing", &self.plateau_timing, reason);
        }
        Ok(())
    }

    /// Checks that the averaging window of a phase does not reach into the previous phase, and the test's lengths.
    fn validate_windows(&self) -> Result<(), ConfigError> {
        let taps = self.psp_kernel_ms as u32;
        let window = self.averaging_window.length(self.phase_ms);
        let max_lead = self.plateau_timing.max_lead();
        let min = match self.averaging_window {
            AveragingWindow::Last20 => 20 + taps + 1 + max_lead,
            AveragingWindow::From30 => 31,
            AveragingWindow::Last => taps + 2 + max_lead,
        };
        if self.phase_ms < min || self.phase_ms > STEPS_MAX {
            let reason = format!(
                "expected {min} to {STEPS_MAX} ms with this averaging_window and psp_kernel_ms"
            );
            return fail("phase_ms", &self.phase_ms, reason);
        }
        if self.phase_ms - window - max_lead <= taps {
            let max = self.phase_ms - window - max_lead - 1;
            let reason =
                format!("expected at most {max} with this averaging_window and plateau_timing");
            return fail("psp_kernel_ms", &taps, reason);
        }
        if self.test_ms == 0 || self.test_ms > STEPS_MAX {
            return fail("test_ms", &self.test_ms, format!("expected 1 to {STEPS_MAX} ms"));
        }
        if self.test_average_from_ms >= self.test_ms {
            let reason = format!("expected less than test_ms ({})", self.test_ms);
            return fail("test_average_from_ms", &self.test_average_from_ms, reason);
        }
        Ok(())
    }
}

mod bursts;
#[cfg(test)]
mod tests;

//! What settings mean together: the model of a network and its timing.

use super::{Config, Dynamics, FeedbackWeights, LearningRule, Signal};
use crate::model::network_model::{ApicalVoltages, FeedbackRule, NetworkModel};
use crate::model::phases::{AveragingWindow, PhaseJitter, PhaseLengths};

/// Lengths of phases, windows and the synaptic kernel, ms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timing {
    /// Length at which the synaptic kernel is cut; 0: uncut.
    pub psp_kernel_ms: usize,
    /// Fixed part of the length of a training phase.
    pub phase_ms: u32,
    /// Random part of the length of a training phase.
    pub phase_jitter: PhaseJitter,
    /// Window at the end of a training phase over which voltages are averaged.
    pub averaging_window: AveragingWindow,
    /// Length of the forward phase of a test image.
    pub test_ms: u32,
    /// Start of the window of a test image.
    pub test_average_from_ms: u32,
}

impl Timing {
    /// Returns the lengths of training phases.
    pub fn phase_lengths(&self, seed: u64) -> PhaseLengths {
        PhaseLengths::new(self.phase_ms, self.phase_jitter, seed)
    }
}

impl Config {
    /// Returns the model that the settings define.
    pub fn network_model(&self) -> NetworkModel {
        let learns_feedback = self.feedback_lr > 0.0;
        let has_bursts = self.rule == LearningRule::Bursts;
        let (signal, feedback_signal) = match self.dynamics {
            Dynamics::Spiking => (self.signal, self.feedback_signal),
            Dynamics::SteadyState => (Signal::Rates, Signal::Rates),
        };
        NetworkModel {
            rule: self.rule,
            feedback: self.feedback,
            feedback_rule: match self.feedback_weights {
                FeedbackWeights::Symmetric => FeedbackRule::Symmetric,
                FeedbackWeights::Fixed if learns_feedback && has_bursts => FeedbackRule::Transposed,
                FeedbackWeights::Fixed if learns_feedback => FeedbackRule::Learned,
                FeedbackWeights::Fixed => FeedbackRule::Fixed,
            },
            event_feedback: self.event_feedback,
            has_apical_biases: self.apical_bias_sd > 0.0
                || (learns_feedback && !has_bursts && self.apical_bias_lr_scale > 0.0),
            credit_assignment: self.credit_assignment,
            signal,
            feedback_signal,
            apical_voltages: if self.g_apical == 0.0 {
                ApicalVoltages::PerPhase
            } else {
                ApicalVoltages::PerStep
            },
            plateau_timing: self.plateau_timing,
            update_rule: self.optimizer.update_rule(),
        }
    }

    /// Returns the lengths in effect: [`Dynamics::SteadyState`] ignores those of the settings.
    pub fn timing(&self) -> Timing {
        // Feedback that neurons fire on arrives one step late; bursts change no rate.
        let steps = if self.rule == LearningRule::Bursts { 1 } else { 2 };
        match self.dynamics {
            Dynamics::Spiking => Timing {
                psp_kernel_ms: self.psp_kernel_ms,
                phase_ms: self.phase_ms,
                phase_jitter: self.phase_jitter,
                averaging_window: self.averaging_window,
                test_ms: self.test_ms,
                test_average_from_ms: self.test_average_from_ms,
            },
            Dynamics::SteadyState => Timing {
                psp_kernel_ms: 1,
                phase_ms: steps,
                phase_jitter: PhaseJitter::None,
                averaging_window: AveragingWindow::Last,
                test_ms: steps,
                test_average_from_ms: steps - 1,
            },
        }
    }
}

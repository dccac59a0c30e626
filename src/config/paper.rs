//! Settings of the paper.

use super::{
    Config, CreditAssignment, Dynamics, EventFeedback, Feedback, FeedbackWeights, LearningRule,
    Optimizer, PlateauTiming, Signal,
};
use crate::model::lr_schedule::LrSchedule;
use crate::model::phases::{AveragingWindow, PhaseJitter};
use crate::model::spikes::SpikeDistribution;
use crate::model::weight_init::WeightInit;

/// Returns the paper's settings for a network. `eta`: learning rate of each layer.
pub(super) fn paper(layers: &[usize], eta: &[f64]) -> Config {
    Config {
        layers: layers.to_vec(),
        epochs: 60,
        train_images: 0,
        validation_images: 0,
        test_images: 0,
        batch_size: 1,
        eta: eta.to_vec(),
        bias_lr_scale: vec![1.0],
        weight_decay: 0.0,
        grad_clip: 0.0,
        lr_schedule: LrSchedule::Constant,
        warmup_images: 0,
        lr_step_epochs: 1,
        lr_step_gamma: 0.5,
        lr_final_factor: 0.0,
        optimizer: Optimizer::Sgd,
        beta1: 0.9,
        beta2: 0.999,
        optimizer_eps: 1e-8,
        seed: 1,
        weight_init: WeightInit::LatestCommit,
        rule: LearningRule::Phases,
        burst_baseline: 0.5,
        burst_slope: 4.0,
        burst_teacher: 1.0,
        event_feedback: EventFeedback::Cancelling,
        event_feedback_lr: 0.01,
        feedback: Feedback::Broadcast,
        credit_assignment: CreditAssignment::Plateaus,
        feedback_weights: FeedbackWeights::Fixed,
        feedback_noise_sd: 0.0,
        feedback_sparsity: 0.0,
        feedback_gain: 1.0,
        feedback_lr: 0.0,
        apical_bias_sd: 0.0,
        apical_bias_lr_scale: 1.0,
        dynamics: Dynamics::Spiking,
        signal: Signal::Spikes,
        feedback_signal: Signal::Spikes,
        plateau_timing: PlateauTiming::Synchronous,
        g_apical: 0.0,
        spike_distribution: SpikeDistribution::Poisson,
        phi_max: 0.2,
        psp_kernel_ms: 10,
        phase_ms: 50,
        phase_jitter: PhaseJitter::InverseGaussian,
        averaging_window: AveragingWindow::Last20,
        test_ms: 250,
        test_average_from_ms: 30,
        weight_stats_every: 0,
        eval_every: 20_000,
        eval_images: 500,
    }
}

/// Returns the paper's settings for one hidden layer of 500 neurons.
pub(super) fn paper_1() -> Config {
    paper(&[500, 10], &[0.21, 0.21])
}

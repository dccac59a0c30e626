use super::*;
use crate::config::{CreditAssignment, EventFeedback, Feedback, LearningRule, Preset, Signal};

#[test]
fn validate_accepts_presets() {
    for preset in Preset::all() {
        preset.config().validate(784, 10).unwrap();
    }
}

#[test]
fn validate_names_each_invalid_setting() {
    let base = Config::default();
    let feedback_weights = FeedbackWeights::Symmetric;
    let symmetric = Config { feedback_weights, ..base.clone() };
    let random_times = Config { plateau_timing: PlateauTiming::Random, ..base.clone() };
    let bursts = Config {
        rule: LearningRule::Bursts,
        feedback: Feedback::Layerwise,
        dynamics: Dynamics::SteadyState,
        ..base.clone()
    };
    bursts.validate(784, 10).unwrap();
    Config { dynamics: Dynamics::Spiking, ..bursts.clone() }.validate(784, 10).unwrap();
    let cases: Vec<(&str, Config)> = vec![
        ("layers", Config { layers: vec![], ..base.clone() }),
        ("layers", Config { layers: vec![500, 15], ..base.clone() }),
        ("layers", Config { layers: vec![0, 10], ..base.clone() }),
        ("layers", Config { layers: vec![1 << 20, 1 << 20, 10], ..base.clone() }),
        ("layers", Config { layers: vec![1 << 20, 1 << 20, 10], ..base.clone() }),
        ("epochs", Config { epochs: 0, ..base.clone() }),
        ("batch_size", Config { batch_size: 0, ..base.clone() }),
        ("eta", Config { eta: vec![0.1; 3], ..base.clone() }),
        ("bias_lr_scale", Config { bias_lr_scale: vec![0.1; 3], ..base.clone() }),
        ("bias_lr_scale", Config { bias_lr_scale: vec![-0.1], ..base.clone() }),
        ("weight_decay", Config { weight_decay: -1.0, ..base.clone() }),
        ("grad_clip", Config { grad_clip: f64::INFINITY, ..base.clone() }),
        // Below the range in which all devices compute equal bits.
        ("eta", Config { eta: vec![1e-37], ..base.clone() }),
        ("eta", Config { eta: vec![0.1, 1e7], ..base.clone() }),
        ("bias_lr_scale", Config { bias_lr_scale: vec![1e-37], ..base.clone() }),
        ("bias_lr_scale", Config { eta: vec![1e-6], bias_lr_scale: vec![1e-6], ..base.clone() }),
        ("feedback_lr", Config { feedback_lr: 1e-37, ..base.clone() }),
        (
            "apical_bias_lr_scale",
            Config { feedback_lr: 1e-6, apical_bias_lr_scale: 1e-6, ..base.clone() },
        ),
        ("weight_decay", Config { weight_decay: 1e-30, ..base.clone() }),
        ("grad_clip", Config { grad_clip: 1e-20, ..base.clone() }),
        ("feedback_gain", Config { feedback_gain: 1e-20, ..base.clone() }),
        ("feedback_noise_sd", Config { feedback_noise_sd: 1e-20, ..symmetric.clone() }),
        ("apical_bias_sd", Config { apical_bias_sd: 1e-20, ..base.clone() }),
        ("beta1", Config { beta1: 1e-30, ..base.clone() }),
        ("beta2", Config { beta2: 1.0 - 1e-12, ..base.clone() }),
        ("g_apical", Config { g_apical: 1e-30, ..base.clone() }),
        ("phi_max", Config { phi_max: 1e-7, ..base.clone() }),
        ("eta", Config { eta: vec![f64::NAN], ..base.clone() }),
        ("feedback_sparsity", Config { feedback_sparsity: 1.0, ..base.clone() }),
        ("feedback_gain", Config { feedback_gain: f64::NAN, ..base.clone() }),
        ("feedback_gain", Config { feedback_gain: 2.0, ..symmetric.clone() }),
        ("feedback_sparsity", Config { feedback_sparsity: 0.5, ..symmetric.clone() }),
        ("feedback_lr", Config { feedback_lr: 0.1, ..symmetric.clone() }),
        ("feedback_lr", Config { feedback_lr: -0.1, ..base.clone() }),
        ("feedback_lr", Config { feedback_lr: 0.1, feedback_sparsity: 0.5, ..base.clone() }),
        ("apical_bias_sd", Config { apical_bias_sd: 0.1, ..symmetric.clone() }),
        ("apical_bias_sd", Config { apical_bias_sd: f64::NAN, ..base.clone() }),
        ("apical_bias_lr_scale", Config { apical_bias_lr_scale: -1.0, ..base.clone() }),
        ("feedback_noise_sd", Config { feedback_noise_sd: -1.0, ..symmetric.clone() }),
        ("feedback_noise_sd", Config { feedback_noise_sd: 0.1, ..base.clone() }),
        ("burst_baseline", Config { burst_baseline: 0.6, ..base.clone() }),
        ("burst_baseline", Config { burst_baseline: f64::NAN, ..base.clone() }),
        ("burst_slope", Config { burst_slope: -1.0, ..base.clone() }),
        ("burst_teacher", Config { burst_teacher: 1.1, ..base.clone() }),
        ("burst_teacher", Config { burst_baseline: 0.1, burst_teacher: 4.1, ..base.clone() }),
        (
            "feedback_signal",
            Config {
                dynamics: Dynamics::Spiking,
                feedback_signal: Signal::Rates,
                ..bursts.clone()
            },
        ),
        ("burst_teacher", Config { burst_teacher: 0.0, ..bursts.clone() }),
        ("event_feedback", Config { event_feedback: EventFeedback::Homeostatic, ..base.clone() }),
        ("event_feedback_lr", Config { event_feedback_lr: 0.0, ..base.clone() }),
        ("event_feedback_lr", Config { event_feedback_lr: 1e4, ..base.clone() }),
        ("feedback", Config { feedback: Feedback::Broadcast, ..bursts.clone() }),
        (
            "credit_assignment",
            Config { credit_assignment: CreditAssignment::Backpropagation, ..bursts.clone() },
        ),
        ("g_apical", Config { g_apical: 0.05, ..bursts.clone() }),
        ("apical_bias_sd", Config { apical_bias_sd: 0.1, ..bursts.clone() }),
        ("plateau_timing", Config { plateau_timing: PlateauTiming::Random, ..bursts }),
        ("lr_step_epochs", Config { lr_step_epochs: 0, ..base.clone() }),
        ("lr_step_gamma", Config { lr_step_gamma: 1.5, ..base.clone() }),
        ("lr_final_factor", Config { lr_final_factor: f64::NAN, ..base.clone() }),
        ("beta1", Config { beta1: 1.0, ..base.clone() }),
        ("optimizer_eps", Config { optimizer_eps: 0.0, ..base.clone() }),
        ("g_apical", Config { g_apical: 1.5, ..base.clone() }),
        ("phi_max", Config { phi_max: 0.0, ..base.clone() }),
        ("psp_kernel_ms", Config { psp_kernel_ms: 33, ..base.clone() }),
        ("g_apical", Config { dynamics: Dynamics::SteadyState, g_apical: 0.05, ..base.clone() }),
        ("phase_ms", Config { phase_ms: 35, ..random_times.clone() }),
        (
            "psp_kernel_ms",
            Config { psp_kernel_ms: 25, averaging_window: AveragingWindow::From30, ..random_times },
        ),
        ("phase_ms", Config { phase_ms: 25, ..base.clone() }),
        ("test_ms", Config { test_ms: 0, ..base.clone() }),
        ("test_average_from_ms", Config { test_average_from_ms: 250, ..base.clone() }),
    ];
    for (setting, config) in cases {
        let error = config.validate(784, 10).expect_err(setting);
        assert_eq!(error.setting, setting, "{error}");
    }
}

#[test]
fn error_names_choices_as_users_do() {
    let bursts = Config { rule: LearningRule::Bursts, ..Config::default() };
    let error = bursts.validate(784, 10).unwrap_err().to_string();
    assert_eq!(error, "feedback = broadcast: expected layerwise with rule = bursts");
}

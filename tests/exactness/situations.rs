//! The situations of the exactness tests: shapes, and settings of each replica.

use apical::config::{
    Config, CreditAssignment, Dynamics, EventFeedback, Feedback, FeedbackWeights, LearningRule,
    Optimizer, PlateauTiming, Signal,
};
use apical::model::lr_schedule::LrSchedule;
use apical::model::phases::AveragingWindow;
use apical::model::spikes::SpikeDistribution;
use apical::plan::{Capacity, shape};

use super::{CLASSES, IMAGES, SAMPLES, Situation, support};

/// Returns the situations: one to three replicas each, random images, and the limits of the default device.
pub fn situations() -> Vec<Situation> {
    let situation = |(number, (config, is_recorded)): (usize, (Config, bool))| {
        config.validate(100, CLASSES).expect("the settings are valid");
        let dataset =
            if is_recorded { support::random_recordings } else { support::random_dataset };
        let dataset = dataset(number as u64, 5 + number, 9, IMAGES);
        let configs: Vec<Config> =
            (0..1 + number % 3).map(|replica| varied(&config, replica)).collect();
        let capacity = Capacity {
            replicas: configs.len(),
            keeps_gradient: number % 2 == 0,
            ..support::capacity(SAMPLES + 1, 24, 40)
        };
        let shape = shape(&config, &dataset, &capacity);
        Situation {
            shape,
            configs,
            dataset,
            seed: 100 + number as u64,
            max_weight_binding: u64::MAX,
        }
    };
    let images = configs().into_iter().map(|config| (config, false));
    let recordings = recording_configs().into_iter().map(|config| (config, true));
    images.chain(recordings).enumerate().map(situation).collect()
}

/// Returns the settings of the situations that show recordings.
fn recording_configs() -> [Config; 3] {
    let base = base();
    [
        Config { layers: vec![70, 10], ..base.clone() },
        Config { layers: vec![33, 10], psp_kernel_ms: 0, g_apical: 0.05, ..base.clone() },
        Config { layers: vec![20], psp_kernel_ms: 18, optimizer: Optimizer::Sgd, ..base },
    ]
}

fn base() -> Config {
    Config { batch_size: 3, train_images: IMAGES, ..Config::default() }
}

/// Returns the settings of the situations that show images. Layers have 1 to 3000 neurons, also no multiples of a workgroup or vector.
/// Together they cover each kind of feedback, spike distribution, optimizer, averaging window and PSP kernel length.
fn configs() -> Vec<Config> {
    let base = base();
    let adam = Optimizer::Adam;
    let sgd = Optimizer::Sgd;
    let bursts = Config {
        rule: LearningRule::Bursts,
        feedback: Feedback::Layerwise,
        dynamics: Dynamics::SteadyState,
        burst_baseline: 0.2,
        burst_slope: 30.0,
        burst_teacher: 3.0,
        ..base.clone()
    };
    let spiking_bursts = Config { dynamics: Dynamics::Spiking, ..bursts.clone() };
    vec![
        Config { layers: vec![500, 10], optimizer: adam, ..base.clone() },
        Config { layers: vec![1, 10], optimizer: sgd, psp_kernel_ms: 1, ..base.clone() },
        Config { layers: vec![300, 10], phi_max: 0.004, ..base.clone() },
        Config { layers: vec![10], optimizer: sgd, ..base.clone() },
        Config {
            layers: vec![65, 33, 20],
            g_apical: 0.05,
            optimizer: sgd,
            feedback_weights: FeedbackWeights::Symmetric,
            feedback_noise_sd: 0.05,
            credit_assignment: CreditAssignment::Backpropagation,
            ..base.clone()
        },
        Config {
            layers: vec![17, 130, 10],
            psp_kernel_ms: 0,
            feedback: Feedback::Layerwise,
            feedback_weights: FeedbackWeights::Symmetric,
            ..base.clone()
        },
        Config {
            layers: vec![64, 7, 70],
            g_apical: 0.6,
            psp_kernel_ms: 0,
            optimizer: Optimizer::Momentum,
            weight_decay: 0.5,
            ..base.clone()
        },
        Config {
            layers: vec![31, 16, 30],
            spike_distribution: SpikeDistribution::Bernoulli,
            optimizer: Optimizer::Rmsprop,
            bias_lr_scale: vec![0.25, 0.0, 3.0],
            grad_clip: 1e-3,
            averaging_window: AveragingWindow::From30,
            credit_assignment: CreditAssignment::Backpropagation,
            feedback: Feedback::Layerwise,
            ..base.clone()
        },
        Config {
            layers: vec![40, 23, 10],
            feedback_signal: Signal::Rates,
            plateau_timing: PlateauTiming::Random,
            feedback: Feedback::Layerwise,
            ..base.clone()
        },
        Config {
            layers: vec![70, 10],
            feedback_signal: Signal::Rates,
            feedback_lr: 0.5,
            apical_bias_lr_scale: 0.0,
            optimizer: sgd,
            ..base.clone()
        },
        Config {
            layers: vec![33, 18, 20],
            plateau_timing: PlateauTiming::Random,
            g_apical: 0.05,
            psp_kernel_ms: 0,
            feedback_lr: 0.5,
            apical_bias_sd: 0.5,
            ..base.clone()
        },
        Config { layers: vec![40, 90, 10], signal: Signal::Rates, g_apical: 0.05, ..base.clone() },
        Config {
            layers: vec![33, 21, 20],
            signal: Signal::Rates,
            feedback_signal: Signal::Rates,
            feedback: Feedback::Layerwise,
            plateau_timing: PlateauTiming::Random,
            ..base.clone()
        },
        Config { layers: vec![50, 10], dynamics: Dynamics::SteadyState, ..base.clone() },
        Config {
            layers: vec![33, 128, 20],
            feedback_signal: Signal::Rates,
            feedback: Feedback::Layerwise,
            psp_kernel_ms: 0,
            g_apical: 0.05,
            feedback_lr: 0.5,
            apical_bias_sd: 0.5,
            ..base.clone()
        },
        Config {
            layers: vec![40, 23, 10],
            signal: Signal::Rates,
            g_apical: 0.05,
            psp_kernel_ms: 0,
            ..base.clone()
        },
        Config {
            layers: vec![17, 23, 10],
            g_apical: 0.05,
            psp_kernel_ms: 17,
            feedback_weights: FeedbackWeights::Symmetric,
            feedback_noise_sd: 0.05,
            ..base.clone()
        },
        Config {
            layers: vec![17, 130, 10],
            feedback: Feedback::Layerwise,
            feedback_lr: 0.25,
            apical_bias_sd: 0.25,
            g_apical: 0.05,
            ..base.clone()
        },
        // The last column range of the lower layer's feedback holds only biases.
        Config {
            layers: vec![17, 128, 10],
            feedback: Feedback::Layerwise,
            plateau_timing: PlateauTiming::Random,
            feedback_lr: 0.25,
            apical_bias_sd: 0.25,
            g_apical: 0.05,
            optimizer: sgd,
            ..base.clone()
        },
        Config {
            layers: vec![33, 130, 20],
            feedback_weights: FeedbackWeights::Symmetric,
            ..bursts.clone()
        },
        Config {
            layers: vec![17, 200, 10],
            dynamics: Dynamics::Spiking,
            signal: Signal::Rates,
            feedback_lr: 0.25,
            weight_decay: 0.5,
            event_feedback: EventFeedback::Homeostatic,
            ..bursts.clone()
        },
        Config {
            layers: vec![33, 200, 20],
            event_feedback: EventFeedback::Homeostatic,
            ..spiking_bursts.clone()
        },
        Config { layers: vec![10], ..spiking_bursts.clone() },
        Config {
            layers: vec![17, 40, 10],
            psp_kernel_ms: 0,
            averaging_window: AveragingWindow::From30,
            event_feedback: EventFeedback::Homeostatic,
            ..spiking_bursts.clone()
        },
        // Phases so short that the filter of the highest layer would begin before the image.
        Config {
            layers: vec![19, 18, 17, 16, 10],
            psp_kernel_ms: 18,
            phi_max: 0.9,
            feedback_lr: 0.25,
            optimizer: sgd,
            ..spiking_bursts
        },
        Config {
            layers: vec![3000, 70],
            phi_max: 0.9,
            psp_kernel_ms: 18,
            optimizer: sgd,
            ..base.clone()
        },
    ]
}

/// Returns settings that differ per replica but keep the shape of its arrays.
fn varied(config: &Config, replica: usize) -> Config {
    let change = replica as f64 / 16.0;
    Config {
        seed: config.seed + replica as u64,
        eta: config.eta.iter().map(|eta| eta * (1.0 + change)).collect(),
        g_apical: config.g_apical * (1.0 - change),
        phi_max: config.phi_max * (1.0 - change),
        beta1: config.beta1 - change,
        beta2: config.beta2 - change / 8.0,
        optimizer_eps: config.optimizer_eps * (1.0 + change),
        feedback_noise_sd: config.feedback_noise_sd * (1.0 + change),
        feedback_lr: config.feedback_lr * (1.0 + change),
        apical_bias_lr_scale: config.apical_bias_lr_scale * (1.0 - change),
        burst_baseline: config.burst_baseline * (1.0 - change),
        burst_slope: config.burst_slope * (1.0 + change),
        burst_teacher: config.burst_teacher * (1.0 - change),
        event_feedback_lr: config.event_feedback_lr * (1.0 + change),
        lr_schedule: if replica == 1 { LrSchedule::Cosine } else { LrSchedule::Constant },
        warmup_images: 10 * replica as u64,
        ..config.clone()
    }
}

//! Proves: no kernel stores a subnormal number, or a nonzero weight, error or gradient below the flush threshold.
//! The weights of the tested networks start near this threshold and shrink past it, with each optimizer, kind of
//! feedback and signal. So a device's treatment of subnormal numbers does not change a result.
//!
//! Does not prove: that a device computes the same bits (see `exactness.rs` and the command's test on SwiftShader).

use apical::config::{
    Config, CreditAssignment, Dynamics, Feedback, FeedbackWeights, Optimizer, PlateauTiming, Signal,
};
use apical::interface::{ArrayId, Values};
use apical::model::exact_math::{SMALLEST_MOMENT, SMALLEST_WEIGHT};
use apical::model::lr_schedule::LrSchedule;
use apical::network::Network;
use apical::plan;
use apical::simulation::Simulation;
use apical::train::order;

use crate::support;

fn configs() -> Vec<Config> {
    let base = Config {
        layers: vec![12, 8, 10],
        epochs: 1,
        batch_size: 1,
        optimizer: Optimizer::Sgd,
        lr_schedule: LrSchedule::Constant,
        warmup_images: 0,
        eta: vec![0.1],
        weight_decay: 5.0,
        ..Config::default()
    };
    vec![
        base.clone(),
        Config { feedback_lr: 0.1, apical_bias_sd: 1e-9, g_apical: 0.299, ..base.clone() },
        Config { psp_kernel_ms: 0, g_apical: 0.05, optimizer: Optimizer::Momentum, ..base.clone() },
        Config {
            optimizer: Optimizer::Adam,
            eta: vec![1e-9],
            beta1: 1e-6,
            beta2: 0.999999,
            optimizer_eps: 1e-12,
            ..base.clone()
        },
        Config { optimizer: Optimizer::Rmsprop, grad_clip: 1e-9, eta: vec![1e-9], ..base.clone() },
        Config {
            feedback_weights: FeedbackWeights::Symmetric,
            credit_assignment: CreditAssignment::Backpropagation,
            ..base.clone()
        },
        Config {
            signal: Signal::Rates,
            feedback_signal: Signal::Rates,
            feedback: Feedback::Layerwise,
            plateau_timing: PlateauTiming::Random,
            ..base.clone()
        },
        Config { dynamics: Dynamics::SteadyState, ..base.clone() },
        Config { lr_schedule: LrSchedule::Step, lr_step_gamma: 0.0, eta: vec![1e-9], ..base },
    ]
}

/// Returns the smallest nonzero magnitude that an array holds.
fn smallest(array: ArrayId) -> f32 {
    match array {
        ArrayId::Weights(_)
        | ArrayId::Feedback(_)
        | ArrayId::EventFeedback(_)
        | ArrayId::Errors(_)
        | ArrayId::Gradient(_) => SMALLEST_WEIGHT,
        ArrayId::Moments(_) => SMALLEST_MOMENT,
        // Sums: only subnormal numbers are excluded.
        _ => f32::MIN_POSITIVE,
    }
}

#[test]
fn stored_values_are_zero_or_above_flush_threshold() {
    for (number, config) in configs().into_iter().enumerate() {
        let dataset = support::random_dataset(7, 5, 6, 30);
        config.validate(dataset.pixels(), dataset.classes).expect("the settings are valid");
        let capacity = plan::Capacity {
            keeps_gradient: true,
            ..support::capacity(1, dataset.training_count + dataset.test_count, 128)
        };
        let mut network = Network::initial(&config, dataset.pixels());
        // Weights of up to 1e-14, near the flush threshold; each minibatch halves them.
        for layer in &mut network.layers {
            let weights = layer.weights.iter_mut().chain(&mut layer.feedback);
            weights.for_each(|weight| *weight *= 1e-14);
        }
        let backend = support::cpu(&config, &dataset, &capacity);
        let mut simulation =
            Simulation::new(backend, &config, &dataset, &network).expect("the network fits");
        for image in order(&config, &dataset, 1) {
            let (minibatches, samples, launches) = simulation.prepare_training(&[image]);
            for launch in launches {
                let backend = simulation.backend();
                backend.run(&minibatches, &samples, &[launch]).expect("the CPU runs");
                for array in launch.writes() {
                    if let Values::F32(values) = backend.read(array).expect("the CPU reads") {
                        check(&format!("settings {number}, {launch:?}: {array}"), &values, array);
                    }
                }
            }
        }
    }
}

fn check(label: &str, values: &[f32], array: ArrayId) {
    for value in values {
        let is_large = value.abs() >= smallest(array);
        assert!(value.to_bits() == 0 || is_large || !value.is_finite(), "{label}: {value:e}");
    }
}

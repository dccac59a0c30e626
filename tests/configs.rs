//! Proves: random combinations of settings, including extreme values, either fail with an error that names a setting,
//! or train to equal bits on both backends.
//!
//! Does not prove: that the networks learn, or anything about combinations outside the fixed random sample.

use std::cell::Cell;
use std::ops::ControlFlow;

use apical::config::file::Assignment;
use apical::config::{Config, Dynamics, EventFeedback, Feedback, LearningRule};
use apical::device::{BackendKind, DeviceOptions};
use apical::network::Network;
use apical::train::{TrainError, Training};
use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::{Config as Cases, RngAlgorithm, TestRng, TestRunner};

use crate::support;

/// Typical values, bounds and out-of-range values of each setting.
const VALUES: &[(&str, &[&str])] = &[
    ("layers", &["10", "7:10", "5:20", "9:8:10", "3:5:4:10", "10:7", "0"]),
    ("epochs", &["1", "2", "0"]),
    ("train_images", &["1", "5", "9", "13"]),
    ("validation_images", &["0", "3", "12"]),
    ("test_images", &["1", "4"]),
    ("batch_size", &["1", "2", "7", "65535", "0"]),
    ("eta", &["0", "0.01", "0.3:0.1", "1e30", "0.1:0.2:0.3", "-1", "nan"]),
    ("bias_lr_scale", &["0", "1", "2:0.5", "inf"]),
    ("weight_decay", &["0", "0.1", "1e6", "2e6"]),
    ("grad_clip", &["0", "1e-9", "1"]),
    ("lr_schedule", &["constant", "step", "cosine"]),
    ("warmup_images", &["0", "1", "4294967295"]),
    ("lr_step_epochs", &["1", "0", "4294967295"]),
    ("lr_step_gamma", &["0", "1", "1.5"]),
    ("lr_final_factor", &["0", "1"]),
    ("optimizer", &["sgd", "momentum", "rmsprop", "adam"]),
    ("beta1", &["0", "0.9", "0.9999999999999999", "1"]),
    ("beta2", &["0", "0.999", "1"]),
    ("optimizer_eps", &["1e-12", "1", "0"]),
    ("seed", &["0", "18446744073709551615"]),
    ("weight_init", &["paper-commit", "latest-commit", "zero-mean"]),
    ("rule", &["phases", "bursts"]),
    ("burst_baseline", &["1e-9", "0.2", "0.5", "0.6", "0"]),
    ("burst_slope", &["0", "4", "1e6", "-1"]),
    ("burst_teacher", &["1e-9", "1", "3", "5", "0"]),
    ("event_feedback", &["cancelling", "homeostatic"]),
    ("event_feedback_lr", &["1e-9", "0.01", "1e3", "0", "2e3"]),
    ("feedback", &["broadcast", "layerwise"]),
    ("credit_assignment", &["plateaus", "backpropagation"]),
    ("feedback_weights", &["fixed", "symmetric"]),
    ("feedback_noise_sd", &["0", "0.05", "1e6"]),
    ("feedback_sparsity", &["0", "0.8", "0.99", "1"]),
    ("feedback_gain", &["0", "1", "5", "1e6"]),
    ("feedback_lr", &["0", "0.1", "1e6"]),
    ("apical_bias_sd", &["0", "0.1", "1e6"]),
    ("apical_bias_lr_scale", &["0", "1"]),
    ("dynamics", &["spiking", "steady-state"]),
    ("signal", &["spikes", "rates"]),
    ("feedback_signal", &["spikes", "rates"]),
    ("plateau_timing", &["synchronous", "random"]),
    ("g_apical", &["0", "0.05", "0.9", "1"]),
    ("spike_distribution", &["poisson", "bernoulli"]),
    ("phi_max", &["1e-300", "1e-9", "0.2", "1", "0"]),
    ("psp_kernel_ms", &["0", "1", "2", "10", "32", "33"]),
    ("phase_ms", &["1", "30", "50", "64"]),
    ("phase_jitter", &["inverse-gaussian", "none"]),
    ("averaging_window", &["last20", "from30", "last"]),
    ("test_ms", &["1", "40", "250"]),
    ("test_average_from_ms", &["0", "30", "250"]),
    ("weight_stats_every", &["0", "1"]),
    ("eval_every", &["0", "1", "4"]),
    ("eval_images", &["0", "1", "100"]),
];

/// Trains a network on a small random data set.
fn train(config: &Config, backend: BackendKind) -> Result<Network, TrainError> {
    let dataset = (*support::random_dataset(3, 4, 5, 12)).clone();
    let options = DeviceOptions { backend, ..DeviceOptions::default() };
    let mut training = Training::new(config.clone(), dataset, &options)?;
    training.run(&mut |_| ControlFlow::Continue(()))?;
    Ok(training.networks()[0].clone())
}

/// Returns a strategy for the key of a setting and one of its values.
fn assignment() -> impl Strategy<Value = (&'static str, &'static str)> {
    let each = VALUES
        .iter()
        .map(|&(key, values)| select(values).prop_map(move |value| (key, value)).boxed());
    proptest::strategy::Union::new(each)
}

#[test]
fn values_cover_every_setting() {
    let table = toml::Table::try_from(Config::default()).unwrap();
    let known: Vec<&str> = table.keys().map(String::as_str).collect();
    let mut tried: Vec<&str> = VALUES.iter().map(|(key, _)| *key).collect();
    tried.sort_unstable();
    let mut sorted = known.clone();
    sorted.sort_unstable();
    assert_eq!(tried, sorted);
}

/// Returns settings of a small network.
fn base() -> Config {
    Config {
        layers: vec![6, 10],
        train_images: 5,
        test_images: 3,
        epochs: 1,
        batch_size: 2,
        eval_every: 0,
        ..Config::default()
    }
}

#[test]
fn random_settings_fail_or_train_to_equal_bits() {
    let (trainings, refusals) = check_random_changes(&base(), 60);
    assert!(trainings >= 15 && refusals >= 10, "{trainings} trainings, {refusals} refusals");
}

#[test]
fn random_bursts_fail_or_train_to_equal_bits() {
    // Random changes of the default nearly never meet all that bursts require.
    for (dynamics, event_feedback) in [
        (Dynamics::SteadyState, EventFeedback::Cancelling),
        (Dynamics::SteadyState, EventFeedback::Homeostatic),
        (Dynamics::Spiking, EventFeedback::Cancelling),
        (Dynamics::Spiking, EventFeedback::Homeostatic),
    ] {
        let rule = LearningRule::Bursts;
        let feedback = Feedback::Layerwise;
        let base = Config { rule, feedback, dynamics, event_feedback, ..base() };
        let (trainings, refusals) = check_random_changes(&base, 40);
        assert!(trainings >= 10 && refusals >= 5, "{trainings} trainings, {refusals} refusals");
    }
}

/// Checks `cases` random changes of these settings on both backends. Returns the numbers of trainings and refusals.
fn check_random_changes(base: &Config, cases: u32) -> (u32, u32) {
    let cases = Cases { cases, failure_persistence: None, ..Cases::default() };
    let mut runner =
        TestRunner::new_with_rng(cases, TestRng::deterministic_rng(RngAlgorithm::ChaCha));
    let (trainings, refusals) = (Cell::new(0), Cell::new(0));
    let assignments = prop::collection::vec(assignment(), 0..9);
    let result = runner.run(&assignments, |assignments| {
        let mut config = base.clone();
        for (key, value) in &assignments {
            match format!("{key}={value}").parse::<Assignment>() {
                Ok(assignment) => assignment.apply(&mut config).expect("parsing checks the value"),
                Err(refusal) => {
                    prop_assert!(refusal.to_string().contains(value), "{refusal}");
                    refusals.set(refusals.get() + 1);
                    return Ok(());
                }
            }
        }
        let on_cpu = train(&config, BackendKind::Cpu);
        let on_gpu = train(&config, BackendKind::Gpu);
        match (on_cpu, on_gpu) {
            (Ok(cpu), Ok(gpu)) => {
                trainings.set(trainings.get() + 1);
                prop_assert!(cpu == gpu, "{assignments:?}: weights differ between backends");
            }
            (Err(TrainError::Config(cpu)), Err(TrainError::Config(gpu))) => {
                refusals.set(refusals.get() + 1);
                prop_assert!(!cpu.reason.is_empty() && cpu == gpu);
                prop_assert!(VALUES.iter().any(|(key, _)| *key == cpu.setting), "{cpu}");
            }
            (Err(cpu), Err(gpu)) => prop_assert_eq!(cpu.to_string(), gpu.to_string()),
            (cpu, gpu) => {
                let (cpu, gpu) = (cpu.err(), gpu.err());
                prop_assert!(false, "{assignments:?}: only one backend trains: {cpu:?}, {gpu:?}");
            }
        }
        Ok(())
    });
    result.unwrap_or_else(|error| panic!("{error}"));
    (trainings.get(), refusals.get())
}

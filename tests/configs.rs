//! Proves that settings, however they are put together, are either refused with a reason that names one of them, or train
//! on both backends, to the same bits; extreme values of every setting are among them.
//!
//! Does not prove that all of them learn anything, nor all combinations: each run tries some, the same each time.

use std::cell::Cell;
use std::ops::ControlFlow;

use apical::config::Config;
use apical::config::file::Assignment;
use apical::network::Network;
use apical::schedule::{BackendChoice, Selection};
use apical::train::{TrainError, Training};
use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::{Config as Cases, RngAlgorithm, TestRng, TestRunner};

use crate::support;

/// Of each setting usual values, bounds, and what is beyond them.
const VALUES: &[(&str, &[&str])] = &[
    ("layers", &["10", "7:10", "5:20", "9:8:10", "3:5:4:10", "10:7", "0"]),
    ("epochs", &["1", "2", "0"]),
    ("images", &["1", "5", "9", "13"]),
    ("validation", &["0", "3", "12"]),
    ("test_images", &["1", "4"]),
    ("batch", &["1", "2", "7", "65535", "0"]),
    ("eta", &["0", "0.01", "0.3:0.1", "1e30", "0.1:0.2:0.3", "-1", "nan"]),
    ("eta_bias", &["0", "1", "2:0.5", "inf"]),
    ("weight_decay", &["0", "0.1", "1e6", "2e6"]),
    ("clip", &["0", "1e-9", "1"]),
    ("schedule", &["constant", "step", "cosine"]),
    ("ramp", &["0", "1", "4294967295"]),
    ("step_epochs", &["1", "0", "4294967295"]),
    ("step_factor", &["0", "1", "1.5"]),
    ("final_rate", &["0", "1"]),
    ("optimizer", &["sgd", "momentum", "rmsprop", "adam"]),
    ("beta1", &["0", "0.9", "0.9999999999999999", "1"]),
    ("beta2", &["0", "0.999", "1"]),
    ("epsilon", &["1e-12", "1", "0"]),
    ("seed", &["0", "18446744073709551615"]),
    ("initial", &["cited", "latest", "centred"]),
    ("feedback", &["broadcast", "layerwise"]),
    ("hidden_errors", &["plateaus", "backpropagation"]),
    ("feedback_weights", &["fixed", "symmetric"]),
    ("feedback_noise", &["0", "0.05", "1e6"]),
    ("feedback_sparsity", &["0", "0.8", "0.99", "1"]),
    ("feedback_gain", &["0", "1", "5", "1e6"]),
    ("feedback_eta", &["0", "0.1", "1e6"]),
    ("apical_bias", &["0", "0.1", "1e6"]),
    ("apical_bias_eta", &["0", "1"]),
    ("dynamics", &["spiking", "steady-state"]),
    ("transmission", &["spikes", "rates"]),
    ("feedback_transmission", &["spikes", "rates"]),
    ("plateau_times", &["synchronous", "random"]),
    ("g_apical", &["0", "0.05", "0.9", "1"]),
    ("spikes", &["poisson", "bernoulli"]),
    ("phi_max", &["1e-300", "1e-9", "0.2", "1", "0"]),
    ("taps", &["0", "1", "2", "10", "32", "33"]),
    ("phase_steps", &["1", "30", "50", "64"]),
    ("phase_extra", &["inverse-gaussian", "none"]),
    ("averaging", &["last20", "from30", "last"]),
    ("test_steps", &["1", "40", "250"]),
    ("test_from", &["0", "30", "250"]),
    ("weights_every", &["0", "1"]),
    ("quick_test_every", &["0", "1", "4"]),
    ("quick_test_images", &["0", "1", "100"]),
];

/// Trains; why it cannot, or the network.
fn trained(config: &Config, backend: BackendChoice) -> Result<Network, TrainError> {
    let dataset = (*support::random_dataset(3, 4, 5, 12)).clone();
    let selection = Selection { backend, ..Selection::default() };
    let mut training = Training::new(config.clone(), dataset, &selection)?;
    training.run(&mut |_| ControlFlow::Continue(()))?;
    Ok(training.network().clone())
}

/// Of a setting, its number and one of its values.
fn choice() -> impl Strategy<Value = (&'static str, &'static str)> {
    let each = VALUES
        .iter()
        .map(|&(key, values)| select(values).prop_map(move |value| (key, value)).boxed());
    proptest::strategy::Union::new(each)
}

#[test]
fn every_setting_is_tried() {
    let table = toml::Table::try_from(Config::default()).unwrap();
    let known: Vec<&str> = table.keys().map(String::as_str).collect();
    let mut tried: Vec<&str> = VALUES.iter().map(|(key, _)| *key).collect();
    tried.sort_unstable();
    let mut sorted = known.clone();
    sorted.sort_unstable();
    assert_eq!(tried, sorted);
}

#[test]
fn settings_are_refused_with_a_reason_or_train_alike_on_both_backends() {
    let base = Config {
        layers: vec![6, 10],
        images: 5,
        test_images: 3,
        epochs: 1,
        batch: 2,
        quick_test_every: 0,
        ..Config::default()
    };
    let cases = Cases { cases: 60, failure_persistence: None, ..Cases::default() };
    let mut runner =
        TestRunner::new_with_rng(cases, TestRng::deterministic_rng(RngAlgorithm::ChaCha));
    let (trainings, refusals) = (Cell::new(0), Cell::new(0));
    let choices = prop::collection::vec(choice(), 0..9);
    let result = runner.run(&choices, |choices| {
        let mut config = base.clone();
        for (key, value) in &choices {
            match format!("{key}={value}").parse::<Assignment>() {
                Ok(assignment) => assignment.apply(&mut config).expect("it was read before"),
                Err(refusal) => {
                    prop_assert!(refusal.to_string().contains(value), "{refusal}");
                    refusals.set(refusals.get() + 1);
                    return Ok(());
                }
            }
        }
        let on_cpu = trained(&config, BackendChoice::Cpu);
        let on_gpu = trained(&config, BackendChoice::Gpu);
        match (on_cpu, on_gpu) {
            (Ok(cpu), Ok(gpu)) => {
                trainings.set(trainings.get() + 1);
                prop_assert!(cpu == gpu, "{choices:?}: other weights on the GPU");
            }
            (Err(TrainError::Config(cpu)), Err(TrainError::Config(gpu))) => {
                refusals.set(refusals.get() + 1);
                prop_assert!(!cpu.reason.is_empty() && cpu == gpu);
                prop_assert!(VALUES.iter().any(|(key, _)| *key == cpu.setting), "{cpu}");
            }
            (Err(cpu), Err(gpu)) => prop_assert_eq!(cpu.to_string(), gpu.to_string()),
            (cpu, gpu) => {
                let (cpu, gpu) = (cpu.err(), gpu.err());
                prop_assert!(false, "{choices:?}: one backend trains: {cpu:?}, {gpu:?}");
            }
        }
        Ok(())
    });
    result.unwrap_or_else(|error| panic!("{error}"));
    let (trainings, refusals) = (trainings.get(), refusals.get());
    assert!(trainings >= 15 && refusals >= 10, "{trainings} trained, {refusals} were refused");
}

//! Proves: networks trained together end with the bits of networks trained alone, on the CPU and on this machine's
//! GPU. They have their own depth, batch size, optimizer, apical conductance and other settings, on any number of
//! threads. Networks of other shapes, and networks beyond the memory limit, train in further groups.
//!
//! Does not prove: that a single network is right (see `golden.rs` and `learning.rs`), that CPU and GPU agree on it
//! (see `trainings.rs`), or the behaviour of a GPU whose memory is full.

#[path = "replicas/groups.rs"]
mod groups;

use std::ops::ControlFlow;
use std::sync::Arc;

use apical::config::{
    Config, Dynamics, EventFeedback, Feedback, LearningRule, Optimizer, PlateauTiming, Variant,
    variants,
};
use apical::dataset::Dataset;
use apical::device::{BackendKind, DeviceOptions};
use apical::interface::ValuesRef;
use apical::model::phases::AveragingWindow;
use apical::model::spikes::SpikeDistribution;
use apical::model::weight_init::WeightInit;
use apical::network::Network;
use apical::train::{Event, Training};

use crate::support;

/// Result of a training.
#[derive(Clone, Debug, PartialEq)]
struct Outcome {
    network: Network,
    confusion: Vec<Vec<u32>>,
    /// Error of each test, %.
    errors: Vec<f64>,
}

/// Indices of a group's networks, and the reason for its limited size.
type Group = (Vec<usize>, Option<String>);

fn on(backend: BackendKind) -> DeviceOptions {
    DeviceOptions { backend, ..DeviceOptions::default() }
}

fn error_of(event: &Event) -> f64 {
    match *event {
        Event::PartialEval { test_error, .. } | Event::Epoch { test_error, .. } => test_error,
        Event::Progress { .. } | Event::TestProgress { .. } => {
            panic!("a progress event of a single network")
        }
        Event::Weights { .. } => panic!("no statistics were requested"),
        Event::Checkpoint { .. } => panic!("no checkpoints were requested"),
        Event::GroupStarted { .. } | Event::Finished { .. } => panic!("an event without an error"),
        Event::Network { .. } | Event::RequestedEval { .. } => panic!("nothing was requested"),
    }
}

fn train_alone(config: &Config, dataset: &Dataset) -> Outcome {
    let options = on(BackendKind::Cpu);
    let mut training =
        Training::new(config.clone(), dataset.clone(), &options).expect("the CPU opens");
    let mut errors = Vec::new();
    let summary = training.run(&mut |event| {
        if !matches!(
            event,
            Event::GroupStarted { .. } | Event::Progress { .. } | Event::Finished { .. }
        ) {
            errors.push(error_of(event));
        }
        ControlFlow::Continue(())
    });
    let confusion = summary.expect("the training runs").evaluations.swap_remove(0).confusion;
    Outcome { network: training.networks()[0].clone(), confusion, errors }
}

fn train_together(
    variants: &[Variant],
    dataset: &Dataset,
    options: &DeviceOptions,
) -> (Vec<Outcome>, Vec<Group>) {
    let mut training =
        Training::of_variants(variants, dataset.clone(), options).expect("the networks fit");
    let mut outcomes: Vec<Option<Outcome>> = vec![None; variants.len()];
    let mut errors = vec![Vec::new(); variants.len()];
    let mut groups = Vec::new();
    let summary = training.run(&mut |event| {
        match event {
            Event::GroupStarted { replicas, limited_by, .. } => {
                groups.push((replicas.clone(), limited_by.clone()));
            }
            Event::Progress { .. } | Event::TestProgress { .. } => {}
            &Event::Finished { replica, ref network, ref evaluation, .. } => {
                let confusion = evaluation.confusion.clone();
                let errors = errors[replica].clone();
                let network = (**network).clone();
                assert!(
                    outcomes[replica].replace(Outcome { network, confusion, errors }).is_none()
                );
            }
            event => {
                errors[event.replica().expect("an event of one network")].push(error_of(event))
            }
        }
        ControlFlow::Continue(())
    });
    assert!(!summary.expect("the trainings run").stopped);
    let outcomes = outcomes.into_iter().map(|outcome| outcome.expect("each network finishes"));
    (outcomes.collect(), groups)
}

fn of_configs(configs: Vec<Config>) -> Vec<Variant> {
    let variant = |config| Variant { index: 0, combination: 0, settings: Vec::new(), config };
    configs.into_iter().map(variant).collect()
}

/// Asserts equal outcomes; the message has the first weight that differs.
fn assert_same(label: &str, a: &Outcome, b: &Outcome) {
    for (layer, (a, b)) in a.network.layers.iter().zip(&b.network.layers).enumerate() {
        let label = format!("{label}: layer {layer}");
        for (a, b) in [
            (&a.weights, &b.weights),
            (&a.feedback, &b.feedback),
            (&a.apical_biases, &b.apical_biases),
            (&a.event_feedback, &b.event_feedback),
        ] {
            support::assert_same_bits(&label, ValuesRef::F32(a), ValuesRef::F32(b));
        }
    }
    assert_eq!(a.confusion, b.confusion, "{label}");
    assert_eq!(a.errors, b.errors, "{label}");
}

/// Returns three settings that differ but can train in one group.
fn three(base: &Config) -> Vec<Config> {
    let third = Config {
        seed: 77,
        eta: base.eta.iter().map(|eta| eta / 2.0).collect(),
        g_apical: base.g_apical / 2.0,
        phi_max: 0.3,
        beta1: 0.8,
        beta2: 0.99,
        optimizer_eps: 1e-4,
        feedback_lr: base.feedback_lr / 2.0,
        apical_bias_sd: base.apical_bias_sd / 2.0,
        apical_bias_lr_scale: 2.0,
        weight_init: WeightInit::PaperCommit,
        spike_distribution: SpikeDistribution::Bernoulli,
        averaging_window: AveragingWindow::From30,
        test_ms: 200,
        test_average_from_ms: 50,
        ..base.clone()
    };
    vec![base.clone(), Config { seed: base.seed + 1, ..base.clone() }, third]
}

/// Returns trainings with 0 to 2 hidden layers, batch sizes 1 and 4 (the last of 10 images is smaller), with and
/// without apical conductance, SGD and Adam; one with learned feedback and random plateau times, and two with bursts.
fn trainings() -> Vec<Vec<Config>> {
    let mut trainings = Vec::new();
    for (seed, layers) in (1..).zip([vec![10], vec![23, 10], vec![21, 13, 20]]) {
        for batch in [1, 4] {
            for g_apical in [0.0, 0.05] {
                for (optimizer, eta) in [(Optimizer::Sgd, 0.2), (Optimizer::Adam, 0.01)] {
                    trainings.push(three(&Config {
                        layers: layers.clone(),
                        batch_size: batch,
                        eta: vec![eta],
                        g_apical,
                        optimizer,
                        seed,
                        epochs: 2,
                        train_images: 10,
                        test_images: 7,
                        eval_every: 5,
                        eval_images: 3,
                        ..Config::default()
                    }));
                }
            }
        }
    }
    let last = trainings[trainings.len() - 1][0].clone();
    trainings.push(three(&Config {
        optimizer: Optimizer::Sgd,
        eta: vec![0.2],
        feedback_lr: 0.5,
        apical_bias_sd: 0.25,
        plateau_timing: PlateauTiming::Random,
        ..last
    }));
    let bursts = Config {
        rule: LearningRule::Bursts,
        feedback: Feedback::Layerwise,
        dynamics: Dynamics::SteadyState,
        feedback_lr: 0.5,
        event_feedback: EventFeedback::Homeostatic,
        event_feedback_lr: 0.5,
        ..trainings[trainings.len() - 2][0].clone()
    };
    let mut bursts = three(&Config { g_apical: 0.0, apical_bias_sd: 0.0, ..bursts });
    bursts[2] =
        Config { burst_baseline: 0.2, burst_slope: 10.0, burst_teacher: 3.0, ..bursts[2].clone() };
    let spiking = Config { dynamics: Dynamics::Spiking, ..bursts[2].clone() };
    trainings.push(bursts);
    trainings.push(three(&spiking));
    trainings
}

fn dataset() -> Arc<Dataset> {
    support::random_dataset(5, 8, 9, 12)
}

/// Compares networks trained together on a device with each trained alone.
fn check(options: &DeviceOptions, trainings: Vec<Vec<Config>>) {
    let dataset = dataset();
    let backend = options.backend;
    for configs in trainings {
        let (outcomes, groups) = train_together(&of_configs(configs.clone()), &dataset, options);
        assert_eq!(groups, [(vec![0, 1, 2], None)], "{:?}", configs[0]);
        for (config, outcome) in configs.iter().zip(&outcomes) {
            let alone = train_alone(config, &dataset);
            assert_same(&format!("{backend:?}, {config:?}"), outcome, &alone);
        }
        // Equal networks would make the comparison meaningless.
        assert_ne!(outcomes[0].network, outcomes[1].network);
        assert_ne!(
            outcomes[0].network.layers[0].weights,
            Network::initial(&configs[0], 72).layers[0].weights
        );
    }
}

#[test]
fn replicas_on_cpu_equal_single_trainings() {
    check(&on(BackendKind::Cpu), trainings());
}

#[test]
fn replicas_on_gpu_equal_single_trainings() {
    check(&on(BackendKind::Gpu), trainings());
}

/// With more threads than networks, threads share a network's layers.
#[test]
fn replicas_are_independent_of_threads() {
    let dataset = dataset();
    for g_apical in [0.0, 0.05] {
        let base = Config {
            layers: vec![150, 70, 10],
            batch_size: 1,
            train_images: 8,
            test_images: 5,
            epochs: 1,
            g_apical,
            ..Config::default()
        };
        let two = variants(&base, &[], 2).unwrap();
        let alone = [0, 1].map(|index: usize| train_alone(&two[index].config, &dataset));
        for threads in [1, 2, 5] {
            let options = DeviceOptions { threads, ..on(BackendKind::Cpu) };
            let (outcomes, _) = train_together(&two, &dataset, &options);
            for (outcome, alone) in outcomes.iter().zip(&alone) {
                assert_same(&format!("{threads} threads"), outcome, alone);
            }
        }
    }
}

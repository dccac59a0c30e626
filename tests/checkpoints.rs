//! Proves: a training resumed from a checkpoint ends with the bits of an uninterrupted training, on either backend.
//! Checkpoints are taken within an epoch, before and after a partial test and at an epoch's end, for each kind of
//! persistent state. Both backends write equal checkpoints. Networks at different positions resume each from its own. A
//! checkpoint file restores its content; damaged files and files of other runs are errors.
//!
//! Does not prove: that the command writes and finds checkpoints (see `cli/tests/command_line/resume.rs`).

#[path = "checkpoints/files.rs"]
mod files;
#[path = "checkpoints/folder.rs"]
mod folder;
#[path = "checkpoints/other_images.rs"]
mod other_images;
#[path = "checkpoints/positions.rs"]
mod positions;
#[path = "checkpoints/replicas.rs"]
mod replicas;

use std::ops::ControlFlow;

use apical::config::{
    Config, Dynamics, EventFeedback, Feedback, FeedbackWeights, LearningRule, Optimizer,
    PlateauTiming, Signal,
};
use apical::dataset::Dataset;
use apical::device::{BackendKind, DeviceOptions};
use apical::network::Network;
use apical::train::{Checkpoint, CheckpointInterval, Event, TrainPosition, Training};

use crate::support;

fn dataset() -> Dataset {
    (*support::random_dataset(5, 9, 8, 40)).clone()
}

fn base() -> Config {
    Config {
        layers: vec![21, 18, 10],
        train_images: 30,
        test_images: 7,
        batch_size: 4,
        epochs: 2,
        eval_every: 12,
        eval_images: 3,
        test_ms: 100,
        test_average_from_ms: 20,
        ..Config::default()
    }
}

/// Returns settings that differ in their persistent state, with labels.
fn configs() -> Vec<(&'static str, Config)> {
    let rates = Config { signal: Signal::Rates, ..base() };
    let feedback_rates = Config { feedback_signal: Signal::Rates, ..base() };
    let bursts = Config {
        rule: LearningRule::Bursts,
        feedback: Feedback::Layerwise,
        dynamics: Dynamics::SteadyState,
        ..base()
    };
    vec![
        ("finite PSP kernel, Adam", base()),
        ("infinite PSP kernel", Config { psp_kernel_ms: 0, optimizer: Optimizer::Sgd, ..base() }),
        ("apical voltages", Config { g_apical: 0.6, ..base() }),
        (
            "apical voltages, infinite PSP kernel",
            Config { g_apical: 0.6, psp_kernel_ms: 0, ..base() },
        ),
        ("rates", rates.clone()),
        ("rates and apical voltages", Config { g_apical: 0.05, ..rates }),
        ("feedback by rates", feedback_rates),
        ("learned feedback", Config { feedback_lr: 0.1, apical_bias_sd: 0.1, ..base() }),
        (
            "noisy symmetric feedback",
            Config {
                feedback_weights: FeedbackWeights::Symmetric,
                feedback_noise_sd: 0.05,
                ..base()
            },
        ),
        ("random plateaus", Config { plateau_timing: PlateauTiming::Random, ..base() }),
        ("steady state", Config { dynamics: Dynamics::SteadyState, ..base() }),
        ("bursts", Config { feedback_lr: 0.1, weight_decay: 0.1, ..bursts.clone() }),
        (
            "bursts per step",
            Config { dynamics: Dynamics::Spiking, signal: Signal::Rates, ..bursts.clone() },
        ),
        (
            "bursts, homeostatic",
            Config {
                event_feedback: EventFeedback::Homeostatic,
                event_feedback_lr: 0.5,
                ..bursts.clone()
            },
        ),
        (
            "bursts of spikes, homeostatic",
            Config {
                dynamics: Dynamics::Spiking,
                event_feedback: EventFeedback::Homeostatic,
                ..bursts.clone()
            },
        ),
        ("bursts of spikes", Config { dynamics: Dynamics::Spiking, ..bursts }),
        ("batch size 1", Config { batch_size: 1, eval_every: 0, ..base() }),
    ]
}

fn on(backend: BackendKind) -> DeviceOptions {
    DeviceOptions { backend, ..DeviceOptions::default() }
}

/// Reproducible events and the final network.
type Outcome = (Vec<String>, Network);

/// Returns the part of an event that does not depend on time.
fn reproducible(event: &Event) -> Option<String> {
    match event {
        Event::PartialEval { .. } => Some(format!("{event:?}")),
        Event::Epoch { epoch, train_error, test_error, loss, .. } => {
            Some(format!("{epoch} {train_error} {test_error} {loss:?}"))
        }
        _ => None,
    }
}

/// Runs a training. Returns the outcome and the checkpoints, each with the number of reproducible events before it.
fn run(
    mut training: Training,
    interval: Option<CheckpointInterval>,
) -> (Outcome, Vec<(usize, Checkpoint)>) {
    if let Some(interval) = interval {
        training.send_checkpoints(interval);
    }
    let (mut events, mut checkpoints) = (Vec::new(), Vec::new());
    let summary = training.run(&mut |event| {
        if let Event::Checkpoint { checkpoint, .. } = event {
            checkpoints.push((events.len(), (**checkpoint).clone()));
        }
        events.extend(reproducible(event));
        ControlFlow::Continue(())
    });
    assert!(!summary.expect("the training runs").stopped);
    ((events, training.networks()[0].clone()), checkpoints)
}

#[test]
fn training_resumed_anywhere_keeps_its_bits() {
    for (label, config) in configs() {
        let training = Training::new(config.clone(), dataset(), &on(BackendKind::Cpu));
        let (expected, no_checkpoints) = run(training.expect("the CPU opens"), None);
        assert!(no_checkpoints.is_empty(), "checkpoints without an interval");
        let mut written: Vec<Vec<Checkpoint>> = Vec::new();
        for (from, to) in
            [(BackendKind::Cpu, BackendKind::Gpu), (BackendKind::Gpu, BackendKind::Cpu)]
        {
            let training =
                Training::new(config.clone(), dataset(), &on(from)).expect("the backend opens");
            let (outcome, checkpoints) = run(training, Some(CheckpointInterval::Images(8)));
            assert!(outcome == expected, "{label}: checkpoints change the training");
            // 60 images: at or soon after 8, 16, 24 and so on, and after each epoch.
            assert_eq!(checkpoints.len(), 9, "{label}");
            assert!(
                checkpoints.iter().any(|(_, at)| at.position.eval_pending)
                    || config.batch_size == 1
            );
            // Within the first epoch, at its end, within the second, and after the last.
            let selected = [1, 3, 6, 8].map(|index| &checkpoints[index]);
            for (event_count, checkpoint) in selected {
                for backend in [from, to] {
                    let training =
                        Training::resume(config.clone(), dataset(), &on(backend), checkpoint);
                    let ((events, network), _) = run(training.expect("the backend opens"), None);
                    let label =
                        format!("{label}, {:?}, from {from:?} to {backend:?}", checkpoint.position);
                    assert_eq!(events, expected.0[*event_count..], "{label}");
                    assert!(network == expected.1, "{label}");
                }
            }
            written.push(checkpoints.into_iter().map(|(_, checkpoint)| checkpoint).collect());
        }
        for (cpu, gpu) in written[0].iter().zip(&written[1]) {
            assert_equal_state(cpu, gpu, label);
        }
    }
}

/// Asserts that two checkpoints are equal, except for the time that the training took.
fn assert_equal_state(one: &Checkpoint, other: &Checkpoint, label: &str) {
    let label = format!("{label}, {:?}", one.position);
    for (array, values) in &one.state.arrays {
        assert!(other.state.arrays.get(array) == Some(values), "{label}: {array:?} differs");
    }
    let same_time = TrainPosition { seconds: one.position.seconds, ..other.position };
    assert!(*one == Checkpoint { position: same_time, ..other.clone() }, "{label}");
}

#[test]
fn training_stopped_by_listener_emits_checkpoint() {
    let start = || Training::new(base(), dataset(), &on(BackendKind::Cpu)).expect("the CPU opens");
    let (expected, _) = run(start(), None);
    let stops: [fn(&Event) -> bool; 3] = [
        |event| matches!(event, Event::PartialEval { epoch: 2, .. }),
        |event| matches!(event, Event::Epoch { epoch: 1, .. }),
        // Before the test that ends the epoch.
        |event| matches!(event, Event::Progress { epoch: 1, images: 30, .. }),
    ];
    for stops_at in stops {
        let mut training = start();
        training.send_checkpoints(CheckpointInterval::Epochs(9));
        let (mut events_before, mut emitted) = (Vec::new(), None);
        let summary = training.run(&mut |event| {
            events_before.extend(reproducible(event));
            if let Event::Checkpoint { checkpoint, .. } = event
                && checkpoint.is_due
            {
                assert!(emitted.is_none(), "two due checkpoints");
                emitted = Some((**checkpoint).clone());
            }
            if stops_at(event) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        assert!(summary.expect("the training runs").stopped);
        let checkpoint = emitted.expect("a stop emits a checkpoint");
        let resumed = Training::resume(base(), dataset(), &on(BackendKind::Cpu), &checkpoint);
        let ((events_after, network), _) = run(resumed.expect("the CPU opens"), None);
        assert_eq!([events_before, events_after].concat(), expected.0);
        assert!(network == expected.1);
    }
    // A stop after the last epoch is not an interruption.
    let mut training = start();
    training.send_checkpoints(CheckpointInterval::Epochs(1));
    let mut checkpoints = 0;
    let summary = training.run(&mut |event| match event {
        Event::Epoch { epoch: 2, .. } => ControlFlow::Break(()),
        Event::Checkpoint { .. } => {
            checkpoints += 1;
            ControlFlow::Continue(())
        }
        _ => ControlFlow::Continue(()),
    });
    assert!(!summary.expect("the training runs").stopped && checkpoints == 2);
}

/// Returns the checkpoints of a training with [`base`] settings.
fn checkpoints() -> Vec<Checkpoint> {
    let training = Training::new(base(), dataset(), &on(BackendKind::Cpu));
    let (_, checkpoints) =
        run(training.expect("the CPU opens"), Some(CheckpointInterval::Images(8)));
    checkpoints.into_iter().map(|(_, checkpoint)| checkpoint).collect()
}

//! Positions of checkpoints within a training: due ones, the last, and invalid ones.

use std::ops::ControlFlow;

use apical::config::Config;
use apical::device::BackendKind;
use apical::train::{Checkpoint, CheckpointInterval, Event, TrainPosition, Training};

use super::{base, checkpoints, dataset, on, run};

#[test]
fn checkpoint_interval_marks_due_epochs() {
    let config = Config { epochs: 5, ..base() };
    let training = Training::new(config, dataset(), &on(BackendKind::Cpu));
    let (_, checkpoints) =
        run(training.expect("the CPU opens"), Some(CheckpointInterval::Epochs(2)));
    let position = |(_, checkpoint): &(usize, Checkpoint)| {
        assert!(checkpoint.evaluation.is_some());
        (checkpoint.position.epoch, checkpoint.is_due)
    };
    // A checkpoint after an epoch has the next epoch's number. The last one is always due.
    let positions: Vec<(u32, bool)> = checkpoints.iter().map(position).collect();
    assert_eq!(positions, [(2, false), (3, true), (4, false), (5, true), (6, true)]);
}

#[test]
fn finished_training_resumes_to_its_result() {
    let training = Training::new(base(), dataset(), &on(BackendKind::Cpu));
    let (_, checkpoints) =
        run(training.expect("the CPU opens"), Some(CheckpointInterval::Epochs(1)));
    let (_, last) = checkpoints.last().unwrap();
    let resumed = Training::resume(base(), dataset(), &on(BackendKind::Cpu), last);
    let mut resumed = resumed.expect("the CPU opens");
    let summary = resumed.run(&mut |event| match event {
        Event::GroupStarted { .. } | Event::Finished { .. } => ControlFlow::Continue(()),
        event => panic!("{event:?}"),
    });
    let summary = summary.unwrap();
    assert_eq!(Some(&summary.evaluations[0]), last.evaluation.as_ref());
    assert!(!summary.stopped && resumed.networks()[0] == last.network);
}

#[test]
fn resume_from_invalid_position_is_an_error() {
    let checkpoints = checkpoints();
    let error_with = |change: fn(&mut TrainPosition)| {
        let mut checkpoint = checkpoints[1].clone();
        change(&mut checkpoint.position);
        let resumed = Training::resume(base(), dataset(), &on(BackendKind::Cpu), &checkpoint);
        resumed.map(|_| ()).expect_err("the position is invalid").to_string()
    };
    for (change, text) in [
        ((|at| at.epoch = 0) as fn(&mut TrainPosition), "expected an epoch of 1 to 3"),
        (|at| at.epoch = 4, "expected an epoch of 1 to 3"),
        (|at| at.epoch = u32::MAX, "expected an epoch of 1 to 3"),
        (|at| at.epoch = 3, "the last of 2 epochs is done"),
        (|at| at.images = 31, "after 31 images of an epoch: the data set has 30"),
        (|at| at.images = 17, "no minibatch of 4 images ends there"),
        (|at| (at.images, at.eval_pending) = (30, false), "a test follows on images"),
        (|at| (at.images, at.eval_pending) = (0, true), "a test follows on images"),
        (|at| at.seconds = f64::NAN, "expected a time of at least 0 s"),
    ] {
        let error = error_with(change);
        assert!(error.contains(text), "{error}");
    }
}

//! Trainings that continue with an epoch of the same or of other images, or from weights alone.

use apical::interface::BackendError;
use apical::train::TrainError;

use super::*;

/// Returns the checkpoint after the first epoch.
fn after_first_epoch() -> Checkpoint {
    let training = Training::new(base(), dataset(), &on(BackendKind::Cpu));
    let (_, checkpoints) =
        run(training.expect("the CPU opens"), Some(CheckpointInterval::Epochs(1)));
    checkpoints[0].1.clone()
}

#[test]
fn next_epoch_of_same_images_has_bits_of_the_run() {
    let resume = |checkpoint: &Checkpoint| {
        let training = Training::resume(base(), dataset(), &on(BackendKind::Cpu), checkpoint);
        run(training.expect("the CPU opens"), None).0.1
    };
    let checkpoint = after_first_epoch();
    assert_eq!((checkpoint.position.epoch, checkpoint.position.images), (2, 0));
    assert!(resume(&checkpoint.at_epoch(2)) == resume(&checkpoint));
}

#[test]
fn next_epoch_may_have_other_images() {
    let config = Config { train_images: 7, batch_size: 3, ..base() };
    let checkpoint = after_first_epoch().at_epoch(2);
    let training = Training::resume(config, dataset(), &on(BackendKind::Cpu), &checkpoint);
    let ((events, network), _) = run(training.expect("the CPU opens"), None);
    assert!(network != checkpoint.network);
    assert_eq!(events.len(), 1, "one epoch without partial evaluations");
}

#[test]
fn start_from_weights_has_bits_of_a_new_training() {
    let training = Training::new(base(), dataset(), &on(BackendKind::Cpu)).expect("the CPU opens");
    let start = Checkpoint::of_network(training.networks()[0].clone());
    let resumed = Training::resume(base(), dataset(), &on(BackendKind::Cpu), &start);
    assert!(run(resumed.expect("the CPU opens"), None) == run(training, None));
}

#[test]
fn state_within_an_epoch_needs_its_images() {
    let mut checkpoint = after_first_epoch();
    checkpoint.state = checkpoint.state.without_images();
    checkpoint.state.is_fresh = false;
    let resumed = Training::resume(base(), dataset(), &on(BackendKind::Cpu), &checkpoint);
    assert!(matches!(resumed, Err(TrainError::Backend(BackendError::WrongLength { .. }))));
}

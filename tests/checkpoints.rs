//! Proves: a training that goes on from a checkpoint, taken anywhere (within an epoch, before and after a quick test,
//! at the end of an epoch), on either backend, comes to the weights, errors and losses of the training that never
//! stopped, bit for bit, for each kind of state that lanes carry; networks that stand at different places go on each
//! from its own; what is stored in a file comes back as it was; a damaged or foreign file is refused.
//!
//! Does not prove that the program writes and finds checkpoints; tests/command_line/resume.rs does.

use std::ops::ControlFlow;

use apical::config::{
    Config, Dynamics, FeedbackWeights, Optimizer, PlateauTimes, Transmission, variants,
};
use apical::dataset::Dataset;
use apical::network::Network;
use apical::record::ImageShape;
use apical::record::checkpoint::{Checkpoints, from_bytes, load};
use apical::schedule::{BackendChoice, Selection};
use apical::train::{
    Checkpoint, Event, Every, ReplicaEvent, Replicas, Start, TrainError, Training,
};

use crate::support;

fn dataset() -> Dataset {
    (*support::random_dataset(5, 9, 8, 40)).clone()
}

fn base() -> Config {
    Config {
        layers: vec![21, 18, 10],
        images: 30,
        test_images: 7,
        batch: 4,
        epochs: 2,
        quick_test_every: 12,
        quick_test_images: 3,
        ..Config::default()
    }
}

/// Settings under which lanes carry different things.
fn kinds() -> Vec<(&'static str, Config)> {
    let rates = Config { transmission: Transmission::Rates, ..base() };
    let by_rates = Config { feedback_transmission: Transmission::Rates, ..base() };
    vec![
        ("cut kernel, Adam", base()),
        ("uncut kernel", Config { taps: 0, optimizer: Optimizer::Sgd, ..base() }),
        ("apical voltages", Config { g_apical: 0.6, ..base() }),
        ("apical voltages, uncut", Config { g_apical: 0.6, taps: 0, ..base() }),
        ("rates", rates.clone()),
        ("rates and apical voltages", Config { g_apical: 0.05, ..rates }),
        ("feedback by rates", by_rates),
        ("learned feedback", Config { feedback_eta: 0.1, apical_bias: 0.1, ..base() }),
        (
            "noisy symmetric feedback",
            Config { feedback_weights: FeedbackWeights::Symmetric, feedback_noise: 0.05, ..base() },
        ),
        ("random plateaus", Config { plateau_times: PlateauTimes::Random, ..base() }),
        ("steady states", Config { dynamics: Dynamics::SteadyState, ..base() }),
        ("one image at a time", Config { batch: 1, quick_test_every: 0, ..base() }),
    ]
}

fn on(backend: BackendChoice) -> Selection {
    Selection { backend, ..Selection::default() }
}

/// Events without times, and the network at the end.
type Trained = (Vec<String>, Network);

/// What does not hang on the time.
fn told(event: &Event) -> Option<String> {
    match event {
        Event::QuickTest { .. } => Some(format!("{event:?}")),
        Event::Epoch { epoch, train_error, test_error, loss, .. } => {
            Some(format!("{epoch} {train_error} {test_error} {loss:?}"))
        }
        _ => None,
    }
}

fn run(mut training: Training, every: Option<Every>) -> (Trained, Vec<(usize, Checkpoint)>) {
    if let Some(every) = every {
        training.keep_checkpoints(every);
    }
    let (mut events, mut checkpoints) = (Vec::new(), Vec::new());
    let summary = training.run(&mut |event| {
        if let Event::Checkpoint(checkpoint) = event {
            checkpoints.push((events.len(), (**checkpoint).clone()));
        }
        events.extend(told(event));
        ControlFlow::Continue(())
    });
    assert!(!summary.expect("it trains").stopped);
    ((events, training.network().clone()), checkpoints)
}

#[test]
fn a_training_goes_on_from_anywhere_on_either_backend() {
    for (kind, config) in kinds() {
        let training = Training::new(config.clone(), dataset(), &on(BackendChoice::Cpu));
        let (whole, none) = run(training.expect("the CPU opens"), None);
        assert!(none.is_empty(), "nobody asked for checkpoints");
        for (from, to) in
            [(BackendChoice::Cpu, BackendChoice::Gpu), (BackendChoice::Gpu, BackendChoice::Cpu)]
        {
            let training = Training::new(config.clone(), dataset(), &on(from)).expect("it opens");
            let (same, checkpoints) = run(training, Some(Every::Images(8)));
            assert!(same == whole, "{kind}: checkpoints change something");
            // Of 60 images after 8, 16, 24 and so on, or soon after, and after the first epoch.
            assert_eq!(checkpoints.len(), 8, "{kind}");
            assert!(checkpoints.iter().any(|(_, at)| at.position.test_is_due) || config.batch == 1);
            // One within each epoch, and what changes most between them.
            for (told, checkpoint) in [&checkpoints[1], &checkpoints[3], &checkpoints[6]] {
                for backend in [from, to] {
                    let training =
                        Training::resume(config.clone(), dataset(), &on(backend), checkpoint);
                    let ((events, network), _) = run(training.expect("it opens"), None);
                    let place = checkpoint.position;
                    assert_eq!(events, whole.0[*told..], "{kind}, {place:?}, {from:?} {backend:?}");
                    assert!(network == whole.1, "{kind}, {place:?}, from {from:?} on {backend:?}");
                }
            }
        }
    }
}

#[test]
fn whoever_breaks_off_gets_a_checkpoint_to_go_on_from() {
    let start = || Training::new(base(), dataset(), &on(BackendChoice::Cpu)).expect("it opens");
    let (whole, _) = run(start(), None);
    let stops: [fn(&Event) -> bool; 3] = [
        |event| matches!(event, Event::QuickTest { epoch: 2, .. }),
        |event| matches!(event, Event::Epoch { epoch: 1, .. }),
        // Before the test that ends the epoch.
        |event| matches!(event, Event::Progress { epoch: 1, images: 30, .. }),
    ];
    for stops_at in stops {
        let mut training = start();
        training.keep_checkpoints(Every::Epochs(9));
        let (mut told_before, mut kept) = (Vec::new(), None);
        let summary = training.run(&mut |event| {
            told_before.extend(told(event));
            if let Event::Checkpoint(checkpoint) = event {
                assert!(kept.is_none(), "it is told once");
                kept = Some((**checkpoint).clone());
            }
            if stops_at(event) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        assert!(summary.expect("it trains").stopped);
        let kept = kept.expect("a checkpoint");
        let resumed = Training::resume(base(), dataset(), &on(BackendChoice::Cpu), &kept);
        let ((told_after, network), _) = run(resumed.expect("it opens"), None);
        assert_eq!([told_before, told_after].concat(), whole.0);
        assert!(network == whole.1);
    }
    // The end of the last epoch is the end of the training, whatever is said.
    let mut training = start();
    training.keep_checkpoints(Every::Epochs(1));
    let mut checkpoints = 0;
    let summary = training.run(&mut |event| match event {
        Event::Epoch { epoch: 2, .. } => ControlFlow::Break(()),
        Event::Checkpoint(_) => {
            checkpoints += 1;
            ControlFlow::Continue(())
        }
        _ => ControlFlow::Continue(()),
    });
    assert!(!summary.expect("it trains").stopped && checkpoints == 1);
}

#[test]
fn networks_go_on_each_from_where_it_stands() {
    let base = Config { quick_test_every: 0, ..base() };
    let variants = variants(&base, &["eta=0.2,0.4".parse().unwrap()], 2).unwrap();
    let alone = |config: &Config| {
        Training::new(config.clone(), dataset(), &on(BackendChoice::Cpu)).expect("the CPU opens")
    };
    let mut starts = vec![Start::Initial; 4];
    let checkpoints_of =
        |index: usize| run(alone(&variants[index].config), Some(Every::Images(8))).1;
    starts[0] = Start::Checkpoint(Box::new(checkpoints_of(0)[1].1.clone()));
    starts[1] = Start::Finished;
    starts[3] = Start::Checkpoint(Box::new(checkpoints_of(3)[1].1.clone()));
    for backend in [BackendChoice::Cpu, BackendChoice::Gpu] {
        let replicas = Replicas::resume(&variants, dataset(), &on(backend), starts.clone(), None);
        let (mut waves, mut networks) = (Vec::new(), vec![None; 4]);
        let summary = replicas.expect("it opens").run(&mut |event| {
            match event {
                ReplicaEvent::Wave { replicas, .. } => waves.push(replicas.to_vec()),
                ReplicaEvent::Trained { replica, network, .. } => {
                    networks[replica] = Some(network.clone());
                }
                _ => {}
            }
            ControlFlow::Continue(())
        });
        assert!(!summary.expect("they train").stopped);
        assert_eq!(waves, [vec![0, 3], vec![2]]);
        for (index, network) in networks.iter().enumerate() {
            let expected = (index != 1).then(|| run(alone(&variants[index].config), None).0.1);
            assert!(*network == expected, "network {index}");
        }
    }
    let all = vec![Start::Finished; 4];
    let none = Replicas::resume(&variants, dataset(), &on(BackendChoice::Cpu), all, None);
    assert!(matches!(none.err(), Some(TrainError::NoNetworks)));
}

fn some_checkpoints() -> Vec<Checkpoint> {
    let training = Training::new(base(), dataset(), &on(BackendChoice::Cpu));
    let (_, checkpoints) = run(training.expect("the CPU opens"), Some(Every::Images(8)));
    checkpoints.into_iter().map(|(_, checkpoint)| checkpoint).collect()
}

#[test]
fn files_hold_what_they_were_given_and_only_the_last_and_the_best_are_kept() {
    let folder = tempfile::tempdir().unwrap();
    let images = ImageShape::of(&dataset());
    let mut checkpoints = Checkpoints::new(folder.path(), 2);
    assert!(checkpoints.last().unwrap().is_none());
    let some = some_checkpoints();
    let errors = [None, Some(9.0), Some(4.0), None, Some(6.0), None, None, None];
    for (index, (checkpoint, test_error)) in some.iter().zip(errors).enumerate() {
        let checkpoint = Checkpoint { test_error, ..checkpoint.clone() };
        let path = checkpoints.save(&checkpoint, &base(), &images, index as u64).unwrap();
        let (last, saved) = Checkpoints::new(folder.path(), 2).last().unwrap().unwrap();
        assert_eq!(last, path);
        assert!(saved.checkpoint == checkpoint, "{index}");
        assert_eq!((saved.config, saved.metrics_bytes), (base(), index as u64));
        // A checkpoint is a file of weights too.
        assert!(apical::record::weights::load(&path).unwrap().network == checkpoint.network);
    }
    let mut files: Vec<_> = std::fs::read_dir(folder.path().join("checkpoints"))
        .unwrap()
        .map(|file| file.unwrap().file_name().into_string().unwrap())
        .collect();
    files.sort();
    let [best, earlier, later] = &files[..] else { panic!("{files:?}") };
    assert_eq!(best, "best.safetensors");
    assert!(earlier.starts_with("epoch-000002-image-") && earlier < later, "{files:?}");
    let best = load(&folder.path().join("checkpoints/best.safetensors")).unwrap();
    assert_eq!(best.checkpoint.position, some[2].position);
}

#[test]
fn what_is_no_checkpoint_of_the_run_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let images = ImageShape::of(&dataset());
    let some = some_checkpoints();
    let path = Checkpoints::new(folder.path(), 1).save(&some[0], &base(), &images, 0).unwrap();
    let bytes = std::fs::read(&path).unwrap();
    assert!(from_bytes(&bytes, "file".to_string()).is_ok());
    // Cut off, or with a byte changed in the header.
    let step = bytes.len() / 97;
    for length in (0..bytes.len()).step_by(step) {
        assert!(from_bytes(&bytes[..length], "file".to_string()).is_err(), "{length}");
    }
    let swap = |from: &str, to: &str| {
        assert_eq!(from.len(), to.len());
        let mut changed = bytes.clone();
        let at = changed.windows(from.len()).position(|part| part == from.as_bytes());
        changed[at.expect(from)..][..to.len()].copy_from_slice(to.as_bytes());
        from_bytes(&changed, "file".to_string()).map(|_| ()).map_err(|error| error.to_string())
    };
    for (from, to, text) in [
        ("state.results", "state.resulte", "tensors that belong to a state"),
        ("state.spikes.0", "state.spikes.x", "tensors that belong to a state"),
        ("\\\"epoch\\\":1", "\\\"epoch\\\":3", "an epoch of 1 to 2"),
        ("\\\"epoch\\\":1", "\\\"epoch\\\":-", "to say where a training stands"),
        ("\"checkpoint\"", "\"chekcpoint\"", "the metadata 'checkpoint'"),
    ] {
        let error = swap(from, to).expect_err(text);
        assert!(error.contains(text), "{error}");
    }
    // Whole, but of another network or more images than there are.
    let resume = |config: Config, dataset: Dataset, checkpoint: &Checkpoint| {
        Training::resume(config, dataset, &on(BackendChoice::Cpu), checkpoint).map(|_| ())
    };
    let fewer = Config { images: 5, ..base() };
    let error = resume(fewer, dataset(), &some[1]).unwrap_err();
    assert!(matches!(error, TrainError::Checkpoint { available: 5, .. }), "{error}");
    let error = resume(Config { batch: 5, ..base() }, dataset(), &some[1]).unwrap_err();
    assert!(matches!(error, TrainError::Backend(_)), "{error}");
    let error = resume(Config { layers: vec![10], ..base() }, dataset(), &some[1]).unwrap_err();
    assert!(matches!(error, TrainError::Backend(_)), "{error}");
}

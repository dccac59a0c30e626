//! Proves: a training that goes on from a checkpoint, taken anywhere (within an epoch, before and after a quick test,
//! at the end of an epoch), on either backend, comes to the weights, errors and losses of the training that never
//! stopped, bit for bit, for each kind of state that samples carry; networks that stand at different places go on each
//! from its own; what is stored in a file comes back as it was; a damaged or foreign file is refused.
//!
//! Does not prove that the program writes and finds checkpoints; tests/command_line/resume.rs does.

use std::collections::HashMap;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use apical::config::{
    Config, Dynamics, FeedbackWeights, Optimizer, PlateauTiming, Signal, variants,
};
use apical::dataset::Dataset;
use apical::device::{BackendKind, DeviceOptions};
use apical::evaluate::Evaluation;
use apical::network::Network;
use apical::run_dir::checkpoint_file::{from_bytes, load};
use apical::run_dir::{
    CheckpointFolder, ImageSpec, Notice, SavedCheckpoint, StorageError, WeightsError,
};
use apical::train::{
    Checkpoint, CheckpointInterval, Event, ResumeFrom, TrainError, TrainPosition, Training,
};
use safetensors::tensor::{Metadata, SafeTensors};
use tempfile::TempDir;

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

/// Settings under which samples carry different things.
fn kinds() -> Vec<(&'static str, Config)> {
    let rates = Config { signal: Signal::Rates, ..base() };
    let by_rates = Config { feedback_signal: Signal::Rates, ..base() };
    vec![
        ("cut kernel, Adam", base()),
        ("uncut kernel", Config { psp_kernel_ms: 0, optimizer: Optimizer::Sgd, ..base() }),
        ("apical voltages", Config { g_apical: 0.6, ..base() }),
        ("apical voltages, uncut", Config { g_apical: 0.6, psp_kernel_ms: 0, ..base() }),
        ("rates", rates.clone()),
        ("rates and apical voltages", Config { g_apical: 0.05, ..rates }),
        ("feedback by rates", by_rates),
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
        ("steady states", Config { dynamics: Dynamics::SteadyState, ..base() }),
        ("one image at a time", Config { batch_size: 1, eval_every: 0, ..base() }),
    ]
}

fn on(backend: BackendKind) -> DeviceOptions {
    DeviceOptions { backend, ..DeviceOptions::default() }
}

/// Events without times, and the network at the end.
type Trained = (Vec<String>, Network);

/// What does not hang on the time.
fn told(event: &Event) -> Option<String> {
    match event {
        Event::PartialEval { .. } => Some(format!("{event:?}")),
        Event::Epoch { epoch, train_error, test_error, loss, .. } => {
            Some(format!("{epoch} {train_error} {test_error} {loss:?}"))
        }
        _ => None,
    }
}

fn run(
    mut training: Training,
    every: Option<CheckpointInterval>,
) -> (Trained, Vec<(usize, Checkpoint)>) {
    if let Some(every) = every {
        training.keep_checkpoints(every);
    }
    let (mut events, mut checkpoints) = (Vec::new(), Vec::new());
    let summary = training.run(&mut |event| {
        if let Event::Checkpoint { checkpoint, .. } = event {
            checkpoints.push((events.len(), (**checkpoint).clone()));
        }
        events.extend(told(event));
        ControlFlow::Continue(())
    });
    assert!(!summary.expect("it trains").stopped);
    ((events, training.networks()[0].clone()), checkpoints)
}

#[test]
fn training_resumed_anywhere_keeps_its_bits() {
    for (kind, config) in kinds() {
        let training = Training::new(config.clone(), dataset(), &on(BackendKind::Cpu));
        let (whole, none) = run(training.expect("the CPU opens"), None);
        assert!(none.is_empty(), "nobody asked for checkpoints");
        for (from, to) in
            [(BackendKind::Cpu, BackendKind::Gpu), (BackendKind::Gpu, BackendKind::Cpu)]
        {
            let training = Training::new(config.clone(), dataset(), &on(from)).expect("it opens");
            let (same, checkpoints) = run(training, Some(CheckpointInterval::Images(8)));
            assert!(same == whole, "{kind}: checkpoints change something");
            // Of 60 images after 8, 16, 24 and so on, or soon after, and after each epoch.
            assert_eq!(checkpoints.len(), 9, "{kind}");
            assert!(
                checkpoints.iter().any(|(_, at)| at.position.eval_pending)
                    || config.batch_size == 1
            );
            // One within each epoch, and what changes most between them.
            // The last has nothing left to learn.
            let some = [1, 3, 6, 8].map(|index| &checkpoints[index]);
            for (told, checkpoint) in some {
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
fn training_stopped_by_listener_emits_checkpoint() {
    let start = || Training::new(base(), dataset(), &on(BackendKind::Cpu)).expect("it opens");
    let (whole, _) = run(start(), None);
    let stops: [fn(&Event) -> bool; 3] = [
        |event| matches!(event, Event::PartialEval { epoch: 2, .. }),
        |event| matches!(event, Event::Epoch { epoch: 1, .. }),
        // Before the test that ends the epoch.
        |event| matches!(event, Event::Progress { epoch: 1, images: 30, .. }),
    ];
    for stops_at in stops {
        let mut training = start();
        training.keep_checkpoints(CheckpointInterval::Epochs(9));
        let (mut told_before, mut kept) = (Vec::new(), None);
        let summary = training.run(&mut |event| {
            told_before.extend(told(event));
            if let Event::Checkpoint { checkpoint, .. } = event
                && checkpoint.is_due
            {
                assert!(kept.is_none(), "it is told once");
                kept = Some((**checkpoint).clone());
            }
            if stops_at(event) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        assert!(summary.expect("it trains").stopped);
        let kept = kept.expect("a checkpoint");
        let resumed = Training::resume(base(), dataset(), &on(BackendKind::Cpu), &kept);
        let ((told_after, network), _) = run(resumed.expect("it opens"), None);
        assert_eq!([told_before, told_after].concat(), whole.0);
        assert!(network == whole.1);
    }
    // The end of the last epoch is the end of the training, whatever is said.
    let mut training = start();
    training.keep_checkpoints(CheckpointInterval::Epochs(1));
    let mut checkpoints = 0;
    let summary = training.run(&mut |event| match event {
        Event::Epoch { epoch: 2, .. } => ControlFlow::Break(()),
        Event::Checkpoint { .. } => {
            checkpoints += 1;
            ControlFlow::Continue(())
        }
        _ => ControlFlow::Continue(()),
    });
    assert!(!summary.expect("it trains").stopped && checkpoints == 2);
}

#[test]
fn checkpoint_interval_marks_due_epochs() {
    let config = Config { epochs: 5, ..base() };
    let training = Training::new(config, dataset(), &on(BackendKind::Cpu));
    let (_, checkpoints) =
        run(training.expect("the CPU opens"), Some(CheckpointInterval::Epochs(2)));
    let place = |(_, checkpoint): &(usize, Checkpoint)| {
        assert!(checkpoint.evaluation.is_some());
        (checkpoint.position.epoch, checkpoint.is_due)
    };
    // Positions are those of the next epoch; the end of the last is always due.
    let places: Vec<(u32, bool)> = checkpoints.iter().map(place).collect();
    assert_eq!(places, [(2, false), (3, true), (4, false), (5, true), (6, true)]);
}

#[test]
fn finished_training_resumes_to_its_result() {
    let training = Training::new(base(), dataset(), &on(BackendKind::Cpu));
    let (_, checkpoints) =
        run(training.expect("the CPU opens"), Some(CheckpointInterval::Epochs(1)));
    let (_, last) = checkpoints.last().unwrap();
    let resumed = Training::resume(base(), dataset(), &on(BackendKind::Cpu), last);
    let mut resumed = resumed.expect("it opens");
    let summary = resumed.run(&mut |event| match event {
        Event::GroupStarted { .. } | Event::Finished { .. } => ControlFlow::Continue(()),
        event => panic!("{event:?}"),
    });
    let summary = summary.unwrap();
    assert_eq!(Some(&summary.evaluations[0]), last.evaluation.as_ref());
    assert!(!summary.stopped && resumed.networks()[0] == last.network);
}

#[test]
fn impossible_positions_are_refused() {
    let some = some_checkpoints();
    let at = |change: fn(&mut TrainPosition)| {
        let mut checkpoint = some[1].clone();
        change(&mut checkpoint.position);
        let resumed = Training::resume(base(), dataset(), &on(BackendKind::Cpu), &checkpoint);
        resumed.map(|_| ()).expect_err("no such position").to_string()
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
        let error = at(change);
        assert!(error.contains(text), "{error}");
    }
}

#[test]
fn replicas_resume_each_from_its_position() {
    let base = Config { eval_every: 0, ..base() };
    let variants = variants(&base, &["eta=0.2,0.4".parse().unwrap()], 2).unwrap();
    let alone = |config: &Config| {
        Training::new(config.clone(), dataset(), &on(BackendKind::Cpu)).expect("the CPU opens")
    };
    let mut starts = vec![ResumeFrom::Initial; 4];
    let checkpoints_of =
        |index: usize| run(alone(&variants[index].config), Some(CheckpointInterval::Images(8))).1;
    starts[0] = ResumeFrom::Checkpoint(Box::new(checkpoints_of(0)[1].1.clone()));
    starts[1] = ResumeFrom::Finished;
    starts[3] = ResumeFrom::Checkpoint(Box::new(checkpoints_of(3)[1].1.clone()));
    for backend in [BackendKind::Cpu, BackendKind::Gpu] {
        let replicas =
            Training::resume_variants(&variants, dataset(), &on(backend), starts.clone());
        let (mut waves, mut networks) = (Vec::new(), vec![None; 4]);
        let summary = replicas.expect("it opens").run(&mut |event| {
            match event {
                Event::GroupStarted { replicas, .. } => waves.push(replicas.to_vec()),
                Event::Finished { replica, network, .. } => {
                    networks[*replica] = Some((**network).clone());
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
    let all = vec![ResumeFrom::Finished; 4];
    let none = Training::resume_variants(&variants, dataset(), &on(BackendKind::Cpu), all);
    assert!(matches!(none.err(), Some(TrainError::NoNetworks)));
}

fn some_checkpoints() -> Vec<Checkpoint> {
    let training = Training::new(base(), dataset(), &on(BackendKind::Cpu));
    let (_, checkpoints) =
        run(training.expect("the CPU opens"), Some(CheckpointInterval::Images(8)));
    checkpoints.into_iter().map(|(_, checkpoint)| checkpoint).collect()
}

/// A test of 100 images in 10 classes with so many wrong ones.
fn tested(wrong: u32) -> Option<Evaluation> {
    let mut confusion = vec![vec![0; 10]; 10];
    (confusion[0][0], confusion[0][1]) = (100 - wrong, wrong);
    Some(Evaluation { confusion })
}

fn file_names(folder: &Path) -> Vec<String> {
    let mut files: Vec<String> = std::fs::read_dir(folder.join("checkpoints"))
        .unwrap()
        .map(|file| file.unwrap().file_name().into_string().unwrap())
        .collect();
    files.sort();
    files
}

fn last(folder: &Path) -> Result<Option<(PathBuf, SavedCheckpoint)>, StorageError> {
    CheckpointFolder::new(folder, 2).read_latest(&mut Vec::new())
}

#[test]
fn checkpoints_keep_the_last_and_the_best() {
    let folder = tempfile::tempdir().unwrap();
    let images = ImageSpec::from_dataset(&dataset());
    let mut checkpoints = CheckpointFolder::new(folder.path(), 2);
    assert!(checkpoints.read_latest(&mut Vec::new()).unwrap().is_none());
    let some = some_checkpoints();
    // Of two equal ones the first is the best.
    let errors = [None, Some(9), Some(4), None, Some(6), None, Some(4), None, Some(9)];
    for (index, (checkpoint, wrong)) in some.iter().zip(errors).enumerate() {
        let evaluation = wrong.and_then(tested);
        let mut checkpoint = Checkpoint { evaluation, ..checkpoint.clone() };
        let lines = format!("{{\"line\":{index}}}\n");
        let path = checkpoints.save(&checkpoint, &base(), &images, &lines).unwrap().unwrap();
        let (last, saved) = last(folder.path()).unwrap().unwrap();
        assert_eq!(last, path);
        // A file does not say how long it took: those of equal runs are equal.
        checkpoint.position.seconds = 0.0;
        assert!(saved.checkpoint == checkpoint, "{index}");
        assert_eq!((saved.config, saved.metrics), (base(), lines));
        // A checkpoint is a file of weights too.
        let weights = apical::run_dir::weights::load(&path).unwrap();
        assert!(weights.network == checkpoint.network && weights.is_checked);
    }
    let files = file_names(folder.path());
    let [best, earlier, later] = &files[..] else { panic!("{files:?}") };
    assert_eq!(best, "best.safetensors");
    assert!(earlier.starts_with("epoch-000002-image-") && earlier < later, "{files:?}");
    let best = load(&folder.path().join("checkpoints/best.safetensors")).unwrap();
    assert_eq!(best.checkpoint.position.images, some[2].position.images);
}

#[test]
fn checkpoint_not_due_is_written_if_best() {
    let folder = tempfile::tempdir().unwrap();
    let images = ImageSpec::from_dataset(&dataset());
    let mut checkpoints = CheckpointFolder::new(folder.path(), 2);
    let some = some_checkpoints();
    for (wrong, is_due, files) in [
        (Some(5), false, &["best.safetensors"][..]),
        (None, true, &["best.safetensors", "epoch-000001-image-0000000024.safetensors"]),
        (Some(6), false, &["best.safetensors", "epoch-000001-image-0000000024.safetensors"]),
    ] {
        let evaluation = wrong.and_then(tested);
        let checkpoint = Checkpoint { evaluation, is_due, ..some[2].clone() };
        let path = checkpoints.save(&checkpoint, &base(), &images, "").unwrap();
        assert_eq!((path.is_some(), file_names(folder.path())), (is_due, to_strings(files)));
    }
}

fn to_strings(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| text.to_string()).collect()
}

/// A folder with two checkpoints of 8 % and 7 %, and the best.
fn three_files() -> (TempDir, Vec<Checkpoint>) {
    let folder = tempfile::tempdir().unwrap();
    let images = ImageSpec::from_dataset(&dataset());
    let mut checkpoints = CheckpointFolder::new(folder.path(), 2);
    let mut some = some_checkpoints();
    some.truncate(2);
    for (checkpoint, wrong) in some.iter_mut().zip([8, 7]) {
        checkpoint.evaluation = tested(wrong);
        checkpoints.save(checkpoint, &base(), &images, "").unwrap();
        checkpoint.position.seconds = 0.0;
    }
    (folder, some)
}

/// Returns the bytes of a file as a fault leaves them.
type Damage = fn(&[u8]) -> Vec<u8>;

#[test]
fn damaged_checkpoint_gives_way_to_the_one_before() {
    let damages: [(&str, Damage); 6] = [
        ("empty", |_| Vec::new()),
        ("cut", |bytes| bytes[..bytes.len() / 2].to_vec()),
        ("zeros", |bytes| vec![0; bytes.len()]),
        ("a bit", |bytes| {
            let mut other = bytes.to_vec();
            *other.last_mut().unwrap() ^= 1;
            other
        }),
        ("a bit in the settings", |bytes| {
            let mut other = bytes.to_vec();
            let at = bytes.windows(15).position(|part| part == b"batch_size = 4\\").unwrap();
            other[at + 13] = b'5';
            other
        }),
        ("longer", |bytes| [bytes, &[0_u8; 9][..]].concat()),
    ];
    for (kind, damage) in damages {
        let (folder, some) = three_files();
        let files = file_names(folder.path());
        let newest = folder.path().join("checkpoints").join(&files[2]);
        let bytes = std::fs::read(&newest).unwrap();
        let damaged = damage(&bytes);
        std::fs::write(&newest, &damaged).unwrap();
        let mut notices = Vec::new();
        let found = CheckpointFolder::new(folder.path(), 2).read_latest(&mut notices).unwrap();
        assert!(found.unwrap().1.checkpoint == some[0], "{kind}");
        let [Notice::DamagedCheckpoint { path, renamed_to, .. }, Notice::EarlierCheckpoint { .. }] =
            &notices[..]
        else {
            panic!("{kind}: {notices:?}")
        };
        assert_eq!(*path, newest);
        assert_eq!(std::fs::read(renamed_to).unwrap(), damaged, "{kind}");
        // Told once.
        let mut notices = Vec::new();
        CheckpointFolder::new(folder.path(), 2).read_latest(&mut notices).unwrap();
        assert!(notices.is_empty(), "{kind}: {notices:?}");
    }
}

#[test]
fn old_checkpoints_left_by_a_failure_are_removed() {
    let (folder, some) = three_files();
    let files = file_names(folder.path());
    let path = |index: usize| folder.path().join("checkpoints").join(&files[index]);
    std::fs::copy(path(1), path(1).with_file_name("epoch-000000-image-0000000001.safetensors"))
        .unwrap();
    let found = CheckpointFolder::new(folder.path(), 2).read_latest(&mut Vec::new()).unwrap();
    assert!(found.unwrap().1.checkpoint == some[1]);
    assert_eq!(file_names(folder.path()), files);
}

#[test]
fn damaged_best_checkpoint_is_written_anew() {
    for bytes in [&b""[..], b"none", &[0; 5000]] {
        let (folder, some) = three_files();
        let best = folder.path().join("checkpoints/best.safetensors");
        std::fs::write(&best, bytes).unwrap();
        let mut notices = Vec::new();
        CheckpointFolder::new(folder.path(), 2).read_latest(&mut notices).unwrap().unwrap();
        let [Notice::DamagedCheckpoint { renamed_to, .. }, Notice::BestRestored { .. }] =
            &notices[..]
        else {
            panic!("{notices:?}")
        };
        assert_eq!(std::fs::read(renamed_to).unwrap(), bytes);
        assert!(load(&best).unwrap().checkpoint == some[1]);
    }
}

#[test]
fn best_checkpoint_after_crash_is_updated() {
    let (folder, some) = three_files();
    let files = file_names(folder.path());
    let path = |index: usize| folder.path().join("checkpoints").join(&files[index]);
    // As if the program had been killed between the two files.
    std::fs::copy(path(1), path(0)).unwrap();
    last(folder.path()).unwrap();
    assert!(load(&path(0)).unwrap().checkpoint == some[1]);
    // The best is a checkpoint too, if it is the only one that can be read.
    std::fs::write(path(1), "").unwrap();
    std::fs::write(path(2), "").unwrap();
    assert!(last(folder.path()).unwrap().unwrap().1.checkpoint == some[1]);
}

#[test]
fn only_damaged_checkpoints_are_an_error_and_stay() {
    let (folder, _) = three_files();
    let files = file_names(folder.path());
    for name in &files {
        std::fs::write(folder.path().join("checkpoints").join(name), "damaged").unwrap();
    }
    let error = last(folder.path()).unwrap_err();
    assert!(matches!(error, StorageError::NoCheckpoint { count: 3, .. }), "{error}");
    assert_eq!(file_names(folder.path()), files);
}

/// The same file with other metadata, written by the crate alone.
fn with_metadata(bytes: &[u8], change: impl FnOnce(&mut HashMap<String, String>)) -> Vec<u8> {
    let (_, metadata): (_, Metadata) = SafeTensors::read_metadata(bytes).unwrap();
    let mut metadata = metadata.metadata().clone().unwrap();
    change(&mut metadata);
    let tensors = SafeTensors::deserialize(bytes).unwrap();
    safetensors::serialize(tensors.tensors(), Some(metadata)).unwrap()
}

#[test]
fn checkpoint_of_another_run_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let images = ImageSpec::from_dataset(&dataset());
    let some = some_checkpoints();
    let path =
        CheckpointFolder::new(folder.path(), 1).save(&some[0], &base(), &images, "").unwrap();
    let bytes = std::fs::read(path.unwrap()).unwrap();
    let read = |bytes: &[u8]| from_bytes(bytes, "file".to_string()).map(|_| ());
    assert!(read(&bytes).is_ok());
    // Cut off anywhere, or with any bit flipped.
    let step = bytes.len() / 97;
    for at in (0..bytes.len()).step_by(step) {
        assert!(read(&bytes[..at]).is_err(), "{at}");
        let mut other = bytes.clone();
        other[at] ^= 1 << (at % 8);
        assert!(read(&other).is_err(), "{at}");
    }
    // By another program, in another order of metadata.
    assert!(read(&with_metadata(&bytes, |_| ())).is_ok());
    let error =
        read(&with_metadata(&bytes, |all| all.insert("x".into(), "y".into()).map_or((), drop)));
    assert!(matches!(error, Err(WeightsError::Checksum { .. })), "{error:?}");
    let none = |all: &mut HashMap<String, String>| assert!(all.remove("sha256").is_some());
    let error = read(&with_metadata(&bytes, none)).unwrap_err().to_string();
    assert!(error.contains("a checksum"), "{error}");
    // As of another program without a checksum, so that the content is judged.
    let none = |all: &mut HashMap<String, String>| {
        none(all);
        assert!(all.remove("apical_version").is_some());
    };
    let swap = |from: &str, to: &str| {
        assert_eq!(from.len(), to.len());
        let mut changed = with_metadata(&bytes, none);
        let at = changed.windows(from.len()).position(|part| part == from.as_bytes());
        changed[at.expect(from)..][..to.len()].copy_from_slice(to.as_bytes());
        read(&changed).map_err(|error| error.to_string())
    };
    for (from, to, text) in [
        ("state.results", "state.resulte", "only tensors of a training state"),
        ("state.spikes.0", "state.spikes.x", "only tensors of a training state"),
        ("state.metrics", "state.resultx", "only tensors of a training state"),
        ("\\\"epoch\\\":1", "\\\"epoch\\\":3", "an epoch of 1 to 2"),
        ("\\\"epoch\\\":1", "\\\"epoch\\\":-", "to hold the position of a training"),
        ("\"checkpoint\"", "\"chekcpoint\"", "the metadata 'checkpoint'"),
    ] {
        let error = swap(from, to).expect_err(text);
        assert!(error.contains(text), "{error}");
    }
    // Whole, but of another network or more images than there are.
    let resume = |config: Config, dataset: Dataset, checkpoint: &Checkpoint| {
        Training::resume(config, dataset, &on(BackendKind::Cpu), checkpoint).map(|_| ())
    };
    let fewer = Config { train_images: 5, ..base() };
    let error = resume(fewer, dataset(), &some[1]).unwrap_err();
    assert!(matches!(error, TrainError::Checkpoint { available: 5, .. }), "{error}");
    let error = resume(Config { batch_size: 8, ..base() }, dataset(), &some[1]).unwrap_err();
    assert!(matches!(error, TrainError::Backend(_)), "{error}");
    let error = resume(Config { layers: vec![10], ..base() }, dataset(), &some[1]).unwrap_err();
    assert!(matches!(error, TrainError::Backend(_)), "{error}");
}

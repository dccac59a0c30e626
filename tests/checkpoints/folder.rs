//! The folder of a run's checkpoints: which files it keeps, and how it recovers from damaged files and crashes.

use std::path::{Path, PathBuf};

use apical::run_dir::checkpoint_file::load;
use apical::run_dir::{CheckpointFolder, ImageSpec, RunWarning, SavedCheckpoint, StorageError};
use apical::test_results::Evaluation;
use apical::train::Checkpoint;
use tempfile::TempDir;

use super::{base, checkpoints, dataset};

/// Returns the evaluation of 100 images in 10 classes with `wrong` errors.
fn evaluation(wrong: u32) -> Evaluation {
    let mut confusion = vec![vec![0; 10]; 10];
    (confusion[0][0], confusion[0][1]) = (100 - wrong, wrong);
    Evaluation { confusion }
}

fn file_names(folder: &Path) -> Vec<String> {
    let mut files: Vec<String> = std::fs::read_dir(folder.join("checkpoints"))
        .unwrap()
        .map(|file| file.unwrap().file_name().into_string().unwrap())
        .collect();
    files.sort();
    files
}

/// Reads the latest readable checkpoint of a run's folder.
fn read_latest(folder: &Path) -> Result<Option<(PathBuf, SavedCheckpoint)>, StorageError> {
    CheckpointFolder::new(folder, 2).read_latest(&mut Vec::new())
}

#[test]
fn folder_keeps_latest_and_best_checkpoints() {
    let folder = tempfile::tempdir().unwrap();
    let images = ImageSpec::from_dataset(&dataset());
    let mut store = CheckpointFolder::new(folder.path(), 2);
    assert!(store.read_latest(&mut Vec::new()).unwrap().is_none());
    let checkpoints = checkpoints();
    // The first of equal errors is the best.
    let errors = [None, Some(9), Some(4), None, Some(6), None, Some(4), None, Some(9)];
    for (index, (checkpoint, wrong)) in checkpoints.iter().zip(errors).enumerate() {
        let mut checkpoint = Checkpoint { evaluation: wrong.map(evaluation), ..checkpoint.clone() };
        let lines = format!("{{\"line\":{index}}}\n");
        let path = store.save(&checkpoint, &base(), &images, &lines).unwrap().unwrap();
        let (latest, saved) = read_latest(folder.path()).unwrap().unwrap();
        assert_eq!(latest, path);
        // Files do not store times, so that equal runs write equal files.
        checkpoint.position.seconds = 0.0;
        assert!(saved.checkpoint == checkpoint, "{index}");
        assert_eq!((saved.config, saved.metrics), (base(), lines));
        // A checkpoint is also a file of weights.
        let weights = apical::run_dir::weights::load(&path).unwrap();
        assert!(weights.network == checkpoint.network && weights.is_checked);
    }
    let files = file_names(folder.path());
    let [best, earlier, later] = &files[..] else { panic!("{files:?}") };
    assert_eq!(best, "best.safetensors");
    assert!(earlier.starts_with("epoch-000002-image-") && earlier < later, "{files:?}");
    let best = load(&folder.path().join("checkpoints/best.safetensors")).unwrap();
    assert_eq!(best.checkpoint.position.images, checkpoints[2].position.images);
}

#[test]
fn checkpoint_not_due_is_written_if_best() {
    let folder = tempfile::tempdir().unwrap();
    let images = ImageSpec::from_dataset(&dataset());
    let mut store = CheckpointFolder::new(folder.path(), 2);
    let checkpoints = checkpoints();
    for (wrong, is_due, files) in [
        (Some(5), false, &["best.safetensors"][..]),
        (None, true, &["best.safetensors", "epoch-000001-image-0000000024.safetensors"]),
        (Some(6), false, &["best.safetensors", "epoch-000001-image-0000000024.safetensors"]),
    ] {
        let evaluation = wrong.map(evaluation);
        let checkpoint = Checkpoint { evaluation, is_due, ..checkpoints[2].clone() };
        let path = store.save(&checkpoint, &base(), &images, "").unwrap();
        assert_eq!((path.is_some(), file_names(folder.path())), (is_due, to_strings(files)));
    }
}

fn to_strings(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| text.to_string()).collect()
}

/// Writes two checkpoints, of 8 % and 7 % error, and a copy of the better one. Returns the folder and the two.
fn three_files() -> (TempDir, Vec<Checkpoint>) {
    let folder = tempfile::tempdir().unwrap();
    let images = ImageSpec::from_dataset(&dataset());
    let mut store = CheckpointFolder::new(folder.path(), 2);
    let mut checkpoints = checkpoints();
    checkpoints.truncate(2);
    for (checkpoint, wrong) in checkpoints.iter_mut().zip([8, 7]) {
        checkpoint.evaluation = Some(evaluation(wrong));
        store.save(checkpoint, &base(), &images, "").unwrap();
        checkpoint.position.seconds = 0.0;
    }
    (folder, checkpoints)
}

/// Function that returns the bytes of a file after a fault.
type Damage = fn(&[u8]) -> Vec<u8>;

#[test]
fn damaged_checkpoint_falls_back_to_earlier_one() {
    let damages: [(&str, Damage); 6] = [
        ("empty", |_| Vec::new()),
        ("truncated", |bytes| bytes[..bytes.len() / 2].to_vec()),
        ("zeros", |bytes| vec![0; bytes.len()]),
        ("flipped bit", |bytes| {
            let mut other = bytes.to_vec();
            *other.last_mut().unwrap() ^= 1;
            other
        }),
        ("flipped bit in the settings", |bytes| {
            let mut other = bytes.to_vec();
            let at = bytes.windows(15).position(|slice| slice == b"batch_size = 4\\").unwrap();
            other[at + 13] = b'5';
            other
        }),
        ("longer", |bytes| [bytes, &[0_u8; 9][..]].concat()),
    ];
    for (kind, damage) in damages {
        let (folder, checkpoints) = three_files();
        let files = file_names(folder.path());
        let newest = folder.path().join("checkpoints").join(&files[2]);
        let bytes = std::fs::read(&newest).unwrap();
        let damaged = damage(&bytes);
        std::fs::write(&newest, &damaged).unwrap();
        let mut warnings = Vec::new();
        let found = CheckpointFolder::new(folder.path(), 2).read_latest(&mut warnings).unwrap();
        assert!(found.unwrap().1.checkpoint == checkpoints[0], "{kind}");
        let [
            RunWarning::DamagedCheckpoint { path, renamed_to, .. },
            RunWarning::EarlierCheckpoint { .. },
        ] = &warnings[..]
        else {
            panic!("{kind}: {warnings:?}")
        };
        assert_eq!(*path, newest);
        assert_eq!(std::fs::read(renamed_to).unwrap(), damaged, "{kind}");
        // The warnings are given once.
        let mut warnings = Vec::new();
        CheckpointFolder::new(folder.path(), 2).read_latest(&mut warnings).unwrap();
        assert!(warnings.is_empty(), "{kind}: {warnings:?}");
    }
}

#[test]
fn surplus_checkpoints_are_removed_on_read() {
    let (folder, checkpoints) = three_files();
    let files = file_names(folder.path());
    let path = |index: usize| folder.path().join("checkpoints").join(&files[index]);
    std::fs::copy(path(1), path(1).with_file_name("epoch-000000-image-0000000001.safetensors"))
        .unwrap();
    let found = CheckpointFolder::new(folder.path(), 2).read_latest(&mut Vec::new()).unwrap();
    assert!(found.unwrap().1.checkpoint == checkpoints[1]);
    assert_eq!(file_names(folder.path()), files);
}

#[test]
fn damaged_best_checkpoint_is_restored() {
    for bytes in [&b""[..], b"none", &[0; 5000]] {
        let (folder, checkpoints) = three_files();
        let best = folder.path().join("checkpoints/best.safetensors");
        std::fs::write(&best, bytes).unwrap();
        let mut warnings = Vec::new();
        CheckpointFolder::new(folder.path(), 2).read_latest(&mut warnings).unwrap().unwrap();
        let [RunWarning::DamagedCheckpoint { renamed_to, .. }, RunWarning::BestRestored { .. }] =
            &warnings[..]
        else {
            panic!("{warnings:?}")
        };
        assert_eq!(std::fs::read(renamed_to).unwrap(), bytes);
        assert!(load(&best).unwrap().checkpoint == checkpoints[1]);
    }
}

#[test]
fn best_checkpoint_after_crash_is_updated() {
    let (folder, checkpoints) = three_files();
    let files = file_names(folder.path());
    let path = |index: usize| folder.path().join("checkpoints").join(&files[index]);
    // State after a crash between the writes of a checkpoint and of the best.
    std::fs::copy(path(1), path(0)).unwrap();
    read_latest(folder.path()).unwrap();
    assert!(load(&path(0)).unwrap().checkpoint == checkpoints[1]);
    // The best is used if it is the only readable checkpoint.
    std::fs::write(path(1), "").unwrap();
    std::fs::write(path(2), "").unwrap();
    assert!(read_latest(folder.path()).unwrap().unwrap().1.checkpoint == checkpoints[1]);
}

#[test]
fn only_damaged_checkpoints_are_an_error() {
    let (folder, _) = three_files();
    let files = file_names(folder.path());
    for name in &files {
        std::fs::write(folder.path().join("checkpoints").join(name), "damaged").unwrap();
    }
    let error = read_latest(folder.path()).unwrap_err();
    assert!(matches!(error, StorageError::NoCheckpoint { count: 3, .. }), "{error}");
    // The files stay.
    assert_eq!(file_names(folder.path()), files);
}

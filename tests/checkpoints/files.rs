//! Checkpoint files: damaged ones, those of other programs, and those that do not fit the settings.

use std::collections::HashMap;

use apical::config::Config;
use apical::dataset::Dataset;
use apical::device::BackendKind;
use apical::run_dir::checkpoint_file::from_bytes;
use apical::run_dir::{CheckpointFolder, ImageSpec, WeightsError};
use apical::train::{Checkpoint, TrainError, Training};
use safetensors::tensor::{Metadata, SafeTensors};

use super::{base, checkpoints, dataset, on};

/// Returns the file with changed metadata, written by the crate `safetensors` alone.
fn with_metadata(bytes: &[u8], change: impl FnOnce(&mut HashMap<String, String>)) -> Vec<u8> {
    let (_, metadata): (_, Metadata) = SafeTensors::read_metadata(bytes).unwrap();
    let mut metadata = metadata.metadata().clone().unwrap();
    change(&mut metadata);
    let tensors = SafeTensors::deserialize(bytes).unwrap();
    safetensors::serialize(tensors.tensors(), Some(metadata)).unwrap()
}

/// Returns the bytes of a checkpoint file.
fn file_bytes() -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let images = ImageSpec::from_dataset(&dataset());
    let mut store = CheckpointFolder::new(folder.path(), 1);
    let path = store.save(&checkpoints()[0], &base(), &images, "").unwrap();
    std::fs::read(path.unwrap()).unwrap()
}

fn read(bytes: &[u8]) -> Result<(), WeightsError> {
    from_bytes(bytes, "file".to_string()).map(|_| ())
}

fn remove_checksum(metadata: &mut HashMap<String, String>) {
    assert!(metadata.remove("sha256").is_some());
}

#[test]
fn damaged_checkpoint_file_is_an_error() {
    let bytes = file_bytes();
    assert!(read(&bytes).is_ok());
    let step = bytes.len() / 97;
    for at in (0..bytes.len()).step_by(step) {
        assert!(read(&bytes[..at]).is_err(), "{at}");
        let mut other = bytes.clone();
        other[at] ^= 1 << (at % 8);
        assert!(read(&other).is_err(), "{at}");
    }
    // The order of metadata, as another program writes it, does not matter.
    assert!(read(&with_metadata(&bytes, |_| ())).is_ok());
    let error =
        read(&with_metadata(&bytes, |all| all.insert("x".into(), "y".into()).map_or((), drop)));
    assert!(matches!(error, Err(WeightsError::Checksum { .. })), "{error:?}");
    let error = read(&with_metadata(&bytes, remove_checksum)).unwrap_err().to_string();
    assert!(error.contains("a checksum"), "{error}");
}

#[test]
fn checkpoint_file_with_invalid_content_is_an_error() {
    let bytes = file_bytes();
    // A file of another program needs no checksum, so its content is checked.
    let without_checksum = |all: &mut HashMap<String, String>| {
        remove_checksum(all);
        assert!(all.remove("apical_version").is_some());
    };
    let swap = |from: &str, to: &str| {
        assert_eq!(from.len(), to.len());
        let mut changed = with_metadata(&bytes, without_checksum);
        let at = changed.windows(from.len()).position(|slice| slice == from.as_bytes());
        changed[at.expect(from)..][..to.len()].copy_from_slice(to.as_bytes());
        read(&changed).map_err(|error| error.to_string())
    };
    for (from, to, text) in [
        ("state.classes", "state.classez", "only tensors of a training state"),
        ("state.spikes.0", "state.spikes.x", "only tensors of a training state"),
        ("state.metrics", "state.metricz", "only tensors of a training state"),
        ("\\\"epoch\\\":1", "\\\"epoch\\\":3", "an epoch of 1 to 2"),
        ("\\\"epoch\\\":1", "\\\"epoch\\\":-", "to hold the position of a training"),
        ("\"checkpoint\"", "\"chekcpoint\"", "the metadata 'checkpoint'"),
    ] {
        let error = swap(from, to).expect_err(text);
        assert!(error.contains(text), "{error}");
    }
}

#[test]
fn resume_with_other_settings_is_an_error() {
    let checkpoints = checkpoints();
    let resume = |config: Config, dataset: Dataset, checkpoint: &Checkpoint| {
        Training::resume(config, dataset, &on(BackendKind::Cpu), checkpoint).map(|_| ())
    };
    let fewer = Config { train_images: 5, ..base() };
    let error = resume(fewer, dataset(), &checkpoints[1]).unwrap_err();
    assert!(matches!(error, TrainError::Checkpoint { available: 5, .. }), "{error}");
    let error = resume(Config { batch_size: 8, ..base() }, dataset(), &checkpoints[1]).unwrap_err();
    assert!(matches!(error, TrainError::Backend(_)), "{error}");
    let error =
        resume(Config { layers: vec![10], ..base() }, dataset(), &checkpoints[1]).unwrap_err();
    assert!(matches!(error, TrainError::Backend(_)), "{error}");
}

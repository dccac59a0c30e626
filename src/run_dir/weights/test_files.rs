//! Files of weights for tests, whole and changed.

use std::collections::HashMap;
use std::fs;

use safetensors::tensor::{Dtype, SafeTensors, TensorView};

use super::load::from_bytes;
use super::{ImageSpec, SavedNetwork, WeightsError, save};
use crate::config::{Config, Feedback};
use crate::dataset::{DataIdentity, DataSource, PixelRules, ReadOptions};
use crate::network::Network;

/// Images of two named classes.
pub(super) fn images() -> ImageSpec {
    let class_names = ["cat", "dog \"Rex\""].map(str::to_string).to_vec();
    let rules = PixelRules { max_value: Some(4095), ..PixelRules::default() };
    let data = Some(DataIdentity {
        name: "pets/\"own\".npz".to_string(),
        source: DataSource::Files,
        read_options: ReadOptions::default(),
        training_images: 4,
        test_images: 2,
        sha256: "ab".to_string(),
        class_names: class_names.clone(),
    });
    ImageSpec {
        height: 2,
        width: 3,
        channels: 1,
        classes: 2,
        class_names,
        max_pixel: 9,
        data,
        rules,
        recorded: false,
        arrays: Some("own \"text\"".to_string()),
    }
}

/// Settings of a network of three layers with layerwise feedback.
pub(super) fn config() -> Config {
    Config { layers: vec![5, 4, 2], feedback: Feedback::Layerwise, ..Config::default() }
}

/// Returns the bytes of the file of an initial network.
pub(super) fn saved(config: &Config) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("weights.safetensors");
    save(&path, &Network::initial(config, 6), config, &images()).unwrap();
    fs::read(path).unwrap()
}

/// Returns the message of the error with its causes.
pub(super) fn message(bytes: &[u8]) -> String {
    let error = read(bytes).unwrap_err();
    let mut message = error.to_string();
    let mut source = std::error::Error::source(&error);
    while let Some(cause) = source {
        message += &format!(" <- {cause}");
        source = cause.source();
    }
    message
}

/// Tensors by name: element type, shape and bytes.
pub(super) type Tensors = HashMap<String, (Dtype, Vec<usize>, Vec<u8>)>;
/// Metadata entries.
pub(super) type Texts = HashMap<String, String>;

/// Returns the bytes of a file after a change, without checksum and version.
pub(super) fn changed(change: impl FnOnce(&mut Tensors, &mut Texts)) -> Vec<u8> {
    let bytes = saved(&config());
    let (_, metadata) = SafeTensors::read_metadata(&bytes).unwrap();
    let mut texts = metadata.metadata().clone().unwrap();
    texts.remove("sha256").unwrap();
    texts.remove("apical_version").unwrap();
    let mut tensors: Tensors = SafeTensors::deserialize(&bytes)
        .unwrap()
        .iter()
        .map(|(name, view)| {
            (name.to_string(), (view.dtype(), view.shape().to_vec(), view.data().to_vec()))
        })
        .collect();
    change(&mut tensors, &mut texts);
    let views: Vec<_> = tensors
        .iter()
        .map(|(name, (dtype, shape, bytes))| {
            (name, TensorView::new(*dtype, shape.clone(), bytes).unwrap())
        })
        .collect();
    safetensors::serialize(views, Some(texts)).unwrap()
}

/// Asserts that a changed file is an error that contains `expected`.
#[track_caller]
pub(super) fn refused(change: impl FnOnce(&mut Tensors, &mut Texts), expected: &str) {
    let found = message(&changed(change));
    assert!(found.starts_with("FILE: ") && found.contains(expected), "{found}\nnot: {expected}");
}

/// Parses the bytes of a file.
pub(super) fn read(bytes: &[u8]) -> Result<SavedNetwork, WeightsError> {
    from_bytes(bytes, "FILE".to_string())
}

//! Checkpoints as files: a file of weights, as [`super::weights`] says, that has besides all that the training
//! needs to go on. Whatever reads weights reads a checkpoint too.
//!
//! Moments, results and what lanes carry on are tensors whose names begin with `state.`; the bytes of `state.metrics`
//! are the lines of the run's metrics so far. The position of the training is in the metadata `checkpoint`. Files of
//! equal runs are equal.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use safetensors::tensor::Dtype;
use serde::{Deserialize, Serialize};

use super::RecordError;
use super::container::{Tensor, serialized};
use super::weights::{self, Content, ImageShape, STATE, Saved, WeightsError};
use crate::config::Config;
use crate::evaluate::Evaluation;
use crate::layout::{Array, Word};
use crate::schedule::State;
use crate::train::{Checkpoint, Position};

pub use super::checkpoints::{BEST, CHECKPOINTS, Checkpoints};

/// Key of [`Standing`] in the metadata.
const POSITION: &str = "checkpoint";
/// Name of the tensor with the lines of metrics, behind [`STATE`].
const METRICS: &str = "metrics";

/// What is in the metadata.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Standing {
    position: Position,
    updates: u64,
    is_fresh: bool,
    /// Percent, for readers: the counts have it too.
    test_error: Option<f64>,
    /// Counts of the epoch's full test, if the epoch just ended.
    evaluation: Option<Evaluation>,
}

/// A checkpoint as it was read.
#[derive(Clone, Debug, PartialEq)]
pub struct SavedCheckpoint {
    /// What the training goes on from.
    pub checkpoint: Checkpoint,
    /// The settings of the run.
    pub config: Config,
    /// What the network takes and tells.
    pub images: ImageShape,
    /// Lines of the run's metrics when the checkpoint was written.
    pub metrics: String,
}

/// Returns the bytes of a file.
pub(super) fn bytes(
    checkpoint: &Checkpoint,
    config: &Config,
    images: &ImageShape,
    metrics: &str,
) -> Result<Vec<u8>, RecordError> {
    let Checkpoint { position, network, state, evaluation, .. } = checkpoint;
    let State { updates, is_fresh, .. } = *state;
    let (position, test_error) = (*position, checkpoint.test_error());
    let standing =
        Standing { position, updates, is_fresh, test_error, evaluation: evaluation.clone() };
    let standing = serde_json::to_string(&standing)
        .map_err(|source| RecordError::Json { path: PathBuf::from(POSITION), source })?;
    let mut metadata = weights::metadata(config, images)?;
    metadata.insert(POSITION.to_string(), standing);
    let mut tensors = weights::tensors(network);
    tensors.extend(state.arrays.iter().map(|(array, words)| Tensor {
        name: key(*array),
        kind: kind(*array),
        shape: vec![words.len()],
        bytes: words.iter().flat_map(|word| word.to_le_bytes()).collect(),
    }));
    tensors.push(Tensor {
        name: format!("{STATE}{METRICS}"),
        kind: Dtype::U8,
        shape: vec![metrics.len()],
        bytes: metrics.as_bytes().to_vec(),
    });
    serialized(&tensors, metadata)
}

/// Reads a checkpoint. Nothing in the file is trusted; whether its arrays have the right lengths is seen where they are
/// put on a device.
///
/// # Errors
/// When the file cannot be read, or anything in it is not as it should be.
pub fn load(path: &Path) -> Result<SavedCheckpoint, WeightsError> {
    from_bytes(&weights::read(path)?, path.display().to_string())
}

/// The same from the bytes of `file`.
///
/// # Errors
/// When anything in them is not as it should be.
pub fn from_bytes(bytes: &[u8], file: String) -> Result<SavedCheckpoint, WeightsError> {
    let content = Content::new(bytes, file)?;
    let Saved { network, config, images, is_checked } = content.saved()?;
    let Standing { position, updates, is_fresh, evaluation, .. } =
        match serde_json::from_str(content.text(POSITION)?) {
            Ok(standing) => standing,
            Err(error) => {
                let expected = format!("the metadata '{POSITION}' to say where a training stands");
                return content.fault(expected, error);
            }
        };
    // After the last epoch, the position is at the start of the next.
    let last = u64::from(config.epochs) + u64::from(evaluation.is_some());
    if position.epoch == 0 || u64::from(position.epoch) > last {
        return content
            .fault(format!("an epoch of 1 to {last}, as in its settings"), position.epoch);
    }
    if let Some(Evaluation { confusion }) = &evaluation
        && (confusion.len() != images.classes
            || confusion.iter().any(|row| row.len() != images.classes))
    {
        let expected = format!("a test of {} classes", images.classes);
        return content.fault(expected, format!("counts of {}", confusion.len()));
    }
    let (mut arrays, mut metrics) = (BTreeMap::new(), None);
    for name in content.tensors.names().into_iter().filter(|name| name.starts_with(STATE)) {
        if name.strip_prefix(STATE) == Some(METRICS) {
            metrics = Some(lines(&content, name)?);
            continue;
        }
        let array = match array_of(name) {
            Some(array) => array,
            None => return content.fault("tensors that belong to a state".to_string(), name),
        };
        let tensor = match content.tensors.tensor(name) {
            Ok(tensor) if tensor.dtype() == kind(array) => tensor,
            _ => return content.fault(format!("'{name}' to be {:?}", kind(array)), "another type"),
        };
        let (words, _) = tensor.data().as_chunks::<4>();
        arrays.insert(array, words.iter().map(|&word| u32::from_le_bytes(word)).collect());
    }
    let Some(metrics) = metrics else {
        return content.fault(format!("a tensor '{STATE}{METRICS}'"), "none");
    };
    if !is_checked {
        return content.fault("a checksum, as apical writes it".to_string(), "none");
    }
    let state = State { updates, is_fresh, arrays };
    let checkpoint = Checkpoint { position, network, state, evaluation, is_due: true };
    Ok(SavedCheckpoint { checkpoint, config, images, metrics })
}

/// Reads the lines of metrics.
fn lines(content: &Content, name: &str) -> Result<String, WeightsError> {
    let bytes = match content.tensors.tensor(name) {
        Ok(tensor) if tensor.dtype() == Dtype::U8 => tensor.data(),
        _ => return content.fault(format!("'{name}' to be {:?}", Dtype::U8), "another type"),
    };
    match str::from_utf8(bytes) {
        Ok(text) if text.is_empty() || text.ends_with('\n') => Ok(text.to_string()),
        _ => content.fault(format!("'{name}' to be lines of text"), "other bytes"),
    }
}

fn kind(array: Array) -> Dtype {
    match array.word() {
        Word::Integer => Dtype::U32,
        Word::Float => Dtype::F32,
    }
}

/// An array by its layer or population.
type Indexed = fn(usize) -> Array;

/// Arrays of layers or populations that a state may hold, and what they are called.
const NAMES: [(&str, Indexed); 6] = [
    ("spikes", Array::Spikes),
    ("rates", Array::Rates),
    ("traces", Array::Traces),
    ("moments", Array::Moments),
    ("apical_drive", Array::ApicalDrive),
    ("compartments", Array::Compartments),
];
const RESULTS: &str = "results";

fn key(array: Array) -> String {
    let index = match array {
        Array::Spikes(index)
        | Array::Rates(index)
        | Array::Traces(index)
        | Array::Moments(index)
        | Array::ApicalDrive(index)
        | Array::Compartments(index) => index,
        _ => 0,
    };
    match NAMES.iter().find(|(_, of)| of(index) == array) {
        Some((name, _)) => format!("{STATE}{name}.{index}"),
        None => format!("{STATE}{RESULTS}"),
    }
}

fn array_of(key: &str) -> Option<Array> {
    let name = key.strip_prefix(STATE)?;
    if name == RESULTS {
        return Some(Array::Results);
    }
    let (name, index) = name.split_once('.')?;
    let (_, of) = NAMES.iter().find(|(known, _)| *known == name)?;
    Some(of(index.parse().ok()?))
}

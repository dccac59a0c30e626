//! Checkpoint files: a file of weights, see [`super::weights`], with the state that resumes the training. Any program that
//! reads weights reads a checkpoint too.
//!
//! Moments, results and the persistent state of samples are tensors whose names start with `state.`. The tensor
//! `state.metrics` holds the bytes of the run's metrics so far. The metadata entry `checkpoint` holds the position of the
//! training as JSON. Equal runs write equal files.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use safetensors::tensor::Dtype;
use serde::{Deserialize, Serialize};

use super::StorageError;
use super::checked_safetensors::{NamedTensor, serialize};
use super::weights::{self, ImageSpec, STATE_PREFIX, SavedNetwork, WeightsError, WeightsFile};
use crate::config::Config;
use crate::interface::{ArrayId, ElementType, Values};
use crate::simulation::SimulationState;
use crate::test_results::Evaluation;
use crate::train::{Checkpoint, TrainPosition};

/// Key of [`CheckpointMeta`] in the metadata.
const POSITION: &str = "checkpoint";
/// Name of the tensor of metrics, after [`STATE_PREFIX`].
const METRICS: &str = "metrics";

/// Position of the training and scalar state, stored as JSON in the metadata.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct CheckpointMeta {
    position: TrainPosition,
    updates: u64,
    is_fresh: bool,
    /// Test error in percent, for readers. Equal to the error of `evaluation`.
    test_error: Option<f64>,
    /// Full evaluation, if the epoch just ended.
    evaluation: Option<Evaluation>,
}

/// Content of a checkpoint file.
#[derive(Clone, Debug, PartialEq)]
pub struct SavedCheckpoint {
    /// State from which the training resumes.
    pub checkpoint: Checkpoint,
    /// Settings of the run.
    pub config: Config,
    /// Images and classes of the network.
    pub images: ImageSpec,
    /// Lines of the run's metrics at the checkpoint.
    pub metrics: String,
}

/// Returns the bytes of a checkpoint file. `metrics`: lines of the run's metrics so far.
///
/// # Errors
/// Returns an error if the settings or the position cannot be written as text.
pub fn to_bytes(
    checkpoint: &Checkpoint,
    config: &Config,
    images: &ImageSpec,
    metrics: &str,
) -> Result<Vec<u8>, StorageError> {
    let Checkpoint { position, network, state, evaluation, .. } = checkpoint;
    let SimulationState { updates, is_fresh, .. } = *state;
    let (position, test_error) = (*position, checkpoint.test_error());
    let meta =
        CheckpointMeta { position, updates, is_fresh, test_error, evaluation: evaluation.clone() };
    let meta = serde_json::to_string(&meta)
        .map_err(|source| StorageError::Json { path: PathBuf::from(POSITION), source })?;
    let mut metadata = weights::metadata(config, images)?;
    metadata.insert(POSITION.to_string(), meta);
    let mut tensors = weights::tensors(network);
    tensors.extend(state.arrays.iter().map(|(array, values)| NamedTensor {
        name: tensor_name(*array),
        dtype: dtype(*array),
        shape: vec![values.len()],
        bytes: values.bits().iter().flat_map(|word| word.to_le_bytes()).collect(),
    }));
    tensors.push(NamedTensor {
        name: format!("{STATE_PREFIX}{METRICS}"),
        dtype: Dtype::U8,
        shape: vec![metrics.len()],
        bytes: metrics.as_bytes().to_vec(),
    });
    serialize(&tensors, metadata)
}

/// Reads a checkpoint and validates it, except the lengths of its arrays, which the backend checks.
///
/// # Errors
/// Returns an error if the file cannot be read or its content is invalid.
pub fn load(path: &Path) -> Result<SavedCheckpoint, WeightsError> {
    from_bytes(&weights::read(path)?, path.display().to_string())
}

/// Parses the bytes of a checkpoint. `file`: name for error messages.
///
/// # Errors
/// Returns an error if the content is invalid.
pub fn from_bytes(bytes: &[u8], file: String) -> Result<SavedCheckpoint, WeightsError> {
    let content = WeightsFile::new(bytes, file)?;
    let SavedNetwork { network, config, images, is_checked } = content.saved_network()?;
    let CheckpointMeta { position, updates, is_fresh, evaluation, .. } =
        match serde_json::from_str(content.text(POSITION)?) {
            Ok(meta) => meta,
            Err(error) => {
                let expected =
                    format!("the metadata '{POSITION}' to hold the position of a training");
                return content.fault(expected, error);
            }
        };
    // After the last epoch, the position is the start of the next epoch.
    let last = u64::from(config.epochs) + u64::from(evaluation.is_some());
    if position.epoch == 0 || u64::from(position.epoch) > last {
        return content
            .fault(format!("an epoch of 1 to {last}, as in its settings"), position.epoch);
    }
    if let Some(Evaluation { confusion }) = &evaluation
        && (confusion.len() != images.classes
            || confusion.iter().any(|row| row.len() != images.classes))
    {
        let expected = format!("an evaluation of {} classes", images.classes);
        return content.fault(expected, format!("one of {}", confusion.len()));
    }
    let (mut arrays, mut metrics) = (BTreeMap::new(), None);
    for name in content.tensors.names().into_iter().filter(|name| name.starts_with(STATE_PREFIX)) {
        if name.strip_prefix(STATE_PREFIX) == Some(METRICS) {
            metrics = Some(read_metrics(&content, name)?);
            continue;
        }
        let array = match array_of(name) {
            Some(array) => array,
            None => return content.fault("only tensors of a training state".to_string(), name),
        };
        let tensor = match content.tensors.tensor(name) {
            Ok(tensor) if tensor.dtype() == dtype(array) => tensor,
            _ => {
                return content.fault(format!("'{name}' to be {:?}", dtype(array)), "another type");
            }
        };
        let words = tensor.data().as_chunks().0.iter().copied();
        let values = match array.element_type() {
            ElementType::U32 => Values::U32(words.map(u32::from_le_bytes).collect()),
            ElementType::F32 => Values::F32(words.map(f32::from_le_bytes).collect()),
        };
        arrays.insert(array, values);
    }
    let Some(metrics) = metrics else {
        return content.fault(format!("a tensor '{STATE_PREFIX}{METRICS}'"), "none");
    };
    if !is_checked {
        return content.fault("a checksum, as apical writes it".to_string(), "none");
    }
    let state = SimulationState { updates, is_fresh, arrays };
    let checkpoint = Checkpoint { position, network, state, evaluation, is_due: true };
    Ok(SavedCheckpoint { checkpoint, config, images, metrics })
}

/// Reads the lines of metrics from their tensor.
fn read_metrics(content: &WeightsFile, name: &str) -> Result<String, WeightsError> {
    let bytes = match content.tensors.tensor(name) {
        Ok(tensor) if tensor.dtype() == Dtype::U8 => tensor.data(),
        _ => return content.fault(format!("'{name}' to be {:?}", Dtype::U8), "another type"),
    };
    match str::from_utf8(bytes) {
        Ok(text) if text.is_empty() || text.ends_with('\n') => Ok(text.to_string()),
        _ => content.fault(format!("'{name}' to be lines of text"), "other bytes"),
    }
}

/// Returns the element type of an array.
fn dtype(array: ArrayId) -> Dtype {
    match array.element_type() {
        ElementType::U32 => Dtype::U32,
        ElementType::F32 => Dtype::F32,
    }
}

/// Constructor of an array of a layer or population.
type IndexedArray = fn(usize) -> ArrayId;

/// Names of the arrays of layers or populations in a file.
const INDEXED_ARRAYS: [(&str, IndexedArray); 6] = [
    ("spikes", ArrayId::Spikes),
    ("rates", ArrayId::Rates),
    ("window_means", ArrayId::WindowMeans),
    ("moments", ArrayId::Moments),
    ("apical_input", ArrayId::ApicalInput),
    ("compartments", ArrayId::Compartments),
];
/// Names of the arrays of a replica in a file.
const REPLICA_ARRAYS: [(&str, ArrayId); 2] =
    [("classes", ArrayId::Classes), ("losses", ArrayId::Losses)];

/// Returns the name of an array's tensor. The array must be part of a [`SimulationState`].
fn tensor_name(array: ArrayId) -> String {
    let name = match array {
        ArrayId::Spikes(index)
        | ArrayId::Rates(index)
        | ArrayId::WindowMeans(index)
        | ArrayId::Moments(index)
        | ArrayId::ApicalInput(index)
        | ArrayId::Compartments(index) => {
            let entry = INDEXED_ARRAYS.iter().find(|(_, of)| of(index) == array);
            entry.map(|(name, _)| format!("{name}.{index}"))
        }
        _ => {
            let entry = REPLICA_ARRAYS.iter().find(|(_, known)| *known == array);
            entry.map(|(name, _)| (*name).to_string())
        }
    };
    format!("{STATE_PREFIX}{}", name.unwrap_or_default())
}

/// Returns the array of a tensor's name, or `None` for an unknown name.
fn array_of(tensor_name: &str) -> Option<ArrayId> {
    let name = tensor_name.strip_prefix(STATE_PREFIX)?;
    if let Some((_, array)) = REPLICA_ARRAYS.iter().find(|(known, _)| *known == name) {
        return Some(*array);
    }
    let (name, index) = name.split_once('.')?;
    let (_, of) = INDEXED_ARRAYS.iter().find(|(known, _)| *known == name)?;
    Some(of(index.parse().ok()?))
}

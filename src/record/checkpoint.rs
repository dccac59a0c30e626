//! Checkpoints as files: a file of weights, as [`super::weights`] says, that has besides all that the training
//! needs to go on. Whatever reads weights reads a checkpoint too.
//!
//! Moments, results and what lanes carry on are tensors whose names begin with `state.`; where the training
//! stands is in the metadata `checkpoint`.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use safetensors::tensor::Dtype;
use serde::{Deserialize, Serialize};

use super::RecordError;
use super::file::write_whole;
use super::weights::{self, Content, ImageShape, STATE, Saved, Tensor, WeightsError};
use crate::config::Config;
use crate::layout::{Array, Word};
use crate::schedule::State;
use crate::train::{Checkpoint, Position};

/// The folder of a run's checkpoints, in that of the run.
pub const CHECKPOINTS: &str = "checkpoints";
/// The checkpoint with the lowest test error at the end of an epoch.
pub const BEST: &str = "best.safetensors";

/// The metadata of the same name.
const POSITION: &str = "checkpoint";
const SUFFIX: &str = ".safetensors";

/// What is in the metadata.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Standing {
    position: Position,
    updates: u64,
    is_fresh: bool,
    test_error: Option<f64>,
    /// Bytes of the run's metrics up to here.
    metrics_bytes: u64,
}

/// The checkpoints of a run.
#[derive(Debug)]
pub struct Checkpoints {
    folder: PathBuf,
    /// How many of the last are kept.
    keep: usize,
    /// Lowest test error so far.
    best: Option<f64>,
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
    /// Bytes of the file of metrics when the checkpoint was written: what lies behind comes once more.
    pub metrics_bytes: u64,
}

impl Checkpoints {
    /// `folder`: that of the run. The last `keep` checkpoints are kept, and the best.
    pub fn new(folder: &Path, keep: usize) -> Self {
        Checkpoints { folder: folder.join(CHECKPOINTS), keep: keep.max(1), best: None }
    }

    /// The last that was written.
    ///
    /// # Errors
    /// When the folder cannot be read, or the file is not as it should be.
    pub fn last(&mut self) -> Result<Option<(PathBuf, SavedCheckpoint)>, RecordError> {
        let best = self.folder.join(BEST);
        if best.exists() {
            self.best = load(&best)?.checkpoint.test_error;
        }
        match self.all()?.pop() {
            Some(path) => {
                let saved = load(&path)?;
                Ok(Some((path, saved)))
            }
            None => Ok(None),
        }
    }

    /// Writes a checkpoint, and takes away those that need not be kept. `metrics_bytes`: those of the metrics up to
    /// here.
    ///
    /// # Errors
    /// When the files cannot be written.
    pub fn save(
        &mut self,
        checkpoint: &Checkpoint,
        config: &Config,
        images: &ImageShape,
        metrics_bytes: u64,
    ) -> Result<PathBuf, RecordError> {
        fs::create_dir_all(&self.folder).map_err(RecordError::io("created", &self.folder))?;
        let bytes = bytes(checkpoint, config, images, metrics_bytes)?;
        let path = self.folder.join(name(&checkpoint.position));
        write_whole(&path, &bytes)?;
        if let Some(error) = checkpoint.test_error
            && self.best.is_none_or(|best| error < best)
        {
            write_whole(&self.folder.join(BEST), &bytes)?;
            self.best = Some(error);
        }
        let all = self.all()?;
        for old in &all[..all.len().saturating_sub(self.keep)] {
            fs::remove_file(old).map_err(RecordError::io("removed", old))?;
        }
        Ok(path)
    }

    /// Paths of all but the best, the earliest first.
    fn all(&self) -> Result<Vec<PathBuf>, RecordError> {
        let entries = match fs::read_dir(&self.folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(RecordError::io("read", &self.folder)(error)),
        };
        let mut paths = Vec::new();
        for entry in entries {
            let path = entry.map_err(RecordError::io("read", &self.folder))?.path();
            let name = path.file_name().map(|name| name.to_string_lossy().into_owned());
            if name.is_some_and(|name| name.starts_with(EPOCH) && name.ends_with(SUFFIX)) {
                paths.push(path);
            }
        }
        paths.sort_unstable();
        Ok(paths)
    }
}

const EPOCH: &str = "epoch-";

/// Names are in the order in which checkpoints come: the epoch of the next image, and its number there.
fn name(position: &Position) -> String {
    format!("{EPOCH}{:06}-image-{:010}{SUFFIX}", position.epoch, position.images)
}

fn bytes(
    checkpoint: &Checkpoint,
    config: &Config,
    images: &ImageShape,
    metrics_bytes: u64,
) -> Result<Vec<u8>, RecordError> {
    let Checkpoint { position, network, state, test_error } = checkpoint;
    let State { updates, is_fresh, .. } = *state;
    let (position, test_error) = (*position, *test_error);
    let standing = Standing { position, updates, is_fresh, test_error, metrics_bytes };
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
    weights::serialized(&tensors, metadata)
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
    let Saved { network, config, images } = content.saved()?;
    let Standing { position, updates, is_fresh, test_error, metrics_bytes } =
        match serde_json::from_str(content.text(POSITION)?) {
            Ok(standing) => standing,
            Err(error) => {
                let expected = format!("the metadata '{POSITION}' to say where a training stands");
                return content.fault(expected, error);
            }
        };
    if position.epoch == 0 || position.epoch > config.epochs {
        let expected = format!("an epoch of 1 to {}, as in its settings", config.epochs);
        return content.fault(expected, position.epoch);
    }
    let mut arrays = BTreeMap::new();
    for name in content.tensors.names().into_iter().filter(|name| name.starts_with(STATE)) {
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
    let state = State { updates, is_fresh, arrays };
    let checkpoint = Checkpoint { position, network, state, test_error };
    Ok(SavedCheckpoint { checkpoint, config, images, metrics_bytes })
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

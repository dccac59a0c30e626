//! What a run leaves behind: its settings, its metrics, its weights; of many networks, a run of each and a
//! summary.

pub mod checkpoint;
mod checkpoints;
mod container;
pub mod data;
pub(crate) mod file;
pub mod info;
mod lines;
pub mod lock;
pub mod metrics;
mod notice;
mod npy;
pub mod recording;
pub mod replicas;
pub mod run;
#[cfg(feature = "plots")]
pub mod tensorboard;
pub mod trials;
mod unfinished;
pub mod weights;

use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use thiserror::Error;

use crate::network::LayerError;

pub use checkpoint::SavedCheckpoint;
pub use checkpoints::Checkpoints;
pub use info::RunInfo;
pub use lines::Lines;
pub use lock::FolderLock;
pub use metrics::Metrics;
pub use notice::Notice;
pub use replicas::ReplicaRuns;
pub use run::Run;
pub use trials::{EpochResult, Trial, Trials};
pub use unfinished::Unfinished;
pub use weights::{ImageShape, Saved, WeightsError, weights_sha256};

/// The date and time, RFC 3339.
pub fn now() -> String {
    humantime::format_rfc3339_seconds(SystemTime::now()).to_string()
}

/// Why something cannot be written.
#[derive(Debug, Error)]
#[expect(missing_docs, reason = "each message says what it is")]
pub enum RecordError {
    #[error("{}: cannot be {action}", .path.display())]
    Io { action: &'static str, path: PathBuf, source: io::Error },
    #[error("{}: this folder already holds a run, and runs are not overwritten", .found.display())]
    AlreadyARun { found: PathBuf },
    #[error("{}: there is no run in this folder that could be gone on with", .folder.display())]
    NoRun { folder: PathBuf },
    #[error("{}: another process has this folder in use", .folder.display())]
    InUse { folder: PathBuf },
    #[error("{}: cannot read any of its {count} checkpoints; the newest is {}", .folder.display(), .newest.display())]
    NoCheckpoint { folder: PathBuf, count: usize, newest: PathBuf, source: Box<WeightsError> },
    #[error("{}: this does not tell what the run was asked to do", .path.display())]
    Info { path: PathBuf, source: serde_json::Error },
    #[error("{}: this checkpoint is one of other settings than those of the run", .path.display())]
    OtherSettings { path: PathBuf },
    #[error(transparent)]
    Weights(#[from] WeightsError),
    #[error("{}: this record has no JSON", .path.display())]
    Json { path: PathBuf, source: serde_json::Error },
    #[error("{}: line {line} is not that of a finished training", .path.display())]
    Line { path: PathBuf, line: usize, source: serde_json::Error },
    #[error("{}: this table cannot be written", .path.display())]
    Csv { path: PathBuf, source: csv::Error },
    #[error("{}: this recording cannot be written", .path.display())]
    Recording { path: PathBuf, source: io::Error },
    #[error("{}: a recording is written as .npz, .safetensors or .csv", .path.display())]
    Format { path: PathBuf },
    #[error("{}: cannot write layer {layer}", .path.display())]
    Layer { path: PathBuf, layer: usize, source: LayerError },
    #[error("these settings have no TOML")]
    Toml(#[from] toml::ser::Error),
    #[error("cannot write metadata as JSON")]
    Metadata(#[from] serde_json::Error),
    #[error("these weights have no safetensors file")]
    Safetensors(#[from] safetensors::SafeTensorError),
}

impl RecordError {
    pub(crate) fn io(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> RecordError {
        let path = path.to_owned();
        move |source| RecordError::Io { action, path, source }
    }
}

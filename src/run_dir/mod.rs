//! The folder of a run: settings, metrics, checkpoints and weights. A run of many networks has one such folder per
//! network, and a summary.

mod checked_safetensors;
pub mod checkpoint_file;
mod checkpoint_folder;
mod claim_owner;
pub mod collect;
mod epoch_result;
pub mod file_names;
mod jsonl_file;
mod jsonl_store;
mod lock;
mod part_claims;
pub mod replica_summary;
mod resume;
mod run;
mod run_info;
mod run_lock;
#[cfg(feature = "plots")]
pub mod tensorboard;
pub mod training_data;
mod trial_store;
mod unfinished_trial;
mod warnings;
pub mod weights;
pub(crate) mod write;

use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use thiserror::Error;

use crate::config::SweepError;
use crate::network::LayerError;

pub use checkpoint_file::SavedCheckpoint;
pub use checkpoint_folder::CheckpointFolder;
pub use epoch_result::EpochResult;
pub use jsonl_file::JsonlFile;
pub use jsonl_store::JsonlStore;
pub use lock::FolderLock;
pub use part_claims::PartClaims;
pub use run::{FINISHED_EVENT, FinalMetrics, RunDir};
pub use run_info::RunInfo;
pub use run_lock::RunLock;
pub use trial_store::{Trial, TrialStore};
pub(crate) use unfinished_trial::CHECKPOINT_EVERY;
pub use unfinished_trial::UnfinishedTrial;
pub use warnings::RunWarning;
pub use weights::{ImageSpec, SavedNetwork, WeightsError, weights_sha256};

/// Returns the date and time in UTC, as RFC 3339.
pub fn now_rfc3339() -> String {
    humantime::format_rfc3339_seconds(SystemTime::now()).to_string()
}

/// Error of reading or writing the files of a run, a table or a figure.
#[derive(Debug, Error)]
#[expect(missing_docs, reason = "each message describes its variant")]
pub enum StorageError {
    #[error("{}: cannot be {action}", .path.display())]
    Io { action: &'static str, path: PathBuf, source: io::Error },
    #[error("{}: this folder already holds a run, and runs are not overwritten", .found.display())]
    RunExists { found: PathBuf },
    #[error("{}: no resumable run in this folder", .folder.display())]
    NoRun { folder: PathBuf },
    #[error("{}: another process has this folder in use", .folder.display())]
    FolderInUse { folder: PathBuf },
    #[error("{}: part {part} of this run is in use by {owner}", .folder.display())]
    PartInUse { folder: PathBuf, part: usize, owner: String },
    #[error("{}: this run has {found} parts, not {wanted}", .folder.display())]
    OtherParts { folder: PathBuf, found: usize, wanted: usize },
    #[error("{}: cannot read any of its {count} checkpoints; the newest is {}", .folder.display(), .newest.display())]
    NoCheckpoint { folder: PathBuf, count: usize, newest: PathBuf, source: Box<WeightsError> },
    #[error("{}: cannot extend this finished run to more epochs: it has no checkpoint", .folder.display())]
    NotExtendable { folder: PathBuf },
    #[error("{}: expected the description of a run", .path.display())]
    RunInfo { path: PathBuf, source: serde_json::Error },
    #[error("{}: the settings of this checkpoint differ from those of the run", .path.display())]
    SettingsDiffer { path: PathBuf },
    #[error("invalid sweep in the description of the run")]
    Sweep(#[from] SweepError),
    #[error(transparent)]
    Weights(#[from] WeightsError),
    #[error("{}: cannot convert to or from JSON", .path.display())]
    Json { path: PathBuf, source: serde_json::Error },
    #[error("{}: line {line}: expected the record of a finished training", .path.display())]
    InvalidLine { path: PathBuf, line: usize, source: serde_json::Error },
    #[error("{}: cannot write the table", .path.display())]
    Csv { path: PathBuf, source: csv::Error },
    #[error("{}: cannot write the recording", .path.display())]
    Recording { path: PathBuf, source: io::Error },
    #[error("{}: expected a name that ends in .npz, .safetensors, .csv or .h5", .path.display())]
    RecordingFormat { path: PathBuf },
    #[error("{}: cannot store {quantity} in a SONATA file, which holds spikes and voltages", .path.display())]
    NotInSonata { path: PathBuf, quantity: String },
    #[error("{}: cannot write layer {layer}", .path.display())]
    Layer { path: PathBuf, layer: usize, source: LayerError },
    #[error("cannot write the settings as TOML")]
    Toml(#[from] toml::ser::Error),
    #[error("cannot write metadata as JSON")]
    Metadata(#[from] serde_json::Error),
    #[error("cannot write the weights as safetensors")]
    Safetensors(#[from] safetensors::SafeTensorError),
}

impl StorageError {
    /// Returns a function that wraps an I/O error. `action` is a past participle, such as "written".
    pub(crate) fn io(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> StorageError {
        let path = path.to_owned();
        move |source| StorageError::Io { action, path, source }
    }
}

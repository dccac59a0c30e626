//! Names of the files and folders in the folder of a run.

use std::path::Path;

use super::StorageError;

/// Description of the run, see [`RunInfo`](super::RunInfo).
pub const RUN_INFO: &str = "run.json";
/// The resolved settings; `apical train --config` reads them.
pub const CONFIG: &str = "config.toml";
/// Metrics, one JSON object per line. Equal runs have equal metrics.
pub const METRICS: &str = "metrics.jsonl";
/// Speeds, times and devices, which differ between equal runs. One JSON object per line.
pub const TIMINGS: &str = "timings.jsonl";
/// The trained network, see [`weights`](super::weights).
pub const WEIGHTS: &str = "weights.safetensors";
/// Weights with which all networks of the run start, if they were given.
pub const INITIAL_WEIGHTS: &str = "initial-weights.safetensors";
/// Folder of the checkpoints.
pub const CHECKPOINTS: &str = "checkpoints";
/// The checkpoint with the lowest test error at the end of an epoch, in [`CHECKPOINTS`]; the first of equals.
pub const BEST_CHECKPOINT: &str = "best.safetensors";
/// Folder of TensorBoard's event files.
pub const TENSORBOARD: &str = "tensorboard";
/// Results of all replicas, with means and standard deviations.
pub const SUMMARY_JSON: &str = "summary.json";
/// Means and standard deviations, one line per combination of swept settings.
pub const SUMMARY_CSV: &str = "summary.csv";
/// The locked file, see [`FolderLock`](super::FolderLock).
pub const LOCK: &str = "apical.lock";
/// Folder of unfinished trainings beside a file of trials.
pub(super) const UNFINISHED: &str = "unfinished";

/// Returns the name of a replica's folder; the first replica has index 0.
pub fn replica_folder(replica: usize) -> String {
    format!("replica-{replica:03}")
}

/// Checks that a folder holds no file of a run, of one network or of many.
///
/// # Errors
/// Returns [`StorageError::RunExists`] if it does.
pub(crate) fn ensure_no_run(folder: &Path) -> Result<(), StorageError> {
    let first = replica_folder(0);
    let names = [
        RUN_INFO,
        CONFIG,
        METRICS,
        TIMINGS,
        WEIGHTS,
        CHECKPOINTS,
        SUMMARY_JSON,
        SUMMARY_CSV,
        TENSORBOARD,
        &first,
    ];
    // A dangling link counts too: writing would replace it.
    let mut files = names.into_iter().map(|name| folder.join(name));
    match files.find(|file| file.symlink_metadata().is_ok()) {
        Some(found) => Err(StorageError::RunExists { found }),
        None => Ok(()),
    }
}

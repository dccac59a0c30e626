//! Folder of a run of one network: `config.toml`, `metrics.jsonl`, `timings.jsonl`, checkpoints, and at the end
//! `weights.safetensors`. Equal runs have equal metrics, checkpoints and weights, byte for byte.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::file_names::{METRICS, WEIGHTS};
use super::jsonl_file::append;
use super::{CheckpointFolder, ImageSpec, JsonlFile, RunWarning, StorageError, weights};
use crate::config::Config;
use crate::network::Network;
use crate::train::{Checkpoint, TrainPosition};

/// Event of the last line of a run's metrics.
pub const FINISHED_EVENT: &str = "finished";

/// Event of a checkpoint's line in the timings.
pub(super) const CHECKPOINT_EVENT: &str = "checkpoint";
/// Keys of metrics that are moved to the timings.
const TIMING_KEYS: [&str; 6] =
    ["images_per_second", "test_images_per_second", "seconds", "backend", "device", "bit_exact"];

/// Fields of the last line of a finished run's metrics.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FinalMetrics {
    /// Event: `finished`.
    pub event: String,
    /// Test error in percent.
    pub test_error: f64,
    /// SHA-256 of all weights and biases in hexadecimal.
    pub weights_sha256: String,
}

/// Folder of a run of one network.
#[derive(Debug)]
pub struct RunDir {
    pub(super) folder: PathBuf,
    pub(super) metrics: JsonlFile,
    pub(super) timings: JsonlFile,
    /// All lines of the metrics, also those that could not be written. Checkpoints store them.
    pub(super) lines: String,
    pub(super) checkpoints: CheckpointFolder,
    pub(super) warnings: Vec<RunWarning>,
}

impl RunDir {
    /// Returns the warnings about damaged files.
    pub fn warnings(&self) -> &[RunWarning] {
        &self.warnings
    }

    /// Returns the last line of the metrics and the training error of the last epoch in percent. `None` if the training
    /// is not finished.
    pub fn finished(&self) -> Option<(FinalMetrics, f64)> {
        Some((final_metrics(&self.lines)?, self.train_error().unwrap_or(f64::NAN)))
    }

    /// Returns the training error of the last finished epoch in percent.
    pub fn train_error(&self) -> Option<f64> {
        last_epoch(&self.lines).map(|(_, train_error)| train_error)
    }

    /// Appends a line to the metrics. Moves keys that differ between equal runs (speeds, times, the device) to a line of
    /// the timings.
    ///
    /// # Errors
    /// Returns an error if the line cannot be converted to JSON or written. If only writing fails, the next checkpoint
    /// still stores it.
    pub fn append(&mut self, line: &impl Serialize) -> Result<(), StorageError> {
        let json = |source| StorageError::Json { path: self.folder.join(METRICS), source };
        let mut line: Map<String, Value> =
            serde_json::to_value(line).and_then(serde_json::from_value).map_err(json)?;
        let mut timing = Map::new();
        for key in TIMING_KEYS {
            timing.extend(line.remove_entry(key));
        }
        let text = serde_json::to_string(&line).map_err(json)? + "\n";
        self.lines.push_str(&text);
        append(&self.folder.join(METRICS), text.as_bytes())?;
        if !timing.is_empty() {
            for key in ["event", "epoch"] {
                timing.extend(line.remove_entry(key));
            }
            self.timings.append(&timing)?;
        }
        Ok(())
    }

    /// Writes a checkpoint if it is due or the best. Returns the path if it is due.
    ///
    /// # Errors
    /// Returns an error if the checkpoint cannot be written.
    pub fn save_checkpoint(
        &mut self,
        checkpoint: &Checkpoint,
        config: &Config,
        images: &ImageSpec,
    ) -> Result<Option<PathBuf>, StorageError> {
        // The checkpoint stores all lines. So it is written even if the metrics cannot be synced.
        let synced = self.metrics.sync();
        let path = self.checkpoints.save(checkpoint, config, images, &self.lines)?;
        synced?;
        if path.is_some() {
            let TrainPosition { epoch, images, seconds, .. } = checkpoint.position;
            self.timings.append(&json!({
                "event": CHECKPOINT_EVENT, "epoch": epoch, "images": images, "seconds": seconds
            }))?;
        }
        Ok(path)
    }

    /// Writes the trained network and returns its path.
    ///
    /// # Errors
    /// Returns an error if the file cannot be written.
    pub fn save(
        &self,
        network: &Network,
        config: &Config,
        images: &ImageSpec,
    ) -> Result<PathBuf, StorageError> {
        let path = self.folder.join(WEIGHTS);
        weights::save(&path, network, config, images)?;
        Ok(path)
    }

    /// Appends the last line and syncs the metrics to disk.
    ///
    /// # Errors
    /// As [`RunDir::append`].
    pub fn finish(&mut self, line: &impl Serialize) -> Result<(), StorageError> {
        self.append(line)?;
        self.metrics.sync()
    }
}

/// Parses the last line of metrics. Returns `None` if the training is not finished.
pub(super) fn final_metrics(lines: &str) -> Option<FinalMetrics> {
    let last = lines.strip_suffix('\n')?.lines().last()?;
    let line: FinalMetrics = serde_json::from_str(last).ok()?;
    (line.event == FINISHED_EVENT).then_some(line)
}

/// Returns the number and the training error in percent of the last finished epoch in the metrics.
pub(super) fn last_epoch(lines: &str) -> Option<(u32, f64)> {
    lines.lines().rev().find_map(|line| {
        let line: Value = serde_json::from_str(line).ok()?;
        Some((u32::try_from(line["epoch"].as_u64()?).ok()?, line["train_error"].as_f64()?))
    })
}

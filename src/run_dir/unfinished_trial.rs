//! Unfinished trainings: one run folder each, beside the file of finished trials.

use std::fs;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::file_names::METRICS;
use super::{EpochResult, ImageSpec, RunDir, StorageError};
use crate::config::Config;
use crate::files::read_long_text;
use crate::text::to_hex;
use crate::train::{Checkpoint, ResumeFrom};

/// Number of hexadecimal digits in the name of a training's folder.
const DIGITS: usize = 16;

/// Training that can be resumed.
#[derive(Debug)]
pub struct UnfinishedTrial {
    folder: PathBuf,
    config: Config,
    /// Folder of the training; `None` before the first checkpoint.
    run: Option<RunDir>,
    /// Number of epochs whose results are saved.
    saved_epochs: usize,
}

impl UnfinishedTrial {
    /// Opens a training with these settings on this data set. Returns its start and the results of its finished epochs.
    /// Writes nothing before the first checkpoint.
    ///
    /// # Errors
    /// Returns a [`StorageError`] if its folder exists and cannot be read.
    pub(super) fn open(
        folder: &Path,
        config: &Config,
        dataset_sha256: &str,
    ) -> Result<(Self, ResumeFrom, Vec<EpochResult>), StorageError> {
        let folder = folder.join(folder_name(config, dataset_sha256)?);
        let config = config.clone();
        let mut unfinished = UnfinishedTrial { folder, config, run: None, saved_epochs: 0 };
        if !unfinished.folder.exists() {
            return Ok((unfinished, ResumeFrom::Initial, Vec::new()));
        }
        let (run, start) = RunDir::resume(&unfinished.folder, &unfinished.config, 1)?;
        let path = unfinished.folder.join(METRICS);
        let text = read_long_text(&path).map_err(StorageError::io("read", &path))?;
        let epoch = |line| Ok(serde_json::from_str::<EpochLine>(line)?.result);
        let epochs: Result<Vec<EpochResult>, _> = text.lines().map(epoch).collect();
        let epochs = epochs.map_err(|source| StorageError::Json { path, source })?;
        (unfinished.run, unfinished.saved_epochs) = (Some(run), epochs.len());
        Ok((unfinished, start, epochs))
    }

    /// Writes a checkpoint. `epochs`: results of all finished epochs.
    ///
    /// # Errors
    /// Returns a [`StorageError`] if the checkpoint cannot be written.
    pub fn save(
        &mut self,
        checkpoint: &Checkpoint,
        epochs: &[EpochResult],
        images: &ImageSpec,
    ) -> Result<(), StorageError> {
        let run = match &mut self.run {
            Some(run) => run,
            none => none.insert(RunDir::resume(&self.folder, &self.config, 1)?.0),
        };
        for epoch in &epochs[self.saved_epochs.min(epochs.len())..] {
            run.append(&EpochLine { result: epoch.clone() })?;
        }
        self.saved_epochs = epochs.len();
        run.save_checkpoint(checkpoint, &self.config, images)?;
        Ok(())
    }

    /// Removes the folder of a finished training.
    ///
    /// # Errors
    /// Returns a [`StorageError`] if the folder cannot be removed.
    pub fn remove(self) -> Result<(), StorageError> {
        remove_folder(&self.folder)
    }
}

/// Removes the checkpoints of a training, if there are any.
pub(super) fn remove(
    folder: &Path,
    config: &Config,
    dataset_sha256: &str,
) -> Result<(), StorageError> {
    remove_folder(&folder.join(folder_name(config, dataset_sha256)?))
}

fn remove_folder(folder: &Path) -> Result<(), StorageError> {
    if folder.exists() {
        fs::remove_dir_all(folder).map_err(StorageError::io("removed", folder))?;
    }
    // Removes the parent folder only if it is empty.
    let _ = folder.parent().map(fs::remove_dir);
    Ok(())
}

/// Line of the metrics of an unfinished training. [`RunDir::append`] moves speeds to the timings, except those nested in
/// `result`.
#[derive(Serialize, Deserialize)]
struct EpochLine {
    result: EpochResult,
}

/// Returns the folder name of a training: the start of a SHA-256.
fn folder_name(config: &Config, dataset_sha256: &str) -> Result<String, StorageError> {
    let digest = Sha256::digest(toml::to_string(config)? + dataset_sha256);
    Ok(to_hex(&digest)[..DIGITS].to_string())
}

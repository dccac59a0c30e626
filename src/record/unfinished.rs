//! Trainings that were stopped before their end: a folder of each, as that of a run, beside the file of finished
//! trials.

use std::fs;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::run::METRICS;
use super::{EpochResult, ImageShape, RecordError, Run};
use crate::config::Config;
use crate::files::read_long_text;
use crate::train::{Checkpoint, Start};

/// The folder of the folders.
pub(super) const UNFINISHED: &str = "unfinished";
/// Number of hexadecimal digits that name a training.
const DIGITS: usize = 16;

/// A training that may go on later.
#[derive(Debug)]
pub struct Unfinished {
    folder: PathBuf,
    config: Config,
    /// `None` before the first checkpoint.
    run: Option<Run>,
    /// Number of epochs whose results are on the disk.
    saved_epochs: usize,
}

impl Unfinished {
    /// Finds where a training of these settings on this data set stands: what it goes on from, and the results of its
    /// epochs so far. Nothing is written before the first checkpoint.
    ///
    /// # Errors
    /// Returns a [`RecordError`] if there is a folder of it that cannot be read.
    pub(super) fn open(
        folder: &Path,
        config: &Config,
        dataset_sha256: &str,
    ) -> Result<(Self, Start, Vec<EpochResult>), RecordError> {
        let folder = folder.join(name(config, dataset_sha256)?);
        let config = config.clone();
        let mut unfinished = Unfinished { folder, config, run: None, saved_epochs: 0 };
        if !unfinished.folder.exists() {
            return Ok((unfinished, Start::Initial, Vec::new()));
        }
        let (run, start) = Run::resume(&unfinished.folder, &unfinished.config, 1)?;
        let path = unfinished.folder.join(METRICS);
        let text = read_long_text(&path).map_err(RecordError::io("read", &path))?;
        let epoch = |line| Ok(serde_json::from_str::<Line>(line)?.result);
        let epochs: Result<Vec<EpochResult>, _> = text.lines().map(epoch).collect();
        let epochs = epochs.map_err(|source| RecordError::Json { path, source })?;
        (unfinished.run, unfinished.saved_epochs) = (Some(run), epochs.len());
        Ok((unfinished, start, epochs))
    }

    /// Writes where the training stands. `epochs`: the results of its epochs so far.
    ///
    /// # Errors
    /// Returns a [`RecordError`] if it cannot be written.
    pub fn save(
        &mut self,
        checkpoint: &Checkpoint,
        epochs: &[EpochResult],
        images: &ImageShape,
    ) -> Result<(), RecordError> {
        let run = match &mut self.run {
            Some(run) => run,
            none => none.insert(Run::resume(&self.folder, &self.config, 1)?.0),
        };
        for epoch in &epochs[self.saved_epochs.min(epochs.len())..] {
            run.append(&Line { result: epoch.clone() })?;
        }
        self.saved_epochs = epochs.len();
        run.save_checkpoint(checkpoint, &self.config, images)?;
        Ok(())
    }

    /// Removes the folder: the training is finished.
    ///
    /// # Errors
    /// Returns a [`RecordError`] if it cannot be removed.
    pub fn remove(self) -> Result<(), RecordError> {
        if self.run.is_some() {
            fs::remove_dir_all(&self.folder).map_err(RecordError::io("removed", &self.folder))?;
        }
        // The last one leaves an empty folder; another one does not.
        let _ = self.folder.parent().map(fs::remove_dir);
        Ok(())
    }
}

/// A line of the metrics of an unfinished training. A run keeps speeds elsewhere, but not those inside `result`.
#[derive(Serialize, Deserialize)]
struct Line {
    result: EpochResult,
}

fn name(config: &Config, dataset_sha256: &str) -> Result<String, RecordError> {
    let digest = Sha256::digest(toml::to_string(config)? + dataset_sha256);
    let name: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    Ok(name[..DIGITS].to_string())
}

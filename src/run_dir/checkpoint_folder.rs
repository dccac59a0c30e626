//! Folder of a run's checkpoints: the latest ones and the best.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::checkpoint_file::{SavedCheckpoint, load, to_bytes};
use super::file_names::{BEST_CHECKPOINT, CHECKPOINTS};
use super::write::{remove_partials, set_aside, write_atomic};
use super::{ImageSpec, RunWarning, StorageError, WeightsError};
use crate::config::Config;
use crate::train::{Checkpoint, TrainPosition};

/// Start of the name of every checkpoint except the best.
const PREFIX: &str = "epoch-";
const SUFFIX: &str = ".safetensors";

/// Folder of a run's checkpoints.
#[derive(Debug)]
pub struct CheckpointFolder {
    folder: PathBuf,
    /// Number of latest checkpoints to keep.
    keep: usize,
    /// Test error of the best checkpoint, percent.
    best_error: Option<f64>,
}

impl CheckpointFolder {
    /// Describes the checkpoints of the run in `folder`, of which the latest `keep` and the best are kept.
    pub fn new(folder: &Path, keep: usize) -> Self {
        CheckpointFolder { folder: folder.join(CHECKPOINTS), keep: keep.max(1), best_error: None }
    }

    /// Reads the latest readable checkpoint, with its path. Renames damaged ones, with a warning each. Restores a damaged
    /// best checkpoint and removes old ones.
    ///
    /// # Errors
    /// Returns [`StorageError::NoCheckpoint`] if there are checkpoints and all are damaged, or another error if a file
    /// cannot be read for a reason that may pass.
    pub fn read_latest(
        &mut self,
        warnings: &mut Vec<RunWarning>,
    ) -> Result<Option<(PathBuf, SavedCheckpoint)>, StorageError> {
        let mut damaged: Vec<(PathBuf, WeightsError)> = Vec::new();
        let mut found = None;
        let best = self.folder.join(BEST_CHECKPOINT);
        let best = best.exists().then_some(best);
        for path in self.paths()?.into_iter().rev().chain(best) {
            match read(&path)? {
                Ok(saved) => {
                    found = Some((path, saved));
                    break;
                }
                Err(cause) => damaged.push((path, cause)),
            }
        }
        let Some((path, saved)) = found else {
            let count = damaged.len();
            return match damaged.into_iter().next() {
                None => Ok(None),
                Some((newest, source)) => {
                    let (folder, source) = (self.folder.clone(), Box::new(source));
                    Err(StorageError::NoCheckpoint { folder, count, newest, source })
                }
            };
        };
        if !damaged.is_empty() {
            for (path, cause) in damaged {
                set_checkpoint_aside(path, &cause, warnings)?;
            }
            warnings.push(RunWarning::EarlierCheckpoint { path: path.clone() });
        }
        self.update_best(warnings)?;
        // A program that failed or was killed may not have removed old checkpoints.
        self.remove_old()?;
        Ok(Some((path, saved)))
    }

    /// Reads the test error of the best checkpoint. Replaces the file by a copy of the best other checkpoint if the
    /// file is damaged, or if a crash prevented its last update.
    fn update_best(&mut self, warnings: &mut Vec<RunWarning>) -> Result<(), StorageError> {
        let path = self.folder.join(BEST_CHECKPOINT);
        let mut is_damaged = false;
        if path.exists() {
            match read(&path)? {
                Ok(saved) => self.best_error = saved.checkpoint.test_error(),
                Err(cause) => {
                    set_checkpoint_aside(path.clone(), &cause, warnings)?;
                    is_damaged = true;
                }
            }
        }
        let mut better = None;
        for path in self.paths()? {
            // A damaged earlier checkpoint gets a warning only when a resumed run needs it.
            let Ok(saved) = load(&path) else { continue };
            if let Some(error) = saved.checkpoint.test_error()
                && self.best_error.is_none_or(|best| error < best)
            {
                self.best_error = Some(error);
                better = Some(path);
            }
        }
        match better {
            Some(from) => {
                let bytes = fs::read(&from).map_err(StorageError::io("read", &from))?;
                write_atomic(&path, &bytes)?;
                if is_damaged {
                    warnings.push(RunWarning::BestRestored { path, from });
                }
            }
            None if is_damaged => warnings.push(RunWarning::BestLost { path }),
            None => {}
        }
        Ok(())
    }

    /// Writes a checkpoint if it is due, updates the best one if the test error is lower, and removes old ones. `metrics`:
    /// lines of the run's metrics so far. Returns the path if the checkpoint is due.
    ///
    /// # Errors
    /// Returns an error if a file cannot be written.
    pub fn save(
        &mut self,
        checkpoint: &Checkpoint,
        config: &Config,
        images: &ImageSpec,
        metrics: &str,
    ) -> Result<Option<PathBuf>, StorageError> {
        let better = checkpoint
            .test_error()
            .filter(|error| self.best_error.is_none_or(|best| *error < best));
        if !checkpoint.is_due && better.is_none() {
            return Ok(None);
        }
        // Parents are not created: a run whose folder was removed is not restored in part.
        match fs::create_dir(&self.folder) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
                return Err(StorageError::io("created", &self.folder)(error));
            }
            _ => {}
        }
        let bytes = to_bytes(checkpoint, config, images, metrics)?;
        let path = self.folder.join(file_name(&checkpoint.position));
        if checkpoint.is_due {
            write_atomic(&path, &bytes)?;
        }
        if better.is_some() {
            write_atomic(&self.folder.join(BEST_CHECKPOINT), &bytes)?;
            self.best_error = better;
        }
        self.remove_old()?;
        Ok(checkpoint.is_due.then_some(path))
    }

    /// Removes all checkpoints except the latest `keep` and the best.
    fn remove_old(&self) -> Result<(), StorageError> {
        let all = self.paths()?;
        for old in &all[..all.len().saturating_sub(self.keep)] {
            fs::remove_file(old).map_err(StorageError::io("removed", old))?;
        }
        Ok(())
    }

    /// Returns the number of checkpoints of the run in `folder`, including the best.
    ///
    /// # Errors
    /// Returns an error if the folder cannot be read.
    pub fn count(folder: &Path) -> Result<usize, StorageError> {
        let checkpoints = CheckpointFolder::new(folder, 1);
        let best = checkpoints.folder.join(BEST_CHECKPOINT).is_file();
        Ok(checkpoints.paths()?.len() + usize::from(best))
    }

    /// Removes temporary files of killed programs.
    pub(super) fn remove_partials(&self) -> Result<(), StorageError> {
        remove_partials(&self.folder)
    }

    /// Returns the paths of all checkpoints except the best, the earliest first.
    fn paths(&self) -> Result<Vec<PathBuf>, StorageError> {
        let entries = match fs::read_dir(&self.folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(StorageError::io("read", &self.folder)(error)),
        };
        let mut paths = Vec::new();
        for entry in entries {
            let path = entry.map_err(StorageError::io("read", &self.folder))?.path();
            let name = path.file_name().map(|name| name.to_string_lossy().into_owned());
            if name.is_some_and(|name| name.starts_with(PREFIX) && name.ends_with(SUFFIX)) {
                paths.push(path);
            }
        }
        paths.sort_unstable();
        Ok(paths)
    }
}

/// Reads a checkpoint. The inner result is the error of a damaged file; the outer one is an error of a file that may be
/// intact, such as missing permission.
fn read(path: &Path) -> Result<Result<SavedCheckpoint, WeightsError>, StorageError> {
    match load(path) {
        Err(error) if error.may_be_intact() => Err(StorageError::Weights(error)),
        read => Ok(read),
    }
}

/// Renames a damaged checkpoint, with a warning.
fn set_checkpoint_aside(
    path: PathBuf,
    cause: &WeightsError,
    warnings: &mut Vec<RunWarning>,
) -> Result<(), StorageError> {
    let renamed_to = set_aside(&path)?;
    warnings.push(RunWarning::DamagedCheckpoint { path, cause: cause.without_file(), renamed_to });
    Ok(())
}

/// Returns the name of a checkpoint: epoch and index of the next image. Names sort in the order of training.
fn file_name(position: &TrainPosition) -> String {
    format!("{PREFIX}{:06}-image-{:010}{SUFFIX}", position.epoch, position.images)
}

//! The folder of a run's checkpoints: the last few, and the best.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::RecordError;
use super::checkpoint::{SavedCheckpoint, bytes, load};
use super::file::{clean, set_aside, write_whole};
use super::notice::Notice;
use super::weights::{ImageShape, WeightsError};
use crate::config::Config;
use crate::train::{Checkpoint, Position};

/// The folder of a run's checkpoints, in that of the run.
pub const CHECKPOINTS: &str = "checkpoints";
/// The checkpoint with the lowest test error at the end of an epoch; of equals, the first.
pub const BEST: &str = "best.safetensors";

const EPOCH: &str = "epoch-";
const SUFFIX: &str = ".safetensors";

/// The checkpoints of a run.
#[derive(Debug)]
pub struct Checkpoints {
    folder: PathBuf,
    /// Number of the last checkpoints that are kept.
    keep: usize,
    /// Lowest test error so far, percent.
    best: Option<f64>,
}

impl Checkpoints {
    /// `folder`: that of the run. The last `keep` checkpoints are kept, and the best.
    pub fn new(folder: &Path, keep: usize) -> Self {
        Checkpoints { folder: folder.join(CHECKPOINTS), keep: keep.max(1), best: None }
    }

    /// Reads the newest checkpoint. If it is damaged, it is renamed and the one before it is read, and so on; each
    /// such step is pushed to `notices`. Also sees to it that the best checkpoint is there.
    ///
    /// # Errors
    /// Returns [`RecordError::NoCheckpoint`] if there are checkpoints and all are damaged, or an error if a file cannot
    /// be read for another reason.
    pub fn last(
        &mut self,
        notices: &mut Vec<Notice>,
    ) -> Result<Option<(PathBuf, SavedCheckpoint)>, RecordError> {
        let mut damaged: Vec<(PathBuf, WeightsError)> = Vec::new();
        let mut found = None;
        let best = self.folder.join(BEST);
        let best_too = best.exists().then(|| best.clone());
        for path in self.all()?.into_iter().rev().chain(best_too) {
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
                    Err(RecordError::NoCheckpoint { folder, count, newest, source })
                }
            };
        };
        if !damaged.is_empty() {
            for (path, cause) in damaged {
                aside(path, &cause, notices)?;
            }
            notices.push(Notice::Earlier { path: path.clone() });
        }
        self.find_best(notices)?;
        // A program that failed or was killed may have left more.
        self.remove_old()?;
        Ok(Some((path, saved)))
    }

    /// Reads the lowest test error. If the best checkpoint is damaged, or a newer one is better because a crash came
    /// between the two files, it is written anew.
    fn find_best(&mut self, notices: &mut Vec<Notice>) -> Result<(), RecordError> {
        let path = self.folder.join(BEST);
        let mut is_damaged = false;
        if path.exists() {
            match read(&path)? {
                Ok(saved) => self.best = saved.checkpoint.test_error(),
                Err(cause) => {
                    aside(path.clone(), &cause, notices)?;
                    is_damaged = true;
                }
            }
        }
        let mut better = None;
        for path in self.all()? {
            // Those before the last are read for this alone: a damaged one is told when it is needed.
            let Ok(saved) = load(&path) else { continue };
            if let Some(error) = saved.checkpoint.test_error()
                && self.best.is_none_or(|best| error < best)
            {
                self.best = Some(error);
                better = Some(path);
            }
        }
        match better {
            Some(from) => {
                let bytes = fs::read(&from).map_err(RecordError::io("read", &from))?;
                write_whole(&path, &bytes)?;
                if is_damaged {
                    notices.push(Notice::Best { path, from });
                }
            }
            None if is_damaged => notices.push(Notice::NoBest { path }),
            None => {}
        }
        Ok(())
    }

    /// Writes a checkpoint if it is due, and the best one if it is better. Removes those that need not be kept.
    /// `metrics`: the lines of the run's metrics so far. Returns the path of a due one.
    ///
    /// # Errors
    /// Returns an error if the files cannot be written.
    pub fn save(
        &mut self,
        checkpoint: &Checkpoint,
        config: &Config,
        images: &ImageShape,
        metrics: &str,
    ) -> Result<Option<PathBuf>, RecordError> {
        let better =
            checkpoint.test_error().filter(|error| self.best.is_none_or(|best| *error < best));
        if !checkpoint.is_due && better.is_none() {
            return Ok(None);
        }
        // Not with all above it: a run whose folder was removed does not come again in part.
        match fs::create_dir(&self.folder) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
                return Err(RecordError::io("created", &self.folder)(error));
            }
            _ => {}
        }
        let bytes = bytes(checkpoint, config, images, metrics)?;
        let path = self.folder.join(name(&checkpoint.position));
        if checkpoint.is_due {
            write_whole(&path, &bytes)?;
        }
        if better.is_some() {
            write_whole(&self.folder.join(BEST), &bytes)?;
            self.best = better;
        }
        self.remove_old()?;
        Ok(checkpoint.is_due.then_some(path))
    }

    /// Removes all but the last few checkpoints and the best.
    fn remove_old(&self) -> Result<(), RecordError> {
        let all = self.all()?;
        for old in &all[..all.len().saturating_sub(self.keep)] {
            fs::remove_file(old).map_err(RecordError::io("removed", old))?;
        }
        Ok(())
    }

    /// Number of checkpoints of a run, with the best.
    ///
    /// # Errors
    /// Returns an error if the folder cannot be read.
    pub fn count(folder: &Path) -> Result<usize, RecordError> {
        let checkpoints = Checkpoints::new(folder, 1);
        let best = checkpoints.folder.join(BEST).is_file();
        Ok(checkpoints.all()?.len() + usize::from(best))
    }

    /// Removes partial files of programs that were killed.
    pub(super) fn clean(&self) -> Result<(), RecordError> {
        clean(&self.folder)
    }

    /// Paths of all but the best, the earliest first.
    fn all(&self) -> Result<Vec<PathBuf>, RecordError> {
        let entries = match fs::read_dir(&self.folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
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

/// Reads a checkpoint; within, why it is damaged. A file that may be whole but is out of reach is an error.
fn read(path: &Path) -> Result<Result<SavedCheckpoint, WeightsError>, RecordError> {
    match load(path) {
        Err(error) if error.may_be_whole() => Err(RecordError::Weights(error)),
        read => Ok(read),
    }
}

/// Renames a damaged checkpoint.
fn aside(
    path: PathBuf,
    cause: &WeightsError,
    notices: &mut Vec<Notice>,
) -> Result<(), RecordError> {
    let kept = set_aside(&path)?;
    notices.push(Notice::Checkpoint { path, cause: cause.without_file(), kept });
    Ok(())
}

/// Names are in the order in which checkpoints come: the epoch of the next image, and its number there.
fn name(position: &Position) -> String {
    format!("{EPOCH}{:06}-image-{:010}{SUFFIX}", position.epoch, position.images)
}

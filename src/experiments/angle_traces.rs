//! Angles to backpropagation while networks learn, kept beside the finished trainings.

use std::path::{Path, PathBuf};

use serde::de::Error;
use serde::{Deserialize, Serialize};

use crate::config::Config;
use crate::run_dir::{JsonlStore, RunWarning, StorageError, UnfinishedTrial};
use crate::train::ResumeFrom;

/// Number of images per mean.
pub(super) const MEAN_IMAGES: usize = 100;
/// File of finished traces, in the folder of trained networks.
const FINISHED: &str = "angles.jsonl";
/// Folder of unfinished traces, in the folder of trained networks.
const UNFINISHED: &str = "unfinished-angles";

/// Angles between hidden updates and those of backpropagation while a network learns.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct AngleTrace {
    pub(super) config: Config,
    pub(super) dataset: String,
    pub(super) dataset_sha256: String,
    /// Number of training images per epoch.
    pub(super) images: usize,
    /// Name of the GPU, or name and number of threads of the CPU.
    pub(super) device: String,
    /// Date and time of the end, RFC 3339.
    pub(super) date: String,
    pub(super) version: String,
    /// Means over [`MEAN_IMAGES`] images, or over the last ones of an epoch, degrees.
    pub(super) means: Vec<f32>,
}

impl AngleTrace {
    /// Returns a trace of one epoch.
    #[cfg(test)]
    pub(super) fn of_means(means: Vec<f32>) -> Self {
        AngleTrace {
            config: Config { epochs: 1, ..Config::default() },
            dataset: String::new(),
            dataset_sha256: String::new(),
            images: means.len() * MEAN_IMAGES,
            device: String::new(),
            date: String::new(),
            version: String::new(),
            means,
        }
    }

    /// Returns the number of images shown until the end of a mean.
    pub(super) fn images_until(&self, index: usize) -> usize {
        let means_per_epoch = self.images.div_ceil(MEAN_IMAGES).max(1);
        let (epoch, index) = (index / means_per_epoch, index % means_per_epoch);
        epoch * self.images + ((index + 1) * MEAN_IMAGES).min(self.images)
    }
}

/// Traces in the folder of trained networks.
pub(super) struct AngleTraces {
    folder: PathBuf,
    /// Finished traces; `None` without their file.
    finished: Option<JsonlStore<AngleTrace>>,
}

impl AngleTraces {
    /// Reads the finished traces, if there are any.
    ///
    /// # Errors
    /// As [`JsonlStore::open`]; also returns [`StorageError::InvalidLine`] for a trace with a wrong number of means.
    pub(super) fn open(folder: &Path) -> Result<Self, StorageError> {
        let path = folder.join(FINISHED);
        let finished: Option<JsonlStore<AngleTrace>> =
            path.exists().then(|| JsonlStore::open(&path)).transpose()?;
        for (line, trace) in (1..).zip(finished.iter().flat_map(JsonlStore::items)) {
            let expected = trace.config.epochs as usize * trace.images.div_ceil(MEAN_IMAGES);
            let found = trace.means.len();
            if found != expected {
                let cause = format!("expected {expected} angles, found {found}");
                let source = serde_json::Error::custom(cause);
                return Err(StorageError::InvalidLine { path, line, source });
            }
        }
        Ok(AngleTraces { folder: folder.to_owned(), finished })
    }

    /// Returns the warning about an incomplete last line, if the file had one.
    pub(super) fn warning(&self) -> Option<&RunWarning> {
        self.finished.as_ref().and_then(JsonlStore::warning)
    }

    /// Finds the finished trace with these settings on this data set.
    pub(super) fn find(&self, config: &Config, dataset_sha256: &str) -> Option<&AngleTrace> {
        let is_wanted =
            |trace: &&AngleTrace| trace.config == *config && trace.dataset_sha256 == dataset_sha256;
        self.finished.as_ref()?.items().iter().find(is_wanted)
    }

    /// Opens the unfinished trace with these settings on this data set. Returns it with its start and its means so far.
    ///
    /// # Errors
    /// Returns an error if its files cannot be read.
    pub(super) fn unfinished(
        &self,
        config: &Config,
        dataset_sha256: &str,
    ) -> Result<(UnfinishedTrial, ResumeFrom, Vec<f32>), StorageError> {
        UnfinishedTrial::open(&self.folder.join(UNFINISHED), config, dataset_sha256)
    }

    /// Removes the checkpoints of a trace, if there are any.
    ///
    /// # Errors
    /// Returns an error if they cannot be removed.
    pub(super) fn remove_unfinished(
        &self,
        config: &Config,
        dataset_sha256: &str,
    ) -> Result<(), StorageError> {
        UnfinishedTrial::remove_from(&self.folder.join(UNFINISHED), config, dataset_sha256)
    }

    /// Appends a finished trace and syncs the file to disk.
    ///
    /// # Errors
    /// Returns an error if the file cannot be written.
    pub(super) fn add(&mut self, trace: AngleTrace) -> Result<(), StorageError> {
        let finished = match &mut self.finished {
            Some(finished) => finished,
            none => none.insert(JsonlStore::open(&self.folder.join(FINISHED))?),
        };
        finished.add(trace)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trace_without_its_last_mean_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let mut traces = AngleTraces::open(folder.path()).unwrap();
        let whole = AngleTrace::of_means(vec![80.0, 70.0]);
        traces.add(whole.clone()).unwrap();
        let again = AngleTraces::open(folder.path()).unwrap();
        assert_eq!(again.find(&whole.config, ""), Some(&whole));
        traces.add(AngleTrace { means: vec![80.0], ..whole }).unwrap();
        let error = AngleTraces::open(folder.path()).err().unwrap();
        assert!(matches!(error, StorageError::InvalidLine { line: 2, .. }), "{error}");
    }
}

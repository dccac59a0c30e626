//! `run.json`: the description of a run, from which it is resumed.

use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::file_names::{RUN_INFO, ensure_no_run, replica_folder};
use super::write::{write_json, write_new_json};
use super::{RunLock, StorageError};
use crate::config::{Config, Part, Sweep, Variant, variants};
use crate::dataset::{DataIdentity, DataSource, ReadOptions};
use crate::files;
use crate::train::CheckpointInterval;

/// Description of a run: data set, settings and checkpoints.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RunInfo {
    /// Version of the program that started the run.
    pub version: String,
    /// Date and time of the start, RFC 3339.
    pub date: String,
    /// Path of the data set; `None` for the embedded MNIST.
    pub data: Option<PathBuf>,
    /// Name of the data set: its path as the user gave it. Empty in files of earlier versions.
    #[serde(default)]
    pub dataset: String,
    /// Number of training images.
    #[serde(default)]
    pub training_images: usize,
    /// Number of test images.
    #[serde(default)]
    pub test_images: usize,
    /// Options with which the data set was read.
    pub read_options: ReadOptions,
    /// SHA-256 of the data set, see [`crate::dataset::Dataset::sha256`].
    pub dataset_sha256: String,
    /// Name of each class; empty if unknown.
    #[serde(default)]
    pub class_names: Vec<String>,
    /// Interval between checkpoints.
    pub checkpoint_every: CheckpointInterval,
    /// Number of latest checkpoints to keep.
    pub keep_checkpoints: usize,
    /// Number of networks per combination of swept settings.
    pub replicas: usize,
    /// Number of parts among which processes share the networks; 1: one process trains all.
    #[serde(default = "one")]
    pub parts: usize,
    /// SHA-256 of the weights with which all networks start, in hexadecimal; `None` if each starts with random ones.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub initial_weights_sha256: Option<String>,
    /// Swept settings, in which the networks differ.
    pub sweeps: Vec<Sweep>,
    /// Settings of all networks, before sweeps.
    pub config: Config,
}

/// Number of parts in files of earlier versions.
fn one() -> usize {
    1
}

impl RunInfo {
    /// Returns whether the folder has a subfolder per network.
    pub fn is_of_many(&self) -> bool {
        self.replicas > 1 || !self.sweeps.is_empty()
    }

    /// Returns the networks of the run.
    ///
    /// # Errors
    /// Returns [`StorageError::Sweep`] if the file was changed, so that it describes no networks.
    pub fn variants(&self) -> Result<Vec<Variant>, StorageError> {
        Ok(variants(&self.config, &self.sweeps, self.replicas)?)
    }

    /// Returns the folder of a network's run. `folder`: folder of the whole run.
    pub fn network_folder(&self, folder: &Path, replica: usize) -> PathBuf {
        match self.is_of_many() {
            true => folder.join(replica_folder(replica)),
            false => folder.to_owned(),
        }
    }

    /// Returns the identity of the run's data set.
    pub fn data_identity(&self) -> DataIdentity {
        let (name, source) = match &self.data {
            Some(path) if self.dataset.is_empty() => {
                (path.display().to_string(), DataSource::Files)
            }
            Some(_) => (self.dataset.clone(), DataSource::Files),
            None if self.dataset.is_empty() => {
                ("MNIST (embedded)".to_string(), DataSource::Embedded)
            }
            None => (self.dataset.clone(), DataSource::Embedded),
        };
        DataIdentity {
            name,
            source,
            read_options: self.read_options,
            training_images: self.training_images,
            test_images: self.test_images,
            sha256: self.dataset_sha256.clone(),
            class_names: self.class_names.clone(),
        }
    }

    /// Stores the identity of the run's data set, except its path and read options.
    pub fn set_data_identity(&mut self, data: &DataIdentity) {
        self.dataset.clone_from(&data.name);
        self.dataset_sha256.clone_from(&data.sha256);
        self.class_names.clone_from(&data.class_names);
        (self.training_images, self.test_images) = (data.training_images, data.test_images);
    }

    /// Reads the description of the run in a folder, without a lock.
    ///
    /// # Errors
    /// Returns [`StorageError::NoRun`] if the folder has no `run.json`, or another error if it cannot be read.
    pub fn read(folder: &Path) -> Result<Self, StorageError> {
        let path = folder.join(RUN_INFO);
        let text = match files::read_text(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(StorageError::NoRun { folder: folder.to_owned() });
            }
            Err(error) => return Err(StorageError::io("read", &path)(error)),
        };
        serde_json::from_str(&text).map_err(|source| StorageError::RunInfo { path, source })
    }

    /// Locks the folder of a new run, or claims a part of it, and writes `run.json`. `part`: `None` for all parts.
    /// `report` receives a message before a wait.
    ///
    /// # Errors
    /// Returns [`StorageError::RunExists`] if the folder already holds a run, or an error if it is in use or cannot be
    /// written.
    pub fn create(
        &self,
        folder: &Path,
        part: Option<Part>,
        report: &mut dyn FnMut(&str),
    ) -> Result<RunLock, StorageError> {
        ensure_no_run(folder)?;
        let lock = RunLock::acquire(folder, self.parts, part, report)?;
        // Another process may have created a run before the lock was acquired.
        ensure_no_run(folder)?;
        match write_new_json(&folder.join(RUN_INFO), self) {
            // Another process created the run for another part.
            Err(_) if RunInfo::exists(folder) => {
                Err(StorageError::RunExists { found: folder.join(RUN_INFO) })
            }
            written => written.map(|()| lock),
        }
    }

    /// Replaces `run.json`. The caller has the right to write to the run.
    ///
    /// # Errors
    /// Returns an error if the file cannot be written.
    pub fn replace(&self, folder: &Path) -> Result<(), StorageError> {
        write_json(&folder.join(RUN_INFO), self)
    }

    /// Returns whether a folder holds a `run.json`.
    pub fn exists(folder: &Path) -> bool {
        folder.join(RUN_INFO).symlink_metadata().is_ok()
    }

    /// Reads `run.json` and locks the folder of the run, or claims a part of it. `part`: `None` for all parts.
    /// `report` receives a message before a wait.
    ///
    /// # Errors
    /// Returns [`StorageError::OtherParts`] if the run has another number of parts, or an error if the file is missing or
    /// damaged, or the folder or part is in use.
    pub fn open(
        folder: &Path,
        part: Option<Part>,
        report: &mut dyn FnMut(&str),
    ) -> Result<(Self, RunLock), StorageError> {
        let found = RunInfo::read(folder)?.parts;
        if let Some(wanted) = part.map(Part::count).filter(|wanted| *wanted != found) {
            return Err(StorageError::OtherParts { folder: folder.to_owned(), found, wanted });
        }
        let lock = RunLock::acquire(folder, found, part, report)?;
        // Another process may have extended the run before the lock was acquired.
        Ok((RunInfo::read(folder)?, lock))
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::run_dir::FolderLock;
    use crate::run_dir::file_names::{
        CHECKPOINTS, CONFIG, METRICS, SUMMARY_CSV, SUMMARY_JSON, WEIGHTS,
    };

    fn info() -> RunInfo {
        RunInfo {
            version: "1".to_string(),
            date: "today".to_string(),
            data: None,
            dataset: "MNIST".to_string(),
            training_images: 2,
            test_images: 1,
            read_options: ReadOptions::default(),
            dataset_sha256: String::new(),
            class_names: Vec::new(),
            checkpoint_every: CheckpointInterval::Epochs(1),
            keep_checkpoints: 2,
            replicas: 1,
            parts: 1,
            initial_weights_sha256: None,
            sweeps: Vec::new(),
            config: Config { seed: u64::MAX, ..Config::default() },
        }
    }

    #[test]
    fn open_reads_what_create_wrote_and_locks() {
        let folder = tempfile::tempdir().unwrap();
        let lock = info().create(folder.path(), None, &mut |_| ()).unwrap();
        let error = RunInfo::open(folder.path(), None, &mut |_| ()).unwrap_err();
        assert!(matches!(error, StorageError::FolderInUse { .. }), "{error}");
        drop(lock);
        let (read, _lock) = RunInfo::open(folder.path(), None, &mut |_| ()).unwrap();
        assert_eq!(read, info());
    }

    #[test]
    fn open_missing_and_damaged_file_errors_differ() {
        let folder = tempfile::tempdir().unwrap();
        let error = RunInfo::open(folder.path(), None, &mut |_| ()).unwrap_err();
        assert!(matches!(error, StorageError::NoRun { .. }), "{error}");
        fs::write(folder.path().join(RUN_INFO), "{").unwrap();
        let error = RunInfo::open(folder.path(), None, &mut |_| ()).unwrap_err();
        assert!(matches!(error, StorageError::RunInfo { .. }), "{error}");
    }

    #[test]
    fn create_in_folder_of_a_run_fails_unchanged() {
        let names = [
            RUN_INFO,
            CONFIG,
            METRICS,
            WEIGHTS,
            CHECKPOINTS,
            SUMMARY_JSON,
            SUMMARY_CSV,
            "replica-000",
        ];
        for name in names {
            let folder = tempfile::tempdir().unwrap();
            fs::write(folder.path().join(name), "old").unwrap();
            let error = info().create(folder.path(), None, &mut |_| ()).unwrap_err();
            assert!(matches!(error, StorageError::RunExists { .. }), "{error}");
            assert_eq!(fs::read_to_string(folder.path().join(name)).unwrap(), "old");
            assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
        }
    }

    #[test]
    fn create_in_locked_folder_fails() {
        let folder = tempfile::tempdir().unwrap();
        let _other = FolderLock::acquire(folder.path()).unwrap();
        let error = info().create(folder.path(), None, &mut |_| ()).unwrap_err();
        assert!(matches!(error, StorageError::FolderInUse { .. }), "{error}");
        assert!(!RunInfo::exists(folder.path()));
    }

    #[test]
    fn create_in_folder_with_other_files_succeeds() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("notes.txt"), "").unwrap();
        info().create(folder.path(), None, &mut |_| ()).unwrap();
    }
}

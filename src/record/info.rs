//! `run.json`: what a run was asked to do, so that it can be resumed.

use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::RecordError;
use super::file::write_new_json;
use super::lock::FolderLock;
use super::run::refuse_a_run;
use crate::config::{Config, Sweep};
use crate::dataset::{DataIdentity, DataSource, ReadOptions};
use crate::files;
use crate::train::Every;

/// The name of the file.
pub const RUN: &str = "run.json";

/// What a run was asked to do.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RunInfo {
    /// Of the program that began it.
    pub version: String,
    /// When it began.
    pub date: String,
    /// Where the data set was; `None`: the MNIST inside the program.
    pub data: Option<PathBuf>,
    /// The name of the data set: its path as it was given. Empty in files of earlier versions.
    #[serde(default)]
    pub dataset: String,
    /// Number of training images.
    #[serde(default)]
    pub training_images: usize,
    /// Number of test images.
    #[serde(default)]
    pub test_images: usize,
    /// How it was read.
    pub read_options: ReadOptions,
    /// See [`crate::dataset::Dataset::sha256`].
    pub dataset_sha256: String,
    /// One name per class. Empty if unknown.
    #[serde(default)]
    pub class_names: Vec<String>,
    /// How often checkpoints are written.
    pub checkpoint_every: Every,
    /// How many of the last checkpoints are kept.
    pub keep_checkpoints: usize,
    /// Networks side by side: of each combination of swept settings.
    pub replicas: usize,
    /// Settings that the networks differ in.
    pub sweeps: Vec<Sweep>,
    /// Of all networks, before sweeps.
    pub config: Config,
}

impl RunInfo {
    /// Whether the folder has a folder for each network.
    pub fn is_of_many(&self) -> bool {
        self.replicas > 1 || !self.sweeps.is_empty()
    }

    /// The data set of the run.
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

    /// Stores which data set the run has.
    pub fn set_data_identity(&mut self, data: &DataIdentity) {
        self.dataset.clone_from(&data.name);
        self.dataset_sha256.clone_from(&data.sha256);
        self.class_names.clone_from(&data.class_names);
        (self.training_images, self.test_images) = (data.training_images, data.test_images);
    }

    /// Reads what the run in a folder was asked to do. The folder may be in use.
    ///
    /// # Errors
    /// Returns [`RecordError::NoRun`] if there is no such file, another error if it cannot be read.
    pub fn read(folder: &Path) -> Result<Self, RecordError> {
        let path = folder.join(RUN);
        let text = match files::read_text(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(RecordError::NoRun { folder: folder.to_owned() });
            }
            Err(error) => return Err(RecordError::io("read", &path)(error)),
        };
        serde_json::from_str(&text).map_err(|source| RecordError::Info { path, source })
    }

    /// Locks a new folder and writes the file.
    ///
    /// # Errors
    /// Returns an error if the folder holds a run, cannot be written, or another process has it.
    pub fn create(&self, folder: &Path) -> Result<FolderLock, RecordError> {
        refuse_a_run(folder)?;
        let lock = FolderLock::take(folder)?;
        // Another program may have been quicker.
        refuse_a_run(folder)?;
        write_new_json(&folder.join(RUN), self)?;
        Ok(lock)
    }

    /// Whether a folder holds the file.
    pub fn exists(folder: &Path) -> bool {
        folder.join(RUN).symlink_metadata().is_ok()
    }

    /// Locks the folder of a run and reads the file.
    ///
    /// # Errors
    /// Returns an error if there is no such file, it is damaged, or another process has the folder.
    pub fn open(folder: &Path) -> Result<(Self, FolderLock), RecordError> {
        if !RunInfo::exists(folder) {
            return Err(RecordError::NoRun { folder: folder.to_owned() });
        }
        let lock = FolderLock::take(folder)?;
        Ok((RunInfo::read(folder)?, lock))
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::record::checkpoint::CHECKPOINTS;
    use crate::record::replicas::{SUMMARY, TABLE};
    use crate::record::run::{CONFIG, METRICS, WEIGHTS};

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
            checkpoint_every: Every::Epochs(1),
            keep_checkpoints: 2,
            replicas: 1,
            sweeps: Vec::new(),
            config: Config { seed: u64::MAX, ..Config::default() },
        }
    }

    #[test]
    fn what_was_written_is_read_and_only_one_has_the_folder() {
        let folder = tempfile::tempdir().unwrap();
        let lock = info().create(folder.path()).unwrap();
        let error = RunInfo::open(folder.path()).unwrap_err();
        assert!(matches!(error, RecordError::InUse { .. }), "{error}");
        drop(lock);
        let (read, _lock) = RunInfo::open(folder.path()).unwrap();
        assert_eq!(read, info());
    }

    #[test]
    fn a_folder_without_a_run_and_a_damaged_file_are_told_apart() {
        let folder = tempfile::tempdir().unwrap();
        let error = RunInfo::open(folder.path()).unwrap_err();
        assert!(matches!(error, RecordError::NoRun { .. }), "{error}");
        fs::write(folder.path().join(RUN), "{").unwrap();
        let error = RunInfo::open(folder.path()).unwrap_err();
        assert!(matches!(error, RecordError::Info { .. }), "{error}");
    }

    #[test]
    fn a_folder_with_any_file_of_a_run_is_refused_and_left_as_it_is() {
        for name in [RUN, CONFIG, METRICS, WEIGHTS, CHECKPOINTS, SUMMARY, TABLE, "replica-000"] {
            let folder = tempfile::tempdir().unwrap();
            fs::write(folder.path().join(name), "old").unwrap();
            let error = info().create(folder.path()).unwrap_err();
            assert!(matches!(error, RecordError::AlreadyARun { .. }), "{error}");
            assert_eq!(fs::read_to_string(folder.path().join(name)).unwrap(), "old");
            assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
        }
    }

    #[test]
    fn folder_that_another_begins_is_in_use() {
        let folder = tempfile::tempdir().unwrap();
        let _other = FolderLock::take(folder.path()).unwrap();
        let error = info().create(folder.path()).unwrap_err();
        assert!(matches!(error, RecordError::InUse { .. }), "{error}");
        assert!(!RunInfo::exists(folder.path()));
    }

    #[test]
    fn a_folder_with_other_files_is_taken() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("notes.txt"), "").unwrap();
        info().create(folder.path()).unwrap();
    }
}

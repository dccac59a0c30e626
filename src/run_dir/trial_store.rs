//! Store of finished trainings, one JSON line each. A resumed search or experiment trains only what is missing.

use std::path::{Path, PathBuf};

use serde::de::Error;
use serde::{Deserialize, Serialize};

use super::file_names::UNFINISHED;
use super::{EpochResult, JsonlStore, RunWarning, StorageError, UnfinishedTrial};
use crate::analysis::statistics::mean;
use crate::config::Config;
use crate::dataset::DataIdentity;
use crate::train::ResumeFrom;

/// Finished training of one network.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Trial {
    /// Settings of the training.
    pub config: Config,
    /// Name of the data set.
    pub dataset: String,
    /// SHA-256 of the data set; empty in files of earlier versions.
    #[serde(default)]
    pub dataset_sha256: String,
    /// Number of training images per epoch.
    pub images: usize,
    /// Result of each epoch, in order.
    pub epochs: Vec<EpochResult>,
    /// Number of networks that trained in parallel.
    pub networks: usize,
    /// `cpu` or `gpu`.
    pub backend: String,
    /// Name of the GPU, or name and number of threads of the CPU.
    pub device: String,
    /// Date and time of the end, RFC 3339.
    pub date: String,
    /// Version of this program; empty in files of earlier versions.
    #[serde(default)]
    pub version: String,
    /// SHA-256 of all weights and biases in hexadecimal.
    pub weights_sha256: String,
}

impl Trial {
    /// Returns the training error of the last epoch in percent, or NaN if there is none.
    pub fn train_error(&self) -> f64 {
        self.epochs.last().map_or(f64::NAN, |epoch| epoch.train_error)
    }

    /// Returns the test error after the last epoch in percent, or NaN if there is none.
    pub fn test_error(&self) -> f64 {
        self.epochs.last().map_or(f64::NAN, |epoch| epoch.test_error)
    }

    /// Returns the time of all epochs, s: without tests, and shared with the networks trained in parallel. Epochs of
    /// unknown speed count as the mean of the others. `None` if there are no others.
    pub fn training_seconds(&self) -> Option<f64> {
        let images = (self.images * self.networks) as f64;
        let seconds = |epoch: &EpochResult| Some(images / epoch.images_per_second?);
        let known: Vec<f64> = self.epochs.iter().filter_map(seconds).collect();
        (!known.is_empty()).then(|| mean(&known) * self.epochs.len() as f64)
    }
}

/// File of finished trainings with its content.
#[derive(Debug)]
pub struct TrialStore {
    lines: JsonlStore<Trial>,
    /// Folder of unfinished trainings.
    unfinished: PathBuf,
}

impl TrialStore {
    /// Reads the file, or creates it if it does not exist. Removes an incomplete last line.
    ///
    /// # Errors
    /// As [`JsonlStore::open`]; also returns [`StorageError::InvalidLine`] if the result of an epoch is missing.
    pub fn open(path: &Path) -> Result<Self, StorageError> {
        let unfinished = path.with_file_name(UNFINISHED);
        let lines: JsonlStore<Trial> = JsonlStore::open(path)?;
        for (line, trial) in (1..).zip(lines.items()) {
            let (expected, found) = (trial.config.epochs as usize, trial.epochs.len());
            if found != expected {
                let cause = format!("expected results of {expected} epochs, found {found}");
                let source = serde_json::Error::custom(cause);
                return Err(StorageError::InvalidLine { path: path.to_owned(), line, source });
            }
        }
        Ok(TrialStore { lines, unfinished })
    }

    /// Returns the warning about an incomplete last line, if the file had one.
    pub fn warning(&self) -> Option<&RunWarning> {
        self.lines.warning()
    }

    /// Returns all finished trainings, in the order in which they ended.
    pub fn finished(&self) -> &[Trial] {
        self.lines.items()
    }

    /// Finds the training with these settings on the data set of this name.
    pub fn find(&self, config: &Config, dataset: &str) -> Option<&Trial> {
        self.finished().iter().find(|trial| trial.config == *config && trial.dataset == dataset)
    }

    /// Finds the training with these settings on these images, also under another name. Trials of earlier versions have
    /// no SHA-256 and are compared by name.
    pub fn find_by_data(&self, config: &Config, data: &DataIdentity) -> Option<&Trial> {
        let has_data = |trial: &Trial| match trial.dataset_sha256.is_empty() {
            true => trial.dataset == data.name,
            false => trial.dataset_sha256 == data.sha256,
        };
        self.finished().iter().find(|trial| trial.config == *config && has_data(trial))
    }

    /// Opens the unfinished training with these settings on this data set. Returns it with its start and the results of
    /// its finished epochs. Without such a training, the start is initial.
    ///
    /// # Errors
    /// Returns a [`StorageError`] if its files cannot be read.
    pub fn unfinished(
        &self,
        config: &Config,
        dataset_sha256: &str,
    ) -> Result<(UnfinishedTrial, ResumeFrom, Vec<EpochResult>), StorageError> {
        UnfinishedTrial::open(&self.unfinished, config, dataset_sha256)
    }

    /// Removes the checkpoints of a training, if there are any.
    ///
    /// # Errors
    /// Returns a [`StorageError`] if they cannot be removed.
    pub fn remove_unfinished(
        &self,
        config: &Config,
        dataset_sha256: &str,
    ) -> Result<(), StorageError> {
        UnfinishedTrial::remove_from(&self.unfinished, config, dataset_sha256)
    }

    /// Appends a trial and syncs the file to disk.
    ///
    /// # Errors
    /// Returns an error if the file cannot be written.
    pub fn add(&mut self, trial: Trial) -> Result<(), StorageError> {
        self.lines.add(trial)
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::dataset::{DataSource, ReadOptions};

    fn trial(seed: u64) -> Trial {
        let epoch = EpochResult {
            train_error: 1.0 / 3.0,
            test_error: 2.5,
            loss: 0.1,
            images_per_second: Some(7.0),
        };
        Trial {
            config: Config { seed, epochs: 1, eta: vec![0.1, 1e-7 / 3.0], ..Config::default() },
            dataset: "small".into(),
            dataset_sha256: "ab".into(),
            images: 3,
            epochs: vec![epoch],
            networks: 1,
            backend: "cpu".into(),
            device: "1 thread".into(),
            date: "2026-11-25T12:00:00Z".into(),
            version: "0.1.0".into(),
            weights_sha256: "00".into(),
        }
    }

    #[test]
    fn epochs_of_unknown_speed_take_the_mean_time() {
        let epoch =
            |images_per_second| EpochResult { images_per_second, ..trial(0).epochs.remove(0) };
        let seconds = |speeds: &[Option<f64>]| {
            let epochs = speeds.iter().copied().map(epoch).collect();
            Trial { epochs, images: 60, networks: 2, ..trial(0) }.training_seconds()
        };
        assert_eq!(seconds(&[Some(60.0), Some(30.0)]), Some(6.0));
        assert_eq!(seconds(&[Some(60.0), None, None, Some(30.0)]), Some(12.0));
        assert_eq!(seconds(&[None]), None);
    }

    #[test]
    fn find_matches_settings_and_data() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("trials.jsonl");
        let mut trials = TrialStore::open(&path).unwrap();
        for seed in [1, u64::MAX] {
            trials.add(trial(seed)).unwrap();
        }
        let again = TrialStore::open(&path).unwrap();
        assert_eq!(again.finished(), trials.finished());
        assert_eq!(again.find(&trial(u64::MAX).config, "small"), Some(&trial(u64::MAX)));
        assert_eq!(again.find(&trial(2).config, "small"), None);
        assert_eq!(again.find(&trial(1).config, "large"), None);
        let data = |name: &str, sha256: &str| DataIdentity {
            name: name.to_string(),
            source: DataSource::Files,
            read_options: ReadOptions::default(),
            training_images: 1,
            test_images: 1,
            sha256: sha256.to_string(),
            class_names: Vec::new(),
        };
        let config = trial(1).config;
        assert_eq!(again.find_by_data(&config, &data("moved", "ab")), Some(&trial(1)));
        assert_eq!(again.find_by_data(&config, &data("small", "cd")), None);
        trials.add(Trial { dataset_sha256: String::new(), ..trial(2) }).unwrap();
        let config = trial(2).config;
        assert!(trials.find_by_data(&config, &data("small", "cd")).is_some());
        assert!(trials.find_by_data(&config, &data("large", "cd")).is_none());
    }

    #[test]
    fn open_truncated_line_keeps_the_others() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("trials.jsonl");
        TrialStore::open(&path).unwrap().add(trial(1)).unwrap();
        let whole = fs::read_to_string(&path).unwrap();
        fs::write(&path, whole.clone() + &whole[..whole.len() / 2]).unwrap();
        let mut trials = TrialStore::open(&path).unwrap();
        assert_eq!(trials.finished(), [trial(1)]);
        trials.add(trial(2)).unwrap();
        assert_eq!(TrialStore::open(&path).unwrap().finished(), [trial(1), trial(2)]);
    }

    #[test]
    fn open_invalid_line_names_the_line() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("trials.jsonl");
        TrialStore::open(&path).unwrap().add(trial(1)).unwrap();
        let text = fs::read_to_string(&path).unwrap() + "{}\n";
        fs::write(&path, &text).unwrap();
        let error = TrialStore::open(&path).unwrap_err().to_string();
        assert!(error.contains("line 2"), "{error}");
        assert_eq!(fs::read_to_string(&path).unwrap(), text);

        let mut shortened = trial(2);
        shortened.epochs.clear();
        TrialStore::open(&folder.path().join("other.jsonl")).unwrap().add(shortened).unwrap();
        let error = TrialStore::open(&folder.path().join("other.jsonl")).unwrap_err();
        let cause = std::error::Error::source(&error).unwrap().to_string();
        assert_eq!(cause, "expected results of 1 epochs, found 0");
    }
}

//! Finished trainings in one file, a line of JSON each: who goes on after a break trains only what is
//! not there yet.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::unfinished::{UNFINISHED, Unfinished};
use super::{Lines, Notice, RecordError};
use crate::config::Config;
use crate::dataset::DataIdentity;
use crate::train::Start;

/// What an epoch of a trial came to. Errors are percent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EpochResult {
    /// Of the forward phases, each seen before its update.
    pub train_error: f64,
    /// Of the test set, or of the images held out for validation.
    pub test_error: f64,
    /// Mean over the images of the output's loss, summed over its neurons.
    pub loss: f64,
    /// Of all networks that trained side by side, tests left out.
    pub images_per_second: f64,
}

/// A finished training.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Trial {
    /// The settings of the training.
    pub config: Config,
    /// The data set's name.
    pub dataset: String,
    /// Fingerprint of the data set; empty in files of earlier versions.
    #[serde(default)]
    pub dataset_sha256: String,
    /// Training images of an epoch.
    pub images: usize,
    /// One for each epoch, in order.
    pub epochs: Vec<EpochResult>,
    /// Networks that trained side by side.
    pub networks: usize,
    /// `cpu` or `gpu`.
    pub backend: String,
    /// Name of the GPU, or of the processor and the number of threads.
    pub device: String,
    /// When it ended.
    pub date: String,
    /// SHA-256 of all weights and biases in hexadecimal.
    pub weights_sha256: String,
}

impl Trial {
    /// The training error of the last epoch, percent.
    pub fn train_error(&self) -> f64 {
        self.epochs.last().map_or(f64::NAN, |epoch| epoch.train_error)
    }

    /// The test error after the last epoch, percent.
    pub fn error(&self) -> f64 {
        self.epochs.last().map_or(f64::NAN, |epoch| epoch.test_error)
    }
}

/// The file, and what it holds.
#[derive(Debug)]
pub struct Trials {
    lines: Lines<Trial>,
    /// Where unfinished trainings lie.
    unfinished: PathBuf,
}

impl Trials {
    /// Reads the file, or starts it where there is none. A last line that a crash cut off is taken away.
    ///
    /// # Errors
    /// When the file cannot be read or written, or a whole line is not a trial.
    pub fn open(path: &Path) -> Result<Self, RecordError> {
        let unfinished = path.with_file_name(UNFINISHED);
        Ok(Trials { lines: Lines::open(path)?, unfinished })
    }

    /// What was wrong with the file, if anything.
    pub fn notice(&self) -> Option<&Notice> {
        self.lines.notice()
    }

    /// All, in the order in which they ended.
    pub fn finished(&self) -> &[Trial] {
        self.lines.all()
    }

    /// The one with these settings on the data set of that name.
    pub fn find(&self, config: &Config, dataset: &str) -> Option<&Trial> {
        self.finished().iter().find(|trial| trial.config == *config && trial.dataset == dataset)
    }

    /// The one with these settings on these images, whatever their name is now. Trials of earlier versions have a name
    /// only.
    pub fn find_on(&self, config: &Config, data: &DataIdentity) -> Option<&Trial> {
        let has_data = |trial: &Trial| match trial.dataset_sha256.is_empty() {
            true => trial.dataset == data.name,
            false => trial.dataset_sha256 == data.sha256,
        };
        self.finished().iter().find(|trial| trial.config == *config && has_data(trial))
    }

    /// Finds where a training of these settings on this data set was stopped, see [`Unfinished`]: what it goes on from,
    /// and the results of its epochs so far.
    ///
    /// # Errors
    /// Returns a [`RecordError`] if what was kept of it cannot be read.
    pub fn unfinished(
        &self,
        config: &Config,
        dataset_sha256: &str,
    ) -> Result<(Unfinished, Start, Vec<EpochResult>), RecordError> {
        Unfinished::open(&self.unfinished, config, dataset_sha256)
    }

    /// Adds one; it is in the file when this returns.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn add(&mut self, trial: Trial) -> Result<(), RecordError> {
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
            images_per_second: 7.0,
        };
        Trial {
            config: Config { seed, eta: vec![0.1, 1e-7 / 3.0], ..Config::default() },
            dataset: "small".into(),
            dataset_sha256: "ab".into(),
            images: 3,
            epochs: vec![epoch],
            networks: 1,
            backend: "cpu".into(),
            device: "1 thread".into(),
            date: "2026-11-25T12:00:00Z".into(),
            weights_sha256: "00".into(),
        }
    }

    #[test]
    fn trials_are_found_again_by_their_settings_and_data() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("trials.jsonl");
        let mut trials = Trials::open(&path).unwrap();
        for seed in [1, u64::MAX] {
            trials.add(trial(seed)).unwrap();
        }
        let again = Trials::open(&path).unwrap();
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
        assert_eq!(again.find_on(&config, &data("moved", "ab")), Some(&trial(1)));
        assert_eq!(again.find_on(&config, &data("small", "cd")), None);
        trials.add(Trial { dataset_sha256: String::new(), ..trial(2) }).unwrap();
        let config = trial(2).config;
        assert!(trials.find_on(&config, &data("small", "cd")).is_some());
        assert!(trials.find_on(&config, &data("large", "cd")).is_none());
    }

    #[test]
    fn a_line_that_was_cut_off_is_taken_away_and_others_stay() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("trials.jsonl");
        Trials::open(&path).unwrap().add(trial(1)).unwrap();
        let whole = fs::read_to_string(&path).unwrap();
        fs::write(&path, whole.clone() + &whole[..whole.len() / 2]).unwrap();
        let mut trials = Trials::open(&path).unwrap();
        assert_eq!(trials.finished(), [trial(1)]);
        trials.add(trial(2)).unwrap();
        assert_eq!(Trials::open(&path).unwrap().finished(), [trial(1), trial(2)]);
    }

    #[test]
    fn a_line_that_is_no_trial_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("trials.jsonl");
        Trials::open(&path).unwrap().add(trial(1)).unwrap();
        let text = fs::read_to_string(&path).unwrap() + "{}\n";
        fs::write(&path, &text).unwrap();
        let error = Trials::open(&path).unwrap_err().to_string();
        assert!(error.contains("line 2"), "{error}");
        assert_eq!(fs::read_to_string(&path).unwrap(), text);
    }
}

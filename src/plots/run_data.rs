//! Reads the folder of a run, or of runs of many networks.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Deserializer};
use thiserror::Error;

use crate::files;
use crate::run_dir::file_names::{CONFIG, METRICS, WEIGHTS, replica_folder};
use crate::run_dir::{SavedNetwork, StorageError, WeightsError, weights};
use crate::train::TrainError;

/// An error while plotting a run.
#[derive(Debug, Error)]
#[expect(missing_docs, reason = "each message says what it is")]
pub enum PlotError {
    #[error("cannot plot {}: no such folder", .folder.display())]
    NoFolder { folder: PathBuf },
    #[error("cannot plot {}: expected the folder of a run, found a file", .folder.display())]
    File { folder: PathBuf },
    #[error(
        "cannot plot {}: expected a run with {METRICS} or replica-000/{METRICS}, found neither",
        .folder.display()
    )]
    NoRun { folder: PathBuf },
    #[error("cannot plot {}: no test result yet", .folder.display())]
    NoEpoch { folder: PathBuf },
    #[error("{}, line {line}: invalid training event", .path.display())]
    Line { path: PathBuf, line: usize, source: serde_json::Error },
    #[error(transparent)]
    Storage(#[from] StorageError),
    #[error(transparent)]
    Weights(#[from] WeightsError),
    #[error(transparent)]
    Train(#[from] TrainError),
}

/// An epoch of the metrics file. Errors in percent; NaN stands for values that were not finite.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
pub struct Epoch {
    /// Epoch, from 1.
    pub epoch: u32,
    /// Number of training images.
    #[serde(default)]
    pub images: usize,
    /// Training error, before each update, percent.
    #[serde(deserialize_with = "number")]
    pub train_error: f64,
    /// Error on all test images, percent; NaN if there are none.
    #[serde(default = "not_a_number", deserialize_with = "number")]
    pub test_error: f64,
    /// Mean output loss per image.
    #[serde(deserialize_with = "number")]
    pub loss: f64,
}

/// A test on a part of the test images.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
pub struct PartialEval {
    /// Epoch, from 1.
    pub epoch: u32,
    /// Number of images trained on in this epoch.
    pub images: usize,
    /// Test error, percent.
    #[serde(deserialize_with = "number")]
    pub test_error: f64,
    /// Number of test images.
    pub test_images: usize,
}

/// Learning curve of one network.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LearningCurve {
    /// Settings that differ between the run's networks. Empty without a sweep.
    pub settings: String,
    /// Epochs in order.
    pub epochs: Vec<Epoch>,
    /// Partial evaluations in order.
    pub partial_evals: Vec<PartialEval>,
}

/// Content of a run's folder.
#[derive(Clone, Debug, PartialEq)]
pub struct PlotData {
    /// One curve per network. At least one has an epoch or a partial evaluation.
    pub networks: Vec<LearningCurve>,
    /// Trained network, if there is only one and its training is complete.
    pub saved: Option<SavedNetwork>,
}

impl PlotData {
    /// Reads a folder written by `apical train`.
    ///
    /// # Errors
    /// Returns an error if the folder has no run, the run has no test result, or a file is unreadable.
    pub fn open(folder: &Path) -> Result<Self, PlotError> {
        let owned = || folder.to_owned();
        if folder.is_file() {
            return Err(PlotError::File { folder: owned() });
        }
        if !folder.is_dir() {
            return Err(PlotError::NoFolder { folder: owned() });
        }
        let run = match folder.join(METRICS).is_file() {
            true => Self::from_run(folder)?,
            false => Self::from_replicas(folder)?,
        };
        let is_empty =
            |curve: &LearningCurve| curve.epochs.is_empty() && curve.partial_evals.is_empty();
        match &run.networks[..] {
            [] => Err(PlotError::NoRun { folder: owned() }),
            networks if networks.iter().all(is_empty) => {
                Err(PlotError::NoEpoch { folder: owned() })
            }
            _ => Ok(run),
        }
    }

    fn from_run(folder: &Path) -> Result<Self, PlotError> {
        let path = folder.join(WEIGHTS);
        // An unfinished run has no weights file.
        let saved = path.exists().then(|| weights::load(&path)).transpose()?;
        Ok(PlotData { networks: vec![read_learning_curve(&folder.join(METRICS))?], saved })
    }

    fn from_replicas(folder: &Path) -> Result<Self, PlotError> {
        let folders = (0..).map(|replica| folder.join(replica_folder(replica)));
        let folders: Vec<PathBuf> =
            folders.take_while(|folder| folder.join(METRICS).is_file()).collect();
        let mut networks = Vec::new();
        for (folder, settings) in folders.iter().zip(swept_settings(&folders)?) {
            networks
                .push(LearningCurve { settings, ..read_learning_curve(&folder.join(METRICS))? });
        }
        Ok(PlotData { networks, saved: None })
    }
}

/// Returns the settings that differ between the networks of these folders, without the seed.
fn swept_settings(folders: &[PathBuf]) -> Result<Vec<String>, PlotError> {
    let mut all = Vec::new();
    for folder in folders {
        let path = folder.join(CONFIG);
        let text = files::read_text(&path).map_err(StorageError::io("read", &path))?;
        // Unreadable settings only leave the network unnamed.
        all.push(text.parse::<toml::Table>().unwrap_or_default());
    }
    let keys: BTreeSet<&String> = all.iter().flat_map(toml::Table::keys).collect();
    let is_swept = |key: &&String| {
        key.as_str() != "seed" && all.iter().any(|settings| settings.get(*key) != all[0].get(*key))
    };
    let keys: Vec<&String> = keys.into_iter().filter(is_swept).collect();
    let one = |settings: &toml::Table| {
        let value = |key: &&String| {
            settings.get(*key).map(|value| format!("{key} {}", format_setting(value)))
        };
        keys.iter().filter_map(value).collect::<Vec<_>>().join(", ")
    };
    Ok(all.iter().map(one).collect())
}

/// Formats a setting as in a sweep.
fn format_setting(value: &toml::Value) -> String {
    match value {
        toml::Value::String(text) => text.clone(),
        toml::Value::Array(values) => {
            values.iter().map(format_setting).collect::<Vec<_>>().join(":")
        }
        other => other.to_string(),
    }
}

/// Reads the tests from the metrics. Ignores a last line that a crash truncated.
fn read_learning_curve(path: &Path) -> Result<LearningCurve, PlotError> {
    let text = files::read_long_text(path).map_err(StorageError::io("read", path))?;
    LearningCurve::parse(&text).map_err(|(line, source)| PlotError::Line {
        path: path.to_owned(),
        line,
        source,
    })
}

impl LearningCurve {
    /// Reads the tests from lines of metrics. Ignores an incomplete last line.
    ///
    /// # Errors
    /// Returns the number of the first invalid line, with its error.
    pub fn parse(text: &str) -> Result<Self, (usize, serde_json::Error)> {
        #[derive(Deserialize)]
        #[serde(tag = "event", rename_all = "snake_case")]
        enum MetricsLine {
            Epoch(Epoch),
            PartialEval(PartialEval),
            #[serde(other)]
            Other,
        }
        let whole = text.rfind('\n').map_or(0, |end| end + 1);
        let mut curve = LearningCurve::default();
        for (index, line) in text[..whole].lines().enumerate() {
            match serde_json::from_str(line) {
                Ok(MetricsLine::Epoch(epoch)) => curve.epochs.push(epoch),
                Ok(MetricsLine::PartialEval(test)) => curve.partial_evals.push(test),
                Ok(MetricsLine::Other) => {}
                Err(source) => return Err((index + 1, source)),
            }
        }
        Ok(curve)
    }
}

fn not_a_number() -> f64 {
    f64::NAN
}

/// Reads a number, NaN for null.
fn number<'de, D: Deserializer<'de>>(json: D) -> Result<f64, D::Error> {
    Ok(Option::deserialize(json)?.unwrap_or(f64::NAN))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn error(folder: &Path) -> String {
        PlotData::open(folder).unwrap_err().to_string()
    }

    #[test]
    fn folder_without_run_returns_error() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path();
        assert!(error(&path.join("none")).contains("no such folder"));
        assert!(error(path).contains("found neither"));
        fs::write(path.join("file"), "").unwrap();
        assert!(error(&path.join("file")).contains("found a file"));
        fs::write(path.join(METRICS), "").unwrap();
        assert!(error(path).contains("no test result"));
    }

    #[test]
    fn epoch_without_finite_loss_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let line = r#"{"event":"epoch","epoch":1,"images":9,"train_error":90.0,"test_error":80.0,"loss":null}"#;
        fs::write(folder.path().join(METRICS), format!("{line}\n{{\"event\":\"fin")).unwrap();
        let run = PlotData::open(folder.path()).unwrap();
        let epoch = run.networks[0].epochs[0];
        assert!(epoch.loss.is_nan() && epoch.test_error == 80.0 && epoch.images == 9);
    }

    #[test]
    fn training_without_test_images_has_a_curve() {
        let line = r#"{"event":"epoch","epoch":1,"images":9,"train_error":90.0,"loss":2.5}"#;
        let curve = LearningCurve::parse(&format!("{line}\n")).unwrap();
        assert!(curve.epochs[0].test_error.is_nan());
        let svg = crate::plots::plot_curve(curve).chart.svg().unwrap();
        assert!(svg.contains("training error") && !svg.contains("test error"));
        let (line, _) = LearningCurve::parse("{}\n").unwrap_err();
        assert_eq!(line, 1);
    }

    #[test]
    fn swept_networks_are_named_by_their_settings() {
        let folder = tempfile::tempdir().unwrap();
        let test =
            r#"{"event":"partial_eval","epoch":1,"images":9,"test_error":80.0,"test_images":5}"#;
        for (replica, settings) in
            ["eta = [0.1, 0.2]\nseed = 1", "eta = [0.1, 0.2]\nseed = 2", "eta = [0.3]\nseed = 1"]
                .iter()
                .enumerate()
        {
            let folder = folder.path().join(replica_folder(replica));
            fs::create_dir(&folder).unwrap();
            fs::write(folder.join(CONFIG), settings).unwrap();
            fs::write(folder.join(METRICS), format!("{test}\n")).unwrap();
        }
        let run = PlotData::open(folder.path()).unwrap();
        let settings: Vec<&str> =
            run.networks.iter().map(|curve| curve.settings.as_str()).collect();
        assert_eq!(settings, ["eta 0.1:0.2", "eta 0.1:0.2", "eta 0.3"]);
        assert_eq!(run.networks[0].partial_evals[0].test_images, 5);
    }
}

//! The folder of a run, or of runs of many networks.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Deserializer};
use thiserror::Error;

use crate::files;
use crate::run_dir::file_names::{CONFIG, METRICS, WEIGHTS, replica_folder};
use crate::run_dir::{SavedNetwork, StorageError, WeightsError, weights};
use crate::train::TrainError;

/// Why a run has no pictures.
#[derive(Debug, Error)]
#[expect(missing_docs, reason = "each message says what it is")]
pub enum PlotError {
    #[error("cannot plot {}: there is no such folder", .folder.display())]
    NoFolder { folder: PathBuf },
    #[error("cannot plot {}: expected the folder of a run, found a file", .folder.display())]
    File { folder: PathBuf },
    #[error(
        "cannot plot {}: there is no run in it, neither {METRICS} nor replica-000/{METRICS}",
        .folder.display()
    )]
    NoRun { folder: PathBuf },
    #[error("cannot plot {}: the run has not been tested yet", .folder.display())]
    NoEpoch { folder: PathBuf },
    #[error("{}: line {line} is no event of a training", .path.display())]
    Line { path: PathBuf, line: usize, source: serde_json::Error },
    #[error(transparent)]
    Storage(#[from] StorageError),
    #[error(transparent)]
    Weights(#[from] WeightsError),
    #[error(transparent)]
    Train(#[from] TrainError),
}

/// An epoch, as the metrics have it. Errors are percent; NaN is a number that was not finite.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
pub struct Epoch {
    /// The first is 1.
    pub epoch: u32,
    /// Images learned from.
    #[serde(default)]
    pub images: usize,
    /// Before each update.
    #[serde(deserialize_with = "number")]
    pub train_error: f64,
    /// On all test images.
    #[serde(deserialize_with = "number")]
    pub test_error: f64,
    /// Mean loss of the output per image.
    #[serde(deserialize_with = "number")]
    pub loss: f64,
}

/// A test on a part of the test images.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
pub struct PartialEval {
    /// The first is 1.
    pub epoch: u32,
    /// Images of the epoch learned from.
    pub images: usize,
    /// Percent.
    #[serde(deserialize_with = "number")]
    pub test_error: f64,
    /// Number of images tested.
    pub test_images: usize,
}

/// How one network learned.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LearningCurve {
    /// The settings in which it differs from others of its run; empty without a sweep.
    pub settings: String,
    /// In order.
    pub epochs: Vec<Epoch>,
    /// In order.
    pub partial_evals: Vec<PartialEval>,
}

/// What is in the folder.
#[derive(Clone, Debug, PartialEq)]
pub struct RunData {
    /// One per network. At least one has an epoch or a quick test.
    pub networks: Vec<LearningCurve>,
    /// The trained network, if it is the only one and its training is done.
    pub saved: Option<SavedNetwork>,
}

impl RunData {
    /// Reads a folder that `apical train` wrote.
    ///
    /// # Errors
    /// Returns an error if it holds no run, a run without any test, or a file that cannot be read.
    pub fn open(folder: &Path) -> Result<Self, PlotError> {
        let place = || folder.to_owned();
        if folder.is_file() {
            return Err(PlotError::File { folder: place() });
        }
        if !folder.is_dir() {
            return Err(PlotError::NoFolder { folder: place() });
        }
        let run = match folder.join(METRICS).is_file() {
            true => Self::of_one(folder)?,
            false => Self::of_many(folder)?,
        };
        let is_empty =
            |course: &LearningCurve| course.epochs.is_empty() && course.partial_evals.is_empty();
        match &run.networks[..] {
            [] => Err(PlotError::NoRun { folder: place() }),
            networks if networks.iter().all(is_empty) => {
                Err(PlotError::NoEpoch { folder: place() })
            }
            _ => Ok(run),
        }
    }

    fn of_one(folder: &Path) -> Result<Self, PlotError> {
        let path = folder.join(WEIGHTS);
        // A run that goes on still has none.
        let saved = path.exists().then(|| weights::load(&path)).transpose()?;
        Ok(RunData { networks: vec![course(&folder.join(METRICS))?], saved })
    }

    fn of_many(folder: &Path) -> Result<Self, PlotError> {
        let folders = (0..).map(|replica| folder.join(replica_folder(replica)));
        let folders: Vec<PathBuf> =
            folders.take_while(|folder| folder.join(METRICS).is_file()).collect();
        let mut networks = Vec::new();
        for (folder, settings) in folders.iter().zip(swept(&folders)?) {
            networks.push(LearningCurve { settings, ..course(&folder.join(METRICS))? });
        }
        Ok(RunData { networks, saved: None })
    }
}

/// The settings in which the networks of these folders differ, apart from the seed.
fn swept(folders: &[PathBuf]) -> Result<Vec<String>, PlotError> {
    let mut all = Vec::new();
    for folder in folders {
        let path = folder.join(CONFIG);
        let text = files::read_text(&path).map_err(StorageError::io("read", &path))?;
        // Settings that cannot be read name no network, and are no reason to draw none.
        all.push(text.parse::<toml::Table>().unwrap_or_default());
    }
    let keys: BTreeSet<&String> = all.iter().flat_map(toml::Table::keys).collect();
    let is_swept = |key: &&String| {
        key.as_str() != "seed" && all.iter().any(|settings| settings.get(*key) != all[0].get(*key))
    };
    let keys: Vec<&String> = keys.into_iter().filter(is_swept).collect();
    let one = |settings: &toml::Table| {
        let value =
            |key: &&String| settings.get(*key).map(|value| format!("{key} {}", plain(value)));
        keys.iter().filter_map(value).collect::<Vec<_>>().join(", ")
    };
    Ok(all.iter().map(one).collect())
}

/// A setting as a sweep writes it.
fn plain(value: &toml::Value) -> String {
    match value {
        toml::Value::String(text) => text.clone(),
        toml::Value::Array(values) => values.iter().map(plain).collect::<Vec<_>>().join(":"),
        other => other.to_string(),
    }
}

/// The tests among the lines of metrics. A last line that a crash cut off does not count.
fn course(path: &Path) -> Result<LearningCurve, PlotError> {
    #[derive(Deserialize)]
    #[serde(tag = "event", rename_all = "snake_case")]
    enum Line {
        Epoch(Epoch),
        QuickTest(PartialEval),
        #[serde(other)]
        Other,
    }
    let text = files::read_long_text(path).map_err(StorageError::io("read", path))?;
    let whole = text.rfind('\n').map_or(0, |end| end + 1);
    let mut course = LearningCurve::default();
    for (index, line) in text[..whole].lines().enumerate() {
        match serde_json::from_str(line) {
            Ok(Line::Epoch(epoch)) => course.epochs.push(epoch),
            Ok(Line::QuickTest(test)) => course.partial_evals.push(test),
            Ok(Line::Other) => {}
            Err(source) => {
                return Err(PlotError::Line { path: path.to_owned(), line: index + 1, source });
            }
        }
    }
    Ok(course)
}

/// A number; JSON has null for those that are not finite.
fn number<'de, D: Deserializer<'de>>(json: D) -> Result<f64, D::Error> {
    Ok(Option::deserialize(json)?.unwrap_or(f64::NAN))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn error(folder: &Path) -> String {
        RunData::open(folder).unwrap_err().to_string()
    }

    #[test]
    fn what_is_no_run_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path();
        assert!(error(&path.join("none")).contains("no such folder"));
        assert!(error(path).contains("no run in it"));
        fs::write(path.join("file"), "").unwrap();
        assert!(error(&path.join("file")).contains("found a file"));
        fs::write(path.join(METRICS), "").unwrap();
        assert!(error(path).contains("not been tested"));
    }

    #[test]
    fn an_epoch_without_finite_numbers_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let line = r#"{"event":"epoch","epoch":1,"images":9,"train_error":90.0,"test_error":80.0,"loss":null}"#;
        fs::write(folder.path().join(METRICS), format!("{line}\n{{\"event\":\"fin")).unwrap();
        let run = RunData::open(folder.path()).unwrap();
        let epoch = run.networks[0].epochs[0];
        assert!(epoch.loss.is_nan() && epoch.test_error == 80.0 && epoch.images == 9);
    }

    #[test]
    fn networks_are_told_apart_by_the_settings_that_differ() {
        let folder = tempfile::tempdir().unwrap();
        let test =
            r#"{"event":"quick_test","epoch":1,"images":9,"test_error":80.0,"test_images":5}"#;
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
        let run = RunData::open(folder.path()).unwrap();
        let settings: Vec<&str> =
            run.networks.iter().map(|course| course.settings.as_str()).collect();
        assert_eq!(settings, ["eta 0.1:0.2", "eta 0.1:0.2", "eta 0.3"]);
        assert_eq!(run.networks[0].partial_evals[0].test_images, 5);
    }
}

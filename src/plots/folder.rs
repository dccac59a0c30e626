//! The folder of a run, or of runs of many networks.

use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use thiserror::Error;

use crate::record::replicas::replica_folder;
use crate::record::run::{METRICS, WEIGHTS};
use crate::record::{RecordError, Saved, WeightsError, weights};
use crate::train::TrainError;

/// Why a run has no pictures.
#[derive(Debug, Error)]
#[expect(missing_docs, reason = "each message says what it is")]
pub enum PlotError {
    #[error("{}: there is no run: neither {METRICS} nor replica-000 is there", .folder.display())]
    NoRun { folder: PathBuf },
    #[error("{}: line {line} is no event of a training", .path.display())]
    Line { path: PathBuf, line: usize, source: serde_json::Error },
    #[error(transparent)]
    Record(#[from] RecordError),
    #[error(transparent)]
    Weights(#[from] WeightsError),
    #[error(transparent)]
    Train(#[from] TrainError),
}

/// An epoch, as the metrics have it. Errors are percent.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
pub struct Epoch {
    pub epoch: u32,
    pub train_error: f64,
    pub test_error: f64,
    pub loss: f64,
}

/// What is in the folder.
#[derive(Clone, Debug, PartialEq)]
pub struct RunFolder {
    /// Epochs of each network; one, but for a folder of many.
    pub networks: Vec<Vec<Epoch>>,
    /// The trained network, if it is one and it is done.
    pub saved: Option<Saved>,
}

impl RunFolder {
    /// Reads a folder that `apical train` wrote.
    ///
    /// # Errors
    /// When it is none, or a file cannot be read.
    pub fn open(folder: &Path) -> Result<Self, PlotError> {
        if folder.join(METRICS).is_file() {
            let path = folder.join(WEIGHTS);
            // A run that goes on still has none.
            let saved = path.exists().then(|| weights::load(&path)).transpose()?;
            return Ok(RunFolder { networks: vec![epochs(&folder.join(METRICS))?], saved });
        }
        let replicas = (0..).map(|replica| folder.join(replica_folder(replica)).join(METRICS));
        let networks: Vec<Vec<Epoch>> = replicas
            .take_while(|metrics| metrics.is_file())
            .map(|metrics| epochs(&metrics))
            .collect::<Result<_, _>>()?;
        match networks.is_empty() {
            true => Err(PlotError::NoRun { folder: folder.to_owned() }),
            false => Ok(RunFolder { networks, saved: None }),
        }
    }
}

/// The epochs among the lines of metrics. A last line that a crash cut off does not count.
fn epochs(path: &Path) -> Result<Vec<Epoch>, PlotError> {
    #[derive(Deserialize)]
    #[serde(tag = "event", rename_all = "snake_case")]
    enum Line {
        Epoch(Epoch),
        #[serde(other)]
        Other,
    }
    let text = fs::read_to_string(path).map_err(RecordError::io("read", path))?;
    let whole = text.rfind('\n').map_or(0, |end| end + 1);
    let mut epochs = Vec::new();
    for (index, line) in text[..whole].lines().enumerate() {
        match serde_json::from_str(line) {
            Ok(Line::Epoch(epoch)) => epochs.push(epoch),
            Ok(Line::Other) => {}
            Err(source) => {
                return Err(PlotError::Line { path: path.to_owned(), line: index + 1, source });
            }
        }
    }
    Ok(epochs)
}

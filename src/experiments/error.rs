//! Error of an experiment.

use std::path::PathBuf;

use thiserror::Error;

use crate::figures::FigureError;
use crate::interface::BackendError;
use crate::run_dir::{StorageError, WeightsError};
use crate::train::TrainError;
use crate::trial_cache::TrialsError;

/// Error of an experiment.
#[derive(Debug, Error)]
#[expect(missing_docs, reason = "each message says what it is")]
pub enum ExperimentError {
    #[error(transparent)]
    Train(#[from] TrainError),
    #[error(transparent)]
    Backend(#[from] BackendError),
    #[error(transparent)]
    Trials(#[from] TrialsError),
    #[error(transparent)]
    Storage(#[from] StorageError),
    #[error(transparent)]
    Weights(#[from] WeightsError),
    #[error(transparent)]
    Report(#[from] FigureError),
    #[error("{}: cannot read the trained network: only the errors of its training were kept", .path.display())]
    NoWeights { path: PathBuf },
    #[error("no training of this experiment has finished")]
    NoTrainings,
    /// The listener interrupted the experiment; finished parts are kept.
    #[error("interrupted")]
    Interrupted,
}

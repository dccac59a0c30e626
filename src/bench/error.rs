//! Error of a benchmark.

use thiserror::Error;

use crate::config::SweepError;
use crate::train::TrainError;

/// Error of a benchmark.
#[derive(Debug, Error)]
#[expect(missing_docs, reason = "each message says what it is")]
pub enum BenchError {
    #[error("nothing to measure: the list of {list} is empty")]
    EmptyList { list: &'static str },
    #[error(transparent)]
    Networks(#[from] SweepError),
    #[error("batch_size = {batch}: a minibatch of more than the {images} {subset} images")]
    Batch { batch: usize, images: usize, subset: &'static str },
    #[error("{setting} = {value}: {reason}")]
    Length { setting: &'static str, value: f64, reason: &'static str },
    #[error(transparent)]
    Train(TrainError),
}

impl<E: Into<TrainError>> From<E> for BenchError {
    fn from(error: E) -> Self {
        BenchError::Train(error.into())
    }
}

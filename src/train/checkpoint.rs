//! Position and state of a training, from which it resumes with the same bits.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::TrainError;
use super::position::TrainPosition;
use crate::network::Network;
use crate::simulation::SimulationState;
use crate::test_results::Evaluation;

impl TrainPosition {
    /// Checks that a training of `epochs` epochs of `count` images in minibatches of `batch` reaches this position.
    pub(super) fn check(&self, epochs: u32, count: usize, batch: usize) -> Result<(), TrainError> {
        let &TrainPosition { epoch, images, eval_pending, seconds, .. } = self;
        let fault = |reason: String| Err(TrainError::Position { position: *self, reason });
        if images > count {
            return Err(TrainError::Checkpoint { images, available: count });
        }
        if epoch == 0 || u64::from(epoch) > u64::from(epochs) + 1 {
            return fault(format!("expected an epoch of 1 to {}", u64::from(epochs) + 1));
        }
        if epoch > epochs && (images, eval_pending) != (0, false) {
            return fault(format!("the last of {epochs} epochs is done"));
        }
        if images < count && !images.is_multiple_of(batch.max(1)) {
            return fault(format!("no minibatch of {batch} images ends there"));
        }
        if (images == 0 && eval_pending) || (images == count && !eval_pending) {
            return fault("a test follows on images, and ends an epoch".to_string());
        }
        if !seconds.is_finite() || seconds < 0.0 {
            return fault("expected a time of at least 0 s".to_string());
        }
        Ok(())
    }
}

/// State and position of a network in training.
#[derive(Clone, Debug, PartialEq)]
pub struct Checkpoint {
    /// Position in the run.
    pub position: TrainPosition,
    /// Weights at this position.
    pub network: Network,
    /// State of the simulation except the weights: moments, results and the samples' persistent rows.
    pub state: SimulationState,
    /// Full evaluation of the epoch, if the epoch just ended.
    pub evaluation: Option<Evaluation>,
    /// Whether [`CheckpointInterval`] makes the checkpoint due. Otherwise an epoch just ended, and its network may have
    /// the lowest error so far.
    pub is_due: bool,
}

impl Checkpoint {
    /// Returns the error of the epoch's full evaluation, if the epoch just ended, %.
    pub fn test_error(&self) -> Option<f64> {
        self.evaluation.as_ref().map(Evaluation::error)
    }

    /// Returns the start of an epoch of other images, from 1, with the weights and moments of this checkpoint.
    pub fn at_epoch(&self, epoch: u32) -> Checkpoint {
        Checkpoint {
            position: TrainPosition { epoch, ..TrainPosition::START },
            network: self.network.clone(),
            state: self.state.without_images(),
            evaluation: None,
            is_due: true,
        }
    }

    /// Returns the start of a training with these weights.
    pub fn of_network(network: Network) -> Self {
        let state = SimulationState { updates: 0, is_fresh: true, arrays: BTreeMap::new() };
        let position = TrainPosition::START;
        Checkpoint { position, network, state, evaluation: None, is_due: true }
    }

    /// Whether networks can resume side by side from this checkpoint and from `other`.
    pub(super) fn is_at_same_step(&self, other: &Checkpoint) -> bool {
        let step = |checkpoint: &Checkpoint| {
            let TrainPosition { epoch, images, eval_pending, eval_images_shown: tested, .. } =
                checkpoint.position;
            let SimulationState { updates, is_fresh, .. } = checkpoint.state;
            (epoch, images, eval_pending, tested, updates, is_fresh)
        };
        step(self) == step(other)
    }
}

/// Start of a network's training.
#[derive(Clone, Debug, Default)]
pub enum ResumeFrom {
    /// From the initial weights.
    #[default]
    Initial,
    /// From a checkpoint.
    Checkpoint(Box<Checkpoint>),
    /// Already trained.
    Finished,
}

impl ResumeFrom {
    /// Returns the position of the start; `None` if the network is already trained.
    pub fn position(&self) -> Option<TrainPosition> {
        match self {
            ResumeFrom::Initial => Some(TrainPosition::START),
            ResumeFrom::Checkpoint(checkpoint) => Some(checkpoint.position),
            ResumeFrom::Finished => None,
        }
    }

    pub(super) fn checkpoint(&self) -> Option<&Checkpoint> {
        match self {
            ResumeFrom::Checkpoint(checkpoint) => Some(checkpoint),
            ResumeFrom::Initial | ResumeFrom::Finished => None,
        }
    }

    /// Whether networks with these starts can train side by side.
    pub(super) fn is_at_same_step(&self, other: &ResumeFrom) -> bool {
        match (self.checkpoint(), other.checkpoint()) {
            (Some(one), Some(other)) => one.is_at_same_step(other),
            (None, None) => true,
            _ => false,
        }
    }
}

/// Interval between checkpoints.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum CheckpointInterval {
    /// Number of training images. A checkpoint is also written after each epoch and at a stop.
    Images(usize),
    /// Number of epochs. A checkpoint is also written at a stop.
    Epochs(u32),
}

impl CheckpointInterval {
    /// Whether a checkpoint is due after `epoch`.
    pub(super) fn is_due_after_epoch(self, epoch: u32) -> bool {
        match self {
            CheckpointInterval::Images(_) => true,
            CheckpointInterval::Epochs(epochs) => epoch.is_multiple_of(epochs.max(1)),
        }
    }

    /// Whether the interval ends within the images `before .. after` of the run.
    pub(super) fn is_due_between(self, before: usize, after: usize) -> bool {
        matches!(self, CheckpointInterval::Images(images) if after / images.max(1) > before / images.max(1))
    }
}

/// Error for a text that is not a [`CheckpointInterval`].
#[derive(Debug, Error, PartialEq, Eq)]
#[error("expected a number of images, as 5000, or of epochs, as 1epoch or 2epochs; at least 1")]
pub struct CheckpointIntervalError;

impl FromStr for CheckpointInterval {
    type Err = CheckpointIntervalError;

    fn from_str(text: &str) -> Result<Self, CheckpointIntervalError> {
        let epochs = text.strip_suffix("epochs").or_else(|| text.strip_suffix("epoch"));
        match epochs {
            Some(count) => match count.trim().parse() {
                Ok(epochs) if epochs > 0 => Ok(CheckpointInterval::Epochs(epochs)),
                _ => Err(CheckpointIntervalError),
            },
            None => match text.trim().parse() {
                Ok(images) if images > 0 => Ok(CheckpointInterval::Images(images)),
                _ => Err(CheckpointIntervalError),
            },
        }
    }
}

impl TryFrom<String> for CheckpointInterval {
    type Error = CheckpointIntervalError;

    fn try_from(text: String) -> Result<Self, CheckpointIntervalError> {
        text.parse()
    }
}

impl From<CheckpointInterval> for String {
    fn from(every: CheckpointInterval) -> String {
        every.to_string()
    }
}

impl fmt::Display for CheckpointInterval {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            CheckpointInterval::Images(images) => write!(f, "{images}"),
            CheckpointInterval::Epochs(1) => write!(f, "1epoch"),
            CheckpointInterval::Epochs(epochs) => write!(f, "{epochs}epochs"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn interval_written_as_text_is_read_back() {
        for every in [
            CheckpointInterval::Images(5000),
            CheckpointInterval::Epochs(1),
            CheckpointInterval::Epochs(12),
        ] {
            assert_eq!(every.to_string().parse(), Ok(every));
        }
        for text in ["", "0", "0epochs", "epoch", "-1", "1.5", "5 images"] {
            assert_eq!(text.parse::<CheckpointInterval>(), Err(CheckpointIntervalError), "{text}");
        }
    }

    #[test]
    fn interval_ends_once() {
        let every = CheckpointInterval::Images(10);
        let ends: Vec<usize> = (0..9).filter(|i| every.is_due_between(4 * i, 4 * i + 4)).collect();
        // After 12, 20 and 32 images.
        assert_eq!(ends, [2, 4, 7]);
        assert!(
            (1..4).all(
                |epoch| CheckpointInterval::Epochs(2).is_due_after_epoch(epoch) == (epoch == 2)
            )
        );
    }
}

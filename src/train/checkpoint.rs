//! Where a training stands, with all that it needs to go on from there, to the same bits.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::TrainError;
use crate::evaluate::Evaluation;
use crate::network::Network;
use crate::simulation::State;

/// Where a training stands, between two minibatches.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Position {
    /// The first is 1. After the last epoch, the number of epochs plus 1.
    pub epoch: u32,
    /// Images of the epoch that were learned from.
    pub images: usize,
    /// Whether the test that follows on them is still to be done.
    pub test_is_due: bool,
    /// Test images shown so far: positions of their draws.
    pub tested: u32,
    /// Time spent so far, in seconds. Files of checkpoints do not hold it: those of equal runs are equal.
    #[serde(skip)]
    pub seconds: f64,
}

impl Position {
    /// Before the first image.
    pub const START: Position =
        Position { epoch: 1, images: 0, test_is_due: false, tested: 0, seconds: 0.0 };

    /// Checks that a training with `epochs` epochs of `count` images in minibatches of `batch` comes by here.
    pub(super) fn check(&self, epochs: u32, count: usize, batch: usize) -> Result<(), TrainError> {
        let &Position { epoch, images, test_is_due, seconds, .. } = self;
        let fault = |reason: String| Err(TrainError::Position { position: *self, reason });
        if images > count {
            return Err(TrainError::Checkpoint { images, available: count });
        }
        if epoch == 0 || u64::from(epoch) > u64::from(epochs) + 1 {
            return fault(format!("expected an epoch of 1 to {}", u64::from(epochs) + 1));
        }
        if epoch > epochs && (images, test_is_due) != (0, false) {
            return fault(format!("the last of {epochs} epochs is done"));
        }
        if images < count && !images.is_multiple_of(batch.max(1)) {
            return fault(format!("no minibatch of {batch} images ends there"));
        }
        if (images == 0 && test_is_due) || (images == count && !test_is_due) {
            return fault("a test follows on images, and ends an epoch".to_string());
        }
        if !seconds.is_finite() || seconds < 0.0 {
            return fault("expected a time of at least 0 s".to_string());
        }
        Ok(())
    }
}

/// A network in training, and where it stands.
#[derive(Clone, Debug, PartialEq)]
pub struct Checkpoint {
    /// Where in its run the training stands.
    pub position: Position,
    /// All weights as they are there.
    pub network: Network,
    /// What the simulation holds beside them: moments, results, and what lanes carry on.
    pub state: State,
    /// The epoch's full test, if the epoch just ended.
    pub evaluation: Option<Evaluation>,
    /// Whether the checkpoint is due by [`Every`]. Otherwise an epoch just ended: the network may be the best so far.
    pub is_due: bool,
}

impl Checkpoint {
    /// Error of the epoch's full test in percent, if the epoch just ended.
    pub fn test_error(&self) -> Option<f64> {
        self.evaluation.as_ref().map(Evaluation::error)
    }

    /// Whether networks can go on side by side from here and from `other`.
    pub(super) fn is_level_with(&self, other: &Checkpoint) -> bool {
        let place = |checkpoint: &Checkpoint| {
            let Position { epoch, images, test_is_due, tested, .. } = checkpoint.position;
            let State { updates, is_fresh, .. } = checkpoint.state;
            (epoch, images, test_is_due, tested, updates, is_fresh)
        };
        place(self) == place(other)
    }
}

/// How a network begins to train.
#[derive(Clone, Debug, Default)]
pub enum Start {
    /// With its initial weights.
    #[default]
    Initial,
    /// Where it stood.
    Checkpoint(Box<Checkpoint>),
    /// Not at all: it is trained.
    Finished,
}

impl Start {
    pub(super) fn checkpoint(&self) -> Option<&Checkpoint> {
        match self {
            Start::Checkpoint(checkpoint) => Some(checkpoint),
            Start::Initial | Start::Finished => None,
        }
    }

    /// Whether networks can train side by side that begin so.
    pub(super) fn is_level_with(&self, other: &Start) -> bool {
        match (self.checkpoint(), other.checkpoint()) {
            (Some(one), Some(other)) => one.is_level_with(other),
            (None, None) => true,
            _ => false,
        }
    }
}

/// How often checkpoints are told of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Every {
    /// After so many training images, after each epoch with its test, and where a training is broken off.
    Images(usize),
    /// After so many epochs with their tests, and where a training is broken off.
    Epochs(u32),
}

impl Every {
    /// Whether `epoch` ends a round.
    pub(super) fn ends_at_epoch(self, epoch: u32) -> bool {
        match self {
            Every::Images(_) => true,
            Every::Epochs(epochs) => epoch.is_multiple_of(epochs.max(1)),
        }
    }

    /// Whether one of the images `before .. after` of the run ends a round.
    pub(super) fn ends_within(self, before: usize, after: usize) -> bool {
        matches!(self, Every::Images(images) if after / images.max(1) > before / images.max(1))
    }
}

/// Why a text is no [`Every`].
#[derive(Debug, Error, PartialEq, Eq)]
#[error("expected a number of images, as 5000, or of epochs, as 1epoch or 2epochs; at least 1")]
pub struct EveryError;

impl FromStr for Every {
    type Err = EveryError;

    fn from_str(text: &str) -> Result<Self, EveryError> {
        let epochs = text.strip_suffix("epochs").or_else(|| text.strip_suffix("epoch"));
        match epochs {
            Some(count) => match count.trim().parse() {
                Ok(epochs) if epochs > 0 => Ok(Every::Epochs(epochs)),
                _ => Err(EveryError),
            },
            None => match text.trim().parse() {
                Ok(images) if images > 0 => Ok(Every::Images(images)),
                _ => Err(EveryError),
            },
        }
    }
}

impl TryFrom<String> for Every {
    type Error = EveryError;

    fn try_from(text: String) -> Result<Self, EveryError> {
        text.parse()
    }
}

impl From<Every> for String {
    fn from(every: Every) -> String {
        every.to_string()
    }
}

impl fmt::Display for Every {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Every::Images(images) => write!(f, "{images}"),
            Every::Epochs(1) => write!(f, "1epoch"),
            Every::Epochs(epochs) => write!(f, "{epochs}epochs"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounds_are_read_as_they_are_written() {
        for every in [Every::Images(5000), Every::Epochs(1), Every::Epochs(12)] {
            assert_eq!(every.to_string().parse(), Ok(every));
        }
        for text in ["", "0", "0epochs", "epoch", "-1", "1.5", "5 images"] {
            assert_eq!(text.parse::<Every>(), Err(EveryError), "{text}");
        }
    }

    #[test]
    fn rounds_end_once() {
        let every = Every::Images(10);
        let ends: Vec<usize> = (0..9).filter(|i| every.ends_within(4 * i, 4 * i + 4)).collect();
        // After 12, 20 and 32 images.
        assert_eq!(ends, [2, 4, 7]);
        assert!((1..4).all(|epoch| Every::Epochs(2).ends_at_epoch(epoch) == (epoch == 2)));
    }
}

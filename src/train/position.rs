//! Position of a training.

use serde::{Deserialize, Serialize};

/// Position of a training between two minibatches.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrainPosition {
    /// Epoch, from 1; the number of epochs plus 1 after the last.
    pub epoch: u32,
    /// Number of images of the epoch trained on.
    pub images: usize,
    /// Whether the evaluation due at this position is still to be done.
    pub eval_pending: bool,
    /// Number of test images shown so far: the position of the next test's random draws.
    pub eval_images_shown: u32,
    /// Time spent so far, s. Not saved, so that equal runs write equal checkpoint files.
    #[serde(skip)]
    pub seconds: f64,
}

impl TrainPosition {
    /// Position before the first image.
    pub const START: TrainPosition = TrainPosition {
        epoch: 1,
        images: 0,
        eval_pending: false,
        eval_images_shown: 0,
        seconds: 0.0,
    };
}

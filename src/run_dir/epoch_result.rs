//! Result of an epoch of a trial.

use serde::{Deserialize, Serialize};

/// Result of an epoch of a trial. Errors in percent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EpochResult {
    /// Training error: each image is classified in its forward phase, before the update.
    pub train_error: f64,
    /// Error on the test set, or on the validation images if there are any.
    pub test_error: f64,
    /// Output loss, summed over output neurons; mean over images.
    pub loss: f64,
    /// Training speed of all networks that train in parallel, tests excluded. Images per second. `None` if the training
    /// resumed after the epoch's last image; earlier versions wrote 0.
    pub images_per_second: Option<f64>,
}

impl EpochResult {
    /// Returns the training speed, if it is known.
    pub fn speed(&self) -> Option<f64> {
        self.images_per_second.filter(|&speed| speed > 0.0)
    }
}

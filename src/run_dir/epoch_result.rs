//! Result of an epoch of a trial.

use serde::{Deserialize, Deserializer, Serialize};

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
    /// resumed after the epoch's last image.
    #[serde(deserialize_with = "known_speed")]
    pub images_per_second: Option<f64>,
}

/// Reads a speed. Earlier versions wrote 0 for an unknown one.
fn known_speed<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<f64>, D::Error> {
    Ok(Option::deserialize(deserializer)?.filter(|&speed| speed > 0.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_speeds_are_read() {
        let read = |speed| {
            let text = format!(
                r#"{{"train_error":1.0,"test_error":2.0,"loss":0.1,"images_per_second":{speed}}}"#
            );
            serde_json::from_str::<EpochResult>(&text).unwrap().images_per_second
        };
        assert_eq!(["null", "0.0", "60.0"].map(read), [None, None, Some(60.0)]);
    }
}

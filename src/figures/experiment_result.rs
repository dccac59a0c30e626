//! The result of an experiment: the file `result.json` in its folder.

use serde::{Deserialize, Deserializer, Serialize};

use crate::analysis::statistics::MeanSd;
use crate::dataset::DataIdentity;
use crate::run_dir::Trial;

/// Device name if nothing was computed on a device.
pub const NO_DEVICE: &str = "none was needed";
/// File name of the result.
pub const RESULT: &str = "result.json";

/// Findings of an experiment, and what is needed to judge and repeat them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ExperimentResult {
    /// Name on the command line: `fig6b`.
    pub name: String,
    /// Figure of the paper: "Figure 6B".
    pub figure: String,
    /// Short title.
    pub title: String,
    /// Description of the method, a few sentences.
    pub about: String,
    /// Whether it used fewer images, epochs and seeds than the paper.
    pub quick: bool,
    /// Command that repeats it.
    pub command: String,
    /// The data set; `None` in results of earlier versions.
    #[serde(default)]
    pub data: Option<DataIdentity>,
    /// Version of this program.
    pub version: String,
    /// Name of the GPU, or of the CPU with its number of threads.
    pub device: String,
    /// Time of the run, RFC 3339.
    pub date: String,
    /// Duration, s.
    pub seconds: f64,
    /// Whether parts were measured in earlier runs, whose durations are not included.
    #[serde(default)]
    pub is_resumed: bool,
    /// Figures in the order of the report.
    pub plots: Vec<SavedPlot>,
    /// One finding per number of the paper.
    pub findings: Vec<Finding>,
    /// Numbers of epochs of its conditions, ascending; empty in results of earlier versions.
    #[serde(default)]
    pub epochs: Vec<u32>,
    /// Finished trainings behind the findings.
    #[serde(default)]
    pub trainings: Vec<TrainingRecord>,
    /// Conditions with unfinished trainings: "784-10: 1 of 2 networks trained".
    #[serde(default)]
    pub missing: Vec<String>,
    /// Sentence on the numbers, if the program did not write this result itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remark: Option<String>,
}

/// Finished training of a network, in a report.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TrainingRecord {
    /// Condition of the experiment, or sizes of the layers.
    pub network: String,
    /// Seed of the training.
    pub seed: u64,
    /// Number of epochs.
    pub epochs: u32,
    /// Test error after the last epoch, percent.
    pub test_error: f64,
    /// Time of all epochs without tests, shared with the networks trained in parallel, s; `None` if unknown.
    pub seconds: Option<f64>,
    /// Name of the GPU, or of the CPU with its number of threads.
    pub device: String,
    /// Version of the program; empty if unknown.
    pub version: String,
    /// End of the training, RFC 3339.
    pub date: String,
}

impl TrainingRecord {
    /// Creates the record of a training under a condition.
    pub fn new(network: &str, trial: &Trial) -> Self {
        TrainingRecord {
            network: network.to_string(),
            seed: trial.config.seed,
            epochs: trial.config.epochs,
            test_error: trial.test_error(),
            seconds: trial.training_seconds(),
            device: trial.device.clone(),
            version: trial.version.clone(),
            date: trial.date.clone(),
        }
    }
}

impl ExperimentResult {
    /// Returns the name of the result's folder: quick results lie beside those of full length.
    pub fn folder_name(&self) -> String {
        folder_name(&self.name, self.quick)
    }

    /// Returns processor, day and duration as text. Trainings have their own durations, and that of a
    /// resumed run is unknown.
    pub fn origin(&self) -> String {
        let mut parts = vec![day(&self.date).to_string()];
        if self.device != NO_DEVICE {
            parts.insert(0, self.device.clone());
        }
        if self.trainings.is_empty() && !self.is_resumed {
            parts.push(format!("{:.0} s", self.seconds));
        }
        parts.join("; ")
    }

    /// Removes all verdicts unless the data are MNIST, which the paper used.
    pub(crate) fn judged_on_mnist_only(mut self) -> Self {
        if self.data.as_ref().is_some_and(DataIdentity::is_mnist) {
            return self;
        }
        let data = match &self.data {
            Some(data) => format!("this used {}", data.name),
            None => "the data of this result are unknown".to_string(),
        };
        for finding in &mut self.findings {
            finding.agrees = None;
            let note = format!("not judged: the paper used MNIST, {data}");
            // A result read from a file already has the note.
            finding.note = match finding.note.take() {
                Some(old) if old.starts_with(&note) => Some(old),
                Some(old) => Some(format!("{note}; {old}")),
                None => Some(note),
            };
        }
        self
    }

    /// Returns the data set as text.
    pub fn data_description(&self) -> String {
        self.data.as_ref().map_or("not recorded".to_string(), DataIdentity::to_string)
    }
}

/// Returns the day of a date in RFC 3339.
pub(super) fn day(date: &str) -> &str {
    date.split('T').next().unwrap_or_default()
}

/// Returns the name of the folder of an experiment's result.
pub fn folder_name(experiment: &str, quick: bool) -> String {
    let suffix = if quick { "-quick" } else { "" };
    format!("{experiment}{suffix}")
}

/// A figure in the experiment's folder: `NAME.svg`, `NAME.png`, and the data behind it, `NAME.csv`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SavedPlot {
    /// File name without extension.
    pub name: String,
    /// Caption.
    pub caption: String,
}

/// A number of the paper, or an order of numbers, beside the one found here.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Finding {
    /// Measured quantity: "784-500-10, test error".
    pub what: String,
    /// Unit of both numbers: "%". Empty if there is none.
    pub unit: String,
    /// The paper's number: "4.1", "below 1".
    pub paper: String,
    /// The number found here.
    pub ours: Measured,
    /// Criterion of agreement: "within 0.3 points", "smaller than with full feedback".
    pub criterion: String,
    /// Whether they agree, `None` if not judged for the reason in `note`.
    pub agrees: Option<bool>,
    /// Reason for a disagreement, or difference to the paper's method.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub note: Option<String>,
}

/// Mean of `n` values, usually of networks.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Measured {
    /// Mean in the unit of the finding; NaN if a value is undefined, `null` in the file.
    #[serde(deserialize_with = "number_or_nan")]
    pub mean: f64,
    /// Standard deviation, `None` for a single value.
    pub sd: Option<f64>,
    /// Number of values.
    pub n: usize,
}

impl Measured {
    /// Computes mean and standard deviation of at least one value.
    pub fn of(values: &[f64]) -> Self {
        let MeanSd { mean, sd, .. } = MeanSd::of(values);
        Measured { mean, sd, n: values.len() }
    }
}

fn number_or_nan<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or(f64::NAN))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn undefined_numbers_are_read_as_written() {
        let undefined = Measured::of(&[f64::NAN, 1.0]);
        let text = serde_json::to_string(&undefined).unwrap();
        assert_eq!(text, r#"{"mean":null,"sd":null,"n":2}"#);
        let read: Measured = serde_json::from_str(&text).unwrap();
        assert!(read.mean.is_nan() && read.n == 2);
        assert_eq!(read.to_string(), "undefined (2)");
        let defined = Measured::of(&[1.0, 2.0]);
        assert_eq!(
            serde_json::from_value::<Measured>(serde_json::json!(defined)).unwrap(),
            defined
        );
    }
}

//! The result of an experiment: the file `result.json` in its folder.

use serde::{Deserialize, Serialize};

use crate::analysis::statistics::MeanSd;
use crate::dataset::DataIdentity;

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
    /// Figures in the order of the report.
    pub plots: Vec<SavedPlot>,
    /// One finding per number of the paper.
    pub findings: Vec<Finding>,
}

impl ExperimentResult {
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
    /// Mean in the unit of the finding.
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

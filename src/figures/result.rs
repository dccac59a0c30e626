//! What an experiment found: the file `result.json` of its folder.

use serde::{Deserialize, Serialize};

use crate::dataset::DataIdentity;
use crate::evaluate::Spread;

/// What stands for a device where nothing was computed on one.
pub const NO_DEVICE: &str = "none was needed";
/// Name of the file.
pub const RESULT: &str = "result.json";

/// An experiment's findings, with what is needed to judge and to repeat them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ExperimentResult {
    /// As the command line names it: `fig6b`.
    pub name: String,
    /// In the paper: "Figure 6B".
    pub figure: String,
    /// What it is about, in a few words.
    pub title: String,
    /// What was done, in a few sentences.
    pub about: String,
    /// Whether with fewer images, epochs and seeds than the paper.
    pub quick: bool,
    /// What repeats it.
    pub command: String,
    /// The data set; `None` in results of earlier versions.
    #[serde(default)]
    pub data: Option<DataIdentity>,
    /// Version of this program.
    pub version: String,
    /// Name of the GPU, or of the processor and the number of threads.
    pub device: String,
    /// When it was done, RFC 3339.
    pub date: String,
    /// How long it took.
    pub seconds: f64,
    /// In the order of the page.
    pub plots: Vec<Plot>,
    /// One for each of the paper's numbers.
    pub findings: Vec<Finding>,
}

impl ExperimentResult {
    /// The same result without a verdict on any finding, unless it is of MNIST: the paper's numbers are.
    pub(crate) fn judged_on_mnist_only(mut self) -> Self {
        if self.data.as_ref().is_some_and(DataIdentity::is_mnist) {
            return self;
        }
        let data = match &self.data {
            Some(data) => format!("this is of {}", data.name),
            None => "the data of this result are not recorded".to_string(),
        };
        for finding in &mut self.findings {
            finding.agrees = None;
            let note = format!("not judged: the paper's number is of MNIST, {data}");
            // A result that was read has its note already.
            finding.note = match finding.note.take() {
                Some(old) if old.starts_with(&note) => Some(old),
                Some(old) => Some(format!("{note}; {old}")),
                None => Some(note),
            };
        }
        self
    }

    /// The data set in words.
    pub fn data_in_words(&self) -> String {
        self.data.as_ref().map_or("not recorded".to_string(), DataIdentity::to_string)
    }
}

/// A figure in the experiment's folder: `NAME.svg`, `NAME.png`, and the data behind it, `NAME.csv`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plot {
    /// The name of its files, without their endings.
    pub name: String,
    /// What there is to see.
    pub caption: String,
}

/// One of the paper's numbers, or an order of them, beside what was found here.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Finding {
    /// What is measured: "784-500-10, test error".
    pub what: String,
    /// Of both numbers: "%"; empty for a number without a unit.
    pub unit: String,
    /// As the paper reports it: "4.1", "below 1".
    pub paper: String,
    /// What was found here.
    pub ours: Measured,
    /// What agreement means: "within 0.3 points", "smaller than with full feedback".
    pub criterion: String,
    /// `None` where it cannot be judged, as its note says.
    pub agrees: Option<bool>,
    /// What to know when it does not agree, or when it was measured otherwise than in the paper.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub note: Option<String>,
}

/// A number over `n` networks, or over whatever its finding says.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Measured {
    /// In the unit of the finding.
    pub mean: f64,
    /// Nothing where there is only one.
    pub sd: Option<f64>,
    /// Values that it is the mean of.
    pub n: usize,
}

impl Measured {
    /// Of at least one value.
    pub fn of(values: &[f64]) -> Self {
        let Spread { mean, sd, .. } = Spread::of(values);
        Measured { mean, sd, n: values.len() }
    }
}

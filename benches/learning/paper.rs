//! The paper's networks trained as in the paper, compared with its test errors. Both presets of initial weights; tests
//! of 250 ms, as in its code, and of 500 ms, as in its text.

use std::error::Error;
use std::path::Path;

use apical::config::Config;
use apical::dataset::Dataset;
use apical::device::DeviceOptions;
use apical::network::Network;
use apical::run_dir::{JsonlStore, StorageError, Trial};
use apical::test_results::Evaluation;
use apical::train::test_network;
use serde::{Deserialize, Serialize};

use crate::rows::{RowResult, initial_name};
use crate::table::table;

/// Duration of the second test, ms.
const STEPS: u32 = 500;
/// Maximum difference from the paper's test error, percentage points.
const TOLERANCE: f64 = 0.3;

/// A test of a trained network with another duration.
#[derive(Serialize, Deserialize)]
struct Retest {
    weights_sha256: String,
    test_ms: u32,
    test_error: f64,
}

/// File of retests.
pub struct Retests {
    lines: JsonlStore<Retest>,
}

impl Retests {
    pub fn open(path: &Path) -> Result<Self, StorageError> {
        Ok(Retests { lines: JsonlStore::open(path)? })
    }

    /// Tests a trained network and adds the result to the file.
    pub fn add(
        &mut self,
        trial: &Trial,
        network: &Network,
        dataset: &Dataset,
        options: &DeviceOptions,
    ) -> Result<(), Box<dyn Error>> {
        let config = Config { test_ms: STEPS, ..trial.config.clone() };
        let (evaluations, _) =
            test_network(&config, dataset.clone(), network, options, 1, &mut |_| ())?;
        let weights_sha256 = trial.weights_sha256.clone();
        let test_error = Evaluation::sum(&evaluations).error();
        Ok(self.lines.add(Retest { weights_sha256, test_ms: STEPS, test_error })?)
    }

    fn find(&self, trial: &Trial) -> Option<f64> {
        let is_of = |retest: &&Retest| retest.weights_sha256 == trial.weights_sha256;
        self.lines.items().iter().find(is_of).map(|retest| retest.test_error)
    }
}

/// Returns the section of the report.
pub fn section(rows: &[RowResult], retests: &Retests) -> String {
    let mut cells: Vec<Vec<String>> = Vec::new();
    for result in rows {
        let (Some(reported), Some(trial)) = (result.row.reported, result.trials.first()) else {
            continue;
        };
        let tests =
            [(trial.config.test_ms, Some(trial.test_error())), (STEPS, retests.find(trial))];
        for (steps, error) in tests {
            let Some(error) = error else { continue };
            let difference = error - reported;
            cells.push(vec![
                result.net(),
                initial_name(trial.config.weight_init).to_string(),
                steps.to_string(),
                reported.to_string(),
                format!("{error:.2}"),
                format!("{difference:+.2}"),
                if difference.abs() <= TOLERANCE { "yes" } else { "no" }.to_string(),
            ]);
        }
    }
    let header =
        ["net", "initial weights", "test, ms", "paper, %", "here, %", "difference", "within 0.3"];
    format!(
        "## The paper's networks trained as in the paper\n\nBatch size 1, plain gradient, 60 epochs, one training \
         each (seed 1); the test error after the last epoch.\n\n{}",
        table(&header, cells)
    )
}

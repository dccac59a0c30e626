//! Results of a run of many networks, written to `summary.json` and `summary.csv` beside the networks' run folders.

use std::path::Path;

use serde::Serialize;
use serde_json::{Map, Value};

use super::file_names::{SUMMARY_CSV, SUMMARY_JSON};
use super::write::{to_json, write_if_changed};
use super::{FinalMetrics, RunDir, StorageError};
use crate::analysis::statistics::MeanSd;
use crate::config::Variant;

/// Result of a network's training. Errors in percent.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ReplicaResult {
    /// Index of the network.
    pub replica: usize,
    /// Index of its combination of swept settings.
    #[serde(skip)]
    pub combination: usize,
    /// Seed of its weights, order of images and spikes.
    pub seed: u64,
    /// The swept settings, as `config.toml` has them.
    pub settings: Map<String, Value>,
    /// Test error after the last epoch.
    pub test_error: f64,
    /// Training error of the last epoch.
    pub train_error: f64,
    /// SHA-256 of all weights and biases in hexadecimal, see [`weights_sha256`](super::weights_sha256).
    pub weights_sha256: String,
}

/// Mean and standard deviation over the networks of one combination of swept settings.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CombinationResult {
    /// The swept settings, as `config.toml` has them.
    pub settings: Map<String, Value>,
    /// Number of networks of the combination. They differ in their seeds.
    pub networks: usize,
    /// Test error after the last epoch, percent.
    pub test_error: MeanSd,
    /// Training error of the last epoch, percent.
    pub train_error: MeanSd,
}

/// Results of all trained networks.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ReplicaSummary {
    /// Result of each network, by index.
    pub replicas: Vec<ReplicaResult>,
    /// Result of each combination of swept settings.
    pub combinations: Vec<CombinationResult>,
    /// Indices of the networks that are not trained to the end.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub missing: Vec<usize>,
}

/// Returns the swept settings of a network, as `config.toml` has them.
///
/// # Errors
/// Returns an error if they cannot be converted to JSON.
pub fn swept_settings(variant: &Variant) -> Result<Map<String, Value>, serde_json::Error> {
    let all = serde_json::to_value(&variant.config)?;
    let setting = |(key, _): &(String, String)| (key.clone(), all[key].clone());
    Ok(variant.settings.iter().map(setting).collect())
}

impl ReplicaResult {
    /// Returns the result of a network that was trained before, from its metrics; `None` if its training is not finished.
    ///
    /// # Errors
    /// Returns an error if its settings cannot be converted to JSON.
    pub fn of_finished(variant: &Variant, run: &RunDir) -> Result<Option<Self>, serde_json::Error> {
        let result = |(metrics, error)| ReplicaResult::new(variant, metrics, error);
        run.finished().map(result).transpose()
    }

    /// Returns the result of a network from the last line of its metrics. `train_error`: training error of the last
    /// epoch, percent.
    ///
    /// # Errors
    /// Returns an error if its settings cannot be converted to JSON.
    pub fn new(
        variant: &Variant,
        metrics: FinalMetrics,
        train_error: f64,
    ) -> Result<Self, serde_json::Error> {
        Ok(ReplicaResult {
            replica: variant.index,
            combination: variant.combination,
            seed: variant.config.seed,
            settings: swept_settings(variant)?,
            test_error: metrics.test_error,
            train_error,
            weights_sha256: metrics.weights_sha256,
        })
    }
}

impl ReplicaSummary {
    /// Sorts the results of trained networks by index and groups them by combination of swept settings.
    pub fn new(mut replicas: Vec<ReplicaResult>) -> Self {
        replicas.sort_by_key(|result| result.replica);
        let result = |group: &[ReplicaResult]| {
            let mean_sd = |value: fn(&ReplicaResult) -> f64| {
                MeanSd::of(&group.iter().map(value).collect::<Vec<_>>())
            };
            CombinationResult {
                settings: group[0].settings.clone(),
                networks: group.len(),
                test_error: mean_sd(|replica| replica.test_error),
                train_error: mean_sd(|replica| replica.train_error),
            }
        };
        // The networks of a combination have consecutive indices.
        let groups = replicas.chunk_by(|one, next| one.combination == next.combination);
        let combinations = groups.map(result).collect();
        ReplicaSummary { combinations, replicas, missing: Vec::new() }
    }

    /// Writes the summary as JSON and as CSV. Leaves a file alone that already has this content.
    ///
    /// # Errors
    /// Returns an error if a file cannot be written.
    pub fn save(&self, folder: &Path) -> Result<(), StorageError> {
        let path = folder.join(SUMMARY_JSON);
        write_if_changed(&path, &to_json(&path, self)?)?;
        let path = folder.join(SUMMARY_CSV);
        let table = self.table();
        let table = table.map_err(|source| StorageError::Csv { path: path.clone(), source })?;
        write_if_changed(&path, &table)
    }

    /// Returns a CSV table with one line per combination: settings, number of networks, statistics of the errors.
    ///
    /// # Errors
    /// Returns an error if the table cannot be written.
    fn table(&self) -> Result<Vec<u8>, csv::Error> {
        let mut table = csv::Writer::from_writer(Vec::new());
        let keys: Vec<&String> = self
            .combinations
            .first()
            .map(|first| first.settings.keys().collect())
            .unwrap_or_default();
        let mut header: Vec<String> = keys.iter().map(|key| key.to_string()).collect();
        header.push("networks".to_string());
        for error in ["test_error", "train_error"] {
            header.extend(["mean", "sd", "sem"].map(|value| format!("{error}_{value}")));
        }
        table.write_record(&header)?;
        for combination in &self.combinations {
            let mut line: Vec<String> = combination.settings.values().map(setting_text).collect();
            line.push(combination.networks.to_string());
            for MeanSd { mean, sd, sem } in [combination.test_error, combination.train_error] {
                // Empty for a single network.
                let number = |value: Option<f64>| value.map(|v| v.to_string()).unwrap_or_default();
                line.extend([Some(mean), sd, sem].map(number));
            }
            table.write_record(&line)?;
        }
        table.into_inner().map_err(|error| error.into_error().into())
    }
}

/// Returns the value of a setting as `--sweep` takes it: lists are joined by colons.
pub fn setting_text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(values) => values.iter().map(setting_text).collect::<Vec<_>>().join(":"),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Config, variants};
    use crate::network::Network;
    use crate::run_dir::file_names::replica_folder;
    use crate::run_dir::{FINISHED_EVENT, ImageSpec, weights_sha256};
    use crate::train::ResumeFrom;

    fn results() -> (Vec<Variant>, ReplicaSummary) {
        let sweep = "eta=0.1:0.2,0.3".parse().unwrap();
        let variants = variants(&Config::default(), &[sweep], 2).unwrap();
        let result = |(replica, variant): (usize, &Variant)| {
            let metrics = FinalMetrics {
                event: FINISHED_EVENT.to_string(),
                test_error: [4.0, 6.0, 1.0][replica],
                weights_sha256: String::new(),
            };
            ReplicaResult::new(variant, metrics, 2.0).unwrap()
        };
        // The last network was not trained.
        let trained = variants.iter().take(3).enumerate().map(result).collect();
        let results = ReplicaSummary::new(trained);
        (variants, results)
    }

    #[test]
    fn summary_groups_networks_by_combination() {
        let (_, results) = results();
        let [first, second] = &results.combinations[..] else { panic!("two combinations") };
        assert_eq!(first.settings["eta"], serde_json::json!([0.1, 0.2]));
        assert_eq!(
            (first.networks, first.test_error.mean, first.train_error.sd),
            (2, 5.0, Some(0.0))
        );
        assert_eq!((second.networks, second.test_error), (1, MeanSd::of(&[1.0])));
    }

    #[test]
    fn table_has_one_line_per_combination() {
        let (_, results) = results();
        let expected = "\
eta,networks,test_error_mean,test_error_sd,test_error_sem,train_error_mean,train_error_sd,train_error_sem
0.1:0.2,2,5,1.4142135623730951,1,2,0,0
0.3,1,1,,,2,,
";
        assert_eq!(String::from_utf8(results.table().unwrap()).unwrap(), expected);
    }

    #[test]
    fn resume_finished_network_is_not_retrained() {
        let (variants, results) = results();
        let folder = tempfile::tempdir().unwrap();
        let resume = || -> (Vec<RunDir>, Vec<ResumeFrom>) {
            let open = |(replica, variant): (usize, &Variant)| {
                let folder = folder.path().join(replica_folder(replica));
                RunDir::resume(&folder, &variant.config, 1).unwrap()
            };
            variants.iter().enumerate().map(open).unzip()
        };
        let (runs, starts) = resume();
        assert!(starts.iter().all(|start| matches!(start, ResumeFrom::Initial)));
        results.save(folder.path()).unwrap();
        let config = &variants[1].config;
        let network = Network::initial(config, 4);
        let images = ImageSpec::grey(2, 2, 10, 1);
        runs[1].save(&network, config, &images).unwrap();
        // Without the last line of its metrics, the training counts as unfinished.
        let (mut runs, starts) = resume();
        assert!(matches!(starts[1], ResumeFrom::Initial));
        runs[1].save(&network, config, &images).unwrap();
        let sha256 = weights_sha256(&network);
        let line = FinalMetrics {
            event: FINISHED_EVENT.to_string(),
            test_error: 3.0,
            weights_sha256: sha256.clone(),
        };
        runs[1].finish(&line).unwrap();
        let (runs, starts) = resume();
        assert!(matches!(starts[..], [ResumeFrom::Initial, ResumeFrom::Finished, ..]));
        let result = ReplicaResult::of_finished(&variants[1], &runs[1]).unwrap().unwrap();
        assert_eq!((result.test_error, result.weights_sha256.as_str()), (3.0, sha256.as_str()));
    }
}

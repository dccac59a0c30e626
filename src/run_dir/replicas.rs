//! Folder of a run of many networks: one run folder per network (`replica-000`, `replica-001`, ..), and at the end
//! `summary.json` and `summary.csv`.

use std::path::{Path, PathBuf};

use serde::Serialize;
use serde_json::{Map, Value};

use super::atomic_file::{remove_partials, write_atomic, write_json};
use super::file_names::{SUMMARY_CSV, SUMMARY_JSON, replica_folder};
use super::{Notice, RunDir, StorageError};
use crate::analysis::statistics::MeanSd;
use crate::config::Variant;
use crate::train::ResumeFrom;

/// Folders of the runs of many networks.
#[derive(Debug)]
pub struct ReplicaRunDirs {
    folder: PathBuf,
    runs: Vec<RunDir>,
}

/// Result of a network's training. Errors in percent.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ReplicaResult {
    /// Index of the network.
    pub replica: usize,
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

impl ReplicaSummary {
    /// Groups networks by combination of swept settings, in the order of `variants`. `replicas`: results of the trained
    /// networks.
    pub fn new(variants: &[Variant], replicas: Vec<ReplicaResult>) -> Self {
        let combination = |replica: &ReplicaResult| variants[replica.replica].combination;
        let mut groups: Vec<Vec<&ReplicaResult>> = Vec::new();
        for replica in &replicas {
            match groups.iter_mut().find(|group| combination(group[0]) == combination(replica)) {
                Some(group) => group.push(replica),
                None => groups.push(vec![replica]),
            }
        }
        let result = |group: &Vec<&ReplicaResult>| {
            let mean_sd = |value: fn(&ReplicaResult) -> f64| {
                MeanSd::of(&group.iter().map(|replica| value(replica)).collect::<Vec<_>>())
            };
            CombinationResult {
                settings: group[0].settings.clone(),
                networks: group.len(),
                test_error: mean_sd(|replica| replica.test_error),
                train_error: mean_sd(|replica| replica.train_error),
            }
        };
        let combinations = groups.iter().map(result).collect();
        ReplicaSummary { combinations, replicas }
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

impl ReplicaRunDirs {
    /// Creates or resumes the folder of each network, as [`RunDir::resume`] does. Returns the start of each network.
    ///
    /// # Errors
    /// As [`RunDir::resume`].
    pub fn resume(
        folder: &Path,
        variants: &[Variant],
        keep: usize,
    ) -> Result<(Self, Vec<ResumeFrom>), StorageError> {
        remove_partials(folder)?;
        let run = |(replica, variant): (usize, &Variant)| {
            RunDir::resume(&folder.join(replica_folder(replica)), &variant.config, keep)
        };
        let runs: Vec<(RunDir, ResumeFrom)> =
            variants.iter().enumerate().map(run).collect::<Result<_, _>>()?;
        let (runs, starts) = runs.into_iter().unzip();
        Ok((ReplicaRunDirs { folder: folder.to_owned(), runs }, starts))
    }

    /// Returns the warnings about the files of all networks.
    pub fn notices(&self) -> impl Iterator<Item = &Notice> {
        self.runs.iter().flat_map(|run| run.notices())
    }

    /// Returns the training error of a network's last finished epoch in percent.
    pub fn train_error(&self, replica: usize) -> Option<f64> {
        self.runs[replica].train_error()
    }

    /// Returns the result of a trained network from its metrics, or `None` if its training is not finished.
    ///
    /// # Errors
    /// Returns an error if its settings cannot be converted to JSON.
    pub fn finished(
        &self,
        replica: usize,
        variant: &Variant,
    ) -> Result<Option<ReplicaResult>, StorageError> {
        let Some((line, train_error)) = self.runs[replica].finished() else { return Ok(None) };
        let path = self.folder.clone();
        let settings =
            swept_settings(variant).map_err(|source| StorageError::Json { path, source })?;
        Ok(Some(ReplicaResult {
            replica,
            seed: variant.config.seed,
            settings,
            test_error: line.test_error,
            train_error,
            weights_sha256: line.weights_sha256,
        }))
    }

    /// Returns the run of one network.
    pub fn run(&mut self, replica: usize) -> &mut RunDir {
        &mut self.runs[replica]
    }

    /// Writes the summary as JSON and as CSV, and returns the folder.
    ///
    /// # Errors
    /// Returns an error if a file cannot be written.
    pub fn save_summary(&self, results: &ReplicaSummary) -> Result<&Path, StorageError> {
        let path = self.folder.join(SUMMARY_JSON);
        write_json(&path, results)?;
        let path = self.folder.join(SUMMARY_CSV);
        let table = results.table();
        let table = table.map_err(|source| StorageError::Csv { path: path.clone(), source })?;
        write_atomic(&path, &table)?;
        Ok(&self.folder)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Config, variants};
    use crate::network::Network;
    use crate::run_dir::run::FINISHED_EVENT;
    use crate::run_dir::{FinalMetrics, ImageSpec, weights_sha256};

    fn results() -> (Vec<Variant>, ReplicaSummary) {
        let sweep = "eta=0.1:0.2,0.3".parse().unwrap();
        let variants = variants(&Config::default(), &[sweep], 2).unwrap();
        let result = |(replica, variant): (usize, &Variant)| ReplicaResult {
            replica,
            seed: variant.config.seed,
            settings: swept_settings(variant).unwrap(),
            test_error: [4.0, 6.0, 1.0][replica],
            train_error: 2.0,
            weights_sha256: String::new(),
        };
        // The last network was not trained.
        let trained = variants.iter().take(3).enumerate().map(result).collect();
        let results = ReplicaSummary::new(&variants, trained);
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
        let (mut runs, starts) = ReplicaRunDirs::resume(folder.path(), &variants, 1).unwrap();
        assert!(starts.iter().all(|start| matches!(start, ResumeFrom::Initial)));
        runs.save_summary(&results).unwrap();
        let config = &variants[1].config;
        let network = Network::initial(config, 4);
        let images = ImageSpec::grey(2, 2, 10, 1);
        runs.run(1).save(&network, config, &images).unwrap();
        // Without the last line of its metrics, the training counts as unfinished.
        let (mut runs, starts) = ReplicaRunDirs::resume(folder.path(), &variants, 1).unwrap();
        assert!(matches!(starts[1], ResumeFrom::Initial));
        runs.run(1).save(&network, config, &images).unwrap();
        let sha256 = weights_sha256(&network);
        let line = FinalMetrics {
            event: FINISHED_EVENT.to_string(),
            test_error: 3.0,
            weights_sha256: sha256.clone(),
        };
        runs.run(1).finish(&line).unwrap();
        let (runs, starts) = ReplicaRunDirs::resume(folder.path(), &variants, 1).unwrap();
        assert!(matches!(starts[..], [ResumeFrom::Initial, ResumeFrom::Finished, ..]));
        let result = runs.finished(1, &variants[1]).unwrap().unwrap();
        assert_eq!((result.test_error, result.weights_sha256.as_str()), (3.0, sha256.as_str()));
    }
}

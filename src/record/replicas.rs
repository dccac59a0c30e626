//! The folder of many networks: `replica-000`, `replica-001` and so on, each just as the folder of a
//! single run, and at the end `summary.json` and `summary.csv`.

use std::path::{Path, PathBuf};

use serde::Serialize;
use serde_json::{Map, Value};

use super::file::{clean, write_json, write_whole};
use super::{Notice, RecordError, Run};
use crate::config::Variant;
use crate::evaluate::Spread;
use crate::train::Start;

/// All results, network by network, and their means and spreads.
pub const SUMMARY: &str = "summary.json";
/// Means and spreads, a line for each combination of swept settings.
pub const TABLE: &str = "summary.csv";

/// Name of a network's folder; the first has the number 0.
pub fn replica_folder(replica: usize) -> String {
    format!("replica-{replica:03}")
}

/// Many runs that are being recorded.
#[derive(Debug)]
pub struct ReplicaRuns {
    folder: PathBuf,
    runs: Vec<Run>,
}

/// What a network's training came to. Errors are percent.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ReplicaResult {
    /// The number of the network, the first is 0.
    pub replica: usize,
    /// Of its weights, its order of images and its spikes.
    pub seed: u64,
    /// The swept settings, as `config.toml` has them.
    pub settings: Map<String, Value>,
    /// After the last epoch.
    pub test_error: f64,
    /// Of the last epoch.
    pub train_error: f64,
    /// SHA-256 of all weights and biases in hexadecimal, see [`super::weights_sha256`].
    pub weights_sha256: String,
}

/// Mean and spread over the networks of one combination of swept settings.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CombinationResult {
    /// The swept settings, as `config.toml` has them.
    pub settings: Map<String, Value>,
    /// Networks of the combination, which differ in their seeds.
    pub networks: usize,
    /// After the last epoch, percent.
    pub test_error: Spread,
    /// Of the last epoch, percent.
    pub train_error: Spread,
}

/// The results of all networks that were trained.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Results {
    /// One for each network, by number.
    pub replicas: Vec<ReplicaResult>,
    /// One for each combination of swept settings.
    pub combinations: Vec<CombinationResult>,
}

/// The swept settings of a network, as `config.toml` has them.
///
/// # Errors
/// When they have no JSON.
pub fn swept_settings(variant: &Variant) -> Result<Map<String, Value>, serde_json::Error> {
    let all = serde_json::to_value(&variant.config)?;
    let setting = |(key, _): &(String, String)| (key.clone(), all[key].clone());
    Ok(variant.settings.iter().map(setting).collect())
}

impl Results {
    /// Puts networks of one combination together, in the order of the variants. `replicas`: of those
    /// that were trained.
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
            let spread = |value: fn(&ReplicaResult) -> f64| {
                Spread::of(&group.iter().map(|replica| value(replica)).collect::<Vec<_>>())
            };
            CombinationResult {
                settings: group[0].settings.clone(),
                networks: group.len(),
                test_error: spread(|replica| replica.test_error),
                train_error: spread(|replica| replica.train_error),
            }
        };
        let combinations = groups.iter().map(result).collect();
        Results { combinations, replicas }
    }

    /// A table of the combinations: their settings, then means and spreads.
    ///
    /// # Errors
    /// When it cannot be written.
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
            let mut line: Vec<String> = combination.settings.values().map(in_words).collect();
            line.push(combination.networks.to_string());
            for Spread { mean, sd, sem } in [combination.test_error, combination.train_error] {
                // Nothing where there is only one network.
                let number = |value: Option<f64>| value.map(|v| v.to_string()).unwrap_or_default();
                line.extend([Some(mean), sd, sem].map(number));
            }
            table.write_record(&line)?;
        }
        table.into_inner().map_err(|error| error.into_error().into())
    }
}

/// A setting as a sweep writes it.
pub fn in_words(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(values) => values.iter().map(in_words).collect::<Vec<_>>().join(":"),
        other => other.to_string(),
    }
}

impl ReplicaRuns {
    /// Makes the folder of each network with its settings, or goes on with those that are there, as [`Run::resume`]
    /// says: the runs, and how each network begins.
    ///
    /// # Errors
    /// When something cannot be read or written.
    pub fn resume(
        folder: &Path,
        variants: &[Variant],
        keep: usize,
    ) -> Result<(Self, Vec<Start>), RecordError> {
        clean(folder)?;
        let run = |(replica, variant): (usize, &Variant)| {
            Run::resume(&folder.join(replica_folder(replica)), &variant.config, keep)
        };
        let runs: Vec<(Run, Start)> =
            variants.iter().enumerate().map(run).collect::<Result<_, _>>()?;
        let (runs, starts) = runs.into_iter().unzip();
        Ok((ReplicaRuns { folder: folder.to_owned(), runs }, starts))
    }

    /// What was found damaged and how it was mended.
    pub fn notices(&self) -> impl Iterator<Item = &Notice> {
        self.runs.iter().flat_map(|run| run.notices())
    }

    /// Error in training of a network's last epoch that is done, percent.
    pub fn train_error(&self, replica: usize) -> Option<f64> {
        self.runs[replica].train_error()
    }

    /// Result of a network that is trained, from its metrics.
    ///
    /// # Errors
    /// Returns an error if its settings have no JSON.
    pub fn finished(
        &self,
        replica: usize,
        variant: &Variant,
    ) -> Result<Option<ReplicaResult>, RecordError> {
        let Some((line, train_error)) = self.runs[replica].finished() else { return Ok(None) };
        let path = self.folder.clone();
        let settings =
            swept_settings(variant).map_err(|source| RecordError::Json { path, source })?;
        Ok(Some(ReplicaResult {
            replica,
            seed: variant.config.seed,
            settings,
            test_error: line.test_error,
            train_error,
            weights_sha256: line.weights_sha256,
        }))
    }

    /// The run of one network.
    pub fn run(&mut self, replica: usize) -> &mut Run {
        &mut self.runs[replica]
    }

    /// Writes the summary as JSON and as a table, and says into which folder.
    ///
    /// # Errors
    /// When they cannot be written.
    pub fn save_summary(&self, results: &Results) -> Result<&Path, RecordError> {
        let path = self.folder.join(SUMMARY);
        write_json(&path, results)?;
        let path = self.folder.join(TABLE);
        let table = results.table();
        let table = table.map_err(|source| RecordError::Csv { path: path.clone(), source })?;
        write_whole(&path, &table)?;
        Ok(&self.folder)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Config, variants};
    use crate::network::Network;
    use crate::record::run::{FINISHED, FinishedLine};
    use crate::record::{ImageShape, weights_sha256};

    fn results() -> (Vec<Variant>, Results) {
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
        // The last was not trained.
        let trained = variants.iter().take(3).enumerate().map(result).collect();
        let results = Results::new(&variants, trained);
        (variants, results)
    }

    #[test]
    fn networks_of_one_combination_are_put_together() {
        let (_, results) = results();
        let [first, second] = &results.combinations[..] else { panic!("two combinations") };
        assert_eq!(first.settings["eta"], serde_json::json!([0.1, 0.2]));
        assert_eq!(
            (first.networks, first.test_error.mean, first.train_error.sd),
            (2, 5.0, Some(0.0))
        );
        assert_eq!((second.networks, second.test_error), (1, Spread::of(&[1.0])));
    }

    #[test]
    fn the_table_has_a_line_a_combination() {
        let (_, results) = results();
        let expected = "\
eta,networks,test_error_mean,test_error_sd,test_error_sem,train_error_mean,train_error_sd,train_error_sem
0.1:0.2,2,5,1.4142135623730951,1,2,0,0
0.3,1,1,,,2,,
";
        assert_eq!(String::from_utf8(results.table().unwrap()).unwrap(), expected);
    }

    #[test]
    fn a_finished_network_is_not_trained_again() {
        let (variants, results) = results();
        let folder = tempfile::tempdir().unwrap();
        let (mut runs, starts) = ReplicaRuns::resume(folder.path(), &variants, 1).unwrap();
        assert!(starts.iter().all(|start| matches!(start, Start::Initial)));
        runs.save_summary(&results).unwrap();
        let config = &variants[1].config;
        let network = Network::initial(config, 4);
        let images = ImageShape::grey(2, 2, 10, 1);
        runs.run(1).save(&network, config, &images).unwrap();
        // Without its last line it may have been broken off before.
        let (mut runs, starts) = ReplicaRuns::resume(folder.path(), &variants, 1).unwrap();
        assert!(matches!(starts[1], Start::Initial));
        runs.run(1).save(&network, config, &images).unwrap();
        let sha256 = weights_sha256(&network);
        let line = FinishedLine {
            event: FINISHED.to_string(),
            test_error: 3.0,
            weights_sha256: sha256.clone(),
        };
        runs.run(1).finish(&line).unwrap();
        let (runs, starts) = ReplicaRuns::resume(folder.path(), &variants, 1).unwrap();
        assert!(matches!(starts[..], [Start::Initial, Start::Finished, ..]));
        let result = runs.finished(1, &variants[1]).unwrap().unwrap();
        assert_eq!((result.test_error, result.weights_sha256.as_str()), (3.0, sha256.as_str()));
    }
}

//! Result tables of many networks.

use serde_json::{Map, Value};

use apical::analysis::statistics::MeanSd;
use apical::figures::Table;
use apical::run_dir::replica_summary::{CombinationResult, ReplicaResult, setting_text};

/// Formats one line per network. `eval_set`: test or validation.
pub(super) fn networks(replicas: &[ReplicaResult], eval_set: &str) -> String {
    let settings = replicas.first().map(|result| &result.settings);
    let mut table =
        table(&["network", "seed"], settings, &[&format!("{eval_set} error %"), "weights sha256"]);
    for result in replicas {
        let ReplicaResult { replica, seed, settings, test_error, weights_sha256, .. } = result;
        let mut row = vec![replica.to_string(), seed.to_string()];
        row.extend(settings.values().map(setting_text));
        row.extend([format!("{test_error:.2}"), weights_sha256.clone()]);
        table.push(row);
    }
    table.aligned()
}

/// Formats one line per combination of swept settings.
pub(crate) fn combinations(combinations: &[CombinationResult], eval_set: &str) -> String {
    let settings = combinations.first().map(|result| &result.settings);
    let mean = format!("mean {eval_set} error %");
    let mut table = table(&[], settings, &["networks", &mean, "sd", "SEM"]);
    for CombinationResult { settings, networks, test_error, .. } in combinations {
        let MeanSd { mean, sd, sem } = test_error;
        let mut row: Vec<String> = settings.values().map(setting_text).collect();
        let number = |value: &Option<f64>| value.map_or("-".into(), |value| format!("{value:.3}"));
        row.extend([networks.to_string(), format!("{mean:.3}"), number(sd), number(sem)]);
        table.push(row);
    }
    table.aligned()
}

/// Creates a table with the swept settings between other columns.
fn table(before: &[&str], settings: Option<&Map<String, Value>>, behind: &[&str]) -> Table {
    let keys = settings.into_iter().flat_map(|settings| settings.keys().map(String::as_str));
    let header: Vec<&str> =
        before.iter().copied().chain(keys).chain(behind.iter().copied()).collect();
    Table::new(&header)
}

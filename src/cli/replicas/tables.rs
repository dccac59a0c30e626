//! The results of many networks, for people.

use serde_json::{Map, Value};

use crate::evaluate::Spread;
use crate::record::replicas::{CombinationResult, ReplicaResult, in_words};

/// A line for each network.
pub(super) fn networks(replicas: &[ReplicaResult]) -> String {
    let lines = replicas.iter().map(|result| {
        let ReplicaResult { replica, seed, settings, test_error, weights_sha256, .. } = result;
        let mut line = vec![replica.to_string(), seed.to_string()];
        line.extend(settings.values().map(in_words));
        line.extend([format!("{test_error:.2}"), weights_sha256.clone()]);
        line
    });
    let settings = replicas.first().map(|result| &result.settings);
    table(&["network", "seed"], settings, &["test error %", "weights sha256"], lines)
}

/// A line for each combination of swept settings.
pub(super) fn combinations(combinations: &[CombinationResult]) -> String {
    let lines = combinations.iter().map(|result| {
        let CombinationResult { settings, networks, test_error, .. } = result;
        let Spread { mean, sd, sem } = test_error;
        let mut line: Vec<String> = settings.values().map(in_words).collect();
        let number = |value: &Option<f64>| value.map_or("-".into(), |value| format!("{value:.3}"));
        line.extend([networks.to_string(), format!("{mean:.3}"), number(sd), number(sem)]);
        line
    });
    let settings = combinations.first().map(|result| &result.settings);
    table(&[], settings, &["networks", "mean test error %", "sd", "SEM"], lines)
}

/// Columns as wide as their widest entry, with the swept settings between the others.
fn table(
    before: &[&str],
    settings: Option<&Map<String, Value>>,
    behind: &[&str],
    lines: impl Iterator<Item = Vec<String>>,
) -> String {
    let keys = settings.into_iter().flat_map(|settings| settings.keys().map(String::as_str));
    let header = before.iter().copied().chain(keys).chain(behind.iter().copied());
    let mut rows = vec![header.map(str::to_string).collect::<Vec<_>>()];
    rows.extend(lines);
    let width = |column: usize| rows.iter().map(|row| row[column].len()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..rows[0].len()).map(width).collect();
    let line = |row: &Vec<String>| {
        let entries = row.iter().zip(&widths).map(|(entry, width)| format!("{entry:>width$}"));
        entries.collect::<Vec<_>>().join("  ")
    };
    rows.iter().map(line).collect::<Vec<_>>().join("\n")
}

//! The report: a table per condition, with a row per layer and epoch.

use std::collections::{BTreeMap, BTreeSet};

use apical::analysis::statistics::mean;
use apical::figures::Table;

use crate::measure::{LayerMeasurement, Measurement};

/// Returns the report of all measurements, in the order of `conditions`.
pub fn report(conditions: &[&str], measurements: &[Measurement]) -> String {
    let mut text = include_str!("introduction.md").to_string();
    let devices: BTreeSet<&str> = measurements.iter().map(|found| &*found.device).collect();
    let days: BTreeSet<&str> =
        measurements.iter().map(|found| found.date.split('T').next().unwrap_or_default()).collect();
    for (name, values) in [("Measured on", devices), ("Days:", days)] {
        text += &format!("\n{name} {}.\n", values.into_iter().collect::<Vec<_>>().join(", "));
    }
    for condition in conditions {
        let of_condition: Vec<&Measurement> =
            measurements.iter().filter(|found| found.condition == *condition).collect();
        if !of_condition.is_empty() {
            text += &section(condition, &of_condition);
        }
    }
    text
}

fn section(condition: &str, measurements: &[&Measurement]) -> String {
    let mut table = Table::new(&[
        "epoch",
        "layer",
        "error, %",
        "angle",
        "signal/noise",
        "rate, Hz",
        "saturated, %",
        "weights",
        "change, %",
    ]);
    let mut of_epoch: BTreeMap<u32, Vec<&Measurement>> = BTreeMap::new();
    for found in measurements {
        of_epoch.entry(found.epoch).or_default().push(found);
    }
    for (epoch, networks) in &of_epoch {
        for layer in 0..networks[0].layers.len() {
            table.push(cells(*epoch, layer, networks));
        }
    }
    let seeds = of_epoch.values().map(Vec::len).min().unwrap_or(0);
    let plural = if seeds == 1 { "" } else { "s" };
    format!("\n## {condition}\n\nMeans over {seeds} network{plural}.\n\n{}\n", table.markdown())
}

/// Returns the row of a layer: means over networks.
fn cells(epoch: u32, layer: usize, networks: &[&Measurement]) -> Vec<String> {
    let over = |value: &dyn Fn(&LayerMeasurement) -> Option<f64>| -> Option<f64> {
        let values: Option<Vec<f64>> =
            networks.iter().map(|found| value(&found.layers[layer])).collect();
        values.map(|values| mean(&values))
    };
    let cell = |value: Option<f64>, digits: usize| {
        value.map_or_else(|| "-".to_string(), |value| format!("{value:.digits$}"))
    };
    let is_output = layer + 1 == networks[0].layers.len();
    let name = if is_output { "output".to_string() } else { format!("hidden {}", layer + 1) };
    let errors: Vec<f64> = networks.iter().map(|found| found.validation_error).collect();
    vec![
        epoch.to_string(),
        name,
        format!("{:.2}", mean(&errors)),
        cell(over(&|layer| layer.angle), 1),
        cell(over(&|layer| layer.signal_to_noise), 2),
        cell(over(&|layer| Some(1000.0 * layer.rate)), 0),
        cell(over(&|layer| Some(100.0 * layer.saturated)), 0),
        cell(over(&|layer| Some(layer.weight_rms)), 2),
        cell(over(&|layer| layer.change.map(|change| 100.0 * change)), 1),
    ]
}

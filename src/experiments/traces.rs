//! Voltage traces through the two phases of an image.

use crate::figures::{Axis, ChartData, Mark, Panel, Point, Scale, Series};
use crate::monitor::Recording;

/// A neuron and its compartments shown in a panel.
pub(super) struct Neuron<'a> {
    pub title: &'a str,
    pub layer: usize,
    pub unit: usize,
    pub compartments: &'a [Compartment],
}

/// A compartment: name of its array without the layer's number, label, colour.
pub(super) type Compartment = (&'static str, &'static str, usize);

pub(super) const BASAL: Compartment = ("basal", "basal dendrite", 0);
pub(super) const APICAL: Compartment = ("apical", "apical dendrite", 1);
pub(super) const SOMA: Compartment = ("soma", "soma", 2);
/// Colour of the line between the phases.
const BOUNDARY: usize = 6;

/// Returns a panel of the first recorded image. Appends its data to the table.
pub(super) fn panel(recording: &Recording, neuron: &Neuron, data: &mut ChartData) -> Panel {
    let mut series = Vec::new();
    for &(array, label, colour) in neuron.compartments {
        let array = format!("{array}{}", neuron.layer);
        let trace = recording.get(&array).map(|array| array.time_series(0, neuron.unit));
        let trace = trace.unwrap_or_default();
        for (step, voltage) in trace.iter().enumerate() {
            let [layer, unit, step] = [neuron.layer, neuron.unit, step].map(|x| x.to_string());
            data.rows.push(vec![label.to_string(), layer, unit, step, voltage.to_string()]);
        }
        let points = trace.iter().enumerate().map(|(step, &y)| Point::new(step as f64, y));
        let points = points.collect();
        series.push(Series { label: label.to_string(), colour, mark: Mark::Line, points });
    }
    let voltages: Vec<f64> = series.iter().flat_map(|s| &s.points).map(|point| point.y).collect();
    let (low, high) = voltages
        .iter()
        .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), &y| (low.min(y), high.max(y)));
    let boundary = recording.values("phases").first().map_or(0.0, |&steps| f64::from(steps));
    series.push(Series {
        label: "start of target phase".to_string(),
        colour: BOUNDARY,
        mark: Mark::ThinLine,
        points: vec![Point::new(boundary, low), Point::new(boundary, high)],
    });
    let steps = series.iter().flat_map(|series| &series.points).map(|point| point.x);
    Panel {
        title: neuron.title.to_string(),
        x: Axis::new("time, ms", Scale::Linear, steps),
        y: Axis::new("voltage", Scale::Linear, voltages),
        series: series.clone(),
        references: Vec::new(),
    }
}

/// Creates the table with its columns.
pub(super) fn table() -> ChartData {
    ChartData::new(&["compartment", "layer", "unit", "step", "voltage"])
}

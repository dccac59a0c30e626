//! Charts of a network's weights.

use super::plot::Plot;
use super::receptive_fields::{COLUMNS, MAX_FIELDS, field_cells};
use crate::analysis::statistics::histogram;
use crate::figures::{
    Axis, Chart, ChartData, Figure, ImageGrid, Mark, NumberImage, Panel, Point, Scale, Series,
};
use crate::run_dir::SavedNetwork;

/// Number of bars of a histogram.
const BARS: usize = 41;

/// Draws the input weights of the first neurons of the lowest layer.
pub(super) fn fields(saved: &SavedNetwork) -> Option<Plot> {
    let cells = field_cells(&saved.network, &saved.images, MAX_FIELDS, 1);
    let NumberImage { width, channels, .. } = *cells.first()?;
    let mut data = ChartData::new(&["unit", "row", "column", "channel", "weight"]);
    for (unit, cell) in cells.iter().enumerate() {
        for (index, weight) in cell.values.iter().enumerate() {
            let (pixel, channel) = (index / channels, index % channels);
            let position =
                [unit, pixel / width, pixel % width, channel].map(|number| number.to_string());
            data.rows.push([&position[..], &[(*weight as f32).to_string()]].concat());
        }
    }
    let colours = match channels {
        1 => "blue excites, orange inhibits",
        _ => "grey is 0",
    };
    let title = match cells.len() {
        1 => format!("Receptive field of the only neuron: {colours}"),
        count => format!(
            "Receptive fields of the first {count} neurons, each on its own scale: {colours}"
        ),
    };
    let chart = Chart::ImageGrid(ImageGrid { title, columns: COLUMNS, cells });
    Some(Plot { name: "fields", chart, data })
}

/// Draws histograms of each layer's weights and feedback weights.
pub(super) fn histograms(saved: &SavedNetwork) -> Plot {
    let mut data = ChartData::new(&["layer", "weights", "from", "to", "part"]);
    let mut panels = Vec::new();
    for (number, layer) in saved.network.layers.iter().enumerate() {
        let columns = &layer.weights[..layer.n_pre * layer.units];
        let kinds = [
            ("feed-forward", columns),
            ("feedback", &layer.feedback[..]),
            ("event feedback", &layer.event_feedback[..]),
        ];
        let all = kinds.iter().flat_map(|(_, weights)| weights.iter());
        let largest = all.fold(0.0, |most: f64, &weight| most.max(f64::from(weight.abs())));
        // Give weights that are all 0 a range, too.
        let largest = if largest > 0.0 { largest } else { 1.0 };
        let width = 2.0 * largest / BARS as f64;
        let mut series = Vec::new();
        for (colour, (kind, weights)) in kinds.iter().enumerate() {
            if weights.is_empty() {
                continue;
            }
            let values: Vec<f64> = weights.iter().map(|&weight| f64::from(weight)).collect();
            let parts = histogram(&values, [-largest, largest], BARS);
            let edge = |bar: usize| bar as f64 * width - largest;
            for (bar, part) in parts.iter().enumerate() {
                let numbers = [edge(bar), edge(bar + 1), *part].map(|x| x.to_string());
                data.rows.push([&[number.to_string(), kind.to_string()], &numbers[..]].concat());
            }
            let middle = |bar: usize| (edge(bar) + edge(bar + 1)) / 2.0;
            let bars =
                parts.iter().enumerate().map(|(bar, &part)| Point::new(middle(bar), 100.0 * part));
            let points = bars.collect();
            series.push(Series { label: kind.to_string(), colour, mark: Mark::Bars, points });
        }
        let parts = series.iter().flat_map(|series| &series.points).map(|point| point.y);
        panels.push(Panel {
            title: format!("layer {number}"),
            x: Axis::new("weight", Scale::Linear, [-largest, largest]),
            y: Axis::new("weights, %", Scale::Linear, parts.chain([0.0])),
            series: series.clone(),
            references: Vec::new(),
        });
    }
    let title = "Weights of each layer".to_string();
    Plot { name: "weights", chart: Chart::Figure(Figure { title, panels }), data }
}

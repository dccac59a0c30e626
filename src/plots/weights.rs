//! What is in the weights.

use super::Plot;
use super::fields::{COLUMNS, FIELDS};
use crate::analysis::statistics::histogram;
use crate::record::{ImageShape, Saved};
use crate::report::{Axis, Data, Drawing, Figure, Mark, Mosaic, Panel, Point, Scale, Series, Tile};

/// Bars of a histogram.
const BARS: usize = 41;

/// Weights from the pixels onto the first neurons of the lowest layer.
pub(super) fn fields(saved: &Saved) -> Option<Plot> {
    let ImageShape { height, width, .. } = saved.images;
    let layer = saved.network.layers.first()?;
    let rows = layer.weight_rows();
    let mut data = Data::new(&["unit", "row", "column", "weight"]);
    let mut tiles = Vec::new();
    for (unit, weights) in rows.chunks(height * width).take(FIELDS).enumerate() {
        for (pixel, weight) in weights.iter().enumerate() {
            let place = [unit, pixel / width, pixel % width].map(|number| number.to_string());
            data.rows.push([&place[..], &[weight.to_string()]].concat());
        }
        let values = weights.iter().map(|&weight| f64::from(weight)).collect();
        tiles.push(Tile { title: String::new(), height, width, values });
    }
    let title = format!("Receptive fields of the first {} neurons", tiles.len());
    let drawing = Drawing::Mosaic(Mosaic { title, columns: COLUMNS, tiles });
    Some(Plot { name: "fields", drawing, data })
}

/// How weights and feedback weights of each layer are distributed.
pub(super) fn histograms(saved: &Saved) -> Plot {
    let mut data = Data::new(&["layer", "weights", "from", "to", "part"]);
    let mut panels = Vec::new();
    for (number, layer) in saved.network.layers.iter().enumerate() {
        let columns = &layer.weights[..layer.below * layer.units];
        let kinds = [("feed-forward", columns), ("feedback", &layer.feedback[..])];
        let all = kinds.iter().flat_map(|(_, weights)| weights.iter());
        let largest = all.fold(0.0, |most: f64, &weight| most.max(f64::from(weight.abs())));
        // Weights that are all 0 have a range too.
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
    Plot { name: "weights", drawing: Drawing::Figure(Figure { title, panels }), data }
}

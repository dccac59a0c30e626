//! Spikes of every population and voltages during one image.

use std::sync::Arc;

use super::PlotError;
use super::plot::Plot;
use crate::dataset::Dataset;
use crate::device::DeviceOptions;
use crate::figures::{Axis, Chart, ChartData, Figure, Mark, Panel, Point, Scale, Series};
use crate::monitor::{Mode, MonitorSession, MonitorSpec, Quantity, Recording};
use crate::plan::Presentation;
use crate::run_dir::SavedNetwork;
use crate::train::TrainError;

/// Largest number of neurons drawn per population.
const MAX_UNITS: usize = 1000;

/// Records the first test image through both phases.
pub(super) fn plot(
    saved: &SavedNetwork,
    dataset: &Dataset,
    selection: &DeviceOptions,
) -> Result<Plot, PlotError> {
    let SavedNetwork { config, network, .. } = saved;
    let quantities =
        [Quantity::Spikes, Quantity::Basal, Quantity::Apical, Quantity::Soma, Quantity::Phases];
    let recorder = MonitorSpec { units: Some(0..MAX_UNITS), ..MonitorSpec::new(&quantities) };
    let index = dataset.training_count;
    let label = dataset.test_labels()[0];
    let class = dataset.class_names[usize::from(label)].clone();
    let image = Presentation { index, label, draw_index: 0, result_slot: index };
    let dataset = Arc::new(dataset.clone());
    let mut session = MonitorSession::open(config, &dataset, network, recorder, selection)?;
    let shown = session.show(&[image], Mode::TrainFrozen, &mut |_| ());
    let recording = shown.map_err(TrainError::from)?;
    let mut data = ChartData::new(&["array", "unit", "step", "value"]);
    let layers = config.layer_count();
    let mut panels = vec![spikes(&recording, "spikes_input", "input", &mut data)];
    for layer in 0..layers {
        let title = if layer + 1 == layers {
            format!("layer {layer} (output)")
        } else {
            format!("layer {layer}")
        };
        panels.push(spikes(&recording, &format!("spikes{layer}"), &title, &mut data));
    }
    for layer in 0..layers {
        panels.push(voltages(&recording, layer, &mut data));
    }
    let title = format!("Spikes and voltages: the first test image, class {class}");
    Ok(Plot { name: "raster", chart: Chart::Figure(Figure { title, panels }), data })
}

fn spikes(recording: &Recording, array: &str, title: &str, data: &mut ChartData) -> Panel {
    let mut points = Vec::new();
    let units = recording.get(array).map_or(0, |recorded| recorded.shape[2]);
    for unit in 0..units {
        let course = recording.get(array).map(|recorded| recorded.time_series(0, unit));
        for (step, &count) in course.unwrap_or_default().iter().enumerate() {
            if count > 0.0 {
                points.push(Point::new(step as f64, unit as f64));
                add(data, array, unit, step, count);
            }
        }
    }
    Panel {
        title: format!("spikes, {title}"),
        x: Axis::new("time, ms", Scale::Linear, [0.0, steps(recording)]),
        y: Axis::integer("neuron", [0.0, units.saturating_sub(1) as f64]),
        // The axis names the dots, so they need no label.
        series: vec![Series { label: String::new(), colour: 6, mark: Mark::SmallDots, points }],
        references: Vec::new(),
    }
}

/// Returns a panel of the voltages of the layer's neuron with the most spikes.
fn voltages(recording: &Recording, layer: usize, data: &mut ChartData) -> Panel {
    let spikes = recording.get(&format!("spikes{layer}"));
    let count = |unit: &usize| -> f64 {
        spikes.map_or(0.0, |spikes| spikes.time_series(0, *unit).iter().sum())
    };
    let units = spikes.map_or(0, |spikes| spikes.shape[2]);
    let unit = (0..units).max_by(|a, b| count(a).total_cmp(&count(b))).unwrap_or(0);
    let mut series = Vec::new();
    for (colour, compartment) in ["basal", "apical", "soma"].into_iter().enumerate() {
        let array = format!("{compartment}{layer}");
        let Some(recorded) = recording.get(&array) else { continue };
        let course = recorded.time_series(0, unit);
        for (step, &voltage) in course.iter().enumerate() {
            add(data, &array, unit, step, voltage);
        }
        let points = course.iter().enumerate().map(|(step, &y)| Point::new(step as f64, y));
        let points = points.collect();
        series.push(Series { label: compartment.to_string(), colour, mark: Mark::Line, points });
    }
    let values = series.iter().flat_map(|series| &series.points).map(|point| point.y);
    Panel {
        title: format!("voltages, layer {layer}, neuron {unit} (most spikes)"),
        x: Axis::new("time, ms", Scale::Linear, [0.0, steps(recording)]),
        y: Axis::new("voltage", Scale::Linear, values),
        series: series.clone(),
        references: Vec::new(),
    }
}

/// Returns the number of steps of both phases.
fn steps(recording: &Recording) -> f64 {
    recording.values_f64("phases").iter().sum()
}

fn add(data: &mut ChartData, array: &str, unit: usize, step: usize, value: f64) {
    data.rows.push(vec![array.to_string(), unit.to_string(), step.to_string(), value.to_string()]);
}

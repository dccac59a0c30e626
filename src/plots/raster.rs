//! Spikes of every population and voltages during one image.

use std::ops::Range;
use std::sync::Arc;

use super::PlotError;
use super::plot::Plot;
use crate::dataset::Dataset;
use crate::device::DeviceOptions;
use crate::figures::{Axis, Chart, ChartData, Figure, Mark, Panel, Point, Scale, Series};
use crate::monitor::{Mode, MonitorSession, MonitorSpec, Quantity, RecordedArray, Recording};
use crate::plan::Presentation;
use crate::run_dir::SavedNetwork;
use crate::train::TrainError;

/// Largest number of neurons drawn per population.
const MAX_UNITS: usize = 1000;

/// Records the first test image, shown as a training image.
pub(super) fn plot(
    saved: &SavedNetwork,
    dataset: &Dataset,
    selection: &DeviceOptions,
) -> Result<Plot, PlotError> {
    let SavedNetwork { config, network, .. } = saved;
    let model = config.network_model();
    let mut quantities =
        vec![Quantity::Spikes, Quantity::Basal, Quantity::Apical, Quantity::Soma, Quantity::Phases];
    quantities.retain(|quantity| quantity.networks_without(&model).is_none());
    let recorder = MonitorSpec { units: Some(0..MAX_UNITS), ..MonitorSpec::new(&quantities) };
    let index = dataset.training_count;
    let label = dataset.test_labels()[0];
    let class = dataset.class_names[usize::from(label)].clone();
    let image = Presentation { index, label, draw_index: 0, result_slot: index };
    let dataset = Arc::new(dataset.clone());
    let mut session = MonitorSession::open(config, &dataset, network, recorder, selection)?;
    let shown = session.show(&[image], Mode::TrainFrozen, &mut |_| ());
    let recording = shown.map_err(TrainError::from)?;
    let title = format!("Spikes and voltages: the first test image, class {class}");
    Ok(recording_raster(&recording, 0, config.layer_count(), title))
}

/// Draws the spikes and voltages of one image of a recording, as far as it has them. `layers`: number of layers of the
/// network.
pub fn recording_raster(recording: &Recording, image: usize, layers: usize, title: String) -> Plot {
    let mut data = ChartData::new(&["array", "unit", "step", "value"]);
    let view = ImageView { recording, image };
    let mut panels = Vec::from_iter(view.spikes("spikes_input", "input", &mut data));
    for layer in 0..layers {
        let title = if layer + 1 == layers {
            format!("layer {layer} (output)")
        } else {
            format!("layer {layer}")
        };
        panels.extend(view.spikes(&format!("spikes{layer}"), &title, &mut data));
    }
    for layer in 0..layers {
        panels.extend(view.voltages(layer, &mut data));
    }
    Plot { name: "raster", chart: Chart::Figure(Figure { title, panels }), data }
}

/// One image of a recording.
struct ImageView<'a> {
    recording: &'a Recording,
    image: usize,
}

impl ImageView<'_> {
    fn spikes(&self, array: &str, title: &str, data: &mut ChartData) -> Option<Panel> {
        let recorded = self.recording.get(array)?;
        let mut points = Vec::new();
        let units = recorded_units(recorded);
        for unit in units.clone() {
            for (step, count) in self.time_series(recorded, unit) {
                if count > 0.0 {
                    points.push(Point::new(step as f64, unit as f64));
                    add(data, array, unit, step, count);
                }
            }
        }
        let ends = [units.start, units.end.saturating_sub(1)];
        Some(Panel {
            title: format!("spikes, {title}"),
            x: Axis::new("time, ms", Scale::Linear, [0.0, self.steps(recorded)]),
            y: Axis::integer("neuron", ends.map(|unit| unit as f64)),
            // The axis names the dots, so they need no label.
            series: vec![Series { label: String::new(), colour: 6, mark: Mark::SmallDots, points }],
            references: Vec::new(),
        })
    }

    /// Returns a panel of the voltages of the layer's neuron with the most spikes, or of the first if spikes were not
    /// recorded.
    fn voltages(&self, layer: usize, data: &mut ChartData) -> Option<Panel> {
        let arrays: Vec<(&str, &RecordedArray)> = ["basal", "apical", "soma"]
            .into_iter()
            .filter_map(|name| Some((name, self.recording.get(&format!("{name}{layer}"))?)))
            .collect();
        let (_, first) = arrays.first()?;
        let spikes = self.recording.get(&format!("spikes{layer}"));
        let count = |unit: &usize| -> f64 {
            spikes.map_or(0.0, |spikes| self.time_series(spikes, *unit).map(|(_, n)| n).sum())
        };
        let most = recorded_units(first).max_by(|a, b| count(a).total_cmp(&count(b)));
        let unit = if spikes.is_some() { most? } else { recorded_units(first).next()? };
        let mut series = Vec::new();
        for (colour, (compartment, recorded)) in arrays.iter().enumerate() {
            let mut points = Vec::new();
            for (step, voltage) in self.time_series(recorded, unit) {
                add(data, &recorded.name, unit, step, voltage);
                points.push(Point::new(step as f64, voltage));
            }
            let label = compartment.to_string();
            series.push(Series { label, colour, mark: Mark::Line, points });
        }
        let values = series.iter().flat_map(|series| &series.points).map(|point| point.y);
        let which = if spikes.is_some() { " (most spikes)" } else { "" };
        Some(Panel {
            title: format!("voltages, layer {layer}, neuron {unit}{which}"),
            x: Axis::new("time, ms", Scale::Linear, [0.0, self.steps(first)]),
            y: Axis::new("voltage", Scale::Linear, values),
            series: series.clone(),
            references: Vec::new(),
        })
    }

    /// Returns step and value of each recorded step.
    fn time_series(
        &self,
        recorded: &RecordedArray,
        unit: usize,
    ) -> impl Iterator<Item = (usize, f64)> + use<> {
        let first = recorded.first_index[1];
        let values = recorded.time_series(self.image, unit);
        values.into_iter().enumerate().map(move |(step, value)| (first + step, value))
    }

    /// Returns the number of steps of all phases.
    fn steps(&self, recorded: &RecordedArray) -> f64 {
        match self.recording.get("phases") {
            Some(phases) => phases.image(self.image).iter().map(|&steps| f64::from(steps)).sum(),
            None => (recorded.first_index[1] + recorded.shape[1]) as f64,
        }
    }
}

/// Returns the recorded neurons of an array `[images, steps, units]`.
fn recorded_units(recorded: &RecordedArray) -> Range<usize> {
    let first = recorded.first_index[2];
    first..first + recorded.shape[2]
}

fn add(data: &mut ChartData, array: &str, unit: usize, step: usize, value: f64) {
    data.rows.push(vec![array.to_string(), unit.to_string(), step.to_string(), value.to_string()]);
}

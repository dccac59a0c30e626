//! What is known of an image once it was shown, and what follows from it: in double precision, from the
//! arrays of the backend.

use std::ops::Range;
use std::sync::Arc;

use super::angles::angles;
use super::jacobians::Jacobians;
use super::steps::array_name;
use super::view::View;
use super::{Axis, Quantity, Recorded, Recorder, Shown};
use crate::config::{Config, PlateauTimes};
use crate::dataset::Dataset;
use crate::layout::{Array, Backend, BackendError, Lane, Shape, compartment, plateau, trace};
use crate::model::plateaus::early_steps;
use crate::model::spikes::input_rates;

/// What quantities are derived with.
pub(super) struct Derived {
    phi_max: f64,
    /// Rates of the input by its images' bytes.
    input_rates: Vec<f32>,
    dataset: Arc<Dataset>,
    jacobians: Option<Jacobians>,
    plateau_times: PlateauTimes,
    seed: u64,
}

impl Derived {
    pub(super) fn new(config: &Config, dataset: &Arc<Dataset>) -> Self {
        Derived {
            phi_max: config.phi_max,
            input_rates: input_rates(config.phi_max, dataset.max_pixel),
            dataset: dataset.clone(),
            jacobians: None,
            plateau_times: config.plateau_times,
            seed: config.seed,
        }
    }

    /// `phi_max sigma(C)`, spikes a step.
    pub(super) fn rate(&self, voltage: f32) -> f64 {
        self.phi_max * sigma(voltage)
    }

    /// The product of the mean Jacobians since they were last taken, and its eigenvalue.
    pub(super) fn take_jacobians(&mut self) -> Vec<Recorded> {
        self.jacobians.take().map_or(Vec::new(), Jacobians::finish)
    }

    /// All that was asked for of images that are shown side by side, but for what has steps.
    pub(super) fn of_images(
        &mut self,
        backend: &mut dyn Backend,
        recorder: &Recorder,
        lanes: &[Lane],
        mean_rates: &[Vec<f64>],
        shown: Shown,
    ) -> Result<Vec<Recorded>, BackendError> {
        let shape = backend.shape().clone();
        let output = shape.layers() - 1;
        let mut view = View { backend, shape: &shape, lanes };
        let mut arrays = Vec::new();
        for &quantity in &recorder.quantities {
            let is_taught = shown != Shown::Test;
            match quantity {
                Quantity::Representations => {
                    for population in 0..shape.populations.len() {
                        if recorder.wants_population(population) {
                            arrays.push(self.representations(&mut view, recorder, population)?);
                        }
                    }
                }
                Quantity::Plateaus if is_taught => {
                    for layer in recorded(recorder, 0..output) {
                        let rows = [plateau::FORWARD, plateau::TARGET];
                        let array = Array::Plateaus(layer);
                        let axes = [Axis::Image, Axis::Phase, Axis::Unit];
                        let values = view.rows(array, &rows)?;
                        arrays.push(of_units(quantity, recorder, layer, &shape, &axes, &values));
                    }
                }
                Quantity::PlateauTimes if is_taught => {
                    for layer in recorded(recorder, 0..output) {
                        let axes = [Axis::Image, Axis::Phase, Axis::Unit];
                        let values = self.plateau_times(&view, layer);
                        arrays.push(of_units(quantity, recorder, layer, &shape, &axes, &values));
                    }
                }
                Quantity::Errors if is_taught => {
                    for layer in recorded(recorder, 0..output + 1) {
                        let values = view.rows(Array::Errors(layer), &[0])?;
                        let axes = [Axis::Image, Axis::Unit];
                        arrays.push(of_units(quantity, recorder, layer, &shape, &axes, &values));
                    }
                }
                Quantity::Gradients if is_taught => {
                    for layer in recorded(recorder, 0..output + 1) {
                        arrays.push(gradients(&mut view, recorder, layer)?);
                    }
                }
                Quantity::HiddenLosses if is_taught => {
                    for layer in recorded(recorder, 0..output) {
                        let losses = self.hidden_losses(&mut view, layer, &mean_rates[layer])?;
                        arrays.push(of_images(array_name(quantity, layer + 1), losses));
                    }
                }
                Quantity::OutputLoss if is_taught => {
                    let losses = self.output_losses(&mut view)?;
                    arrays.push(of_images(quantity.name().to_string(), losses));
                }
                Quantity::Angles if is_taught => {
                    let angles = angles(&mut view)?;
                    for layer in recorded(recorder, 0..output) {
                        let angles = angles[layer].iter().copied();
                        arrays.push(of_images(array_name(quantity, layer + 1), angles.collect()));
                    }
                }
                Quantity::Jacobians if is_taught && output > 0 => {
                    let voltages =
                        view.rows(Array::Compartments(output), &[compartment::MEAN_SOMA])?;
                    let weights = view.read(Array::Weights(output))?;
                    let feedback = view.read(Array::Feedback(output - 1))?;
                    let sizes = [shape.units(output), shape.units(output - 1)];
                    let jacobians = self.jacobians.get_or_insert_with(|| Jacobians::new(sizes));
                    for voltages in voltages.chunks(sizes[0]) {
                        jacobians.add(self.phi_max, voltages, &weights, &feedback);
                    }
                }
                _ => {}
            }
        }
        Ok(arrays)
    }

    /// `[lanes, 2, units]`.
    fn plateau_times(&self, view: &View, layer: usize) -> Vec<f32> {
        let units = view.shape.units(layer);
        let mut times = Vec::new();
        for lane in view.lanes {
            for (phase, end) in [lane.steps_forward, lane.steps()].into_iter().enumerate() {
                times.extend((0..units as u32).map(|unit| {
                    let early = match self.plateau_times {
                        PlateauTimes::Synchronous => 0,
                        PlateauTimes::Random => {
                            let population = layer as u32 + 1;
                            early_steps(self.seed, population, lane.position, unit)[phase]
                        }
                    };
                    (end - early) as f32
                }));
            }
        }
        times
    }

    fn representations(
        &self,
        view: &mut View,
        recorder: &Recorder,
        population: usize,
    ) -> Result<Recorded, BackendError> {
        let values: Vec<f32> = match population.checked_sub(1) {
            Some(layer) => {
                let means = view.rows(Array::Compartments(layer), &[compartment::MEAN_SOMA])?;
                means.into_iter().map(|voltage| self.rate(voltage) as f32).collect()
            }
            None => {
                let images = view.lanes.iter().map(|lane| self.dataset.image(lane.image as usize));
                images.flatten().map(|&byte| self.input_rates[usize::from(byte)]).collect()
            }
        };
        let (axes, shape) = ([Axis::Image, Axis::Unit], view.shape);
        Ok(of_population(Quantity::Representations, recorder, population, shape, &axes, &values))
    }
}

/// Errors times mean filtered spike trains below, and last the errors: `[lanes, units, below + 1]`.
fn gradients(view: &mut View, recorder: &Recorder, layer: usize) -> Result<Recorded, BackendError> {
    let (units, below) = (view.shape.units(layer), view.shape.below(layer));
    let errors = view.rows(Array::Errors(layer), &[0])?;
    let traces = view.rows(Array::Traces(layer), &[trace::FORWARD])?;
    let range = recorder.units_of(units);
    let mut values = Vec::new();
    for (errors, traces) in errors.chunks(units).zip(traces.chunks(below)) {
        for error in &errors[range.clone()] {
            values.extend(traces.iter().map(|trace| error * trace));
            values.push(*error);
        }
    }
    Ok(Recorded {
        name: array_name(Quantity::Gradients, layer + 1),
        axes: vec![Axis::Image, Axis::Unit, Axis::Below],
        shape: vec![view.lanes.len(), range.len(), below + 1],
        first: vec![0, range.start, 0],
        values,
    })
}

/// Those layers of a range that are to be recorded.
fn recorded(recorder: &Recorder, layers: Range<usize>) -> Vec<usize> {
    layers.filter(|layer| recorder.wants_population(layer + 1)).collect()
}

fn of_images(name: String, values: Vec<f64>) -> Recorded {
    Recorded {
        name,
        axes: vec![Axis::Image],
        shape: vec![values.len()],
        first: vec![0],
        values: values.into_iter().map(|value| value as f32).collect(),
    }
}

fn of_units(
    quantity: Quantity,
    recorder: &Recorder,
    layer: usize,
    shape: &Shape,
    axes: &[Axis],
    values: &[f32],
) -> Recorded {
    of_population(quantity, recorder, layer + 1, shape, axes, values)
}

/// Keeps the chosen units of values whose last axis is units.
fn of_population(
    quantity: Quantity,
    recorder: &Recorder,
    population: usize,
    shape: &Shape,
    axes: &[Axis],
    values: &[f32],
) -> Recorded {
    let units = shape.populations[population];
    let range = recorder.units_of(units);
    let rows = values.len() / units;
    let per_image: usize = if axes.contains(&Axis::Phase) { 2 } else { 1 };
    let mut sizes = vec![rows / per_image];
    if per_image > 1 {
        sizes.push(per_image);
    }
    sizes.push(range.len());
    let mut first = vec![0; sizes.len()];
    first[sizes.len() - 1] = range.start;
    Recorded {
        name: array_name(quantity, population),
        axes: axes.to_vec(),
        shape: sizes,
        first,
        values: values.chunks(units).flat_map(|row| row[range.clone()].iter().copied()).collect(),
    }
}

/// The logistic function.
pub(super) fn sigma(voltage: impl Into<f64>) -> f64 {
    1.0 / (1.0 + (-voltage.into()).exp())
}

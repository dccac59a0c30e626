//! Recorded arrays of quantities of a whole image.

use std::ops::Range;

use super::quantity::array_name;
use super::sample_arrays::SampleArrays;
use super::{ArrayAxis, MonitorSpec, Quantity, RecordedArray};
use crate::interface::{ArrayId, BackendError, Shape, window_mean};

/// Returns the errors of a layer.
pub(super) fn errors(
    sample_arrays: &mut SampleArrays,
    spec: &MonitorSpec,
    layer: usize,
) -> Result<RecordedArray, BackendError> {
    let values = sample_arrays.rows(ArrayId::Errors(layer), &[0])?;
    let axes = [ArrayAxis::Image, ArrayAxis::Unit];
    let shape = sample_arrays.shape;
    Ok(population_array(Quantity::Errors, spec, layer + 1, shape, &axes, &values))
}

/// Returns the errors times the window means of presynaptic spikes, and at last the errors as gradients of the biases.
/// Shape: `[samples, units, below + 1]`.
pub(super) fn gradients(
    sample_arrays: &mut SampleArrays,
    spec: &MonitorSpec,
    layer: usize,
) -> Result<RecordedArray, BackendError> {
    let (units, below) = (sample_arrays.shape.units(layer), sample_arrays.shape.n_pre(layer));
    let errors = sample_arrays.rows(ArrayId::Errors(layer), &[0])?;
    let traces = sample_arrays.rows(ArrayId::WindowMeans(layer), &[window_mean::FORWARD])?;
    let range = spec.unit_range(units);
    let mut values = Vec::new();
    for (errors, traces) in errors.chunks(units).zip(traces.chunks(below)) {
        for error in &errors[range.clone()] {
            values.extend(traces.iter().map(|trace| error * trace));
            values.push(*error);
        }
    }
    Ok(RecordedArray {
        name: array_name(Quantity::Gradients, layer + 1),
        axes: vec![ArrayAxis::Image, ArrayAxis::Unit, ArrayAxis::Below],
        shape: vec![sample_arrays.samples.len(), range.len(), below + 1],
        first_index: vec![0, range.start, 0],
        values,
    })
}

/// Returns the recorded layers of a range.
pub(super) fn recorded_layers(
    spec: &MonitorSpec,
    layers: Range<usize>,
) -> impl Iterator<Item = usize> {
    layers.filter(|layer| spec.includes_population(layer + 1))
}

/// Returns values in single precision.
pub(super) fn to_single(values: &[f64]) -> Vec<f32> {
    values.iter().map(|&value| value as f32).collect()
}

/// Returns an array of one value per image.
pub(super) fn image_array(name: String, values: Vec<f64>) -> RecordedArray {
    RecordedArray {
        name,
        axes: vec![ArrayAxis::Image],
        shape: vec![values.len()],
        first_index: vec![0],
        values: values.into_iter().map(|value| value as f32).collect(),
    }
}

/// Returns an array of the recorded neurons of a population. The last axis of `values` is all its neurons.
pub(super) fn population_array(
    quantity: Quantity,
    spec: &MonitorSpec,
    population: usize,
    shape: &Shape,
    axes: &[ArrayAxis],
    values: &[f32],
) -> RecordedArray {
    let units = shape.populations[population];
    let range = spec.unit_range(units);
    let rows = values.len() / units;
    let pairs = [ArrayAxis::Phase, ArrayAxis::Teacher];
    let per_image: usize = if axes.iter().any(|axis| pairs.contains(axis)) { 2 } else { 1 };
    let mut sizes = vec![rows / per_image];
    if per_image > 1 {
        sizes.push(per_image);
    }
    sizes.push(range.len());
    let mut first_index = vec![0; sizes.len()];
    first_index[sizes.len() - 1] = range.start;
    RecordedArray {
        name: array_name(quantity, population),
        axes: axes.to_vec(),
        shape: sizes,
        first_index,
        values: values.chunks(units).flat_map(|row| row[range.clone()].iter().copied()).collect(),
    }
}

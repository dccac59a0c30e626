//! Quantities with a value per step: spikes, rates and voltages.

use std::ops::Range;

use super::derived::DerivedQuantities;
use super::quantity::array_name;
use super::{ArrayAxis, Mode, MonitorSpec, Quantity, RecordedArray, RequiredPhases};
use crate::cpu::kernels::burst_steps::first_burst_step;
use crate::interface::{
    ArrayId, Backend, BackendError, Launch, STEPS_PER_WORD, Sample, Shape, compartment, spike_count,
};

/// Recorder of the steps of a batch of images.
pub(super) struct StepMonitor<'a> {
    shape: Shape,
    samples: &'a [Sample],
    range: Range<u32>,
    arrays: Vec<TimeSeries>,
    /// Mean rates of each hidden layer over the averaging window of the forward phase. Empty unless hidden losses are
    /// recorded. Shape of each: `[samples, units]`.
    mean_rates: Vec<Vec<f64>>,
}

/// One quantity of one population at all recorded steps.
struct TimeSeries {
    quantity: Quantity,
    population: usize,
    units: Range<usize>,
    array: RecordedArray,
}

impl<'a> StepMonitor<'a> {
    /// Creates a monitor of the steps `range` of each sample.
    pub(super) fn new(
        spec: &MonitorSpec,
        shape: &Shape,
        range: &Range<u32>,
        samples: &'a [Sample],
        mode: Mode,
    ) -> Self {
        let mut arrays = Vec::new();
        let is_shown = |quantity: &&Quantity| {
            mode != Mode::Test || quantity.required_phases() == RequiredPhases::Forward
        };
        for &quantity in spec.quantities.iter().filter(is_shown) {
            for population in 0..shape.populations.len() {
                if spec.includes_population(population)
                    && has_step_values(shape, quantity, population)
                {
                    let units = spec.unit_range(shape.populations[population]);
                    let array = nan_array(quantity, population, range, &units, samples.len());
                    arrays.push(TimeSeries { quantity, population, units, array });
                }
            }
        }
        let hidden = if spec.has(Quantity::HiddenLosses) { shape.layers() - 1 } else { 0 };
        let mean_rates = (0..hidden).map(|layer| vec![0.0; samples.len() * shape.units(layer)]);
        let mean_rates = mean_rates.collect();
        StepMonitor { shape: shape.clone(), samples, range: range.clone(), arrays, mean_rates }
    }

    /// Reads the voltages of a layer after a launch of one step.
    pub(super) fn read_voltages(
        &mut self,
        backend: &mut dyn Backend,
        launch: &Launch,
        derived: &DerivedQuantities,
    ) -> Result<(), BackendError> {
        let (layer, step) = (launch.layer, launch.first);
        let is_recorded = self.arrays.iter().any(|array| array.population == layer + 1);
        if !is_recorded && layer >= self.mean_rates.len() {
            return Ok(());
        }
        let units = self.shape.units(layer);
        let array = ArrayId::Compartments(layer);
        let values = backend.read_samples(array, self.samples.len())?.into_f32(array)?;
        let voltages = |sample: usize, row: usize| {
            let start = (sample * compartment::ROWS + row) * units;
            values[start..start + units].iter().copied()
        };
        for (index, sample) in self.samples.iter().enumerate() {
            if step >= sample.steps() {
                continue;
            }
            if let Some(sums) = self.mean_rates.get_mut(layer) {
                let window = sample.steps_forward - sample.window_forward..sample.steps_forward;
                if window.contains(&step) {
                    let sums = &mut sums[index * units..(index + 1) * units];
                    for (sum, voltage) in sums.iter_mut().zip(voltages(index, compartment::SOMA)) {
                        *sum += derived.rate(voltage) / f64::from(sample.window_forward);
                    }
                }
            }
            if !self.range.contains(&step) {
                continue;
            }
            let step_index = (step - self.range.start) as usize;
            for series in self.arrays.iter_mut().filter(|array| array.population == layer + 1) {
                let row = match series.quantity {
                    Quantity::Basal => compartment::BASAL,
                    Quantity::Apical => compartment::APICAL,
                    Quantity::Soma | Quantity::Rates => compartment::SOMA,
                    _ => continue,
                };
                let range = series.units.clone();
                let values = voltages(index, row).skip(range.start).take(range.len());
                let quantity = series.quantity;
                for (value, voltage) in series.values_mut(index, step_index).iter_mut().zip(values)
                {
                    *value = match quantity {
                        Quantity::Rates => derived.rate(voltage) as f32,
                        _ => voltage,
                    };
                }
            }
        }
        Ok(())
    }

    /// Reads the spikes of all steps after the last step.
    pub(super) fn read_spikes(&mut self, backend: &mut dyn Backend) -> Result<(), BackendError> {
        let StepMonitor { shape, samples, range, arrays, .. } = self;
        for series in arrays.iter_mut().filter(|array| array.quantity == Quantity::Spikes) {
            let array = ArrayId::Spikes(series.population);
            let units = shape.populations[series.population];
            let words = backend.read_samples(array, samples.len())?.into_u32(array)?;
            for (index, sample) in samples.iter().enumerate() {
                for step in range.start..range.end.min(sample.steps()) {
                    let row = shape.history_words() + step / STEPS_PER_WORD;
                    let start = index * shape.len_per_copy(array) + row as usize * units;
                    let words = &words[start..][series.units.clone()];
                    let values = series.values_mut(index, (step - range.start) as usize);
                    for (value, word) in values.iter_mut().zip(words) {
                        *value = spike_count(*word, step) as f32;
                    }
                }
            }
        }
        Ok(())
    }

    /// Reads the bursts of all steps for which they are drawn, after the last launch.
    pub(super) fn read_bursts(&mut self, backend: &mut dyn Backend) -> Result<(), BackendError> {
        let StepMonitor { shape, samples, range, arrays, .. } = self;
        for series in arrays.iter_mut().filter(|array| array.quantity == Quantity::Bursts) {
            let array = ArrayId::Bursts(series.population);
            let units = shape.populations[series.population];
            let words = backend.read_samples(array, samples.len())?.into_u32(array)?;
            for (index, sample) in samples.iter().enumerate() {
                let first = first_burst_step(shape.taps, series.population as u32, sample);
                for step in range.start.max(first)..range.end.min(sample.steps()) {
                    let row = (step / STEPS_PER_WORD) as usize;
                    let start = index * shape.len_per_copy(array) + row * units;
                    let words = &words[start..][series.units.clone()];
                    let values = series.values_mut(index, (step - range.start) as usize);
                    for (value, word) in values.iter_mut().zip(words) {
                        *value = spike_count(*word, step) as f32;
                    }
                }
            }
        }
        Ok(())
    }

    /// Returns the mean rates of each hidden layer over the averaging window of the forward phase. Shape of each:
    /// `[samples, units]`.
    pub(super) fn mean_rates(&self) -> &[Vec<f64>] {
        &self.mean_rates
    }

    /// Returns the recorded arrays.
    pub(super) fn finish(self) -> impl Iterator<Item = RecordedArray> {
        self.arrays.into_iter().map(|series| series.array)
    }
}

impl TimeSeries {
    /// Returns the values of a sample at a step.
    fn values_mut(&mut self, sample: usize, step: usize) -> &mut [f32] {
        let units = self.units.len();
        let start = (sample * self.array.shape[1] + step) * units;
        &mut self.array.values[start..start + units]
    }
}

/// Returns whether a population has this quantity at every step.
pub(super) fn has_step_values(shape: &Shape, quantity: Quantity, population: usize) -> bool {
    match quantity {
        Quantity::Spikes => true,
        Quantity::Rates | Quantity::Basal | Quantity::Soma => population > 0,
        Quantity::Apical => population > 0 && population < shape.layers(),
        Quantity::Bursts => population > 0 && shape.model.draws_bursts(),
        _ => false,
    }
}

/// Returns an array of NaN for a quantity of a population. Shape: `[samples, steps, units]`.
fn nan_array(
    quantity: Quantity,
    population: usize,
    steps: &Range<u32>,
    units: &Range<usize>,
    samples: usize,
) -> RecordedArray {
    let shape = vec![samples, steps.len(), units.len()];
    RecordedArray {
        name: array_name(quantity, population),
        axes: vec![ArrayAxis::Image, ArrayAxis::Step, ArrayAxis::Unit],
        values: vec![f32::NAN; shape.iter().product()],
        shape,
        first_index: vec![0, steps.start as usize, units.start],
    }
}

//! What has a value for each step: spikes, rates and voltages.

use std::ops::Range;

use super::derived::Derived;
use super::{Axis, Quantity, Recorded, Recorder};
use crate::layout::{
    Array, Backend, BackendError, COUNT_BITS, COUNT_MASK, Lane, Launch, STEPS_PER_WORD, Shape,
    compartment,
};

/// Records the steps of images that are shown side by side.
pub(super) struct Steps<'a> {
    shape: Shape,
    lanes: &'a [Lane],
    range: Range<u32>,
    arrays: Vec<Course>,
    /// Of each hidden layer, sums over the forward phase's window, `[lanes, units]`; none where no loss is
    /// wanted.
    mean_rates: Vec<Vec<f64>>,
}

/// One quantity of one population.
struct Course {
    quantity: Quantity,
    population: usize,
    units: Range<usize>,
    array: Recorded,
}

impl<'a> Steps<'a> {
    pub(super) fn new(recorder: &Recorder, shape: &Shape, lanes: &'a [Lane]) -> Self {
        let range = recorder.steps_of(shape.steps);
        let mut arrays = Vec::new();
        for &quantity in &recorder.quantities {
            for population in 0..shape.populations.len() {
                if recorder.wants_population(population) && has(shape, quantity, population) {
                    let units = recorder.units_of(shape.populations[population]);
                    let array = course(quantity, population, &range, &units, lanes.len());
                    arrays.push(Course { quantity, population, units, array });
                }
            }
        }
        let hidden = if recorder.has(Quantity::HiddenLosses) { shape.layers() - 1 } else { 0 };
        let mean_rates = (0..hidden).map(|layer| vec![0.0; lanes.len() * shape.units(layer)]);
        let mean_rates = mean_rates.collect();
        Steps { shape: shape.clone(), lanes, range, arrays, mean_rates }
    }

    /// Reads the voltages of a layer that has just gone one step.
    pub(super) fn sample(
        &mut self,
        backend: &mut dyn Backend,
        launch: &Launch,
        derived: &Derived,
    ) -> Result<(), BackendError> {
        let (layer, step) = (launch.layer, launch.first);
        let is_wanted = self.arrays.iter().any(|array| array.population == layer + 1);
        if !is_wanted && layer >= self.mean_rates.len() {
            return Ok(());
        }
        let units = self.shape.units(layer);
        let words = backend.read_lanes(Array::Compartments(layer), self.lanes.len())?;
        let voltages = |lane: usize, row: usize| {
            let start = (lane * compartment::ROWS + row) * units;
            words[start..start + units].iter().map(|&word| f32::from_bits(word))
        };
        for (index, lane) in self.lanes.iter().enumerate() {
            if step >= lane.steps() {
                continue;
            }
            if let Some(sums) = self.mean_rates.get_mut(layer) {
                let window = lane.steps_forward - lane.window_forward..lane.steps_forward;
                if window.contains(&step) {
                    let sums = &mut sums[index * units..(index + 1) * units];
                    for (sum, voltage) in sums.iter_mut().zip(voltages(index, compartment::SOMA)) {
                        *sum += derived.rate(voltage) / f64::from(lane.window_forward);
                    }
                }
            }
            if !self.range.contains(&step) {
                continue;
            }
            let at = (step - self.range.start) as usize;
            for course in self.arrays.iter_mut().filter(|array| array.population == layer + 1) {
                let of_unit = match course.quantity {
                    Quantity::Basal => compartment::BASAL,
                    Quantity::Apical => compartment::APICAL,
                    Quantity::Soma | Quantity::Rates => compartment::SOMA,
                    _ => continue,
                };
                let range = course.units.clone();
                let values = voltages(index, of_unit).skip(range.start).take(range.len());
                let quantity = course.quantity;
                for (place, voltage) in course.place(index, at).iter_mut().zip(values) {
                    *place = match quantity {
                        Quantity::Rates => derived.rate(voltage) as f32,
                        _ => voltage,
                    };
                }
            }
        }
        Ok(())
    }

    /// Reads the spikes of all steps once an image is over.
    pub(super) fn sample_spikes(&mut self, backend: &mut dyn Backend) -> Result<(), BackendError> {
        let Steps { shape, lanes, range, arrays, .. } = self;
        for course in arrays.iter_mut().filter(|array| array.quantity == Quantity::Spikes) {
            let array = Array::Spikes(course.population);
            let units = shape.populations[course.population];
            let words = backend.read_lanes(array, lanes.len())?;
            for (index, lane) in lanes.iter().enumerate() {
                for step in range.start..range.end.min(lane.steps()) {
                    let row = shape.past_words() + step / STEPS_PER_WORD;
                    let start = index * shape.copy_length(array) + row as usize * units;
                    let shift = step % STEPS_PER_WORD * COUNT_BITS;
                    let words = &words[start..][course.units.clone()];
                    let place = course.place(index, (step - range.start) as usize);
                    for (place, word) in place.iter_mut().zip(words) {
                        *place = (word >> shift & COUNT_MASK) as f32;
                    }
                }
            }
        }
        Ok(())
    }

    /// Mean rates of the hidden layers over the forward phase's window, each `[lanes, units]`.
    pub(super) fn mean_rates(&self) -> &[Vec<f64>] {
        &self.mean_rates
    }

    pub(super) fn finish(self) -> impl Iterator<Item = Recorded> {
        self.arrays.into_iter().map(|course| course.array)
    }
}

impl Course {
    /// Where a lane's values of a step lie.
    fn place(&mut self, lane: usize, step: usize) -> &mut [f32] {
        let units = self.units.len();
        let start = (lane * self.array.shape[1] + step) * units;
        &mut self.array.values[start..start + units]
    }
}

/// Whether a population has this quantity at every step.
pub(super) fn has(shape: &Shape, quantity: Quantity, population: usize) -> bool {
    match quantity {
        Quantity::Spikes => true,
        Quantity::Rates | Quantity::Basal | Quantity::Soma => population > 0,
        Quantity::Apical => population > 0 && population < shape.layers(),
        _ => false,
    }
}

fn course(
    quantity: Quantity,
    population: usize,
    steps: &Range<u32>,
    units: &Range<usize>,
    lanes: usize,
) -> Recorded {
    let shape = vec![lanes, steps.len(), units.len()];
    Recorded {
        name: array_name(quantity, population),
        axes: vec![Axis::Image, Axis::Step, Axis::Unit],
        values: vec![f32::NAN; shape.iter().product()],
        shape,
        first: vec![0, steps.start as usize, units.start],
    }
}

/// The name of a population's array.
pub(super) fn array_name(quantity: Quantity, population: usize) -> String {
    match population.checked_sub(1) {
        Some(layer) => format!("{}{layer}", quantity.name()),
        None => format!("{}_input", quantity.name()),
    }
}

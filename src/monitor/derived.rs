//! Quantities of a whole image, computed in double precision from the backend's arrays.

use std::sync::Arc;

use super::angles::{angles, feedback_angles};
use super::burst_apical::mean_apical_voltages;
use super::bursts::BurstSettings;
use super::derived_arrays::{
    errors, gradients, image_array, population_array, recorded_layers, to_single,
};
use super::jacobians::Jacobians;
use super::quantity::array_name;
use super::sample_arrays::SampleArrays;
use super::sigma::sigma;
use super::{ArrayAxis, Mode, MonitorSpec, Quantity, RecordedArray, RequiredPhases};
use crate::config::{Config, PlateauTiming};
use crate::dataset::Dataset;
use crate::interface::{ArrayId, Backend, BackendError, Sample, compartment, plateau};
use crate::model::plateau_timing::plateau_lead;
use crate::model::spikes::input_rates;

/// Settings from which quantities are computed, and sums over images.
pub(super) struct DerivedQuantities {
    phi_max: f64,
    /// Input rate of each byte, spikes per ms.
    input_rates: Vec<f32>,
    dataset: Arc<Dataset>,
    jacobians: Option<Jacobians>,
    bursts: BurstSettings,
    seed: u64,
}

impl DerivedQuantities {
    pub(super) fn new(config: &Config, dataset: &Arc<Dataset>) -> Self {
        DerivedQuantities {
            phi_max: config.phi_max,
            input_rates: input_rates(config.phi_max, dataset.max_pixel),
            dataset: dataset.clone(),
            jacobians: None,
            bursts: BurstSettings::new(config),
            seed: config.seed,
        }
    }

    /// Returns the rate `phi_max sigma(C)`, spikes per ms.
    pub(super) fn rate(&self, voltage: f32) -> f64 {
        self.phi_max * sigma(voltage)
    }

    /// Returns the product of the mean Jacobians so far, and its eigenvalue; nothing if they are not recorded.
    pub(super) fn jacobians(&self) -> Vec<RecordedArray> {
        self.jacobians.as_ref().map_or(Vec::new(), Jacobians::arrays)
    }

    /// Starts new means of the Jacobians.
    pub(super) fn clear_jacobians(&mut self) {
        self.jacobians = None;
    }

    /// Returns the selected quantities of images that are shown in parallel, except those of each step.
    pub(super) fn per_image_arrays(
        &mut self,
        backend: &mut dyn Backend,
        spec: &MonitorSpec,
        samples: &[Sample],
        mean_rates: &[Vec<f64>],
        mode: Mode,
    ) -> Result<Vec<RecordedArray>, BackendError> {
        let shape = backend.shape().clone();
        let mut sample_arrays = SampleArrays { backend, shape: &shape, samples };
        let mut arrays = Vec::new();
        for &quantity in &spec.quantities {
            if mode != Mode::Test || quantity.required_phases() == RequiredPhases::Forward {
                arrays.extend(self.arrays_of(quantity, &mut sample_arrays, spec, mean_rates)?);
            }
        }
        Ok(arrays)
    }

    /// Returns the arrays of a quantity; none if the quantity is not computed here.
    fn arrays_of(
        &mut self,
        quantity: Quantity,
        sample_arrays: &mut SampleArrays,
        spec: &MonitorSpec,
        mean_rates: &[Vec<f64>],
    ) -> Result<Vec<RecordedArray>, BackendError> {
        let shape = sample_arrays.shape;
        let output = shape.layers() - 1;
        let hidden = || recorded_layers(spec, 0..output);
        let layers = || recorded_layers(spec, 0..output + 1);
        let by_phase = |layer, values: &[f32]| {
            let axes = [ArrayAxis::Image, ArrayAxis::Phase, ArrayAxis::Unit];
            population_array(quantity, spec, layer + 1, shape, &axes, values)
        };
        match quantity {
            Quantity::Representations => (0..shape.populations.len())
                .filter(|&population| spec.includes_population(population))
                .map(|population| self.representations(sample_arrays, spec, population))
                .collect(),
            Quantity::Plateaus => hidden()
                .map(|layer| {
                    let rows = [plateau::FORWARD, plateau::TARGET];
                    let values = sample_arrays.rows(ArrayId::Plateaus(layer), &rows)?;
                    Ok(by_phase(layer, &values))
                })
                .collect(),
            Quantity::PlateauTimes => Ok(hidden()
                .map(|layer| by_phase(layer, &self.plateau_times(sample_arrays, layer)))
                .collect()),
            Quantity::Errors => layers().map(|layer| errors(sample_arrays, spec, layer)).collect(),
            Quantity::Gradients => {
                layers().map(|layer| gradients(sample_arrays, spec, layer)).collect()
            }
            Quantity::HiddenLosses => hidden()
                .map(|layer| {
                    let losses = self.hidden_losses(sample_arrays, layer, &mean_rates[layer])?;
                    Ok(image_array(array_name(quantity, layer + 1), losses))
                })
                .collect(),
            Quantity::OutputLoss => {
                let losses = self.output_losses(sample_arrays)?;
                Ok(vec![image_array(quantity.name().to_string(), losses)])
            }
            Quantity::Angles => {
                let angles = angles(sample_arrays)?;
                let array = |layer: usize| {
                    image_array(array_name(quantity, layer + 1), angles[layer].clone())
                };
                Ok(hidden().map(array).collect())
            }
            Quantity::FeedbackAngles => {
                let (angles, count) =
                    (feedback_angles(sample_arrays)?, sample_arrays.samples.len());
                let array = |layer: usize| {
                    image_array(array_name(quantity, layer + 1), vec![angles[layer]; count])
                };
                Ok(hidden().map(array).collect())
            }
            Quantity::BurstRates | Quantity::BurstProbabilities => layers()
                .map(|layer| {
                    let values = match quantity {
                        Quantity::BurstRates => self.bursts.rates(sample_arrays, layer)?,
                        _ => self.bursts.probabilities(sample_arrays, layer)?,
                    };
                    let axes = [ArrayAxis::Image, ArrayAxis::Unit];
                    let values = to_single(&values);
                    Ok(population_array(quantity, spec, layer + 1, shape, &axes, &values))
                })
                .collect(),
            Quantity::BurstApical => {
                let voltages = match shape.model.draws_bursts() {
                    true => mean_apical_voltages(&self.bursts, sample_arrays)?,
                    false => self.bursts.apical_voltages(sample_arrays)?,
                };
                let axes = [ArrayAxis::Image, ArrayAxis::Teacher, ArrayAxis::Unit];
                let array = |layer: usize| {
                    let values = to_single(&voltages[layer]);
                    population_array(quantity, spec, layer + 1, shape, &axes, &values)
                };
                Ok(hidden().map(array).collect())
            }
            Quantity::Jacobians if output > 0 => {
                self.add_jacobians(sample_arrays).map(|()| Vec::new())
            }
            _ => Ok(Vec::new()),
        }
    }

    /// Adds the images' Jacobians of the feed-forward and the feedback function of the last hidden layer.
    fn add_jacobians(&mut self, sample_arrays: &mut SampleArrays) -> Result<(), BackendError> {
        let shape = sample_arrays.shape;
        let output = shape.layers() - 1;
        let voltages =
            sample_arrays.rows(ArrayId::Compartments(output), &[compartment::MEAN_SOMA])?;
        let weights = sample_arrays.read(ArrayId::Weights(output))?;
        let feedback = sample_arrays.read(ArrayId::Feedback(output - 1))?;
        let sizes = [shape.units(output), shape.units(output - 1)];
        let jacobians = self.jacobians.get_or_insert_with(|| Jacobians::new(sizes));
        for voltages in voltages.chunks(sizes[0]) {
            jacobians.add(self.phi_max, voltages, &weights, &feedback);
        }
        Ok(())
    }

    /// Returns the steps of the plateau potentials, counted from the start of the image. Shape: `[samples, 2, units]`.
    fn plateau_times(&self, sample_arrays: &SampleArrays, layer: usize) -> Vec<f32> {
        let units = sample_arrays.shape.units(layer);
        let mut times = Vec::new();
        for sample in sample_arrays.samples {
            for (phase, end) in [sample.steps_forward, sample.steps()].into_iter().enumerate() {
                times.extend((0..units as u32).map(|unit| {
                    let lead = match sample_arrays.shape.model.plateau_timing {
                        PlateauTiming::Synchronous => 0,
                        PlateauTiming::Random => {
                            let population = layer as u32 + 1;
                            plateau_lead(self.seed, population, sample.draw_index, unit)[phase]
                        }
                    };
                    (end - lead) as f32
                }));
            }
        }
        times
    }

    /// Returns the rates at the mean somatic voltages of the forward phase, or the rates of the input.
    fn representations(
        &self,
        sample_arrays: &mut SampleArrays,
        spec: &MonitorSpec,
        population: usize,
    ) -> Result<RecordedArray, BackendError> {
        let values: Vec<f32> = match population.checked_sub(1) {
            Some(layer) => {
                let means =
                    sample_arrays.rows(ArrayId::Compartments(layer), &[compartment::MEAN_SOMA])?;
                means.into_iter().map(|voltage| self.rate(voltage) as f32).collect()
            }
            None => {
                let images = sample_arrays.samples.iter().map(|sample| sample.image as usize);
                images.flat_map(|image| self.input_rates_of(image)).collect()
            }
        };
        let (axes, shape) = ([ArrayAxis::Image, ArrayAxis::Unit], sample_arrays.shape);
        Ok(population_array(Quantity::Representations, spec, population, shape, &axes, &values))
    }

    /// Returns the rates of the input that show an example, spikes per ms: those of the pixels, or the mean over the
    /// part of a recording that a test shows.
    fn input_rates_of(&self, image: usize) -> Vec<f32> {
        match self.dataset.recordings() {
            Some(recordings) => recordings.test_rates(image, self.dataset.pixels()),
            None => {
                let bytes = self.dataset.image(image).iter();
                bytes.map(|&byte| self.input_rates[usize::from(byte)]).collect()
            }
        }
    }
}

//! Simulation of networks on a backend: presents minibatches, reads and writes weights.

mod networks;
mod rates;
mod replay;
mod state;
mod test_images;
mod undo;

use std::slice::from_ref;
use std::time::{Duration, Instant};

pub use state::SimulationState;

use crate::config::Config;
use crate::dataset::Dataset;
use crate::interface::{
    ArrayId, Backend, BackendError, BatchParams, Launch, Sample, Stop, Stoppable, ValuesRef,
};
use crate::model::spikes::{input_rates, input_thresholds};
use crate::network::Network;
use crate::plan::{Presentation, SampleBuilder, kernel_sequence, largest_batch};

/// Predicted class of an image and the loss of the output.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SampleResult {
    /// Class whose output neurons have the highest mean voltage, from 0.
    pub class: u8,
    /// Sum over the output neurons of the squared difference between their rates in the target and the forward phase,
    /// (spikes/ms)²; 0 in a test.
    pub loss: f32,
}

/// Arguments of a backend's run: minibatches, one per replica, the samples in use, and the launches.
pub type Batch = (Vec<BatchParams>, Vec<Sample>, Vec<Launch>);

/// Time above which a minibatch is not queued behind others on a device.
const QUEUED: Duration = Duration::from_millis(100);

/// Networks of one shape that a backend simulates side by side; often only one. Each call presents equally many images
/// to every replica.
pub struct Simulation {
    pub(super) backend: Box<dyn Backend>,
    /// One per replica.
    pub(super) builders: Vec<SampleBuilder>,
    /// Number of training minibatches so far.
    pub(super) updates: u64,
    /// Whether the next training minibatch starts from a cleared state.
    pub(super) is_fresh: bool,
    /// Number of samples per replica that show training images: the first ones.
    pub(super) training_samples: usize,
    stop: Stop,
    /// Time of the last training minibatch.
    pub(super) last_minibatch: Option<Duration>,
    /// Number of images tested side by side per replica; at most the number of samples.
    tested_at_once: usize,
}

/// Initial number of images tested side by side, over all replicas.
const TESTED_FIRST: usize = 256;

impl Simulation {
    /// Writes a network and the tables of a run to a backend created for them.
    ///
    /// # Errors
    /// Returns an error if the device fails.
    pub fn new(
        backend: Box<dyn Backend>,
        config: &Config,
        dataset: &Dataset,
        network: &Network,
    ) -> Result<Self, BackendError> {
        Simulation::of_replicas(backend, from_ref(config), dataset, from_ref(network))
    }

    /// Writes networks and the tables of their runs to a backend created for them.
    ///
    /// # Errors
    /// Returns an error if the device fails, or the backend is for another number of replicas.
    pub fn of_replicas(
        mut backend: Box<dyn Backend>,
        configs: &[Config],
        dataset: &Dataset,
        networks: &[Network],
    ) -> Result<Self, BackendError> {
        let replicas = backend.shape().replicas;
        if configs.len() != replicas {
            let reason = format!("{} settings for {replicas} networks", configs.len());
            return Err(BackendError::InvalidNetworks(reason));
        }
        let thresholds: Vec<u32> = configs
            .iter()
            .flat_map(|config| {
                input_thresholds(config.phi_max, dataset.max_pixel, config.spike_distribution)
            })
            .flatten()
            .collect();
        backend.write(ArrayId::InputThresholds, ValuesRef::U32(&thresholds))?;
        if backend.shape().model.sends_rates() {
            let rates = |config: &Config| input_rates(config.phi_max, dataset.max_pixel);
            let rates: Vec<f32> = configs.iter().flat_map(rates).collect();
            backend.write(ArrayId::InputRates, ValuesRef::F32(&rates))?;
        }
        let builders =
            configs.iter().map(|config| SampleBuilder::of_dataset(config, dataset)).collect();
        let training_samples =
            largest_batch(&configs[0], dataset).min(backend.shape().samples_per_replica);
        let shape = backend.shape();
        let tested_at_once = (TESTED_FIRST / shape.replicas).clamp(1, shape.samples_per_replica);
        let mut simulation = Simulation {
            backend,
            builders,
            updates: 0,
            is_fresh: true,
            training_samples,
            stop: Stop::default(),
            last_minibatch: None,
            tested_at_once,
        };
        simulation.write_networks(networks)?;
        Ok(simulation)
    }

    /// Ends trainings and tests within a second of a stop request, with [`BackendError::Stopped`]. A training minibatch
    /// is then either undone or complete.
    pub fn stop_on(&mut self, stop: &Stop) {
        self.stop = stop.clone();
    }

    /// Clears all voltages and spikes before the next training minibatch, as a test does.
    pub fn reset_state(&mut self) {
        self.is_fresh = true;
    }

    /// Returns the backend, to read or write its arrays.
    pub fn backend(&mut self) -> &mut dyn Backend {
        self.backend.as_mut()
    }

    /// Trains every replica on the same minibatch, one image per sample. Samples carry on their state from the previous
    /// minibatch, unless a test came between.
    ///
    /// # Errors
    /// Returns an error if the device fails.
    pub fn train(&mut self, images: &[Presentation]) -> Result<(), BackendError> {
        self.train_each(&vec![images; self.builders.len()])
    }

    /// Trains each replica on a minibatch of its own. All minibatches have one size.
    ///
    /// # Errors
    /// Returns an error if the device fails, the images do not fit the data set or the samples, the number of
    /// minibatches differs from the number of replicas, or a stop is requested, see [`Simulation::stop_on`].
    pub fn train_each(&mut self, images: &[&[Presentation]]) -> Result<(), BackendError> {
        if self.stop.is_requested() {
            return Err(BackendError::Stopped);
        }
        if images.len() != self.builders.len() {
            return Err(BackendError::SampleMismatch { replicas: self.builders.len() });
        }
        if images.iter().any(|images| images.is_empty()) {
            return Err(BackendError::InvalidSamples("a minibatch has none".to_string()));
        }
        let stoppable = self.stoppable(images);
        let undo = self.save_undo(stoppable)?;
        let (minibatches, samples, launches) = self.prepare_each(images);
        let start = Instant::now();
        let result =
            self.backend.run_until(&self.stop, stoppable, &minibatches, &samples, &launches);
        if let Err(error) = result {
            // A refused minibatch trained no network either.
            self.apply_undo(undo)?;
            return Err(error);
        }
        if start.elapsed() >= QUEUED && stoppable == Stoppable::Nothing {
            // Wait for the device: reading the smallest array returns after all work is done.
            self.backend.read(ArrayId::InputThresholds)?;
        }
        self.last_minibatch = Some(start.elapsed());
        Ok(())
    }

    /// Prepares the launches of [`Simulation::train`] for callers that run them one by one. Counts as an update.
    pub fn prepare_training(&mut self, images: &[Presentation]) -> Batch {
        self.prepare_each(&vec![images; self.builders.len()])
    }

    /// Returns the number of steps for which images are shown: a forward phase in a test, otherwise both phases.
    pub fn image_steps(&self, images: &[Presentation], is_test: bool) -> Vec<u32> {
        let builder = &self.builders[0];
        let sample = |image| if is_test { builder.test(image) } else { builder.training(image) };
        images.iter().map(|image| sample(image).steps()).collect()
    }

    fn prepare_each(&mut self, images: &[&[Presentation]]) -> Batch {
        self.updates += 1;
        let fresh = std::mem::take(&mut self.is_fresh);
        let Simulation { updates, .. } = *self;
        self.batch(
            images,
            true,
            |builder, images| {
                let shown = images.first().map_or(0, |image| image.draw_index);
                builder.training_minibatch(images.len(), shown, updates, fresh)
            },
            SampleBuilder::training,
        )
    }

    /// Returns the minibatches, samples and launches that show each replica its images.
    fn batch(
        &self,
        images: &[&[Presentation]],
        learns: bool,
        minibatch: impl Fn(&SampleBuilder, &[Presentation]) -> BatchParams,
        sample: impl Fn(&SampleBuilder, &Presentation) -> Sample,
    ) -> Batch {
        let shape = self.backend.shape();
        let replicas = || self.builders.iter().zip(images).enumerate();
        let minibatches =
            replicas().map(|(_, (builder, images))| minibatch(builder, images)).collect();
        let in_use: Vec<Sample> = replicas()
            .flat_map(|(replica, (builder, images))| {
                let sample = &sample;
                let images = images.iter().enumerate();
                images.map(move |(index, image)| {
                    sample(builder, image).of_replica(shape, replica, index)
                })
            })
            .collect();
        let launches = kernel_sequence(shape, max_steps(&in_use), learns);
        (minibatches, in_use, launches)
    }

    /// Runs prepared launches. They must not change weights, unless the weights are not needed after a stop.
    ///
    /// # Errors
    /// Returns an error if the device fails or refuses the work, or a stop is requested, see [`Simulation::stop_on`].
    pub fn run(
        &mut self,
        minibatches: &[BatchParams],
        samples: &[Sample],
        launches: &[Launch],
    ) -> Result<(), BackendError> {
        self.backend.run_until(&self.stop, Stoppable::All, minibatches, samples, launches)
    }

    /// Returns the results of the images in slots `0 .. count`, `[replicas, count]`.
    ///
    /// # Errors
    /// Returns an error if the device fails.
    pub fn results(&mut self, count: usize) -> Result<Vec<Vec<SampleResult>>, BackendError> {
        let classes = self.backend.read(ArrayId::Classes)?.into_u32(ArrayId::Classes)?;
        let losses = self.backend.read(ArrayId::Losses)?.into_f32(ArrayId::Losses)?;
        let slots = self.backend.shape().result_slots;
        let of_replica = |(classes, losses): (&[u32], &[f32])| {
            let results = classes.iter().zip(losses).take(count);
            results.map(|(&class, &loss)| SampleResult { class: class as u8, loss }).collect()
        };
        Ok(classes.chunks(slots).zip(losses.chunks(slots)).map(of_replica).collect())
    }
}

/// Returns the number of steps of the longest sample.
pub(super) fn max_steps(samples: &[Sample]) -> u32 {
    samples.iter().map(Sample::steps).max().unwrap_or(0)
}

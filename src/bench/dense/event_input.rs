//! Event-driven form: the kernels of a backend, on spikes of a given rate.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::layer_size::LayerSize;
use crate::bench::error::BenchError;
use crate::bench::repetition::REPETITIONS;
use crate::config::{Config, Optimizer};
use crate::dataset::Dataset;
use crate::device::{self, DeviceOptions};
use crate::interface::{ArrayId, BackendError, Kernel, ValuesRef};
use crate::model::spikes::{PIXEL_LEVELS, SpikeDistribution, thresholds};
use crate::network::Network;
use crate::plan::Presentation;
use crate::simulation::{Batch, Simulation};

/// Number of images per minibatch.
pub const SAMPLES: usize = 32;
/// Number of steps per image, about as many as a training image of the paper has.
pub const STEPS: u32 = 104;

/// Kernels that compute the synaptic input of layer 0 from images.
const KERNELS: [Kernel; 3] =
    [Kernel::EncodeSpikes, Kernel::PackSpikeMask, Kernel::SynapticInputSpikes];

/// Layer on a backend, with a minibatch of white images.
pub struct EventInput {
    simulation: Simulation,
    batch: Batch,
}

/// Returns the settings and the images of a network with a layer of this size.
///
/// # Errors
/// Returns an error if there is no such network.
pub fn network(size: LayerSize) -> Result<(Config, Arc<Dataset>), BenchError> {
    let split =
        || (vec![u8::MAX; SAMPLES * size.n_pre], (0..SAMPLES as u8).map(|i| i % 2).collect());
    let dataset = Dataset::from_parts("white", 1, size.n_pre, split(), split())?;
    let base = Config::default();
    let config = Config {
        layers: vec![size.units, dataset.classes],
        batch_size: SAMPLES,
        optimizer: Optimizer::Sgd,
        eta: vec![base.eta[0]],
        test_ms: STEPS,
        test_average_from_ms: 0,
        ..base
    };
    config.validate(dataset.pixels(), dataset.classes)?;
    Ok((config, Arc::new(dataset)))
}

impl EventInput {
    /// Opens the device for a minibatch of at most [`SAMPLES`] samples.
    ///
    /// # Errors
    /// Returns an error if the device cannot hold the layer.
    pub fn open(
        size: LayerSize,
        samples: usize,
        selection: &DeviceOptions,
    ) -> Result<Self, BenchError> {
        let (config, dataset) = network(size)?;
        let opened = device::open(selection, std::slice::from_ref(&config), &dataset)?;
        let initial = Network::initial(&config, dataset.pixels());
        let mut simulation = Simulation::new(opened.backend, &config, &dataset, &initial)?;
        simulation.stop_on(&selection.stop);
        let image = |index: usize| Presentation {
            index: dataset.training_count + index,
            label: dataset.labels()[index],
            draw_index: index as u32,
            result_slot: index,
        };
        let images: Vec<Presentation> = (0..samples).map(image).collect();
        let mut batch = simulation.prepare_test(&images);
        batch.2.retain(|launch| launch.layer == 0 && KERNELS.contains(&launch.kernel));
        Ok(EventInput { simulation, batch })
    }

    /// Makes each presynaptic neuron spike with probability `rate` per step.
    ///
    /// # Errors
    /// Returns an error if the device fails.
    pub fn set_rate(&mut self, rate: f64) -> Result<(), BackendError> {
        let levels = vec![thresholds(rate, SpikeDistribution::Bernoulli); PIXEL_LEVELS];
        let array = ArrayId::InputThresholds;
        self.simulation.backend().write(array, ValuesRef::U32(levels.as_flattened()))
    }

    /// Returns the time of the kernels that read the spikes, without those that draw them, s: the shortest of repeated
    /// minibatches over about `each`, summed over threads. `None` if the device does not measure it.
    ///
    /// # Errors
    /// Returns an error if the device fails.
    pub fn seconds(&mut self, each: Duration) -> Result<Option<f64>, BackendError> {
        let (minibatches, samples, launches) = &self.batch;
        let mut best = f64::INFINITY;
        let start = Instant::now();
        let mut repetitions = 0;
        while repetitions <= REPETITIONS || start.elapsed() < each {
            self.simulation.backend().set_profiling(true);
            self.simulation.run(minibatches, samples, launches)?;
            let Some(times) = self.simulation.backend().kernel_times()? else {
                return Ok(None);
            };
            let kernels = [Kernel::PackSpikeMask, Kernel::SynapticInputSpikes];
            let seconds = kernels.map(|kernel| times.of(kernel).as_secs_f64()).iter().sum();
            // The first run fills caches: do not time it.
            if repetitions > 0 {
                best = best.min(seconds);
            }
            repetitions += 1;
        }
        Ok(Some(best))
    }
}

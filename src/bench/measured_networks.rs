//! Measured networks, which process an endless series of minibatches.

use std::slice::from_ref;
use std::sync::Arc;

use rayon::prelude::*;

use super::grid::{GridPoint, Task};
use super::op_counts::{self, OpCounts, SpikeSnapshot};
use crate::config::Config;
use crate::dataset::Dataset;
use crate::device::{self, DeviceOptions};
use crate::interface::{ArrayId, BackendError, KernelTimes, Shape};
use crate::network::Network;
use crate::plan::Presentation;
use crate::simulation::Simulation;
use crate::train::EpochSampler;

/// Networks in parallel on the device. [`MeasuredNetworks::step`] presents a minibatch to each.
pub struct MeasuredNetworks {
    simulation: Simulation,
    /// One per network.
    configs: Vec<Config>,
    dataset: Arc<Dataset>,
    selection: DeviceOptions,
    /// Order of the epoch's images, one per network.
    orders: Vec<EpochSampler>,
    epoch: u32,
    /// Number of images of the epoch presented so far.
    shown: usize,
    /// Number of test images presented so far.
    tested: usize,
}

impl MeasuredNetworks {
    /// Opens the device for networks with their initial weights.
    ///
    /// # Errors
    /// Returns an error if the device cannot hold them.
    pub fn open(
        point: &GridPoint,
        dataset: &Arc<Dataset>,
        selection: &DeviceOptions,
    ) -> Result<Self, BackendError> {
        let configs = point.configs.clone();
        let opened = device::open(selection, &configs, dataset)?;
        let initial = |config| Network::initial(config, dataset.pixels());
        let networks: Vec<Network> = configs.par_iter().map(initial).collect();
        let mut simulation = Simulation::of_replicas(opened.backend, &configs, dataset, &networks)?;
        simulation.stop_on(&selection.stop);
        let mut run = MeasuredNetworks {
            simulation,
            configs,
            dataset: Arc::clone(dataset),
            selection: selection.clone(),
            orders: Vec::new(),
            epoch: 0,
            shown: 0,
            tested: 0,
        };
        run.begin_epoch();
        Ok(run)
    }

    /// Starts the next epoch with a new order of the images.
    fn begin_epoch(&mut self) {
        self.epoch += 1;
        self.shown = 0;
        let order = |config| EpochSampler::new(config, &self.dataset, self.epoch);
        self.orders = self.configs.par_iter().map(order).collect();
    }

    /// Presents the next minibatch.
    ///
    /// # Errors
    /// Returns an error if the device fails.
    pub fn step(&mut self, task: Task) -> Result<(), BackendError> {
        let images = self.next(task);
        match task {
            Task::Train => {
                let images: Vec<&[Presentation]> = images.iter().map(Vec::as_slice).collect();
                self.simulation.train_each(&images)
            }
            // All networks are tested on the same images.
            Task::Test => self.simulation.test(&images[0]),
        }
    }

    /// Waits until the device has finished, by reading the smallest array.
    ///
    /// # Errors
    /// Returns an error if the device fails.
    pub fn wait(&mut self) -> Result<(), BackendError> {
        self.simulation.backend().read(ArrayId::InputThresholds).map(|_| ())
    }

    /// Presents minibatches and times each kernel. Returns `None` if the device does not measure times.
    ///
    /// # Errors
    /// Returns an error if the device fails.
    pub fn profile(
        &mut self,
        task: Task,
        minibatches: usize,
    ) -> Result<Option<KernelTimes>, BackendError> {
        self.simulation.backend().set_profiling(true);
        for _ in 0..minibatches {
            self.step(task)?;
        }
        let times = self.simulation.backend().kernel_times();
        self.simulation.backend().set_profiling(false);
        times
    }

    /// Presents minibatches to a copy of the first network and counts their operations.
    ///
    /// # Errors
    /// Returns an error if the device fails.
    pub fn count_ops(&mut self, task: Task, minibatches: usize) -> Result<OpCounts, BackendError> {
        let counted = self.batch().min(op_counts::SAMPLES_MAX);
        let mut counts = OpCounts::default();
        let mut copy = self.copy_of_first()?;
        let mut before = SpikeSnapshot::read(copy.backend(), counted)?;
        for _ in 0..minibatches {
            let images = self.next(task).swap_remove(0);
            let (minibatches, samples, launches) = match task {
                Task::Train => copy.prepare_training(&images),
                Task::Test => copy.prepare_test(&images),
            };
            copy.run(&minibatches, &samples, &launches)?;
            let backend = copy.backend();
            let after = SpikeSnapshot::read(backend, counted)?;
            let nonzero_pixels: Vec<usize> =
                images[..counted].iter().map(|image| self.nonzero_pixels(image)).collect();
            let shape = backend.shape();
            counts.add(
                shape,
                &minibatches[0],
                &samples[..counted],
                &nonzero_pixels,
                &before,
                &after,
            );
            before = after;
        }
        Ok(counts)
    }

    /// Opens a copy of the first network, with access to the arrays of each sample.
    fn copy_of_first(&mut self) -> Result<Simulation, BackendError> {
        let config = from_ref(&self.configs[0]);
        let initial = |config| Network::initial(config, self.dataset.pixels());
        let mut networks: Vec<Network> = self.configs.iter().map(initial).collect();
        self.simulation.read_networks(&mut networks)?;
        let selection = DeviceOptions { per_sample_access: true, ..self.selection.clone() };
        let opened = device::open(&selection, config, &self.dataset)?;
        let mut copy =
            Simulation::of_replicas(opened.backend, config, &self.dataset, &networks[..1])?;
        copy.stop_on(&self.selection.stop);
        Ok(copy)
    }

    /// Returns the sizes of the networks' arrays.
    pub fn shape(&mut self) -> &Shape {
        self.simulation.backend().shape()
    }

    /// Returns the number of images per minibatch.
    fn batch(&self) -> usize {
        self.configs[0].batch_size
    }

    /// Returns the number of nonzero pixels of an image.
    fn nonzero_pixels(&self, image: &Presentation) -> usize {
        self.dataset.image(image.index).iter().filter(|&&pixel| pixel != 0).count()
    }

    /// Returns the next minibatch of each network; in a test, one minibatch for all networks.
    fn next(&mut self, task: Task) -> Vec<Vec<Presentation>> {
        match task {
            Task::Train => self.next_training(),
            Task::Test => vec![self.next_test()],
        }
    }

    fn next_training(&mut self) -> Vec<Vec<Presentation>> {
        if self.shown + self.batch() > self.dataset.training_count {
            self.begin_epoch();
        }
        let indices = self.shown..self.shown + self.batch();
        self.shown = indices.end;
        self.orders.iter().map(|order| order.images(&self.dataset, indices.clone())).collect()
    }

    fn next_test(&mut self) -> Vec<Presentation> {
        let Dataset { training_count, test_count, .. } = *self.dataset;
        let first = self.tested;
        self.tested = first.wrapping_add(self.batch());
        let image = |position: usize| {
            let index = training_count + position % test_count;
            let label = self.dataset.labels()[index];
            Presentation { index, label, draw_index: position as u32, result_slot: index }
        };
        (first..first + self.batch()).map(image).collect()
    }
}

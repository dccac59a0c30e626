//! The network that is measured: it is shown minibatch after minibatch without an end.

use std::slice::{from_mut, from_ref};
use std::sync::Arc;

use super::grid::{Point, Task};
use super::work::{self, Snapshot, Work};
use crate::config::Config;
use crate::dataset::Dataset;
use crate::layout::{Array, BackendError, KernelTimes, Shape};
use crate::network::Network;
use crate::schedule::{self, Image, Selection, Simulation};
use crate::train::order;

/// A network on the device. Where a device trains several networks side by side, this is what holds
/// them: [`Subject::show`] shows each a minibatch.
pub struct Subject {
    simulation: Simulation,
    config: Config,
    dataset: Arc<Dataset>,
    selection: Selection,
    /// Images of the epoch, and how many of them were shown.
    images: Vec<Image>,
    epoch: u32,
    shown: usize,
    /// Test images shown so far.
    tested: usize,
}

impl Subject {
    /// Opens the device for a network with its initial weights.
    ///
    /// # Errors
    /// When the device does not take it.
    pub fn open(
        point: &Point,
        dataset: &Arc<Dataset>,
        selection: &Selection,
    ) -> Result<Self, BackendError> {
        let config = point.config.clone();
        let network = Network::initial(&config, dataset.pixels());
        let opened = schedule::open(selection, from_ref(&config), dataset)?;
        let simulation = Simulation::new(opened.backend, &config, dataset, &network)?;
        let images = order(&config, dataset, 1);
        let dataset = Arc::clone(dataset);
        let selection = selection.clone();
        Ok(Subject {
            simulation,
            config,
            dataset,
            selection,
            images,
            epoch: 1,
            shown: 0,
            tested: 0,
        })
    }

    /// Shows the next minibatch.
    ///
    /// # Errors
    /// When the device fails.
    pub fn show(&mut self, task: Task) -> Result<(), BackendError> {
        let images = self.next(task);
        match task {
            Task::Train => self.simulation.train(&images),
            Task::Test => self.simulation.test(&images),
        }
    }

    /// Waits until the device has done all of it, by reading the least that there is to read.
    ///
    /// # Errors
    /// When the device fails.
    pub fn wait(&mut self) -> Result<(), BackendError> {
        self.simulation.backend().read(Array::Thresholds).map(|_| ())
    }

    /// Shows minibatches while every kernel is timed. `None` where the device cannot tell.
    ///
    /// # Errors
    /// When the device fails.
    pub fn profile(
        &mut self,
        task: Task,
        minibatches: usize,
    ) -> Result<Option<KernelTimes>, BackendError> {
        self.simulation.backend().set_profiling(true);
        for _ in 0..minibatches {
            self.show(task)?;
        }
        let times = self.simulation.backend().kernel_times();
        self.simulation.backend().set_profiling(false);
        times
    }

    /// Shows minibatches to a copy of the network that keeps the arrays of its lanes, and counts what they
    /// do.
    ///
    /// # Errors
    /// When the device fails.
    pub fn count(&mut self, task: Task, minibatches: usize) -> Result<Work, BackendError> {
        let counted = self.config.batch.min(work::LANES);
        let mut work = Work::default();
        let mut copy = self.copy()?;
        let mut before = Snapshot::read(copy.backend(), counted)?;
        for _ in 0..minibatches {
            let images = self.next(task);
            let (minibatches, lanes, launches) = match task {
                Task::Train => copy.prepare_training(&images),
                Task::Test => copy.prepare_test(&images),
            };
            let backend = copy.backend();
            backend.run(&minibatches, &lanes, &launches)?;
            let after = Snapshot::read(backend, counted)?;
            let inked: Vec<usize> =
                images[..counted].iter().map(|image| self.inked(image)).collect();
            let shape = backend.shape();
            work.add(shape, &minibatches[0], &lanes[..counted], &inked, &before, &after);
            before = after;
        }
        Ok(work)
    }

    fn copy(&mut self) -> Result<Simulation, BackendError> {
        let mut network = Network::initial(&self.config, self.dataset.pixels());
        self.simulation.read_networks(from_mut(&mut network))?;
        let selection = Selection { keeps_lanes: true, ..self.selection.clone() };
        let opened = schedule::open(&selection, from_ref(&self.config), &self.dataset)?;
        Simulation::new(opened.backend, &self.config, &self.dataset, &network)
    }

    /// Sizes of the network's arrays.
    pub fn shape(&mut self) -> &Shape {
        self.simulation.backend().shape()
    }

    fn inked(&self, image: &Image) -> usize {
        self.dataset.image(image.index).iter().filter(|&&pixel| pixel != 0).count()
    }

    fn next(&mut self, task: Task) -> Vec<Image> {
        match task {
            Task::Train => self.next_training(),
            Task::Test => self.next_test(),
        }
    }

    fn next_training(&mut self) -> Vec<Image> {
        let batch = self.config.batch;
        if self.shown + batch > self.images.len() {
            self.epoch += 1;
            self.shown = 0;
            self.images = order(&self.config, &self.dataset, self.epoch);
        }
        self.shown += batch;
        self.images[self.shown - batch..self.shown].to_vec()
    }

    fn next_test(&mut self) -> Vec<Image> {
        let Dataset { training_count, test_count, .. } = *self.dataset;
        let first = self.tested;
        self.tested = first.wrapping_add(self.config.batch);
        let image = |position: usize| {
            let index = training_count + position % test_count;
            let label = self.dataset.labels()[index];
            Image { index, label, position: position as u32, slot: index }
        };
        (first..first + self.config.batch).map(image).collect()
    }
}

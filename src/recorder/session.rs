//! Shows a network images and records on the way.

use std::slice::{from_mut, from_ref};
use std::sync::Arc;

use super::derived::Derived;
use super::steps::Steps;
use super::{Axis, Quantity, Recorded, Recorder, Recording};
use crate::config::Config;
use crate::dataset::Dataset;
use crate::layout::{Array, BackendError, Kernel, Lane, result};
use crate::network::Network;
use crate::schedule::{self, Device, Image, Selection, Simulation};
use crate::train::TrainError;

/// How images are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shown {
    /// The forward phase of a test, from a cleared state.
    Test,
    /// Both phases of a training image, from a cleared state and without learning.
    Taught,
    /// A training minibatch: lanes carry their state on, and the network learns.
    Learned,
}

/// A network on a backend that can be looked into.
pub struct Session {
    simulation: Simulation,
    recorder: Recorder,
    derived: Derived,
    device: Device,
    batch: usize,
}

impl Session {
    /// Opens a device for a network.
    ///
    /// # Errors
    /// When the settings do not fit the data set, or no such device works.
    pub fn open(
        config: &Config,
        dataset: &Arc<Dataset>,
        network: &Network,
        recorder: Recorder,
        selection: &Selection,
    ) -> Result<Self, TrainError> {
        config.validate(dataset.pixels(), dataset.classes)?;
        let selection = Selection {
            keeps_lanes: true,
            steps_apical: recorder.needs_steps(),
            ..selection.clone()
        };
        let opened = schedule::open(&selection, from_ref(config), dataset)?;
        let mut simulation = Simulation::new(opened.backend, config, dataset, network)?;
        simulation.stop_on(&selection.stop);
        let derived = Derived::new(config, dataset);
        Ok(Session { simulation, recorder, derived, device: opened.device, batch: config.batch })
    }

    /// What the network runs on.
    pub fn device(&self) -> &Device {
        &self.device
    }

    /// The network as it is now.
    ///
    /// # Errors
    /// When the device fails.
    pub fn read_network(&mut self, network: &mut Network) -> Result<(), BackendError> {
        self.simulation.read_networks(from_mut(network))
    }

    /// Lets the network learn from images, without recording.
    ///
    /// # Errors
    /// When the device fails.
    pub fn learn(&mut self, images: &[Image]) -> Result<(), BackendError> {
        images.chunks(self.batch).try_for_each(|images| self.simulation.train(images))
    }

    /// Shows images and records what was asked for: in minibatches of the network's settings where it learns,
    /// otherwise as many side by side as there are lanes. `listen` hears how many are done.
    ///
    /// # Errors
    /// When the device fails, the recording does not fit into memory, or a stop was requested: the session is then of
    /// no further use.
    pub fn show(
        &mut self,
        images: &[Image],
        shown: Shown,
        listen: &mut dyn FnMut(usize),
    ) -> Result<Recording, BackendError> {
        let mut recording = Recording::default();
        let side_by_side = match shown {
            Shown::Learned => self.batch,
            _ => self.simulation.backend().shape().lanes,
        };
        let shape = self.simulation.backend().shape();
        self.recorder.check_size(shape, shown, images.len(), side_by_side)?;
        for together in images.chunks(side_by_side.max(1)) {
            let arrays = self.show_together(together, shown)?;
            recording.append(together, arrays, images.len());
            listen(recording.images.len());
        }
        let results = self.simulation.backend().read(Array::Results)?;
        recording.found = images.iter().map(|image| class(image, &results)).collect();
        recording.trim();
        if self.recorder.has(Quantity::Jacobians) && shown != Shown::Test {
            recording.arrays.extend(self.derived.take_jacobians());
        }
        Ok(recording)
    }

    fn show_together(
        &mut self,
        images: &[Image],
        shown: Shown,
    ) -> Result<Vec<Recorded>, BackendError> {
        let (mut minibatches, lanes, launches) = match shown {
            Shown::Test => self.simulation.prepare_test(images),
            Shown::Taught | Shown::Learned => self.simulation.prepare_training(images),
        };
        if shown == Shown::Taught {
            minibatches.iter_mut().for_each(|minibatch| minibatch.fresh = 1);
        }
        let (changes, shows): (Vec<_>, Vec<_>) =
            launches.into_iter().partition(|launch| launch.kernel.learns());
        let Session { simulation, recorder, derived, .. } = self;
        let mut steps = Steps::new(recorder, simulation.backend().shape(), &lanes);
        if recorder.needs_steps() {
            for launch in &shows {
                simulation.run(&minibatches, &lanes, from_ref(launch))?;
                if matches!(launch.kernel, Kernel::Soma | Kernel::Output) {
                    steps.sample(simulation.backend(), launch, derived)?;
                }
            }
        } else {
            simulation.run(&minibatches, &lanes, &shows)?;
        }
        let backend = simulation.backend();
        let mut arrays = Vec::new();
        if recorder.has(Quantity::Spikes) {
            steps.sample_spikes(backend)?;
        }
        if recorder.has(Quantity::Phases) {
            arrays.push(phases(&lanes));
        }
        arrays.extend(derived.of_images(backend, recorder, &lanes, steps.mean_rates(), shown)?);
        arrays.extend(steps.finish());
        if shown == Shown::Learned {
            simulation.run(&minibatches, &lanes, &changes)?;
        }
        Ok(arrays)
    }
}

/// What the network took an image for.
fn class(image: &Image, results: &[u32]) -> u8 {
    results[image.slot * result::ROWS + result::CLASS] as u8
}

fn phases(lanes: &[Lane]) -> Recorded {
    let of_lane = |lane: &Lane| [lane.steps_forward as f32, lane.steps_target as f32];
    Recorded {
        name: Quantity::Phases.name().to_string(),
        axes: vec![Axis::Image, Axis::Phase],
        shape: vec![lanes.len(), 2],
        first: vec![0, 0],
        values: lanes.iter().flat_map(of_lane).collect(),
    }
}

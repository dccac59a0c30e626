//! Shows images to a network and records its activity.

use std::slice::{from_mut, from_ref};
use std::sync::Arc;

use super::derived::DerivedQuantities;
use super::step_monitor::StepMonitor;
use super::{ArrayAxis, Mode, MonitorSpec, Quantity, RecordedArray, Recording};
use crate::config::Config;
use crate::dataset::Dataset;
use crate::device::{self, DeviceInfo, DeviceOptions};
use crate::interface::{ArrayId, BackendError, Kernel, Sample};
use crate::network::Network;
use crate::plan::Presentation;
use crate::simulation::Simulation;
use crate::train::TrainError;

/// Network on a backend that keeps the arrays of each sample.
pub struct MonitorSession {
    simulation: Simulation,
    spec: MonitorSpec,
    derived: DerivedQuantities,
    device: DeviceInfo,
    batch: usize,
}

impl MonitorSession {
    /// Opens a device for a network.
    ///
    /// # Errors
    /// Returns an error if the settings do not fit the data set, or no selected device works.
    pub fn open(
        config: &Config,
        dataset: &Arc<Dataset>,
        network: &Network,
        spec: MonitorSpec,
        options: &DeviceOptions,
    ) -> Result<Self, TrainError> {
        config.validate(dataset.pixels(), dataset.classes)?;
        let options = DeviceOptions {
            per_sample_access: true,
            steps_apical: spec.needs_steps(),
            ..options.clone()
        };
        let opened = device::open(&options, from_ref(config), dataset)?;
        let mut simulation = Simulation::new(opened.backend, config, dataset, network)?;
        simulation.stop_on(&options.stop);
        let derived = DerivedQuantities::new(config, dataset);
        Ok(MonitorSession {
            simulation,
            spec,
            derived,
            device: opened.device,
            batch: config.batch_size,
        })
    }

    /// Returns the device.
    pub fn device(&self) -> &DeviceInfo {
        &self.device
    }

    /// Reads the current weights into `network`.
    ///
    /// # Errors
    /// Returns an error if the device fails.
    pub fn read_network(&mut self, network: &mut Network) -> Result<(), BackendError> {
        self.simulation.read_networks(from_mut(network))
    }

    /// Trains the network on images, without recording.
    ///
    /// # Errors
    /// Returns an error if the device fails.
    pub fn train(&mut self, images: &[Presentation]) -> Result<(), BackendError> {
        images.chunks(self.batch).try_for_each(|images| self.simulation.train(images))
    }

    /// Shows images and records the selected quantities. In [`Mode::Train`], images are shown in minibatches of the
    /// network's settings, otherwise as many in parallel as the backend has samples. `on_progress` receives the number of
    /// images shown.
    ///
    /// # Errors
    /// Returns an error if the device fails, the recording does not fit into memory, or a stop was requested. The session
    /// cannot be used after an error.
    pub fn show(
        &mut self,
        images: &[Presentation],
        mode: Mode,
        on_progress: &mut dyn FnMut(usize),
    ) -> Result<Recording, BackendError> {
        let mut recording = Recording::default();
        let batch_size = match mode {
            Mode::Train => self.batch,
            _ => self.simulation.backend().shape().samples_per_replica,
        };
        let shape = self.simulation.backend().shape();
        self.spec.check_size(shape, mode, images.len(), batch_size)?;
        for batch in images.chunks(batch_size.max(1)) {
            let arrays = self.show_batch(batch, mode)?;
            recording.append(batch, arrays, images.len());
            on_progress(recording.images.len());
        }
        let array = ArrayId::Classes;
        let classes = self.simulation.backend().read(array)?.into_u32(array)?;
        let predicted = images.iter().map(|image| classes[image.result_slot] as u8);
        recording.predicted = predicted.collect();
        recording.trim_steps();
        if self.spec.has(Quantity::Jacobians) && mode != Mode::Test {
            recording.arrays.extend(self.derived.take_jacobians());
        }
        Ok(recording)
    }

    /// Shows one batch of images.
    fn show_batch(
        &mut self,
        images: &[Presentation],
        mode: Mode,
    ) -> Result<Vec<RecordedArray>, BackendError> {
        let (mut minibatches, samples, launches) = match mode {
            Mode::Test => self.simulation.prepare_test(images),
            Mode::TrainFrozen | Mode::Train => self.simulation.prepare_training(images),
        };
        if mode == Mode::TrainFrozen {
            minibatches.iter_mut().for_each(|minibatch| minibatch.reset_state = 1);
        }
        let (weight_updates, dynamics): (Vec<_>, Vec<_>) =
            launches.into_iter().partition(|launch| launch.kernel.is_plasticity());
        let MonitorSession { simulation, spec, derived, .. } = self;
        let mut steps = StepMonitor::new(spec, simulation.backend().shape(), &samples);
        if spec.needs_steps() {
            for launch in &dynamics {
                simulation.run(&minibatches, &samples, from_ref(launch))?;
                if matches!(launch.kernel, Kernel::HiddenStep | Kernel::OutputStep) {
                    steps.read_voltages(simulation.backend(), launch, derived)?;
                }
            }
        } else {
            simulation.run(&minibatches, &samples, &dynamics)?;
        }
        let backend = simulation.backend();
        let mut arrays = Vec::new();
        if spec.has(Quantity::Spikes) {
            steps.read_spikes(backend)?;
        }
        if spec.has(Quantity::Phases) {
            arrays.push(phases(&samples));
        }
        arrays.extend(derived.per_image_arrays(
            backend,
            spec,
            &samples,
            steps.mean_rates(),
            mode,
        )?);
        arrays.extend(steps.finish());
        if mode == Mode::Train {
            simulation.run(&minibatches, &samples, &weight_updates)?;
        }
        Ok(arrays)
    }
}

/// Returns the lengths of both phases of each image.
fn phases(samples: &[Sample]) -> RecordedArray {
    let lengths = |sample: &Sample| [sample.steps_forward as f32, sample.steps_target as f32];
    RecordedArray {
        name: Quantity::Phases.name().to_string(),
        axes: vec![ArrayAxis::Image, ArrayAxis::Phase],
        shape: vec![samples.len(), 2],
        first_index: vec![0, 0],
        values: samples.iter().flat_map(lengths).collect(),
    }
}

//! Shows images to a network and records its activity.

use std::ops::Range;
use std::slice::{from_mut, from_ref};
use std::sync::Arc;

use super::derived::DerivedQuantities;
use super::step_monitor::StepMonitor;
use super::{
    ArrayAxis, Mode, MonitorSpec, Quantity, RecordedArray, RecordedImages, Recording, RecordingSink,
};
use crate::config::Config;
use crate::dataset::Dataset;
use crate::device::{self, DeviceInfo, DeviceOptions};
use crate::interface::{ArrayId, BackendError, Kernel, Sample};
use crate::network::Network;
use crate::plan::Presentation;
use crate::simulation::{Simulation, SimulationState};
use crate::train::TrainError;

/// Size of the arrays of the images that [`MonitorSession::record`] shows in parallel, bytes.
const BUFFER_BYTES: u64 = 32 << 20;

/// Network on a backend that keeps the arrays of each sample.
pub struct MonitorSession {
    simulation: Simulation,
    spec: MonitorSpec,
    derived: DerivedQuantities,
    device: DeviceInfo,
    batch: usize,
    buffer: u64,
}

impl MonitorSession {
    /// Opens a device for a network.
    ///
    /// # Errors
    /// Returns an error if the settings do not fit the data set, networks with these settings lack a selected quantity,
    /// or no selected device works.
    pub fn open(
        config: &Config,
        dataset: &Arc<Dataset>,
        network: &Network,
        spec: MonitorSpec,
        options: &DeviceOptions,
    ) -> Result<Self, TrainError> {
        config.validate(dataset.pixels(), dataset.classes)?;
        spec.check_rule(config)?;
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
            buffer: BUFFER_BYTES,
        })
    }

    /// Returns the device.
    pub fn device(&self) -> &DeviceInfo {
        &self.device
    }

    /// Returns the recorded quantities, neurons and steps.
    pub fn spec(&self) -> &MonitorSpec {
        &self.spec
    }

    /// Reads the current weights into `network`.
    ///
    /// # Errors
    /// Returns an error if the device fails.
    pub fn read_network(&mut self, network: &mut Network) -> Result<(), BackendError> {
        self.simulation.read_networks(from_mut(network))
    }

    /// Returns the state of the simulation, without its network.
    ///
    /// # Errors
    /// Returns an error if the device fails.
    pub fn save_state(&mut self) -> Result<SimulationState, BackendError> {
        let mut states = self.simulation.save_state()?;
        Ok(states.swap_remove(0))
    }

    /// Resumes from the state of a simulation of the session's network.
    ///
    /// # Errors
    /// Returns an error if the state is of another shape, or the device fails.
    pub fn load_state(&mut self, state: &SimulationState) -> Result<(), BackendError> {
        self.simulation.load_state(&[state])
    }

    /// Trains the network on images, without recording.
    ///
    /// # Errors
    /// Returns an error if the device fails.
    pub fn train(&mut self, images: &[Presentation]) -> Result<(), BackendError> {
        images.chunks(self.batch).try_for_each(|images| self.simulation.train(images))
    }

    /// Sets the size of the arrays of the images that [`MonitorSession::record`] shows in parallel, bytes. It has no
    /// effect on the recorded values.
    pub fn set_buffer(&mut self, bytes: u64) {
        self.buffer = bytes;
    }

    /// Shows images and records the selected quantities in memory. In [`Mode::Train`], images are shown in minibatches of
    /// the network's settings, otherwise as many in parallel as the backend has samples. `on_progress` receives the
    /// number of images shown.
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
        let batch_size = self.images_in_parallel(mode);
        let shape = self.simulation.backend().shape();
        self.spec.check_size(shape, mode, images.len(), batch_size)?;
        let mut recording = Recording::default();
        self.show_batches(images, mode, batch_size, &mut recording, on_progress)?;
        Ok(recording)
    }

    /// Shows images as [`MonitorSession::show`] does, and passes the recorded arrays to `sink` batch by batch, so that
    /// the memory does not depend on the number of images.
    ///
    /// # Errors
    /// Returns an error if the device or the sink fails, or a stop was requested. The session cannot be used after an
    /// error.
    pub fn record<S: RecordingSink>(
        &mut self,
        images: &[Presentation],
        mode: Mode,
        sink: &mut S,
        on_progress: &mut dyn FnMut(usize),
    ) -> Result<(), S::Error> {
        let most = self.images_in_parallel(mode);
        let shape = self.simulation.backend().shape();
        let bytes = self.spec.bytes_per_image(shape, mode).max(1);
        let buffered = usize::try_from(self.buffer / bytes).unwrap_or(usize::MAX);
        let batch_size = if mode == Mode::Train { most } else { buffered.clamp(1, most) };
        let batch_size = batch_size.min(images.len().max(1));
        self.spec.check_size(shape, mode, batch_size, batch_size)?;
        self.show_batches(images, mode, batch_size, sink, on_progress)
    }

    /// Returns the number of images shown in parallel if memory does not limit it.
    fn images_in_parallel(&mut self, mode: Mode) -> usize {
        let count = match mode {
            Mode::Train => self.batch,
            _ => self.simulation.backend().shape().samples_per_replica,
        };
        count.max(1)
    }

    fn show_batches<S: RecordingSink>(
        &mut self,
        images: &[Presentation],
        mode: Mode,
        batch_size: usize,
        sink: &mut S,
        on_progress: &mut dyn FnMut(usize),
    ) -> Result<(), S::Error> {
        let image_steps = self.simulation.image_steps(images, mode == Mode::Test);
        let steps = self.spec.step_range(image_steps.iter().copied().max().unwrap_or(0));
        let recorded = |&end: &u32| end.clamp(steps.start, steps.end) - steps.start;
        let recorded_images = RecordedImages {
            indices: images.iter().map(|image| image.index as u32).collect(),
            labels: images.iter().map(|image| image.label).collect(),
            steps: image_steps.iter().map(recorded).collect(),
        };
        let mut recorded_images = Some(recorded_images);
        let mut shown = 0;
        for batch in images.chunks(batch_size) {
            let arrays = self.show_batch(batch, &steps, mode)?;
            if let Some(recorded_images) = recorded_images.take() {
                let mut infos: Vec<_> = arrays.iter().map(RecordedArray::info).collect();
                infos.iter_mut().for_each(|info| info.shape[0] = images.len());
                infos.extend(self.derived.jacobians().iter().map(RecordedArray::info));
                sink.begin(recorded_images, infos)?;
            }
            sink.append(arrays)?;
            shown += batch.len();
            on_progress(shown);
        }
        if let Some(recorded_images) = recorded_images {
            sink.begin(recorded_images, Vec::new())?;
        }
        let array = ArrayId::Classes;
        let classes = self.simulation.backend().read(array)?.into_u32(array)?;
        let predicted = images.iter().map(|image| classes[image.result_slot] as u8);
        let jacobians = self.derived.jacobians();
        self.derived.clear_jacobians();
        sink.finish(&predicted.collect::<Vec<u8>>(), jacobians)
    }

    /// Shows one batch of images. `steps`: recorded steps of the longest image of all batches.
    fn show_batch(
        &mut self,
        images: &[Presentation],
        steps: &Range<u32>,
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
        let mut steps = StepMonitor::new(spec, simulation.backend().shape(), steps, &samples, mode);
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
        if spec.has(Quantity::Bursts) && mode != Mode::Test {
            steps.read_bursts(backend)?;
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

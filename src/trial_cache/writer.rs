//! Writes the checkpoints and results of networks that train side by side.

use std::ops::ControlFlow;
use std::time::Instant;

use super::event::{TrialEvent, TrialListener};
use super::trial_fields::{device_name, training_images};
use crate::config::Config;
use crate::dataset::{DataIdentity, Dataset};
use crate::device::DeviceInfo;
use crate::network::Network;
use crate::run_dir::{
    CHECKPOINT_EVERY, EpochResult, ImageSpec, StorageError, Trial, TrialStore, UnfinishedTrial,
    now_rfc3339, weights_sha256,
};
use crate::train::{Checkpoint, Event, TrainPosition};

/// Checkpoints and results of networks that train side by side.
pub(super) struct TrialWriter<'a> {
    trials: &'a mut TrialStore,
    configs: &'a [&'a Config],
    dataset: &'a Dataset,
    data: &'a DataIdentity,
    images: ImageSpec,
    /// Checkpoints of each network; `None` after its training.
    unfinished: Vec<Option<UnfinishedTrial>>,
    /// Results of each network, `[networks, epochs]`.
    epochs: Vec<Vec<EpochResult>>,
    device: DeviceInfo,
    /// Number of networks side by side.
    networks: usize,
    timer: CheckpointTimer,
    /// First error of writing a file.
    failure: Option<StorageError>,
}

impl<'a> TrialWriter<'a> {
    /// Creates a writer. `unfinished`: checkpoints of each network, with the results of its earlier epochs.
    pub(super) fn new(
        trials: &'a mut TrialStore,
        configs: &'a [&'a Config],
        dataset: &'a Dataset,
        data: &'a DataIdentity,
        unfinished: Vec<(UnfinishedTrial, Vec<EpochResult>)>,
        device: DeviceInfo,
    ) -> Self {
        let (unfinished, epochs) =
            unfinished.into_iter().map(|(trial, epochs)| (Some(trial), epochs)).unzip();
        TrialWriter {
            trials,
            configs,
            dataset,
            data,
            images: ImageSpec::from_dataset(dataset),
            unfinished,
            epochs,
            device,
            networks: 0,
            timer: CheckpointTimer::default(),
            failure: None,
        }
    }

    /// Writes what an event requires and passes it to the listener. Breaks if the listener does, or a file cannot be
    /// written.
    pub(super) fn on_event(
        &mut self,
        event: &Event,
        is_stopped: bool,
        listen: TrialListener,
    ) -> ControlFlow<()> {
        match event {
            Event::GroupStarted { replicas, device, .. } => {
                self.networks = replicas.len();
                if self.device == *device {
                    return ControlFlow::Continue(());
                }
                self.device = device.clone();
                listen(TrialEvent::Device { device })
            }
            Event::Progress { .. } | Event::TestProgress { .. } => {
                listen(TrialEvent::Progress { networks: self.networks, progress: event })
            }
            Event::Checkpoint { replica, checkpoint } => {
                let saved = self.save(*replica, checkpoint, is_stopped);
                self.or_break(saved)
            }
            &Event::Epoch { replica, train_error, test_error, loss, images_per_second, .. } => {
                let images_per_second = images_per_second.map(|speed| speed * self.networks as f64);
                let result = EpochResult { train_error, test_error, loss, images_per_second };
                self.epochs[replica].push(result);
                ControlFlow::Continue(())
            }
            Event::PartialEval { .. }
            | Event::Weights { .. }
            | Event::Network { .. }
            | Event::RequestedEval { .. } => ControlFlow::Continue(()),
            Event::Finished { stopped: true, .. } => ControlFlow::Break(()),
            Event::Finished { replica, network, .. } => self.add(*replica, network, listen),
        }
    }

    /// Saves a checkpoint if it is due.
    fn save(
        &mut self,
        replica: usize,
        checkpoint: &Checkpoint,
        is_stopped: bool,
    ) -> Result<(), StorageError> {
        let Some(trial) = &mut self.unfinished[replica] else { return Ok(()) };
        match self.timer.is_due(&checkpoint.position, is_stopped) {
            true => trial.save(checkpoint, &self.epochs[replica], &self.images),
            false => Ok(()),
        }
    }

    /// Adds a finished training to the store and removes its checkpoints.
    fn add(&mut self, replica: usize, network: &Network, listen: TrialListener) -> ControlFlow<()> {
        let config = self.configs[replica];
        let trial = Trial {
            config: config.clone(),
            dataset: self.data.name.clone(),
            dataset_sha256: self.data.sha256.clone(),
            images: training_images(config, self.dataset),
            epochs: std::mem::take(&mut self.epochs[replica]),
            networks: self.networks,
            backend: self.device.backend.to_string(),
            device: device_name(&self.device),
            date: now_rfc3339(),
            version: env!("CARGO_PKG_VERSION").to_string(),
            weights_sha256: weights_sha256(network),
        };
        let flow = listen(TrialEvent::Trained { trial: &trial, network });
        let added = self.trials.add(trial);
        let removed = added.and_then(|()| match self.unfinished[replica].take() {
            Some(trial) => trial.remove(),
            None => Ok(()),
        });
        self.or_break(removed)?;
        flow
    }

    /// Keeps the first error and breaks.
    fn or_break(&mut self, result: Result<(), StorageError>) -> ControlFlow<()> {
        match result {
            Ok(()) => ControlFlow::Continue(()),
            Err(error) => {
                self.failure.get_or_insert(error);
                ControlFlow::Break(())
            }
        }
    }

    /// Returns the first error.
    pub(super) fn finish(self) -> Result<(), StorageError> {
        self.failure.map_or(Ok(()), Err)
    }
}

/// Timing of checkpoints: all networks of a group write at the same position, so that they resume side by side.
#[derive(Default)]
struct CheckpointTimer {
    /// Epoch and images of the last position, and whether checkpoints are due there.
    last: Option<(u32, usize, bool)>,
    /// Time of the last checkpoints, or of the first position.
    since: Option<Instant>,
}

impl CheckpointTimer {
    /// Returns whether a checkpoint is due at a position. A stop always requires one.
    fn is_due(&mut self, position: &TrainPosition, is_stopped: bool) -> bool {
        let (epoch, images) = (position.epoch, position.images);
        if let Some((last_epoch, last_images, is_due)) = self.last
            && (last_epoch, last_images) == (epoch, images)
            && !is_stopped
        {
            return is_due;
        }
        let since = *self.since.get_or_insert_with(Instant::now);
        let is_due = is_stopped || since.elapsed() >= CHECKPOINT_EVERY;
        if is_due {
            self.since = Some(Instant::now());
        }
        self.last = Some((epoch, images, is_due));
        is_due
    }
}

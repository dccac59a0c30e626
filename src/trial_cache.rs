//! Trainings with stored results: trials in the file of finished ones are not trained again.

use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use thiserror::Error;

use crate::config::{Config, Variant};
use crate::cpu::cpu_model_name;
use crate::dataset::{DataIdentity, Dataset};
use crate::device::{Device, DeviceOptions};
use crate::network::Network;
use crate::run_dir::{
    EpochResult, ImageSpec, StorageError, Trial, TrialStore, UnfinishedTrial, now_rfc3339,
    weights_sha256,
};
use crate::train::{CheckpointInterval, Event, TrainError, TrainPosition, Training};

/// Error that prevents trials from continuing.
#[derive(Debug, Error)]
#[expect(missing_docs, reason = "each message says what it is")]
pub enum TrialsError {
    #[error(transparent)]
    Train(#[from] TrainError),
    #[error(transparent)]
    Storage(#[from] StorageError),
}

/// Event of a series of trials.
#[derive(Clone, Debug, PartialEq)]
pub enum TrialEvent<'a> {
    /// Start of the next networks, or their continuation on another device.
    Device {
        /// Device of the networks.
        device: &'a Device,
    },
    /// Progress of the networks that train side by side.
    Progress {
        /// Number of networks that train side by side.
        networks: usize,
        /// An [`Event::Progress`].
        progress: &'a Event,
    },
    /// End of a training. The result is stored after the listener returns.
    Trained {
        /// Settings and result.
        trial: &'a Trial,
        /// Network after the last epoch.
        network: &'a Network,
    },
}

/// Listener for events, which may stop the trials.
pub type Listen<'a> = &'a mut dyn FnMut(TrialEvent) -> ControlFlow<()>;

/// Returns the number of training images per epoch. The settings must fit the data set.
pub fn training_images(config: &Config, dataset: &Dataset) -> usize {
    match config.train_images {
        0 => dataset.training_count.saturating_sub(config.validation_images),
        images => images,
    }
}

/// Interval between checkpoints of a training, in case the process is killed.
const CHECKPOINT_EVERY: Duration = Duration::from_secs(30);

/// Trains every network of `configs` that is not in `trials`, in order, at most `together` side by side. A stopped
/// training resumes with the same bits. Returns whether all are finished: a stop or the listener may interrupt the
/// trials, and the weights trained so far are kept.
///
/// # Errors
/// Returns an error if a setting is invalid, the device fails or the file cannot be written.
pub fn run(
    trials: &mut TrialStore,
    configs: &[Config],
    dataset: &Dataset,
    selection: &DeviceOptions,
    together: usize,
    listen: Listen,
) -> Result<bool, TrialsError> {
    let data = DataIdentity::of(dataset);
    let mut missing: Vec<&Config> = Vec::new();
    for config in configs {
        if trials.find_by_data(config, &data).is_none() && !missing.contains(&config) {
            missing.push(config);
        }
    }
    if missing.is_empty() {
        return Ok(true);
    }
    for configs in missing.chunks(together.max(1)) {
        if selection.stop.is_requested()
            || !train(trials, configs, (dataset, &data), selection, listen)?
        {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Trains all of `configs` side by side, in waves if they do not fit.
fn train(
    trials: &mut TrialStore,
    configs: &[&Config],
    (dataset, data): (&Dataset, &DataIdentity),
    selection: &DeviceOptions,
    listen: Listen,
) -> Result<bool, TrialsError> {
    let images = ImageSpec::from_dataset(dataset);
    let (mut unfinished, mut starts, mut epochs) = (Vec::new(), Vec::new(), Vec::new());
    for config in configs {
        let (training, start, results) = trials.unfinished(config, &data.sha256)?;
        unfinished.push(Some(training));
        starts.push(start);
        epochs.push(results);
    }
    let variant = |config: &&Config| Variant {
        combination: 0,
        settings: Vec::new(),
        config: Config::clone(config),
    };
    let variants: Vec<Variant> = configs.iter().map(variant).collect();
    let mut training = Training::resume_variants(&variants, dataset.clone(), selection, starts)?;
    training.keep_checkpoints(CheckpointInterval::Epochs(1));
    let mut device = training.device().clone();
    if listen(TrialEvent::Device { device: &device }).is_break() {
        return Ok(false);
    }
    let mut networks = 0;
    let mut failure = None;
    let mut due = Due::default();
    let summary = training.run(&mut |event| match event {
        Event::GroupStarted { replicas, device: opened, .. } => {
            networks = replicas.len();
            if device == *opened {
                return ControlFlow::Continue(());
            }
            device = opened.clone();
            listen(TrialEvent::Device { device: &device })
        }
        Event::Progress { .. } | Event::TestProgress { .. } => {
            listen(TrialEvent::Progress { networks, progress: event })
        }
        Event::Checkpoint { replica, checkpoint } => {
            let Some(training) = &mut unfinished[*replica] else {
                return ControlFlow::Continue(());
            };
            if !due.is_due(&checkpoint.position, selection.stop.is_requested()) {
                return ControlFlow::Continue(());
            }
            match training.save(checkpoint, &epochs[*replica], &images) {
                Ok(()) => ControlFlow::Continue(()),
                Err(error) => {
                    failure.get_or_insert(error);
                    ControlFlow::Break(())
                }
            }
        }
        &Event::Epoch { replica, train_error, test_error, loss, images_per_second, .. } => {
            let images_per_second = images_per_second * networks as f64;
            let result = EpochResult { train_error, test_error, loss, images_per_second };
            epochs[replica].push(result);
            ControlFlow::Continue(())
        }
        Event::PartialEval { .. }
        | Event::Weights { .. }
        | Event::Network { .. }
        | Event::RequestedEval { .. } => ControlFlow::Continue(()),
        Event::Finished { stopped: true, .. } => ControlFlow::Break(()),
        Event::Finished { replica, network, .. } => {
            let replica = *replica;
            let config = configs[replica];
            let trial = Trial {
                config: config.clone(),
                dataset: data.name.clone(),
                dataset_sha256: data.sha256.clone(),
                images: training_images(config, dataset),
                epochs: std::mem::take(&mut epochs[replica]),
                networks,
                backend: device.backend.to_string(),
                device: device_name(&device),
                date: now_rfc3339(),
                weights_sha256: weights_sha256(network),
            };
            let heard = listen(TrialEvent::Trained { trial: &trial, network });
            let added = trials.add(trial);
            let removed = added
                .and_then(|()| unfinished[replica].take().map_or(Ok(()), UnfinishedTrial::remove));
            if let Err(error) = removed {
                failure.get_or_insert(error);
                return ControlFlow::Break(());
            }
            heard
        }
    })?;
    match failure {
        Some(error) => Err(error.into()),
        None => Ok(!summary.stopped),
    }
}

/// Timing of checkpoints: all networks of a wave write at the same position, so that they resume side by side.
#[derive(Default)]
struct Due {
    /// Epoch and images of the last position, and whether checkpoints are written there.
    place: Option<(u32, usize, bool)>,
    written: Option<Instant>,
}

impl Due {
    fn is_due(&mut self, position: &TrainPosition, is_stopped: bool) -> bool {
        match self.place {
            Some((epoch, images, is_due))
                if (epoch, images) == (position.epoch, position.images) && !is_stopped =>
            {
                is_due
            }
            _ => {
                let start = *self.written.get_or_insert_with(Instant::now);
                let is_due = is_stopped || start.elapsed() >= CHECKPOINT_EVERY;
                if is_due {
                    self.written = Some(Instant::now());
                }
                self.place = Some((position.epoch, position.images, is_due));
                is_due
            }
        }
    }
}

/// Returns the name of the device, on the CPU with the processor's model.
pub fn device_name(device: &Device) -> String {
    match device.backend {
        "cpu" => format!("{}, {}", cpu_model_name(), device.name),
        _ => device.name.clone(),
    }
}

//! Trainings whose results are kept: what is in the file of finished ones is not trained again.

use std::ops::ControlFlow;

use thiserror::Error;

use crate::config::{Config, Variant};
use crate::cpu::processor;
use crate::dataset::{DataIdentity, Dataset};
use crate::network::Network;
use crate::record::{EpochResult, RecordError, Trial, Trials, now, weights_sha256};
use crate::schedule::{Device, Selection};
use crate::train::{Event, ReplicaEvent, Replicas, TrainError};

/// Why trials cannot go on.
#[derive(Debug, Error)]
#[expect(missing_docs, reason = "each message says what it is")]
pub enum TrialsError {
    #[error(transparent)]
    Train(#[from] TrainError),
    #[error(transparent)]
    Record(#[from] RecordError),
}

/// What happens meanwhile.
#[derive(Clone, Debug, PartialEq)]
pub enum TrialEvent<'a> {
    /// The next networks start, or go on on another device.
    Device {
        /// What they compute on.
        device: &'a Device,
    },
    /// Some images are done by all networks that train side by side.
    Progress {
        /// Networks that train side by side.
        networks: usize,
        /// An [`Event::Progress`].
        progress: &'a Event,
    },
    /// A training is done. It is kept when everyone has heard of it.
    Trained {
        /// Its settings and what came of them.
        trial: &'a Trial,
        /// As the last epoch left it.
        network: &'a Network,
    },
}

/// Hears of it, and may break off.
pub type Listen<'a> = &'a mut dyn FnMut(TrialEvent) -> ControlFlow<()>;

/// Training images of an epoch. The settings fit the data set.
pub fn training_images(config: &Config, dataset: &Dataset) -> usize {
    match config.images {
        0 => dataset.training_count.saturating_sub(config.validation),
        images => images,
    }
}

/// Trains every network of `configs` that `trials` does not hold yet, at most `together` side by side, in
/// order. Says whether all are there now: whoever listens may break off, and what was finished stays.
///
/// # Errors
/// When a setting cannot be, the device fails or the file cannot be written.
pub fn run(
    trials: &mut Trials,
    configs: &[Config],
    dataset: &Dataset,
    selection: &Selection,
    together: usize,
    listen: Listen,
) -> Result<bool, TrialsError> {
    let data = DataIdentity::of(dataset);
    let mut missing: Vec<&Config> = Vec::new();
    for config in configs {
        if trials.find_on(config, &data).is_none() && !missing.contains(&config) {
            missing.push(config);
        }
    }
    for configs in missing.chunks(together.max(1)) {
        if !train(trials, configs, (dataset, &data), selection, listen)? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Trains all of `configs` side by side, in waves where they do not fit.
fn train(
    trials: &mut Trials,
    configs: &[&Config],
    (dataset, data): (&Dataset, &DataIdentity),
    selection: &Selection,
    listen: Listen,
) -> Result<bool, TrialsError> {
    let variant = |config: &&Config| Variant {
        combination: 0,
        settings: Vec::new(),
        config: Config::clone(config),
    };
    let variants: Vec<Variant> = configs.iter().map(variant).collect();
    let training = Replicas::new(&variants, dataset.clone(), selection)?;
    let mut device = training.device().clone();
    if listen(TrialEvent::Device { device: &device }).is_break() {
        return Ok(false);
    }
    let mut networks = 0;
    let mut epochs: Vec<Vec<EpochResult>> = vec![Vec::new(); configs.len()];
    let mut failure = None;
    let summary = training.run(&mut |event| match event {
        ReplicaEvent::Wave { replicas, device: opened, .. } => {
            networks = replicas.len();
            if device == *opened {
                return ControlFlow::Continue(());
            }
            device = opened.clone();
            listen(TrialEvent::Device { device: &device })
        }
        ReplicaEvent::Progress { progress } => listen(TrialEvent::Progress { networks, progress }),
        ReplicaEvent::Of { replica, event } => {
            if let &Event::Epoch { train_error, test_error, loss, images_per_second, .. } = event {
                let images_per_second = images_per_second * networks as f64;
                epochs[replica].push(EpochResult {
                    train_error,
                    test_error,
                    loss,
                    images_per_second,
                });
            }
            ControlFlow::Continue(())
        }
        ReplicaEvent::Trained { summary, .. } if summary.stopped => ControlFlow::Break(()),
        ReplicaEvent::Trained { replica, network, .. } => {
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
                date: now(),
                weights_sha256: weights_sha256(network),
            };
            let heard = listen(TrialEvent::Trained { trial: &trial, network });
            if let Err(error) = trials.add(trial) {
                failure = Some(error);
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

/// With the processor's name, where it computes.
pub fn device_name(device: &Device) -> String {
    match device.backend {
        "cpu" => format!("{}, {}", processor(), device.name),
        _ => device.name.clone(),
    }
}

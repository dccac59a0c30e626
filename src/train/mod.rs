//! Training loop: epochs of minibatches, partial and full evaluations. It prints nothing: a listener receives typed
//! events.

mod checkpoint;
mod control;
mod evaluation;
mod nonfinite;
mod replica_group;
mod replicas;
mod sampler;
mod stopwatch;

use std::ops::ControlFlow;
use std::slice::from_ref;
use std::sync::Arc;

use serde::Serialize;
use thiserror::Error;

pub use checkpoint::{
    Checkpoint, CheckpointInterval, CheckpointIntervalError, ResumeFrom, TrainPosition,
};
pub use control::TrainerControl;
pub use replicas::{ReplicaEvent, Replicas, ReplicasSummary};
pub(crate) use sampler::EpochSampler;
pub use sampler::order;

use crate::config::{Config, ConfigError};
use crate::dataset::{Dataset, DatasetError};
use crate::device::{self, Device, DeviceOptions};
use crate::evaluate::Evaluation;
use crate::interface::BackendError;
use crate::network::{LayerStatistics, Network};
use crate::plan::Presentation;
use crate::simulation::{SampleResult, Simulation};
use replica_group::{GroupSpec, ReplicaGroup};

/// Error that prevents a training from starting or continuing.
#[derive(Debug, Error)]
#[expect(missing_docs, reason = "each message says what it is")]
pub enum TrainError {
    #[error("invalid setting")]
    Config(#[from] ConfigError),
    #[error("there is no network to train")]
    NoNetworks,
    #[error("invalid settings for the network with {settings}")]
    Variant { settings: String, source: ConfigError },
    #[error("cannot use the data set")]
    Dataset(#[from] DatasetError),
    #[error(
        "cannot resume the checkpoint after {images} images of an epoch: the data set has {available}"
    )]
    Checkpoint { images: usize, available: usize },
    #[error(
        "cannot continue in epoch {} after {} images: {reason}", .position.epoch, .position.images
    )]
    Position { position: TrainPosition, reason: String },
    #[error(
        "layer {layer}{network} has weights that are not finite since it learned from {}", shown(*.first, *.last, *.epoch)
    )]
    NotFinite {
        network: String,
        layer: usize,
        epoch: u32,
        /// First and last image of the epoch that may have caused it, in the order shown, from 1. The range is one
        /// minibatch, or several if the networks are too large for a second copy.
        first: usize,
        last: usize,
    },
    #[error("cannot simulate")]
    Backend(#[from] BackendError),
}

fn shown(first: usize, last: usize, epoch: u32) -> String {
    match first == last {
        true => format!("image {first} of epoch {epoch}"),
        false => format!("images {first} to {last} of epoch {epoch}"),
    }
}

/// Event of a training. Errors are percentages of images. With a validation set, its images are the test images. For
/// networks that train side by side, progress covers all of them, and any other event one of them.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// Progress of an epoch.
    Progress {
        /// Epoch, from 1.
        epoch: u32,
        /// Number of images of the epoch trained on.
        images: usize,
        /// Number of images per epoch.
        total_images: usize,
        /// Error of the forward phases of the epoch's images so far, each before its update; mean over networks, %.
        train_error: f64,
        /// Training images per second since the epoch began, without evaluations; sum over networks.
        images_per_second: f64,
    },
    /// Progress of an evaluation, twice per second.
    #[serde(skip)]
    TestProgress {
        /// Epoch, from 1.
        epoch: u32,
        /// Number of images tested so far.
        test_images: usize,
        /// Number of images of the test.
        total_test_images: usize,
    },
    /// Evaluation on the first images of the test set.
    PartialEval {
        /// Epoch, from 1.
        epoch: u32,
        /// Number of images of the epoch trained on.
        images: usize,
        /// Percentage of misclassified images.
        test_error: f64,
        /// Number of images tested, the first of the test set.
        test_images: usize,
    },
    /// State of a network, if `keep_checkpoints` was called: when it is due, after each epoch, and at a stop.
    #[serde(skip)]
    Checkpoint(Arc<Checkpoint>),
    /// Weight statistics after an epoch, if the settings request them.
    Weights {
        /// Completed epoch, from 1.
        epoch: u32,
        /// Mean, standard deviation and maximum magnitude of each layer's weights, the lowest layer first, `[layers]`.
        layers: Vec<LayerStatistics>,
    },
    /// Network during an epoch, if a listener requested it ([`TrainerControl`]). Not written as JSON.
    #[serde(skip)]
    Network {
        /// Epoch, from 1.
        epoch: u32,
        /// Number of images of the epoch trained on.
        images: usize,
        /// Weights at this position.
        network: Arc<Network>,
        /// Mean rate of each layer at the ends of the last training images, the lowest layer first, spikes per ms.
        rates: Vec<f64>,
    },
    /// Evaluation on the whole test set, if a listener requested it. Not part of the run and not written as JSON.
    #[serde(skip)]
    RequestedEval {
        /// Epoch, from 1.
        epoch: u32,
        /// Number of images of the epoch trained on.
        images: usize,
        /// Percentage of misclassified test images.
        test_error: f64,
    },
    /// End of an epoch and of its full evaluation.
    Epoch {
        /// Epoch, from 1.
        epoch: u32,
        /// Number of images of the epoch.
        images: usize,
        /// Percentage of the epoch's images misclassified in the forward phase, each before its update.
        train_error: f64,
        /// Percentage of misclassified test images.
        test_error: f64,
        /// Loss of the output, summed over its neurons; mean over the images.
        loss: f64,
        /// Training images of this network per second, without evaluations; 0 if it resumed after the epoch's last
        /// image.
        images_per_second: f64,
        /// Test images of this network per second, in the full evaluation.
        test_images_per_second: f64,
    },
}

/// Result of a training.
#[derive(Clone, Debug, PartialEq)]
pub struct Summary {
    /// Last full evaluation; of no images if the training stopped before the first.
    pub evaluation: Evaluation,
    /// Time spent, including the time before a checkpoint, s.
    pub seconds: f64,
    /// Whether the listener stopped the training before its last epoch.
    pub stopped: bool,
}

/// A network in training. [`Replicas`] trains many.
pub struct Training {
    group: ReplicaGroup,
}

impl Training {
    /// Checks the settings, opens the device and writes the initial network to it.
    ///
    /// # Errors
    /// Returns an error if a setting is invalid, more images are requested than available, or no requested device
    /// works.
    pub fn new(
        config: Config,
        dataset: Dataset,
        selection: &DeviceOptions,
    ) -> Result<Self, TrainError> {
        Training::begin(config, dataset, selection, Vec::new())
    }

    /// Resumes from a checkpoint of a training with these settings and images. The result has the same bits as without
    /// the interruption.
    ///
    /// # Errors
    /// As [`Training::new`], and if the checkpoint is of a network of another shape.
    pub fn resume(
        config: Config,
        dataset: Dataset,
        selection: &DeviceOptions,
        checkpoint: &Checkpoint,
    ) -> Result<Self, TrainError> {
        Training::begin(config, dataset, selection, vec![checkpoint])
    }

    fn begin(
        config: Config,
        dataset: Dataset,
        selection: &DeviceOptions,
        checkpoints: Vec<&Checkpoint>,
    ) -> Result<Self, TrainError> {
        config.validate(dataset.pixels(), dataset.classes)?;
        let dataset = Arc::new(dataset.subset(
            config.validation_images,
            config.train_images,
            config.test_images,
        )?);
        let (configs, every) = (vec![config], None);
        let begin =
            GroupSpec { configs, dataset, selection, checkpoints, checkpoint_interval: every };
        Ok(Training { group: ReplicaGroup::new(begin)? })
    }

    /// Sends checkpoints at this interval from now on. Without this call, none is made and none costs time.
    pub fn keep_checkpoints(&mut self, every: CheckpointInterval) {
        self.group.checkpoint_interval = Some(every);
    }

    /// Returns the device of the training.
    pub fn device(&self) -> &Device {
        &self.group.device
    }

    /// Returns the settings of the training.
    pub fn config(&self) -> &Config {
        &self.group.configs[0]
    }

    /// Returns the network after the last epoch.
    pub fn network(&self) -> &Network {
        &self.group.networks[0]
    }

    /// Returns the control for requests before and during the training.
    pub fn control(&self) -> Arc<TrainerControl> {
        self.group.control.clone()
    }

    /// Trains to the last epoch, or until `listen` breaks. After a stop, the weights trained so far are kept.
    ///
    /// # Errors
    /// Returns an error if the device fails.
    pub fn run(
        &mut self,
        listen: &mut dyn FnMut(&Event) -> ControlFlow<()>,
    ) -> Result<Summary, TrainError> {
        Ok(self.group.run(&mut |_, event| listen(event))?.swap_remove(0))
    }
}

/// Opens a device and evaluates a trained network on the test set `repeats` times, each with new random draws. Uses the
/// test set even if the network was trained with a validation set. `listen` receives the number of images tested so
/// far, summed over all repeats.
///
/// # Errors
/// Returns an error if a setting is invalid, the network does not fit the settings and images, more test images are
/// requested than available, no requested device works, or a stop was requested.
pub fn test_network(
    config: &Config,
    dataset: Dataset,
    network: &Network,
    selection: &DeviceOptions,
    repeats: u32,
    listen: &mut dyn FnMut(usize),
) -> Result<(Vec<Evaluation>, Device), TrainError> {
    config.validate(dataset.pixels(), dataset.classes)?;
    // No training image is shown, but a data set needs at least one.
    let dataset = Arc::new(dataset.subset(0, 1, config.test_images)?);
    let opened = device::open(selection, from_ref(config), &dataset)?;
    let mut simulation = Simulation::new(opened.backend, config, &dataset, network)?;
    simulation.stop_on(&selection.stop);
    let count = dataset.test_count;
    let mut evaluations = Vec::new();
    for repeat in 0..repeats {
        let first_position = repeat.wrapping_mul(count as u32);
        let mut progress = |done| {
            listen(repeat as usize * count + done);
            ControlFlow::Continue(())
        };
        let each = test_until(&mut simulation, &dataset, count, first_position, &mut progress);
        evaluations.push(each?.swap_remove(0));
    }
    Ok((evaluations, opened.device))
}

/// Evaluates the only network on the first `count` test images, as in the paper. `first_position`: position of the
/// first image's random draws.
///
/// # Errors
/// Returns an error if the data set has fewer test images, or the device fails.
pub fn test(
    simulation: &mut Simulation,
    dataset: &Dataset,
    count: usize,
    first_position: u32,
) -> Result<Evaluation, BackendError> {
    Ok(test_each(simulation, dataset, count, first_position)?.swap_remove(0))
}

/// Evaluates every replica as [`test()`], with the same images and positions.
///
/// # Errors
/// Returns an error if the data set has fewer test images, or the device fails.
pub fn test_each(
    simulation: &mut Simulation,
    dataset: &Dataset,
    count: usize,
    first_position: u32,
) -> Result<Vec<Evaluation>, BackendError> {
    let mut go_on = |_| ControlFlow::Continue(());
    test_until(simulation, dataset, count, first_position, &mut go_on)
}

/// Runs [`test_each`]; `listen` receives the number of images tested so far and may stop it.
fn test_until(
    simulation: &mut Simulation,
    dataset: &Dataset,
    count: usize,
    first_position: u32,
    listen: &mut dyn FnMut(usize) -> ControlFlow<()>,
) -> Result<Vec<Evaluation>, BackendError> {
    let Some(labels) = dataset.test_labels().get(..count) else {
        let reason = format!("{count} test images, of which there are {}", dataset.test_count);
        return Err(BackendError::InvalidSamples(reason));
    };
    let image = |(number, &label): (usize, &u8)| Presentation {
        index: dataset.training_count + number,
        label,
        draw_index: first_position.wrapping_add(number as u32),
        result_slot: dataset.training_count + number,
    };
    let images: Vec<Presentation> = labels.iter().enumerate().map(image).collect();
    simulation.test_until(&images, listen)?;
    let outcomes = simulation.results(dataset.training_count + count)?;
    let evaluation = |outcomes: Vec<SampleResult>| {
        let outcomes = &outcomes[dataset.training_count..];
        let found: Vec<u8> = outcomes.iter().map(|outcome| outcome.class).collect();
        Evaluation::new(dataset.classes, labels, &found)
    };
    Ok(outcomes.into_iter().map(evaluation).collect())
}

//! The loop: epochs of minibatches, quick tests, full tests. It prints nothing; whoever runs it hears
//! of its progress by typed events.

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

/// Why a training cannot start or go on.
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
        "the checkpoint stands after {images} images of an epoch, of which the data set has {available}"
    )]
    Checkpoint { images: usize, available: usize },
    #[error(
        "cannot go on in epoch {} after {} images: {reason}", .position.epoch, .position.images
    )]
    Position { position: TrainPosition, reason: String },
    #[error(
        "layer {layer}{network} has weights that are not finite since it learned from {}", shown(*.first, *.last, *.epoch)
    )]
    NotFinite {
        network: String,
        layer: usize,
        epoch: u32,
        /// The images of the epoch that it was, in the order in which they were shown, the first is 1: those of one
        /// minibatch, or of several where the networks are too large to be kept twice.
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

/// What happens during a training. Errors are percent of images; where images are held out for validation,
/// these are the test images. Of networks that train side by side,
/// progress tells of all at once, all else of one.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// Some images of the epoch are done.
    Progress {
        /// The first is 1.
        epoch: u32,
        /// Images of the epoch that were learned from.
        images: usize,
        /// Images of an epoch.
        total_images: usize,
        /// Error of the forward phases of the epoch's images so far, each seen before its update; the
        /// mean over networks.
        train_error: f64,
        /// Images a second since the epoch began, tests left out; the sum over networks.
        images_per_second: f64,
    },
    /// Some images of a test are done; told twice a second.
    #[serde(skip)]
    TestProgress {
        /// The first is 1.
        epoch: u32,
        /// Number of images tested so far.
        test_images: usize,
        /// Number of images of the test.
        total_test_images: usize,
    },
    /// A test on a part of the test set.
    PartialEval {
        /// The first is 1.
        epoch: u32,
        /// Images of the epoch that were learned from.
        images: usize,
        /// Percent of the images tested that were taken for another class.
        test_error: f64,
        /// Images tested, the first of the test set.
        test_images: usize,
    },
    /// The state of a network, if `keep_checkpoints` asked for it: when it is due, after each epoch, and when a
    /// training is broken off.
    #[serde(skip)]
    Checkpoint(Arc<Checkpoint>),
    /// The weights after an epoch, a line for each layer, the lowest first; where settings ask for it.
    Weights {
        /// The epoch that is done; the first is 1.
        epoch: u32,
        /// `[layers]`: mean, spread and largest magnitude of each layer's weights.
        layers: Vec<LayerStatistics>,
    },
    /// A network after so many images of an epoch, where a listener asks for it ([`TrainerControl`]). It has no
    /// JSON.
    #[serde(skip)]
    Network {
        /// The first is 1.
        epoch: u32,
        /// Images of the epoch that were learned from.
        images: usize,
        /// All weights as they are then.
        network: Arc<Network>,
        /// Mean rate of each layer at the ends of the last training images, spikes per ms, the lowest first.
        rates: Vec<f64>,
    },
    /// A test on the whole test set that a listener asked for. It is no part of the run, and has no JSON.
    #[serde(skip)]
    RequestedEval {
        /// The first is 1.
        epoch: u32,
        /// Images of the epoch that were learned from.
        images: usize,
        /// Percent of all test images that were taken for another class.
        test_error: f64,
    },
    /// An epoch and its full test are done.
    Epoch {
        /// The first is 1.
        epoch: u32,
        /// All of the epoch's.
        images: usize,
        /// Percent of the epoch's images that were taken for another class in the forward phase, each seen before its
        /// update.
        train_error: f64,
        /// Percent of all test images that were taken for another class.
        test_error: f64,
        /// Mean over the images of the output's loss, summed over its neurons.
        loss: f64,
        /// Images that this network learned from a second, tests left out; 0 if it went on from a checkpoint behind
        /// the epoch's last image.
        images_per_second: f64,
        /// Images that this network was tested on a second, in the epoch's full test.
        test_images_per_second: f64,
    },
}

/// Result of a training.
#[derive(Clone, Debug, PartialEq)]
pub struct Summary {
    /// Of the last test of all test images; of no images where it was broken off before the first.
    pub evaluation: Evaluation,
    /// Those before a checkpoint count too.
    pub seconds: f64,
    /// Whether the listener stopped it before its last epoch.
    pub stopped: bool,
}

/// A network in training. [`Replicas`] trains many.
pub struct Training {
    group: ReplicaGroup,
}

impl Training {
    /// Checks the settings, opens the device and puts the initial network on it.
    ///
    /// # Errors
    /// Returns an error if a setting is invalid, more images are wanted than there are, or no such device works.
    pub fn new(
        config: Config,
        dataset: Dataset,
        selection: &DeviceOptions,
    ) -> Result<Self, TrainError> {
        Training::begin(config, dataset, selection, Vec::new())
    }

    /// Goes on from a checkpoint of a training with these settings and images, to the bits that it would have
    /// come to had it never stopped.
    ///
    /// # Errors
    /// As [`Training::new`], and when the checkpoint is that of a network of another shape.
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

    /// From now on, tells of checkpoints so often; free where it is not asked for.
    pub fn keep_checkpoints(&mut self, every: CheckpointInterval) {
        self.group.checkpoint_interval = Some(every);
    }

    /// Where the training runs.
    pub fn device(&self) -> &Device {
        &self.group.device
    }

    /// The settings that it was begun with.
    pub fn config(&self) -> &Config {
        &self.group.configs[0]
    }

    /// The network as the last epoch left it.
    pub fn network(&self) -> &Network {
        &self.group.networks[0]
    }

    /// What `listen` may ask for, before the training and during it.
    pub fn control(&self) -> Arc<TrainerControl> {
        self.group.control.clone()
    }

    /// Trains to the last epoch, or until `listen` breaks off; what was learned until then is kept.
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

/// Opens a device and tests a trained network on the test set, even if it was trained with a part of the
/// training set held out for validation; `repeats` times, each with new draws. `listen` gets the number of images
/// tested so far, of all tests together.
///
/// # Errors
/// Returns an error if a setting is invalid, the network does not fit settings and images, more test images are
/// wanted than there are, no such device works, or a stop was requested.
pub fn test_network(
    config: &Config,
    dataset: Dataset,
    network: &Network,
    selection: &DeviceOptions,
    repeats: u32,
    listen: &mut dyn FnMut(usize),
) -> Result<(Vec<Evaluation>, Device), TrainError> {
    config.validate(dataset.pixels(), dataset.classes)?;
    // No training image is shown; a data set has at least one.
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

/// The paper's test of the only network on the first `count` test images; their draws have positions
/// from `first_position` on.
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

/// [`test()`] of every replica, with the same images and positions.
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

/// [`test_each`], whose `listen` gets the number of images tested so far, and may break the test off.
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

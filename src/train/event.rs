//! Events of a training.

use std::ops::ControlFlow;
use std::sync::Arc;

use serde::Serialize;

use super::Checkpoint;
use crate::device::DeviceInfo;
use crate::network::{LayerStatistics, Network};
use crate::test_results::Evaluation;

/// Event of a training. Errors are percentages of images. With a validation set, its images are the test images. An event
/// with the field `replica` concerns the network of this index, any other event all networks of the current group.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// Start of a group of networks that train side by side. A break here ends the training before the first image.
    #[serde(skip)]
    GroupStarted {
        /// Number of the group, from 1.
        group: usize,
        /// Number of groups so far. A group that does not fit on the device is split in two when it starts.
        total_groups: usize,
        /// Indices of the networks.
        replicas: Vec<usize>,
        /// Reason for the limit on the number of networks, if more could have shared the group.
        limited_by: Option<String>,
        /// Device of the group.
        device: DeviceInfo,
    },
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
        /// Index of the network.
        #[serde(skip)]
        replica: usize,
        /// Epoch, from 1.
        epoch: u32,
        /// Number of images of the epoch trained on.
        images: usize,
        /// Percentage of misclassified images.
        test_error: f64,
        /// Number of images tested, the first of the test set.
        test_images: usize,
    },
    /// State of a network. Sent only after a call of `send_checkpoints`: at each checkpoint interval, after each epoch, and
    /// at a stop.
    #[serde(skip)]
    Checkpoint {
        /// Index of the network.
        replica: usize,
        /// State and position.
        checkpoint: Arc<Checkpoint>,
    },
    /// Weight statistics after an epoch, if the settings request them.
    Weights {
        /// Index of the network.
        #[serde(skip)]
        replica: usize,
        /// Completed epoch, from 1.
        epoch: u32,
        /// Mean, standard deviation and maximum magnitude of each layer's weights, and the angle of its feedback weights,
        /// the lowest layer first, `[layers]`.
        layers: Vec<LayerStatistics>,
    },
    /// Network during an epoch, if a listener requested it with a [`TrainerControl`](super::TrainerControl). Not written
    /// as JSON.
    #[serde(skip)]
    Network {
        /// Index of the network.
        replica: usize,
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
        /// Index of the network.
        replica: usize,
        /// Epoch, from 1.
        epoch: u32,
        /// Number of images of the epoch trained on.
        images: usize,
        /// Percentage of misclassified test images.
        test_error: f64,
    },
    /// End of an epoch and of its full evaluation.
    Epoch {
        /// Index of the network.
        #[serde(skip)]
        replica: usize,
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
        /// Training images of this network per second, without evaluations. `None` if it resumed after the epoch's last
        /// image.
        images_per_second: Option<f64>,
        /// Test images of this network per second, in the full evaluation.
        test_images_per_second: f64,
    },
    /// End or stop of a network's training.
    #[serde(skip)]
    Finished {
        /// Index of the network.
        replica: usize,
        /// Weights at the end.
        network: Arc<Network>,
        /// Last full evaluation; of no images if the training stopped before the first.
        evaluation: Evaluation,
        /// Training time of the group, including the time before a checkpoint, s.
        seconds: f64,
        /// Whether the training stopped before the last epoch.
        stopped: bool,
    },
}

impl Event {
    /// Returns the index of the event's network; `None` if it is of all networks of the group.
    pub fn replica(&self) -> Option<usize> {
        match *self {
            Event::GroupStarted { .. } | Event::Progress { .. } | Event::TestProgress { .. } => {
                None
            }
            Event::PartialEval { replica, .. }
            | Event::Checkpoint { replica, .. }
            | Event::Weights { replica, .. }
            | Event::Network { replica, .. }
            | Event::RequestedEval { replica, .. }
            | Event::Epoch { replica, .. }
            | Event::Finished { replica, .. } => Some(replica),
        }
    }

    /// Whether the event is a line of its network's metrics: a result, and neither progress nor an answer to a request.
    pub fn is_metric(&self) -> bool {
        matches!(self, Event::PartialEval { .. } | Event::Weights { .. } | Event::Epoch { .. })
    }
}

/// Listener that receives the events of a training; a break stops it.
pub type EventListener<'a> = &'a mut dyn FnMut(&Event) -> ControlFlow<()>;

/// Emits the event of each network; breaks if any call of the listener did.
pub(super) fn emit(listen: EventListener, events: impl Iterator<Item = Event>) -> ControlFlow<()> {
    let mut flow = ControlFlow::Continue(());
    for event in events {
        flow = or_break(flow, listen(&event));
    }
    flow
}

/// Breaks if either argument does.
pub(super) fn or_break(one: ControlFlow<()>, other: ControlFlow<()>) -> ControlFlow<()> {
    if one.is_break() { one } else { other }
}

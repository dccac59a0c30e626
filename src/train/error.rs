//! Errors of a training.

use thiserror::Error;

use super::position::TrainPosition;
use crate::config::ConfigError;
use crate::dataset::DatasetError;
use crate::interface::BackendError;

/// Error that prevents a training from starting or continuing.
#[derive(Debug, Error)]
#[expect(missing_docs, reason = "each message says what it is")]
pub enum TrainError {
    #[error("invalid setting")]
    Config(#[from] ConfigError),
    #[error("there is no network to train")]
    NoNetworks,
    #[error("expected one start per network: {networks} networks, {starts} starts")]
    Starts { networks: usize, starts: usize },
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

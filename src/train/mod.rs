//! Training loop: epochs of minibatches, partial and full evaluations. It prints nothing: a listener receives typed
//! events.

mod checkpoint;
mod control;
mod error;
mod evaluation;
mod event;
mod finite_snapshot;
mod group_events;
mod grouping;
mod nonfinite;
mod position;
mod replica_group;
mod sampler;
mod stopwatch;
mod test_network;
mod training;

pub use checkpoint::{Checkpoint, CheckpointInterval, CheckpointIntervalError, ResumeFrom};
pub use control::TrainerControl;
pub use error::TrainError;
pub use event::{Event, EventListener};
pub use position::TrainPosition;
pub(crate) use sampler::EpochSampler;
pub use sampler::order;
pub use test_network::{test, test_each, test_network};
pub use training::{Training, TrainingSummary};

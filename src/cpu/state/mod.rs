//! Arrays of the CPU backend: per sample, per replica, and what a sample keeps from one minibatch to the next.

pub mod persistent;
mod replica;
mod sample;
pub mod weight_matrix;

pub use replica::ReplicaState;
pub use sample::{LayerState, SampleState, tiled};

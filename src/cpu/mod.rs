//! CPU backend, and the definition of every kernel for both backends.
//!
//! Each module depends only on the ones after it:
//! - `executor` distributes samples, or columns of weights, over threads and runs the launches;
//! - [`kernels`] has a file per kernel: its definition, for both backends, and its CPU function;
//! - `state` holds the arrays of samples and replicas, and what a sample keeps for the next minibatch;
//! - `spikes` stores spikes as masks, lists and tables; its head says which kernel writes and reads which form;
//! - `simd` has tiles of 16 neurons, and the vectors that compute on them.
//!
//! The samples of all replicas are distributed over threads. A thread runs all kernels of a sample in sequence, while
//! the sample's arrays are in the cache.

mod executor;
pub mod kernels;
pub(crate) mod simd;
mod spikes;
mod state;

pub use executor::{Cpu, Threads, processor_name, required_bytes};
pub use simd::width::Width;

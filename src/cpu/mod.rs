//! CPU backend, and the definition of every kernel for both backends.
//!
//! Modules depend only on those after them: `executor` (runs a list of launches), [`kernels`] (compute on arrays),
//! `state` (arrays of samples and replicas), `spikes` (masks, lists and tables of spikes), `simd` (tiles and vectors).
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

//! The CPU backend, and the definition of every kernel for both backends.
//!
//! Data flows from `executor`, which runs a list of launches, to [`kernels`], which compute on the arrays in `state`;
//! these are made of the tiles and vectors in `simd` and the spikes in `spikes`. Each module depends only on those
//! named after it.
//!
//! The samples of all replicas are distributed over threads. A thread runs all kernels of one sample in a row, while
//! the sample's arrays are in the cache.

mod executor;
pub mod kernels;
mod simd;
mod spikes;
mod state;

pub use executor::{Cpu, Threads, cpu_model_name, required_bytes};

//! Trains and studies networks of neurons with segregated dendrites (Guerguiev, Lillicrap & Richards,
//! "Towards deep learning with segregated dendrites", eLife 2017;6:e22901), on any GPU that wgpu
//! reaches and on the CPU, with the same bits on each.
//!
//! A minibatch is an ordered list of kernels ([`plan::kernel_sequence`]) that both backends run. Each kernel is a
//! shader with a twin in Rust. [`interface`] holds the types that both backends share, [`model`] the equations.
//! [`train::Training`] is the loop over images, for one network or many side by side.
//!
//! ```
//! use std::ops::ControlFlow;
//!
//! use apical::config::Config;
//! use apical::dataset::Dataset;
//! use apical::device::DeviceOptions;
//! use apical::train::{Event, Training};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let config = Config {
//!     layers: vec![50, 10],
//!     epochs: 1,
//!     train_images: 10_000,
//!     batch_size: 8,
//!     test_images: 500,
//!     ..Config::default()
//! };
//! let mut training = Training::new(config, Dataset::mnist()?, &DeviceOptions::default())?;
//! let summary = training.run(&mut |event| {
//!     if let Event::Epoch { epoch, test_error, .. } = event {
//!         println!("epoch {epoch}: {test_error:.1} % of the test images are wrong");
//!     }
//!     ControlFlow::Continue(())
//! })?;
//! assert!(summary.evaluations[0].error() < 80.0); // a guess gets 90 % wrong
//! let weights = training.networks()[0].layers[0].weight_rows(); // [50, 784]
//! assert_eq!(weights.len(), 50 * 784);
//! # Ok(())
//! # }
//! ```

#![warn(missing_docs)]

pub mod analysis;
pub mod bench;
pub mod compare;
pub mod config;
pub mod cpu;
pub mod dataset;
pub mod device;
#[cfg(feature = "plots")]
pub mod experiments;
pub mod fetch;
#[cfg(feature = "plots")]
pub mod figures;
pub mod files;
pub mod gpu;
pub mod interface;
pub mod memory;
pub mod model;
pub mod monitor;
pub mod network;
pub mod plan;
#[cfg(feature = "plots")]
pub mod plots;
pub mod predict;
pub mod random;
pub mod run_dir;
pub mod simulation;
pub mod test_results;
pub mod text;
pub mod train;
pub mod trial_cache;
#[cfg(feature = "plots")]
pub mod tune;

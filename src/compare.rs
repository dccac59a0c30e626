//! Runs the same training on the CPU and on a GPU, launch by launch, and compares every word that
//! each kernel writes.

use std::sync::Arc;

use serde::Serialize;

use crate::config::Config;
use crate::dataset::Dataset;
use crate::layout::{
    Array, Backend, BackendError, Kernel, Lane, Launch, Minibatch, STEPS_PER_WORD, Shape, Word,
    compartment, plateau, trace,
};
use crate::network::Network;
use crate::schedule::{self, Device, Selection, Simulation};
use crate::train::{TrainError, order, test};

/// How to compare.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// Computes on the CPU up to and including this kernel, and hands its arrays to the GPU for the
    /// rest: a kernel that is wrong is the first after which the rest agrees.
    pub cpu_until: Option<Kernel>,
}

/// How far a comparison is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Compared {
    pub minibatches: usize,
    pub of_minibatches: usize,
    pub values: u64,
}

/// Where two backends part.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Difference {
    pub kernel: &'static str,
    pub layer: usize,
    /// What differs, in words: "layer 0's voltages, somatic voltage".
    pub array: String,
    /// The first is 1.
    pub minibatch: usize,
    /// Lane of the minibatch and index of its image in the data set, where each lane has its own.
    pub lane: Option<usize>,
    pub image: Option<u32>,
    /// Step within the image, where there is one.
    pub step: Option<u32>,
    pub unit: usize,
    pub cpu: f64,
    pub gpu: f64,
    /// Words of this array that differ.
    pub differing: usize,
}

/// What a comparison says.
#[derive(Clone, Debug, PartialEq)]
pub struct Comparison {
    pub device: Device,
    pub compared: Compared,
    /// Images shown, and images tested at the end.
    pub images: usize,
    pub test_images: usize,
    /// Whether the device passes the self-test of its arithmetic; otherwise the first function that
    /// differs.
    pub self_test: Result<usize, String>,
    pub difference: Option<Difference>,
}

//! What several test files need: backends on this machine, arrays as floats.
#![allow(dead_code)] // each test file uses its own part

use std::sync::Arc;

use apical::config::Config;
use apical::cpu::Cpu;
use apical::dataset::Dataset;
use apical::layout::{Array, Backend};
use apical::schedule::{self, Extent};

/// Makes a backend for a run.
pub type MakeBackend = fn(&Config, &Arc<Dataset>, &Extent) -> Box<dyn Backend>;

pub fn cpu(config: &Config, dataset: &Arc<Dataset>, extent: &Extent) -> Box<dyn Backend> {
    cpu_with_threads(config, dataset, extent, 0)
}

pub fn cpu_with_threads(
    config: &Config,
    dataset: &Arc<Dataset>,
    extent: &Extent,
    threads: usize,
) -> Box<dyn Backend> {
    let shape = schedule::shape(config, dataset, extent);
    let constants = schedule::constants(config, &shape, dataset.classes);
    let etas = schedule::etas(config);
    Box::new(Cpu::new(shape, constants, &etas, dataset.clone(), threads).expect("threads start"))
}

/// All values of an array of floats.
pub fn floats(backend: &mut dyn Backend, array: Array) -> Vec<f32> {
    bytemuck::cast_vec(backend.read(array).expect("the array is read"))
}

//! Which backend a run gets.

use std::sync::Arc;

use clap::ValueEnum;
use serde::Serialize;

use super::{Extent, constants, etas, shape};
use crate::config::Config;
use crate::cpu::Cpu;
use crate::dataset::Dataset;
use crate::layout::{Backend, BackendError, Shape};

/// Where to compute.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum BackendChoice {
    /// A real GPU where there is one, otherwise the CPU
    #[default]
    Auto,
    /// A GPU, a software one if there is no other
    Gpu,
    /// The CPU
    Cpu,
}

/// What the user wants of the machine; nothing here changes a bit of the result.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selection {
    pub backend: BackendChoice,
    /// Index or part of the name of the GPU.
    pub device: Option<String>,
    /// Threads of the CPU backend; 0: as many as cores.
    pub threads: usize,
}

/// What a run computes on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Device {
    /// `cpu` or `gpu`.
    pub backend: &'static str,
    pub name: String,
    /// Why it is this one, where that needs saying.
    #[serde(skip)]
    pub note: Option<String>,
}

/// An open backend.
pub struct Opened {
    pub backend: Box<dyn Backend>,
    pub device: Device,
}

/// Images that the CPU backend tests side by side.
const CPU_LANES: usize = 64;
/// Steps of drive that the CPU backend holds, few enough for a core's cache.
const CPU_BLOCK: u32 = 32;

/// Opens the backend that `selection` asks for, for a run of `config` on `dataset`.
///
/// # Errors
/// When no such device is there, or it cannot hold the run.
pub fn open(
    selection: &Selection,
    config: &Config,
    dataset: &Arc<Dataset>,
) -> Result<Opened, BackendError> {
    open_cpu(selection, config, dataset, None)
}

fn open_cpu(
    selection: &Selection,
    config: &Config,
    dataset: &Arc<Dataset>,
    note: Option<String>,
) -> Result<Opened, BackendError> {
    let extent = Extent {
        lanes: config.batch.max(CPU_LANES),
        slots: dataset.training_count + dataset.test_count,
        block: CPU_BLOCK,
        records_apical: false,
        keeps_gradient: false,
    };
    let shape: Shape = shape(config, dataset, &extent);
    let constants = constants(config, &shape, dataset.classes);
    let cpu = Cpu::new(shape, constants, &etas(config), dataset.clone(), selection.threads)?;
    let name = format!("{} threads", cpu.threads());
    Ok(Opened { backend: Box::new(cpu), device: Device { backend: "cpu", name, note } })
}

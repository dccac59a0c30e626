//! Which backend a run gets.

use std::sync::Arc;

use clap::ValueEnum;
use serde::Serialize;

use super::{Extent, constants, etas, memory, shape};
use crate::config::Config;
use crate::cpu::Cpu;
use crate::dataset::Dataset;
use crate::gpu::self_test::Verdict;
use crate::gpu::{Gpu, WORKGROUP, adapter, check_limits};
use crate::layout::{Array, Backend, BackendError, STEPS_PER_WORD, Shape};

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
    /// The arrays of each lane can be read and written, see [`Shape::keeps_lanes`].
    pub keeps_lanes: bool,
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

/// A CPU and a GPU backend of one shape, to be compared.
pub struct Pair {
    pub cpu: Box<dyn Backend>,
    pub gpu: Box<dyn Backend>,
    pub device: Device,
    pub self_test: Verdict,
}

/// Images that the CPU backend tests side by side.
const CPU_LANES: usize = 64;
/// Steps of drive that the CPU backend holds, few enough for a core's cache.
const CPU_BLOCK: u32 = 32;
/// The same where one image at a time is shown and threads share its layers: to meet takes them long.
const CPU_BLOCK_ALONE: u32 = 128;
/// Images that a GPU tests side by side.
const GPU_LANES: usize = 256;
/// Bytes of drive that a GPU holds for a layer, a part of what every device binds at once.
const GPU_DRIVE_BYTES: usize = 64 << 20;

/// Opens the backend that `selection` asks for, for a run of `config` on `dataset`.
///
/// # Errors
/// When no such device is there, or it cannot hold the run.
pub fn open(
    selection: &Selection,
    config: &Config,
    dataset: &Arc<Dataset>,
) -> Result<Opened, BackendError> {
    match selection.backend {
        BackendChoice::Cpu => open_cpu(selection, config, dataset, None),
        BackendChoice::Gpu => open_gpu(&adapter(selection, true), config, dataset),
        BackendChoice::Auto => match open_gpu(&adapter(selection, false), config, dataset) {
            // A device that was asked for by name is not silently replaced.
            Err(error) if selection.device.is_none() => {
                let note = format!("computing on the CPU: {error}");
                open_cpu(selection, config, dataset, Some(note))
            }
            opened => opened,
        },
    }
}

/// Opens a GPU, a software one if there is no other, and the CPU with arrays of the same shape.
///
/// # Errors
/// When there is no GPU, or it cannot hold the run.
pub fn open_pair(
    selection: &Selection,
    config: &Config,
    dataset: &Arc<Dataset>,
) -> Result<Pair, BackendError> {
    let shape = shape(
        config,
        dataset,
        &Extent {
            keeps_gradient: true,
            keeps_lanes: true,
            ..gpu_extent(config, dataset, config.batch)
        },
    );
    memory::check(&shape)?;
    let mut gpu = make_gpu(&adapter(selection, true), config, dataset, shape.clone())?;
    let self_test = gpu.self_test()?;
    let constants = constants(config, &shape, dataset.classes);
    let cpu = Cpu::new(shape, constants, &etas(config), dataset.clone(), selection.threads)?;
    let device = gpu_device(&gpu);
    Ok(Pair { cpu: Box::new(cpu), gpu: Box::new(gpu), device, self_test })
}

fn open_cpu(
    selection: &Selection,
    config: &Config,
    dataset: &Arc<Dataset>,
    note: Option<String>,
) -> Result<Opened, BackendError> {
    let keeps_lanes = selection.keeps_lanes;
    let shape = shape(config, dataset, &Extent { keeps_lanes, ..cpu_extent(config, dataset) });
    memory::check(&shape)?;
    let constants = constants(config, &shape, dataset.classes);
    let cpu = Cpu::new(shape, constants, &etas(config), dataset.clone(), selection.threads)?;
    let name = match cpu.threads() {
        1 => "1 thread".to_string(),
        threads => format!("{threads} threads"),
    };
    Ok(Opened { backend: Box::new(cpu), device: Device { backend: "cpu", name, note } })
}

fn open_gpu(
    adapter: &adapter::Choice,
    config: &Config,
    dataset: &Arc<Dataset>,
) -> Result<Opened, BackendError> {
    let extent = gpu_extent(config, dataset, config.batch.max(GPU_LANES));
    let gpu = make_gpu(adapter, config, dataset, shape(config, dataset, &extent))?;
    let device = gpu_device(&gpu);
    Ok(Opened { backend: Box::new(gpu), device })
}

fn make_gpu(
    adapter: &adapter::Choice,
    config: &Config,
    dataset: &Dataset,
    shape: Shape,
) -> Result<Gpu, BackendError> {
    let constants = constants(config, &shape, dataset.classes);
    let mut gpu = Gpu::new(adapter, shape, constants, &etas(config), WORKGROUP)?;
    gpu.write(Array::Images, &dataset.packed_images())?;
    Ok(gpu)
}

fn gpu_device(gpu: &Gpu) -> Device {
    let info = gpu.info();
    Device { backend: "gpu", name: format!("{} ({})", info.name, info.backend), note: None }
}

/// Bytes that a run takes on the CPU backend.
///
/// # Errors
/// When they are more than are free.
pub fn check_cpu(config: &Config, dataset: &Dataset) -> Result<u64, BackendError> {
    let shape = shape(config, dataset, &cpu_extent(config, dataset));
    memory::check(&shape)?;
    Ok(shape.bytes())
}

/// Bytes that a run takes on a GPU. How many a real one has shows only when they are taken.
///
/// # Errors
/// When they are beyond its limits, or, on a software GPU, more than are free.
pub fn check_gpu(
    info: &adapter::Info,
    config: &Config,
    dataset: &Dataset,
) -> Result<u64, BackendError> {
    let lanes = config.batch.max(GPU_LANES);
    let shape = shape(config, dataset, &gpu_extent(config, dataset, lanes));
    check_limits(info, &shape)?;
    if info.is_software {
        memory::check(&shape)?;
    }
    Ok(shape.bytes())
}

fn cpu_extent(config: &Config, dataset: &Dataset) -> Extent {
    Extent {
        lanes: config.batch.max(CPU_LANES),
        slots: dataset.training_count + dataset.test_count,
        block: if config.batch == 1 { CPU_BLOCK_ALONE } else { CPU_BLOCK },
        records_apical: false,
        keeps_gradient: false,
        keeps_lanes: false,
    }
}

fn gpu_extent(config: &Config, dataset: &Dataset, lanes: usize) -> Extent {
    let widest = config.layers.iter().copied().max().unwrap_or(1);
    let steps = GPU_DRIVE_BYTES / (4 * lanes * widest);
    Extent {
        lanes,
        slots: dataset.training_count + dataset.test_count,
        block: (steps as u32 / STEPS_PER_WORD).max(1) * STEPS_PER_WORD,
        records_apical: false,
        keeps_gradient: false,
        keeps_lanes: false,
    }
}

fn adapter(selection: &Selection, allow_software: bool) -> adapter::Choice {
    adapter::Choice { index_or_name: selection.device.clone(), allow_software }
}

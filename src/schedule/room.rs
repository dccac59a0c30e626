//! How many networks a device holds side by side, told before anything starts.

use sysinfo::{MemoryRefreshKind, RefreshKind, System};

use super::choice::{adapter, cpu_shape, gpu_shape};
use super::{BackendChoice, Selection};
use crate::config::Config;
use crate::cpu;
use crate::dataset::Dataset;
use crate::gpu;
use crate::gpu::adapter::{Info, find};
use crate::layout::{Array, BackendError, Shape};

/// Parts of the free memory that are left to others: one of so many.
const RESERVE: u64 = 10;

/// How many networks fit at once.
#[derive(Debug)]
pub struct Room {
    /// At least 1.
    pub replicas: usize,
    /// Why no more, where there is a reason.
    pub obstacle: Option<BackendError>,
}

/// How many of `count` networks of the shape of `config` fit on the device that `selection` asks for.
///
/// # Errors
/// When there is no such device, or it does not hold even one.
pub fn room(
    selection: &Selection,
    config: &Config,
    dataset: &Dataset,
    count: usize,
) -> Result<Room, BackendError> {
    let memory = memory(selection);
    let on_cpu = || most(count, |n| check_cpu(&cpu_shape(config, dataset, n), dataset, memory));
    let on_gpu = |allow_software| {
        let info = find(&adapter(selection, allow_software))?;
        most(count, |n| check_gpu(&gpu_shape(config, dataset, n), &info, selection, memory))
    };
    match selection.backend {
        BackendChoice::Cpu => on_cpu(),
        BackendChoice::Gpu => on_gpu(true),
        // As when it is opened.
        BackendChoice::Auto if selection.device.is_some() => on_gpu(false),
        BackendChoice::Auto => on_gpu(false).or_else(|_| on_cpu()),
    }
}

/// The most up to `count` that pass a check with all fewer.
fn most(
    count: usize,
    check: impl Fn(usize) -> Result<(), BackendError>,
) -> Result<Room, BackendError> {
    check(1)?;
    let obstacle = (2..=count).find_map(|n| check(n).err().map(|error| (n, error)));
    Ok(match obstacle {
        None => Room { replicas: count, obstacle: None },
        Some((n, error)) => Room { replicas: n - 1, obstacle: Some(error) },
    })
}

/// Bytes that a run may take of this machine's memory.
pub(super) fn memory(selection: &Selection) -> u64 {
    selection.memory.unwrap_or_else(|| {
        let memory = RefreshKind::nothing().with_memory(MemoryRefreshKind::nothing().with_ram());
        let system = System::new_with_specifics(memory);
        let free = system.available_memory();
        // A container may be allowed less than the machine has.
        let free = system.cgroup_limits().map_or(free, |limits| free.min(limits.free_memory));
        free - free / RESERVE
    })
}

/// Checks that the CPU backend's arrays, and what the host keeps of each network, fit `memory`.
pub(super) fn check_cpu(shape: &Shape, dataset: &Dataset, memory: u64) -> Result<(), BackendError> {
    // The networks as they were last read, and the order in which each is shown the images.
    let weights = (0..shape.layers())
        .map(|layer| shape.length(Array::Weights(layer)) + shape.length(Array::Feedback(layer)));
    let words = weights.sum::<usize>() + shape.replicas * dataset.training_count;
    check_memory(shape, cpu::bytes(shape) + 4 * words as u64, memory)
}

/// Checks a GPU's limits. How much memory a real GPU has, nobody tells: there `memory` counts only
/// where it was asked for.
fn check_gpu(
    shape: &Shape,
    info: &Info,
    selection: &Selection,
    memory: u64,
) -> Result<(), BackendError> {
    gpu::check_limits(shape, info)?;
    if info.is_software || selection.memory.is_some() {
        check_memory(shape, gpu::bytes(shape), memory)?;
    }
    Ok(())
}

fn check_memory(shape: &Shape, bytes: u64, memory: u64) -> Result<(), BackendError> {
    if bytes > memory {
        let networks = shape.replicas;
        return Err(BackendError::TooMuchMemory { networks, bytes, memory });
    }
    Ok(())
}

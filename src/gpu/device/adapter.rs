//! Which GPUs there are, and which of them to take.

use std::fmt;

use serde::Serialize;
use wgpu::{Backend, Backends, DeviceType, Instance, InstanceDescriptor, Limits};

use crate::interface::BackendError;

/// What to know about an adapter: how a run's record names its device.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AdapterInfo {
    /// Index in the list of [`list`]; a user may name an adapter by it.
    pub index: usize,
    /// Name of the adapter as its driver reports it; several of one model share a name.
    pub name: String,
    /// vulkan, metal, dx12 or gl.
    pub backend: String,
    /// Name of the driver, or on dx12 its version; empty if the backend does not report it.
    pub driver: String,
    /// Further driver information, above all its version; empty if the backend does not report it.
    pub driver_info: String,
    /// discrete, integrated, virtual, software or other.
    pub kind: DeviceKind,
    /// The "GPU" is the CPU.
    pub is_software: bool,
    /// Largest array in bytes that a kernel can bind.
    pub max_binding: u64,
    /// Largest buffer in bytes.
    pub max_buffer: u64,
    /// Bytes of memory that the threads of a workgroup share.
    pub max_workgroup_storage: u32,
    /// Threads in a workgroup; 0 where the adapter does not compute.
    pub max_workgroup_threads: u32,
    /// Workgroups along each dimension of a launch.
    pub max_workgroups: u32,
}

/// Kind of device of an adapter, the best first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum DeviceKind {
    /// A GPU with memory of its own.
    Discrete,
    /// A GPU that shares its memory with the CPU.
    Integrated,
    /// A GPU that a virtual machine or a host lends.
    Virtual,
    /// A device whose driver does not report its kind.
    Other,
    /// The CPU, on which a driver runs shaders.
    Software,
}

impl fmt::Display for DeviceKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            DeviceKind::Discrete => "discrete",
            DeviceKind::Integrated => "integrated",
            DeviceKind::Virtual => "virtual",
            DeviceKind::Other => "other",
            DeviceKind::Software => "software",
        })
    }
}

/// Number of threads of a workgroup on a real GPU, see [`AdapterInfo::workgroup`].
pub const DEFAULT_WORKGROUP_SIZE: u32 = 64;

/// Number of threads of a workgroup on a software device, two of its vectors: it steps the threads that have no neuron
/// to no purpose.
const SOFTWARE_WORKGROUP: u32 = 16;

impl AdapterInfo {
    /// Returns the number of threads of a workgroup, unless another is asked for.
    pub fn workgroup(&self) -> u32 {
        if self.is_software { SOFTWARE_WORKGROUP } else { DEFAULT_WORKGROUP_SIZE }
    }
}

impl fmt::Display for AdapterInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} ({}, {})", self.index, self.name, self.backend, self.kind)
    }
}

/// Which adapter to take.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AdapterQuery {
    /// Number of an adapter, or a part of its name in any case; the best one where there is none.
    pub index_or_name: Option<String>,
    /// Take a software device where there is no other. One that is named is taken anyway.
    pub allow_software: bool,
}

/// Every adapter of this machine; empty where there is no driver.
pub fn list() -> Vec<AdapterInfo> {
    adapters().into_iter().map(|(_, info)| info).collect()
}

/// What is known about the adapter that fits a choice.
///
/// # Errors
/// When there is no adapter, or none that fits.
pub fn find(choice: &AdapterQuery) -> Result<AdapterInfo, BackendError> {
    choose(choice).map(|(_, info)| info)
}

/// The adapter that fits a choice.
///
/// # Errors
/// When there is no adapter, or none that fits.
pub(super) fn choose(choice: &AdapterQuery) -> Result<(wgpu::Adapter, AdapterInfo), BackendError> {
    let adapters = adapters();
    let infos: Vec<AdapterInfo> = adapters.iter().map(|(_, info)| info.clone()).collect();
    let index = select(choice, &infos)?;
    adapters.into_iter().nth(index).ok_or(BackendError::NoAdapter)
}

/// Index of the adapter that fits a choice.
///
/// # Errors
/// When `infos` is empty, or none fits.
pub fn select(choice: &AdapterQuery, infos: &[AdapterInfo]) -> Result<usize, BackendError> {
    if infos.is_empty() {
        return Err(BackendError::NoAdapter);
    }
    let best = |fits: &dyn Fn(&AdapterInfo) -> bool| {
        let fitting = infos.iter().enumerate().filter(|(_, info)| fits(info));
        fitting.min_by_key(|(_, info)| preference(info)).map(|(index, _)| index)
    };
    let Some(wanted) = &choice.index_or_name else {
        let is_allowed = |info: &AdapterInfo| {
            info.max_workgroup_threads > 0 && (choice.allow_software || !info.is_software)
        };
        return best(&is_allowed)
            .ok_or_else(|| BackendError::OnlySoftware { available: names(infos) });
    };
    let numbered = wanted.parse().ok().filter(|&index: &usize| index < infos.len());
    let lowercase = wanted.to_lowercase();
    numbered.or_else(|| best(&|info| info.name.to_lowercase().contains(&lowercase))).ok_or_else(
        || BackendError::NoSuchAdapter { wanted: wanted.clone(), available: names(infos) },
    )
}

/// Lower is better. A device that several backends reach is taken through its native one.
fn preference(info: &AdapterInfo) -> (bool, bool, DeviceKind) {
    (info.is_software, info.backend == Backend::Gl.to_str(), info.kind)
}

fn names(infos: &[AdapterInfo]) -> String {
    let names: Vec<String> = infos.iter().map(AdapterInfo::to_string).collect();
    names.join("; ")
}

fn adapters() -> Vec<(wgpu::Adapter, AdapterInfo)> {
    let native = adapters_of(Backends::VULKAN | Backends::METAL | Backends::DX12);
    // GL shows the same devices again, so it is asked only where nothing else answers.
    if native.is_empty() { adapters_of(Backends::GL) } else { native }
}

fn adapters_of(backends: Backends) -> Vec<(wgpu::Adapter, AdapterInfo)> {
    let instance = Instance::new(InstanceDescriptor {
        backends,
        ..InstanceDescriptor::new_without_display_handle()
    });
    let adapters = pollster::block_on(instance.enumerate_adapters(backends));
    let with_info = |(index, adapter): (usize, wgpu::Adapter)| {
        let info = info(index, &adapter);
        (adapter, info)
    };
    adapters.into_iter().enumerate().map(with_info).collect()
}

fn info(index: usize, adapter: &wgpu::Adapter) -> AdapterInfo {
    let info = adapter.get_info();
    let limits = adapter.limits();
    AdapterInfo {
        index,
        name: info.name,
        backend: info.backend.to_str().to_string(),
        driver: info.driver,
        driver_info: info.driver_info,
        kind: match info.device_type {
            DeviceType::DiscreteGpu => DeviceKind::Discrete,
            DeviceType::IntegratedGpu => DeviceKind::Integrated,
            DeviceType::VirtualGpu => DeviceKind::Virtual,
            DeviceType::Other => DeviceKind::Other,
            DeviceType::Cpu => DeviceKind::Software,
        },
        is_software: info.device_type == DeviceType::Cpu,
        max_binding: limits.max_storage_buffer_binding_size,
        max_buffer: limits.max_buffer_size,
        max_workgroup_storage: limits.max_compute_workgroup_storage_size,
        max_workgroup_threads: limits
            .max_compute_invocations_per_workgroup
            .min(limits.max_compute_workgroup_size_x),
        max_workgroups: limits.max_compute_workgroups_per_dimension,
    }
}

/// What is asked of an adapter: its own limits where this crate can use more than the default.
pub(super) fn wanted_limits(adapter: &Limits) -> Limits {
    Limits {
        max_storage_buffer_binding_size: adapter.max_storage_buffer_binding_size,
        max_buffer_size: adapter.max_buffer_size,
        max_compute_invocations_per_workgroup: adapter.max_compute_invocations_per_workgroup,
        max_compute_workgroup_size_x: adapter.max_compute_workgroup_size_x,
        max_compute_workgroup_storage_size: adapter.max_compute_workgroup_storage_size,
        max_compute_workgroups_per_dimension: adapter.max_compute_workgroups_per_dimension,
        min_uniform_buffer_offset_alignment: adapter.min_uniform_buffer_offset_alignment,
        ..Limits::default()
    }
    // Old devices reach not even the defaults; whether that matters shows when pipelines are made.
    .or_worse_values_from(adapter)
}

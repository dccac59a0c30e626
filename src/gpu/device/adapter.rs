//! List of the GPUs of this machine, and choice of one.

use std::fmt;

use serde::Serialize;
use wgpu::{Backend, Backends, DeviceType, Instance, InstanceDescriptor, Limits};

use crate::interface::BackendError;

/// Description of an adapter, which a run's record stores.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AdapterInfo {
    /// Index in [`list`], by which a user may select the adapter.
    pub index: usize,
    /// Name reported by the driver. Adapters of one model share a name.
    pub name: String,
    /// API: vulkan, metal, dx12 or gl.
    pub backend: String,
    /// Name of the driver, on dx12 its version; empty if the API does not report it.
    pub driver: String,
    /// Further driver information, such as its version; empty if the API does not report it.
    pub driver_info: String,
    /// Kind of device.
    pub kind: DeviceKind,
    /// Whether the "GPU" is software that runs on the CPU.
    pub is_software: bool,
    /// Size of the largest array that a kernel can bind, bytes.
    pub max_binding: u64,
    /// Size of the largest buffer, bytes.
    pub max_buffer: u64,
    /// Size of the memory that the threads of a workgroup share, bytes.
    pub max_workgroup_storage: u32,
    /// Largest number of threads of a workgroup; 0 if the adapter does not compute.
    pub max_workgroup_threads: u32,
    /// Largest number of workgroups along each dimension of a dispatch.
    pub max_workgroups: u32,
}

/// Kind of device, the best first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum DeviceKind {
    /// GPU with its own memory.
    Discrete,
    /// GPU that shares its memory with the CPU.
    Integrated,
    /// GPU of a virtual machine.
    Virtual,
    /// Device of a kind that the driver does not report.
    Other,
    /// Driver that runs shaders on the CPU.
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

/// Number of threads of a workgroup on a software device: two of its 8-wide vectors. It also runs the threads without a
/// neuron, so larger workgroups waste time on small layers.
const SOFTWARE_WORKGROUP: u32 = 16;

impl AdapterInfo {
    /// Returns the default number of threads of a workgroup.
    pub fn workgroup(&self) -> u32 {
        if self.is_software { SOFTWARE_WORKGROUP } else { DEFAULT_WORKGROUP_SIZE }
    }
}

impl fmt::Display for AdapterInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} ({}, {})", self.index, self.name, self.backend, self.kind)
    }
}

/// Query for one adapter.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AdapterQuery {
    /// Index of the adapter, or a part of its name in any case; `None` for the best one.
    pub index_or_name: Option<String>,
    /// Whether the best one may be a software device. A named adapter may always be one.
    pub allow_software: bool,
}

/// Returns every adapter of this machine; empty if there is no driver.
pub fn list() -> Vec<AdapterInfo> {
    adapters().into_iter().map(|(_, info)| info).collect()
}

/// Returns the description of the adapter that matches a query.
///
/// # Errors
/// Returns an error if there is no adapter, or no match.
pub fn find(query: &AdapterQuery) -> Result<AdapterInfo, BackendError> {
    choose(query).map(|(_, info)| info)
}

/// Returns the adapter that matches a query.
///
/// # Errors
/// Returns an error if there is no adapter, or no match.
pub(super) fn choose(query: &AdapterQuery) -> Result<(wgpu::Adapter, AdapterInfo), BackendError> {
    let adapters = adapters();
    let infos: Vec<AdapterInfo> = adapters.iter().map(|(_, info)| info.clone()).collect();
    let index = select(query, &infos)?;
    adapters.into_iter().nth(index).ok_or(BackendError::NoAdapter)
}

/// Returns the index of the adapter that matches a query.
///
/// # Errors
/// Returns an error if `infos` is empty, or no adapter matches.
pub fn select(query: &AdapterQuery, infos: &[AdapterInfo]) -> Result<usize, BackendError> {
    if infos.is_empty() {
        return Err(BackendError::NoAdapter);
    }
    let best = |matches: &dyn Fn(&AdapterInfo) -> bool| {
        let matching = infos.iter().enumerate().filter(|(_, info)| matches(info));
        matching.min_by_key(|(_, info)| preference(info)).map(|(index, _)| index)
    };
    let Some(wanted) = &query.index_or_name else {
        let is_allowed = |info: &AdapterInfo| {
            info.max_workgroup_threads > 0 && (query.allow_software || !info.is_software)
        };
        return best(&is_allowed)
            .ok_or_else(|| BackendError::OnlySoftware { available: names(infos) });
    };
    let by_index = wanted.parse().ok().filter(|&index: &usize| index < infos.len());
    let lowercase = wanted.to_lowercase();
    by_index.or_else(|| best(&|info| info.name.to_lowercase().contains(&lowercase))).ok_or_else(
        || BackendError::NoSuchAdapter { wanted: wanted.clone(), available: names(infos) },
    )
}

/// Returns the rank of an adapter; lower is better. If several APIs reach a device, the native one ranks higher.
fn preference(info: &AdapterInfo) -> (bool, bool, DeviceKind) {
    (info.is_software, info.backend == Backend::Gl.to_str(), info.kind)
}

fn names(infos: &[AdapterInfo]) -> String {
    let names: Vec<String> = infos.iter().map(AdapterInfo::to_string).collect();
    names.join("; ")
}

fn adapters() -> Vec<(wgpu::Adapter, AdapterInfo)> {
    let native = adapters_of(Backends::VULKAN | Backends::METAL | Backends::DX12);
    // GL lists the same devices again, so it is used only if no other API has a device.
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

/// Returns the limits to request from an adapter: its own limits if kernels can use more than the default.
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
    // Old devices do not reach the defaults. The compilation of pipelines fails if that matters.
    .or_worse_values_from(adapter)
}

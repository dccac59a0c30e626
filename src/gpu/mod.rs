//! GPU backend, on any device that wgpu reaches through Vulkan, Metal, DX12 or GL.
//!
//! Each module depends only on the ones after it:
//! - `executor` submits launches and times them, or splits them into small submissions that a stop can interrupt;
//! - `kernels` has compiled pipelines, dispatches of a list of launches, numbers of workgroups, and the self-test;
//! - `memory` has buffers of the arrays, and the ranges of weight columns that a dispatch binds;
//! - `device` chooses an adapter, opens the device and stores compiled kernels in a file;
//! - [`shaders`] has the complete WGSL of each kernel: generated constants and structs, imported files, its own file.

mod device;
mod executor;
mod kernels;
mod memory;
pub mod shaders;

pub use device::adapter::DEFAULT_WORKGROUP_SIZE;
pub use device::{GpuDevice, adapter};
pub use executor::Gpu;
pub(crate) use kernels::pipelines::module;
pub use kernels::self_test;
pub use memory::buffers::check_limits;
pub use memory::weight_ranges;

//! GPU backend, on any device that wgpu reaches through Vulkan, Metal, DX12 or GL.
//!
//! Modules depend only on those after them: `executor` (runs a list of launches), `kernels` (pipelines, dispatches,
//! self-test), `memory` (buffers, ranges of weight columns), `device` (adapter, open device, file of compiled kernels),
//! [`shaders`] (WGSL text).

mod device;
mod executor;
mod kernels;
mod memory;
pub mod shaders;

pub use device::adapter::DEFAULT_WORKGROUP_SIZE;
pub use device::{Device, adapter};
pub use executor::Gpu;
pub(crate) use kernels::pipelines::module;
pub use kernels::self_test;
pub use memory::buffers::check_limits;
pub use memory::weight_ranges;

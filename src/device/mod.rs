//! Device of a run: choice of the backend, and number of networks that fit. `gpu::device` is the open GPU.

mod auto;
mod burst_loops;
mod fit;
mod list;
mod select;
mod shapes;

use serde::Serialize;

pub use fit::{Fit, check_cpu, check_gpu, max_replicas};
pub use list::{ListedGpu, ListedSelfTest, list_gpus};
pub use select::{BackendPair, OpenBackend, open, open_both};

use crate::gpu::adapter::AdapterQuery;
use crate::interface::{BackendError, Stop};

/// Kind of backend.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "clap", derive(clap::ValueEnum))]
pub enum BackendKind {
    /// A real GPU if there is one and its launches alone do not take longer than the CPU, otherwise the CPU
    #[default]
    Auto,
    /// A GPU; a software one only if there is no other
    Gpu,
    /// The CPU
    Cpu,
}

/// Options for the device. No option changes a bit of the result.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DeviceOptions {
    /// Kind of backend.
    pub backend: BackendKind,
    /// Index of the GPU, or a substring of its name.
    pub device: Option<String>,
    /// Number of threads of the CPU backend, see [`Threads::choose`](crate::cpu::Threads::choose); 0: one per CPU.
    pub threads: usize,
    /// Memory budget for arrays, bytes; `None`: the free memory.
    pub memory: Option<u64>,
    /// Whether the arrays of each sample can be read and written, see [`Shape::per_sample_access`](crate::interface::Shape::per_sample_access).
    pub per_sample_access: bool,
    /// Whether neurons are stepped one step at a time, and apical voltages even if no soma reads them.
    pub steps_apical: bool,
    /// Handle to stop trainings, tests and recordings early.
    pub stop: Stop,
}

impl DeviceOptions {
    /// Returns what `on_gpu` or `on_cpu` returns for the selected backend. [`BackendKind::Auto`] takes the CPU if `on_gpu`
    /// fails, unless the GPU was requested by name. `on_cpu` receives the note with the reason.
    ///
    /// # Errors
    /// Returns the error of `on_gpu` or `on_cpu`.
    pub(crate) fn choose<T>(
        &self,
        on_gpu: impl FnOnce(&AdapterQuery) -> Result<T, BackendError>,
        on_cpu: impl FnOnce(Option<String>) -> Result<T, BackendError>,
    ) -> Result<T, BackendError> {
        match self.backend {
            BackendKind::Cpu => on_cpu(None),
            BackendKind::Gpu => on_gpu(&self.adapter_query(true)),
            BackendKind::Auto => match on_gpu(&self.adapter_query(false)) {
                Err(error) if self.device.is_none() => {
                    on_cpu(Some(format!("computing on the CPU: {error}")))
                }
                result => result,
            },
        }
    }

    /// Returns the query for the selected GPU.
    fn adapter_query(&self, allow_software: bool) -> AdapterQuery {
        AdapterQuery { index_or_name: self.device.clone(), allow_software }
    }
}

/// Device of a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DeviceInfo {
    /// `cpu` or `gpu`.
    pub backend: &'static str,
    /// Name and API of a GPU, such as `NAME (vulkan)`, or the threads of the CPU, such as `8 threads`.
    pub name: String,
    /// Whether the device passed the self-test of its arithmetic, so that results have the CPU's bits.
    pub bit_exact: bool,
    /// Reason for the choice if it needs explanation, and the result of a self-test that failed.
    #[serde(skip)]
    pub note: Option<String>,
    /// Backend that [`BackendKind::Auto`] compared with this one and that the caller can choose instead.
    #[serde(skip)]
    pub alternative: Option<BackendKind>,
}

impl BackendKind {
    /// Name: `auto`, `gpu` or `cpu`.
    pub fn name(self) -> &'static str {
        match self {
            BackendKind::Auto => "auto",
            BackendKind::Gpu => "gpu",
            BackendKind::Cpu => "cpu",
        }
    }
}

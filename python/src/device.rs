//! Choice of the device.

use apical::device::{BackendKind, DeviceInfo, DeviceOptions};
use apical::interface::Stop;
use pyo3::prelude::*;

/// Device of a training or prediction. No choice changes a bit of the result.
#[derive(Clone, FromPyObject)]
pub(crate) struct DeviceChoice {
    /// "auto", "cpu", "gpu", or the index or a part of the name of a GPU.
    device: String,
    /// Number of threads of the CPU backend; 0: one per CPU.
    threads: usize,
    /// Memory budget, bytes.
    memory: Option<u64>,
}

impl DeviceChoice {
    /// Returns the library's options, with a new stop request.
    pub(crate) fn options(&self) -> DeviceOptions {
        let (backend, device) = match self.device.as_str() {
            "auto" => (BackendKind::Auto, None),
            "cpu" => (BackendKind::Cpu, None),
            "gpu" => (BackendKind::Gpu, None),
            name => (BackendKind::Gpu, Some(name.to_string())),
        };
        let DeviceChoice { threads, memory, .. } = *self;
        let stop = Stop::default();
        DeviceOptions { backend, device, threads, memory, stop, ..DeviceOptions::default() }
    }
}

/// Returns the note on a device, and the parameter that chooses another.
pub(crate) fn device_note(device: &DeviceInfo) -> Option<String> {
    let hint = |other: BackendKind| format!("hint: device='{}' chooses the other", other.name());
    let lines: Vec<String> =
        device.note.iter().cloned().chain(device.alternative.map(hint)).collect();
    (!lines.is_empty()).then(|| lines.join("\n"))
}

//! Name of the processor.

use sysinfo::{CpuRefreshKind, System};

/// Returns the name of the processor, or its architecture if the system does not report a name.
pub fn processor_name() -> String {
    let mut system = System::new();
    system.refresh_cpu_list(CpuRefreshKind::nothing());
    let brand = system.cpus().first().map(|cpu| cpu.brand().trim().to_string());
    brand.filter(|brand| !brand.is_empty()).unwrap_or(std::env::consts::ARCH.to_string())
}

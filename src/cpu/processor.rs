//! The processor's name.

use sysinfo::{CpuRefreshKind, System};

/// Name of the processor; where the system does not tell, its architecture.
pub fn processor() -> String {
    let mut system = System::new();
    system.refresh_cpu_list(CpuRefreshKind::nothing());
    let brand = system.cpus().first().map(|cpu| cpu.brand().trim().to_string());
    brand.filter(|brand| !brand.is_empty()).unwrap_or(std::env::consts::ARCH.to_string())
}

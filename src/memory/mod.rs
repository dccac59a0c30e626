//! Memory available to this process.

mod limits;

use sysinfo::{MemoryRefreshKind, System};

/// Returns the memory available to this process: the least of the system's free memory, the limits of its control
/// groups and `ulimit -v`, bytes. `None` if unknown.
pub fn available_bytes() -> Option<u64> {
    let mut system = System::new();
    system.refresh_memory_specifics(MemoryRefreshKind::nothing().with_ram());
    if system.total_memory() == 0 {
        return limits::remaining_bytes();
    }
    // Both values count the system's file cache as free.
    let granted = system
        .cgroup_limits()
        .map_or(u64::MAX, |limits| limits.total_memory.saturating_sub(limits.rss));
    Some(system.available_memory().min(granted).min(limits::remaining_bytes().unwrap_or(u64::MAX)))
}

/// Returns the memory that a run may use: nine tenths of [`available_bytes`], bytes. `None` if unknown.
pub fn usable_bytes() -> Option<u64> {
    available_bytes().map(|free| free - free / 10)
}

/// Whether the process has its own limit on its address space.
pub fn has_address_limit() -> bool {
    limits::has_address_limit()
}

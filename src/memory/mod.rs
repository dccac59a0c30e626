//! Memory that this process can still take.

mod limits;

use sysinfo::{MemoryRefreshKind, System};

/// Bytes that this program can still take: the fewest of those that the system has free, that its control groups grant,
/// and that `ulimit -v` leaves. `None` if that cannot be known.
pub fn available_bytes() -> Option<u64> {
    let mut system = System::new();
    system.refresh_memory_specifics(MemoryRefreshKind::nothing().with_ram());
    if system.total_memory() == 0 {
        return limits::remaining_bytes();
    }
    // What the system keeps of files counts as free in both.
    let granted = system
        .cgroup_limits()
        .map_or(u64::MAX, |limits| limits.total_memory.saturating_sub(limits.rss));
    Some(system.available_memory().min(granted).min(limits::remaining_bytes().unwrap_or(u64::MAX)))
}

/// Whether the process has a limit of its own for the addresses that it may map.
pub fn has_address_limit() -> bool {
    limits::has_address_limit()
}

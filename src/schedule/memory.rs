//! The memory of this machine, and whether a run fits.

use sysinfo::{MemoryRefreshKind, System};

use super::limits;
use crate::layout::{BackendError, Shape};

/// Bytes that this program can still take: the fewest of those that the system has free, that its control groups grant,
/// and that `ulimit -v` leaves. `None` if that cannot be known.
pub fn available() -> Option<u64> {
    let mut system = System::new();
    system.refresh_memory_specifics(MemoryRefreshKind::nothing().with_ram());
    if system.total_memory() == 0 {
        return limits::left();
    }
    // What the system keeps of files counts as free in both.
    let granted = system
        .cgroup_limits()
        .map_or(u64::MAX, |limits| limits.total_memory.saturating_sub(limits.rss));
    Some(system.available_memory().min(granted).min(limits::left().unwrap_or(u64::MAX)))
}

/// Whether the process has a limit of its own for the addresses that it may map.
pub fn has_address_limit() -> bool {
    limits::has_address_limit()
}

/// The `bytes` of all arrays of `shape`, where they fit into `memory`.
///
/// # Errors
/// When they do not.
pub(super) fn check(shape: &Shape, bytes: u64, memory: u64) -> Result<u64, BackendError> {
    if bytes <= memory {
        return Ok(bytes);
    }
    let layers: Vec<String> = shape.populations[1..].iter().map(usize::to_string).collect();
    let (networks, lanes, layers) = (shape.replicas, shape.lanes, layers.join(","));
    Err(BackendError::TooMuchMemory { networks, layers, lanes, bytes, memory })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_fit_is_refused_with_the_numbers() {
        let shape = |replicas| Shape {
            replicas,
            lanes: 2,
            steps: 8,
            block: 8,
            taps: 0,
            images: 0,
            slots: 0,
            has_moments: true,
            ..Shape::plain(vec![30, 20, 10])
        };
        let bytes = 3 << 20;
        assert_eq!(check(&shape(1), bytes, bytes).unwrap(), bytes);
        let error = check(&shape(1), bytes, 1 << 20).unwrap_err().to_string();
        let expected = "the arrays of 1 network of layers 20,10 with 2 images side by side take 3.00 MiB, \
                        more than the 1.00 MiB of memory that may be taken";
        assert_eq!(error, expected);
        let error = check(&shape(7), bytes, bytes - 1).unwrap_err().to_string();
        assert!(error.contains("the arrays of 7 networks of layers 20,10"), "{error}");
    }
}

//! The memory of this machine, and whether a run fits.

use indicatif::BinaryBytes;
use sysinfo::{MemoryRefreshKind, System};

use crate::layout::{BackendError, Shape};

/// Bytes that programs can still take: those that the system has free, or that the container grants,
/// whichever are fewer. `None` where that cannot be known.
pub fn available() -> Option<u64> {
    let mut system = System::new();
    system.refresh_memory_specifics(MemoryRefreshKind::nothing().with_ram());
    if system.total_memory() == 0 {
        return None;
    }
    // What the system keeps of files counts as free in both.
    let granted = system
        .cgroup_limits()
        .map_or(u64::MAX, |limits| limits.total_memory.saturating_sub(limits.rss));
    Some(system.available_memory().min(granted))
}

/// Checks that arrays of `shape` fit into the memory of this machine.
///
/// # Errors
/// When they do not.
pub fn check(shape: &Shape) -> Result<(), BackendError> {
    match available() {
        Some(available) => fits(shape, available),
        None => Ok(()),
    }
}

fn fits(shape: &Shape, available: u64) -> Result<(), BackendError> {
    let needed = shape.bytes();
    if needed <= available {
        return Ok(());
    }
    let layers: Vec<String> = shape.populations[1..].iter().map(usize::to_string).collect();
    Err(BackendError::Memory {
        layers: layers.join(","),
        lanes: shape.lanes,
        needed: BinaryBytes(needed).to_string(),
        available: BinaryBytes(available).to_string(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_fit_is_refused_with_the_numbers() {
        let shape = Shape {
            populations: vec![1024, 1024],
            broadcast: true,
            lanes: 2,
            steps: 8,
            block: 8,
            taps: 0,
            images: 0,
            slots: 0,
            steps_apical: false,
            has_moments: true,
            keeps_gradient: false,
            keeps_lanes: true,
        };
        // Three matrices of 1025 x 1024 floats, the weights and their moments, and little else.
        let bytes = shape.bytes();
        assert!(fits(&shape, bytes).is_ok());
        let error = fits(&shape, bytes - 1).expect_err("one byte is missing");
        let message = error.to_string();
        assert!(message.contains("layers 1024 with 2 images side by side take 12."), "{message}");
        assert!(message.contains("MiB, more than the 12."), "{message}");
    }
}

//! Limits of the device, measured without a network. Rows are compared with them.

mod cpu;
mod gpu;
mod limits;
mod loops;
mod workload;

use std::time::Duration;

pub use gpu::shaders;
pub use limits::{Bandwidth, Roofline};

use super::device::MeasuredDevice;
use super::progress::Steps;
use super::repetition::Repetition;
use crate::interface::BackendError;
use workload::WORKING_SETS;

/// Length of a repetition on a CPU: shorter than the time slice of a busy system, so that some repetitions are
/// undisturbed.
pub const CPU_CALL: Duration = Duration::from_millis(2);
/// Length of a repetition on a GPU: long enough to hide the cost of a submission.
pub const GPU_CALL: Duration = Duration::from_millis(10);

/// Measures a device. Spends about `each` per step.
///
/// # Errors
/// Returns an error if the device fails.
pub fn measure(
    device: &MeasuredDevice,
    each: Duration,
    steps: &mut Steps,
) -> Result<Roofline, BackendError> {
    match device.gpu() {
        None => {
            cpu::measure(device.threads.unwrap_or(1), Repetition { call: CPU_CALL, each }, steps)
        }
        Some(query) => gpu::measure(&query, Repetition { call: GPU_CALL, each }, steps),
    }
}

/// Largest number of steps of [`measure`].
pub const STEPS_MAX: usize = 4 + WORKING_SETS.len();

//! Measured limits of a device.

use serde::Serialize;

/// Limits of a device: of all threads of a CPU together, or of a whole GPU. Fields that do not apply to the device are
/// `None`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Roofline {
    /// Number of additions of 32-bit floats in registers per second.
    pub additions_per_second: f64,
    /// Number of additions in registers per second of one thread.
    pub additions_per_second_per_thread: Option<f64>,
    /// Number of additions per second of column sums: per step, the sum of 20 random columns of a 784 x 500 matrix.
    pub column_sum_additions_per_second: f64,
    /// Number of additions per second of column sums of one thread.
    pub column_sum_additions_per_second_per_thread: Option<f64>,
    /// Bandwidth of repeated reads, by the size of the working set.
    pub read: Vec<Bandwidth>,
    /// Time to wake all threads, microseconds.
    pub pool_us: Option<f64>,
    /// Time per additional launch in a pass, microseconds.
    pub launch_us: Option<f64>,
    /// Time of a submission of one launch, until it is complete, microseconds.
    pub submission_us: Option<f64>,
    /// Time to read 40 bytes back, microseconds.
    pub readback_us: Option<f64>,
}

/// Bandwidth of reads of a working set.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Bandwidth {
    /// Size of the working set, bytes.
    pub bytes: usize,
    /// Bandwidth of all threads together. Each reads the whole set.
    pub bytes_per_second: f64,
    /// Bandwidth of one thread.
    pub bytes_per_second_per_thread: Option<f64>,
}

impl Roofline {
    /// Returns the bandwidth for a working set of `bytes`: that of the smallest measured set of at least this size.
    pub fn bandwidth_of(&self, bytes: u64) -> Option<f64> {
        let holding = self.read.iter().find(|bandwidth| bandwidth.bytes as u64 >= bytes);
        holding.or(self.read.last()).map(|bandwidth| bandwidth.bytes_per_second)
    }
}

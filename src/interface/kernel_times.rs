//! Times of kernels, measured by a backend with profiling.

use std::time::Duration;

use super::Kernel;

/// Time of each kernel, and number of measurements.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KernelTimes {
    /// Time per kernel, in the order of [`Kernel::ALL`].
    times: [Duration; Kernel::ALL.len()],
    /// Number of measurements per kernel, in the same order.
    calls: [u64; Kernel::ALL.len()],
}

impl KernelTimes {
    /// Adds one measurement of `kernel`.
    pub fn add(&mut self, kernel: Kernel, time: Duration) {
        self.times[kernel as usize] += time;
        self.calls[kernel as usize] += 1;
    }

    /// Adds all measurements of `other`.
    pub fn merge(&mut self, other: &KernelTimes) {
        for kernel in Kernel::ALL.map(|kernel| kernel as usize) {
            self.times[kernel] += other.times[kernel];
            self.calls[kernel] += other.calls[kernel];
        }
    }

    /// Returns the time of a kernel, summed over all threads.
    pub fn of(&self, kernel: Kernel) -> Duration {
        self.times[kernel as usize]
    }

    /// Returns the number of measurements: one per launch on a GPU, one per launch and sample on the CPU.
    pub fn calls(&self, kernel: Kernel) -> u64 {
        self.calls[kernel as usize]
    }

    /// Returns the time of all kernels.
    pub fn total(&self) -> Duration {
        self.times.iter().sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_kept_per_kernel() {
        let mut times = KernelTimes::default();
        for (index, kernel) in Kernel::ALL.into_iter().enumerate() {
            assert_eq!(kernel as usize, index, "{kernel}");
            times.add(kernel, Duration::from_micros(1 << index));
        }
        times.merge(&times.clone());
        for (index, kernel) in Kernel::ALL.into_iter().enumerate() {
            assert_eq!(times.of(kernel), Duration::from_micros(2 << index), "{kernel}");
            assert_eq!(times.calls(kernel), 2, "{kernel}");
        }
        assert_eq!(times.total(), Duration::from_micros((2 << Kernel::ALL.len()) - 2));
    }
}

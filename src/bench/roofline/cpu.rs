//! Limits of a CPU: of one thread, and of all threads together.

use std::hint::black_box;

use rayon::{ThreadPool, ThreadPoolBuilder};

use super::limits::{Bandwidth, Roofline};
use super::loops::{
    ADDITIONS, IMAGE_ADDITIONS, LANES, STRIDE, WEIGHTS, add, read, sum_columns_64, sum_columns_128,
};
use super::workload::{SPIKES, STEPS_PER_IMAGE, UNITS, WORKING_SETS, random_steps};
use crate::bench::progress::Steps;
use crate::bench::repetition::{Repetition, latency};
use crate::interface::BackendError;
use crate::memory;

/// Number of rounds of additions between two readings of the clock.
const ROUNDS: usize = 10_000;
/// Smallest number of bytes read between two readings of the clock.
const READ: usize = 1 << 20;

/// Measures the CPU with `threads` threads.
pub fn measure(
    threads: usize,
    repetition: Repetition,
    steps: &mut Steps,
) -> Result<Roofline, BackendError> {
    let pool = ThreadPoolBuilder::new()
        .num_threads(threads)
        .build()
        .map_err(|error| BackendError::Threads(error.to_string()))?;
    let device = CpuProbe { pool, repetition };

    steps.begin("additions in registers")?;
    let [one, all] = device.rates(|count| {
        black_box(add(count * ROUNDS, black_box([0.0; LANES]), black_box(1e-3)));
    })?;
    let additions = [one, all].map(|rate| rate * (ROUNDS * ADDITIONS) as f64);

    steps.begin("column sums")?;
    let column_sum = device.column_sum()?;

    let mut bandwidths = Vec::new();
    let largest = memory::available_bytes().map_or(usize::MAX, |bytes| bytes as usize / 2);
    for bytes in WORKING_SETS.into_iter().filter(|&bytes| bytes <= largest) {
        steps.begin("reading")?;
        bandwidths.push(device.read(bytes)?);
    }

    steps.begin("waking the threads")?;
    let pool_us = latency(|| {
        device.pool.broadcast(|_| ());
        Ok(())
    })?;
    Ok(Roofline {
        additions_per_second: additions[1],
        additions_per_second_per_thread: Some(additions[0]),
        column_sum_additions_per_second: column_sum[1],
        column_sum_additions_per_second_per_thread: Some(column_sum[0]),
        read: bandwidths,
        pool_us: Some(pool_us),
        launch_us: None,
        submission_us: None,
        readback_us: None,
    })
}

/// Thread pool to measure.
struct CpuProbe {
    pool: ThreadPool,
    repetition: Repetition,
}

impl CpuProbe {
    /// Returns the units of work per second of one thread and of all threads. `work(n)` does `n` units.
    fn rates(&self, work: impl Fn(usize) + Sync) -> Result<[f64; 2], BackendError> {
        let one = self.repetition.best_rate(|count| {
            work(count);
            Ok(())
        })?;
        let threads = self.pool.current_num_threads();
        if threads == 1 {
            return Ok([one, one]);
        }
        let all = self.repetition.best_rate(|count| {
            self.pool.broadcast(|_| work(count));
            Ok(())
        })?;
        // Other programs can only disturb the measurement: all threads are never slower than one.
        Ok([one, one.max(all * threads as f64)])
    }

    /// Returns the additions per second of column sums, of one thread and of all threads.
    fn column_sum(&self) -> Result<[f64; 2], BackendError> {
        let weights = vec![1e-3; WEIGHTS];
        let steps = random_steps(STRIDE);
        let mut best = [0.0f64; 2];
        for sum in [sum_columns_64, sum_columns_128] {
            let rates = self.rates(|count| {
                let mut sums = vec![0.0; STEPS_PER_IMAGE * UNITS];
                let images = steps.chunks(STEPS_PER_IMAGE * SPIKES).cycle();
                for image in images.take(count) {
                    sum(image, &weights, black_box(&mut sums[..]));
                }
            })?;
            for (best, rate) in best.iter_mut().zip(rates) {
                *best = best.max(rate * IMAGE_ADDITIONS as f64);
            }
        }
        Ok(best)
    }

    /// Returns the bandwidth of reads of a working set.
    fn read(&self, bytes: usize) -> Result<Bandwidth, BackendError> {
        let set = vec![1e-3; bytes / size_of::<f32>()];
        let passes = (READ / bytes).max(1);
        let rates = self.rates(|count| {
            for _ in 0..count * passes {
                black_box(read(black_box(&set)));
            }
        })?;
        let [one, all] = rates.map(|rate| rate * (passes * bytes) as f64);
        Ok(Bandwidth { bytes, bytes_per_second: all, bytes_per_second_per_thread: Some(one) })
    }
}

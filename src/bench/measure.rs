//! Measures networks: counts operations, times kernels, then times rounds of minibatches.

use std::time::{Duration, Instant};

use super::device::cpu_time;
use super::grid::{GridPoint, Task};
use super::measured_networks::MeasuredNetworks;
use super::progress::Steps;
use super::row::{DeviceLimits, Measurement, Row, name};
use crate::interface::BackendError;

/// Smallest number of minibatches and of images, whichever are more, with counted operations and timed kernels.
const OBSERVED_MINIBATCHES: usize = 2;
const OBSERVED_IMAGES: usize = 64;
/// Smallest number of rounds if a minibatch takes longer than a round.
const MIN_ROUNDS: usize = 3;

/// Extent of a measurement.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct RoundSettings {
    /// Number of rounds.
    pub rounds: usize,
    /// Length of a round, s.
    pub seconds: f64,
    /// Number of images that each network trains on before the measurement.
    pub warm_up: usize,
}

impl RoundSettings {
    /// Returns the number of steps that [`measure`] reports.
    pub fn steps(&self) -> usize {
        1 + self.rounds
    }

    /// Returns the number of minibatches per round and of rounds. If a minibatch takes longer than a round, there are
    /// fewer rounds, in about the same time.
    fn rounds_of(&self, minibatch_seconds: f64) -> (usize, usize) {
        let minibatches = self.seconds / minibatch_seconds;
        let rounds = (self.rounds as f64 * minibatches) as usize;
        let least = MIN_ROUNDS.min(self.rounds);
        ((minibatches as usize).max(1), rounds.clamp(least, self.rounds))
    }
}

/// Measures networks after their warm-up.
///
/// # Errors
/// Returns an error if the device fails.
pub(super) fn measure(
    networks: &mut MeasuredNetworks,
    point: &GridPoint,
    task: Task,
    settings: &RoundSettings,
    limits: &DeviceLimits,
    steps: &mut Steps,
) -> Result<Row, BackendError> {
    let config = point.config();
    let name = name(task, &config.layers, config.batch_size, point.replicas());
    steps.begin(&name)?;
    // Count and profile first, so that the images do not depend on the speed of the device.
    let observed = OBSERVED_MINIBATCHES.max(OBSERVED_IMAGES.div_ceil(config.batch_size));
    networks.step(task)?;
    let ops = networks.count_ops(task, observed)?;
    let times = networks.profile(task, observed)?;
    let (per_round, rounds) = settings.rounds_of(minibatch_seconds(networks, task, settings)?);
    let mut raw_ms = Vec::with_capacity(rounds);
    let cpu_before = cpu_time();
    for _ in 0..rounds {
        steps.begin(&name)?;
        raw_ms.push(1e3 * time(networks, task, per_round)?.as_secs_f64() / per_round as f64);
    }
    steps.skip(settings.rounds - rounds);
    let cpu = cpu_time().zip(cpu_before).map(|(after, before)| after.saturating_sub(before));
    let warm_up = settings.warm_up.next_multiple_of(config.batch_size);
    let measured = Measurement { raw_ms, per_round, cpu, warm_up, observed, ops, times };
    Ok(measured.row(point, task, limits, networks.shape()))
}

/// Returns the approximate time per minibatch, s.
fn minibatch_seconds(
    networks: &mut MeasuredNetworks,
    task: Task,
    settings: &RoundSettings,
) -> Result<f64, BackendError> {
    let mut count = 1;
    loop {
        let taken = time(networks, task, count)?.as_secs_f64();
        if taken >= settings.seconds / 8.0 {
            return Ok(taken / count as f64);
        }
        count *= 2;
    }
}

/// Returns the time of some minibatches.
fn time(
    networks: &mut MeasuredNetworks,
    task: Task,
    minibatches: usize,
) -> Result<Duration, BackendError> {
    let start = Instant::now();
    for _ in 0..minibatches {
        networks.step(task)?;
    }
    networks.wait()?;
    Ok(start.elapsed())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_minibatches_are_timed_fewer_times() {
        let settings = RoundSettings { rounds: 7, seconds: 1.0, warm_up: 0 };
        for (seconds, expected) in [(0.01, (100, 7)), (0.9, (1, 7)), (1.5, (1, 4)), (100.0, (1, 3))]
        {
            assert_eq!(settings.rounds_of(seconds), expected, "{seconds} s");
        }
        let once = RoundSettings { rounds: 1, ..settings };
        assert_eq!(once.rounds_of(100.0), (1, 1));
    }
}

//! Estimate of the remaining time from the time that past work took.

use std::time::{Duration, Instant};

/// Longest time that is shown, s: a year.
const MAX_SECONDS: f64 = 365.0 * 24.0 * 3600.0;

/// Clock for a known amount of work, in any unit.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TimeEstimate {
    start: Instant,
    total: f64,
    /// Work done before the start.
    before: f64,
}

impl TimeEstimate {
    /// Starts the clock. `total`: amount of work in any unit.
    pub(crate) fn start(total: f64) -> Self {
        TimeEstimate { start: Instant::now(), total, before: 0.0 }
    }

    /// Sets the work that was done before the start.
    pub(crate) fn resume_at(&mut self, done: f64) {
        self.before = done;
    }

    /// Removes work that need not be done.
    pub(crate) fn skip(&mut self, work: f64) {
        self.total -= work;
    }

    /// Excludes a pause of this length.
    #[cfg(feature = "tui")]
    pub(crate) fn pause(&mut self, time: Duration) {
        self.start += time;
    }

    /// Returns the remaining time after `done` of the work, or `None` if it cannot be estimated yet.
    pub(crate) fn left(&self, done: f64) -> Option<Duration> {
        let (done, total) = (done - self.before, self.total - self.before);
        left(self.start.elapsed().as_secs_f64(), done, total)
    }
}

fn left(seconds: f64, done: f64, total: f64) -> Option<Duration> {
    let left = seconds * (total - done).max(0.0) / done;
    let is_known = done > 0.0 && left <= MAX_SECONDS;
    // Whole seconds, because fractions of an estimate only flicker.
    is_known.then(|| Duration::from_secs(left.round() as u64))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn left_extrapolates_the_past_speed() {
        assert_eq!(left(10.0, 1.0, 4.0), Some(Duration::from_secs(30)));
        assert_eq!(left(10.0, 4.0, 4.0), Some(Duration::ZERO));
        assert_eq!(left(10.0, 5.0, 4.0), Some(Duration::ZERO));
        assert_eq!(left(0.0, 0.0, 4.0), None);
        assert_eq!(left(10.0, 0.0, 4.0), None);
        assert_eq!(left(1e9, 1e-9, 4.0), None);
    }
}

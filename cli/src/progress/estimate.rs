//! How long work will still take, judged by how long it took so far.

use std::time::{Duration, Instant};

/// Longest time worth telling: a year.
const MAX_SECONDS: f64 = 365.0 * 24.0 * 3600.0;

/// A clock that knows how much work there is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TimeEstimate {
    start: Instant,
    total: f64,
    /// Work that was done before the start.
    before: f64,
}

impl TimeEstimate {
    /// Starts now; `total` in any unit of work.
    pub(crate) fn start(total: f64) -> Self {
        TimeEstimate { start: Instant::now(), total, before: 0.0 }
    }

    /// So much of the work was done before.
    pub(crate) fn resume_at(&mut self, done: f64) {
        self.before = done;
    }

    /// So much of the work need not be done.
    pub(crate) fn skip(&mut self, work: f64) {
        self.total -= work;
    }

    /// Nothing was done for so long.
    #[cfg(feature = "tui")]
    pub(crate) fn pause(&mut self, time: Duration) {
        self.start += time;
    }

    /// Time left once `done` is done; `None` while there is nothing to judge by.
    pub(crate) fn left(&self, done: f64) -> Option<Duration> {
        let (done, total) = (done - self.before, self.total - self.before);
        left(self.start.elapsed().as_secs_f64(), done, total)
    }
}

fn left(seconds: f64, done: f64, total: f64) -> Option<Duration> {
    let left = seconds * (total - done).max(0.0) / done;
    let is_known = done > 0.0 && left <= MAX_SECONDS;
    // Whole seconds: fractions of a guess only flicker.
    is_known.then(|| Duration::from_secs(left.round() as u64))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rest_takes_as_long_as_the_part_that_is_done() {
        assert_eq!(left(10.0, 1.0, 4.0), Some(Duration::from_secs(30)));
        assert_eq!(left(10.0, 4.0, 4.0), Some(Duration::ZERO));
        assert_eq!(left(10.0, 5.0, 4.0), Some(Duration::ZERO));
        assert_eq!(left(0.0, 0.0, 4.0), None);
        assert_eq!(left(10.0, 0.0, 4.0), None);
        assert_eq!(left(1e9, 1e-9, 4.0), None);
    }
}

//! Interruptible runs: small submissions, each waited for, since no device stops a submission early.

use std::time::{Duration, Instant};

use bytemuck::cast_slice;

use super::Gpu;
use crate::interface::{BackendError, BatchParams, Launch, Sample, Stop, Stoppable};

/// Intended time of a submission.
const SUBMISSION_TIME: Duration = Duration::from_millis(150);
/// Number of samples in the first submission, before any time is known.
const FIRST_SAMPLES: usize = 8;

impl Gpu {
    /// Runs prepared launches, those of per-sample kernels on a few samples at a time. The bits of a sample do not
    /// depend on the other samples of a submission.
    pub(super) fn run_interruptible(
        &mut self,
        stop: &Stop,
        stoppable: Stoppable,
        minibatches: &[BatchParams],
        samples: &[Sample],
        launches: &[Launch],
    ) -> Result<(), BackendError> {
        let mut first = 0;
        for run in launches.chunk_by(|a, b| a.kernel.is_per_sample() == b.kernel.is_per_sample()) {
            let range = first..first + run.len();
            first = range.end;
            if run[0].kernel.is_per_sample() {
                let mut done = 0;
                while done < samples.len() {
                    check_stop(stop)?;
                    let chunk =
                        &samples[done..samples.len().min(done + self.samples_per_submission())];
                    let start = Instant::now();
                    self.device.queue.write_buffer(&self.buffers.samples, 0, cast_slice(chunk));
                    self.submit(range.clone(), &minibatches_of(minibatches, chunk))?;
                    self.device.wait()?;
                    self.sample_time = Some(start.elapsed() / chunk.len() as u32);
                    done += chunk.len();
                }
                continue;
            }
            for launch in range {
                if stoppable == Stoppable::All {
                    check_stop(stop)?;
                }
                self.submit(launch..launch + 1, minibatches)?;
                self.device.wait()?;
            }
        }
        Ok(())
    }

    /// Returns the number of samples that take about [`SUBMISSION_TIME`].
    fn samples_per_submission(&self) -> usize {
        let samples = |time: Duration| SUBMISSION_TIME.as_nanos() / time.as_nanos().max(1);
        self.sample_time.map_or(FIRST_SAMPLES, |time| (samples(time) as usize).max(1))
    }
}

/// Returns [`BackendError::Stopped`] if a stop was requested.
fn check_stop(stop: &Stop) -> Result<(), BackendError> {
    if stop.is_requested() { Err(BackendError::Stopped) } else { Ok(()) }
}

/// Returns the minibatches with the number of samples in `chunk`, since a dispatch has a workgroup per sample.
fn minibatches_of(minibatches: &[BatchParams], chunk: &[Sample]) -> Vec<BatchParams> {
    let with_size = |(replica, minibatch): (usize, &BatchParams)| {
        let samples = chunk.iter().filter(|sample| sample.replica as usize == replica).count();
        BatchParams { batch_size: samples as u32, ..*minibatch }
    };
    minibatches.iter().enumerate().map(with_size).collect()
}

//! Interruptible runs: small submissions, each waited for, since no device stops a submission early.

use std::time::{Duration, Instant};

use bytemuck::cast_slice;

use super::launcher::Launcher;
use crate::interface::{BackendError, BatchParams, Launch, Sample, Stop, Stoppable};

/// Intended time of a submission.
const SUBMISSION_TIME: Duration = Duration::from_millis(150);
/// Number of samples in the first submission, before any time is known.
const FIRST_SAMPLES: usize = 8;

/// Interruptible runs of a simulation.
#[derive(Default)]
pub struct Interruptible {
    /// Time of the last submission per sample; `None` before the first.
    sample_time: Option<Duration>,
}

impl Interruptible {
    /// Runs prepared launches, those of per-sample kernels on a few samples at a time. The bits of a sample do not
    /// depend on the other samples of a submission.
    ///
    /// # Errors
    /// Returns [`BackendError::Stopped`] if a stop skipped work, or an error if the device failed.
    pub fn run(
        &mut self,
        launcher: &mut Launcher,
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
                    let Launcher { device, buffers, .. } = &*launcher;
                    device.queue.write_buffer(&buffers.samples, 0, cast_slice(chunk));
                    launcher.submit(range.clone(), &minibatches_of(minibatches, chunk))?;
                    launcher.device.wait()?;
                    self.sample_time = Some(start.elapsed() / chunk.len() as u32);
                    done += chunk.len();
                }
                continue;
            }
            for launch in range {
                if stoppable == Stoppable::All {
                    check_stop(stop)?;
                }
                launcher.submit(launch..launch + 1, minibatches)?;
                launcher.device.wait()?;
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

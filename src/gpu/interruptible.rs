//! Work in parts, each waited for: no device ends a submission before its time.

use std::time::{Duration, Instant};

use bytemuck::cast_slice;

use super::Gpu;
use crate::interface::{BackendError, BatchParams, Launch, Sample, Stop, Stoppable};

/// Time that a part is to take.
const PART: Duration = Duration::from_millis(150);
/// Number of lanes in the first part, before any time is known.
const FIRST_LANES: usize = 8;

impl Gpu {
    /// Runs launches that are prepared, a few lanes at a time where lanes do not need each other. Lanes compute the
    /// same bits in any company.
    pub(super) fn run_interruptible(
        &mut self,
        stop: &Stop,
        stoppable: Stoppable,
        minibatches: &[BatchParams],
        lanes: &[Sample],
        launches: &[Launch],
    ) -> Result<(), BackendError> {
        let mut first = 0;
        for run in launches.chunk_by(|a, b| a.kernel.is_per_sample() == b.kernel.is_per_sample()) {
            let range = first..first + run.len();
            first = range.end;
            if run[0].kernel.is_per_sample() {
                let mut done = 0;
                while done < lanes.len() {
                    stop_here(stop)?;
                    let part = &lanes[done..lanes.len().min(done + self.lanes_of_a_part())];
                    let start = Instant::now();
                    self.device.queue.write_buffer(&self.buffers.lanes, 0, cast_slice(part));
                    self.submit(range.clone(), &in_part(minibatches, part))?;
                    self.device.wait()?;
                    self.lane_time = Some(start.elapsed() / part.len() as u32);
                    done += part.len();
                }
                continue;
            }
            for launch in range {
                if stoppable == Stoppable::All {
                    stop_here(stop)?;
                }
                self.submit(launch..launch + 1, minibatches)?;
                self.device.wait()?;
            }
        }
        Ok(())
    }

    fn lanes_of_a_part(&self) -> usize {
        let lanes = |time: Duration| PART.as_nanos() / time.as_nanos().max(1);
        self.lane_time.map_or(FIRST_LANES, |time| (lanes(time) as usize).max(1))
    }
}

fn stop_here(stop: &Stop) -> Result<(), BackendError> {
    if stop.is_requested() { Err(BackendError::Stopped) } else { Ok(()) }
}

/// The minibatches with those lanes alone that are in a part: dispatches have a workgroup per lane.
fn in_part(minibatches: &[BatchParams], part: &[Sample]) -> Vec<BatchParams> {
    let in_part = |(replica, minibatch): (usize, &BatchParams)| {
        let lanes = part.iter().filter(|lane| lane.replica as usize == replica).count();
        BatchParams { batch_size: lanes as u32, ..*minibatch }
    };
    minibatches.iter().enumerate().map(in_part).collect()
}

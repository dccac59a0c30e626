//! Tests: shows images without learning.

use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use super::{Batch, Simulation};
use crate::interface::{BackendError, Stoppable};
use crate::plan::{Presentation, SampleBuilder};

/// Target range of the time per group of test images: longer groups would delay a stop and hide progress.
const TEST_AT_LEAST: Duration = Duration::from_millis(100);
const TEST_AT_MOST: Duration = Duration::from_millis(400);

impl Simulation {
    /// Tests every replica on the same images, as many side by side as there are samples. The next training minibatch
    /// starts from a cleared state.
    ///
    /// # Errors
    /// Returns an error if the device fails, the images do not fit the data set, or a stop is requested, see
    /// [`Simulation::stop_on`].
    pub fn test(&mut self, images: &[Presentation]) -> Result<(), BackendError> {
        for images in images.chunks(self.backend.shape().samples_per_replica) {
            let (minibatches, samples, launches) = self.prepare_test(images);
            self.run(&minibatches, &samples, &launches)?;
        }
        Ok(())
    }

    /// Tests as [`Simulation::test`], in groups of images that take a fraction of a second. `listen` receives the
    /// number of images tested so far and may stop the test.
    ///
    /// # Errors
    /// As [`Simulation::test`], and [`BackendError::Stopped`] if `listen` breaks.
    pub fn test_until(
        &mut self,
        images: &[Presentation],
        listen: &mut dyn FnMut(usize) -> ControlFlow<()>,
    ) -> Result<(), BackendError> {
        let mut done = 0;
        while done < images.len() {
            if self.stop.is_requested() {
                return Err(BackendError::Stopped);
            }
            let end = images.len().min(done + self.tested_at_once);
            let (minibatches, samples, launches) = self.prepare_test(&images[done..end]);
            let start = Instant::now();
            let stoppable = Stoppable::All;
            self.backend.run_until(&self.stop, stoppable, &minibatches, &samples, &launches)?;
            let time = start.elapsed();
            if time > TEST_AT_MOST {
                self.tested_at_once = (self.tested_at_once / 2).max(1);
            } else if time < TEST_AT_LEAST {
                self.tested_at_once =
                    (2 * self.tested_at_once).min(self.backend.shape().samples_per_replica);
            }
            done = end;
            if listen(done).is_break() {
                return Err(BackendError::Stopped);
            }
        }
        Ok(())
    }

    /// Prepares the launches of [`Simulation::test`] for images that fit side by side, for callers that run them.
    pub fn prepare_test(&mut self, images: &[Presentation]) -> Batch {
        self.is_fresh = true;
        self.batch(
            &vec![images; self.builders.len()],
            false,
            |builder, images| builder.test_minibatch(images.len(), self.updates + 1),
            SampleBuilder::test,
        )
    }
}

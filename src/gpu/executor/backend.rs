//! Backend interface of the executor.

use super::Gpu;
use super::profile::Profile;
use crate::cpu::kernels::check_work;
use crate::interface::{
    ArrayId, Backend, BackendError, BatchParams, KernelTimes, Launch, Sample, Shape, Stop,
    Stoppable, Values, ValuesRef, array_with_persistent_rows, check_access, check_array,
    check_persistent, check_write, persistent_rows_of,
};

impl Backend for Gpu {
    fn shape(&self) -> &Shape {
        &self.launcher.shape
    }

    fn run_until(
        &mut self,
        stop: &Stop,
        stoppable: Stoppable,
        minibatches: &[BatchParams],
        samples: &[Sample],
        launches: &[Launch],
    ) -> Result<(), BackendError> {
        let Gpu { launcher, profile, interruptible, classes } = self;
        launcher.device.check()?;
        check_work(&launcher.shape, minibatches, samples, launches, *classes)?;
        launcher.prepare(minibatches, samples, launches)?;
        if let Some(profile) = profile {
            return profile.run(launcher, minibatches, launches);
        }
        match stoppable {
            Stoppable::Nothing => launcher.submit(0..launches.len(), minibatches),
            _ => interruptible.run(launcher, stop, stoppable, minibatches, samples, launches),
        }
    }

    fn read_samples(&mut self, array: ArrayId, samples: usize) -> Result<Values, BackendError> {
        check_access(&self.launcher.shape, array)?;
        self.read_buffer(array, samples)
    }

    fn write(&mut self, array: ArrayId, values: ValuesRef) -> Result<(), BackendError> {
        check_write(&self.launcher.shape, array, values)?;
        self.write_buffer(array, values)
    }

    fn read_persistent(&mut self, array: ArrayId) -> Result<Values, BackendError> {
        check_array(&self.launcher.shape, array)?;
        if self.launcher.shape.persistent_len(array) == 0 {
            return Ok(Values::zeros(array.element_type(), 0));
        }
        let all = self.read_buffer(array, usize::MAX)?;
        Ok(persistent_rows_of(&self.launcher.shape, array, &all))
    }

    fn write_persistent(&mut self, array: ArrayId, values: ValuesRef) -> Result<(), BackendError> {
        check_persistent(&self.launcher.shape, array, values)?;
        if values.is_empty() {
            return Ok(());
        }
        let all = array_with_persistent_rows(&self.launcher.shape, array, values);
        self.write_buffer(array, (&all).into())
    }

    fn set_profiling(&mut self, is_on: bool) {
        self.profile = if is_on { Profile::new(&self.launcher.device) } else { None };
    }

    fn kernel_times(&mut self) -> Result<Option<KernelTimes>, BackendError> {
        self.launcher.device.check()?;
        Ok(self.profile.as_ref().map(|profile| profile.times.clone()))
    }
}

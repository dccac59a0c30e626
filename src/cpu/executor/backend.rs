//! The backend interface of the executor.

use super::keep_spinning::with_spinning_threads;
use super::{Cpu, Stops, locked};
use crate::cpu::kernels::check_work;
use crate::cpu::kernels::definition::{CpuFunction, PreparedLaunch};
use crate::cpu::kernels::pack_spike_mask::pack_spike_mask;
use crate::interface::{
    ArrayId, Backend, BackendError, BatchParams, KernelTimes, Launch, LaunchParams, Sample, Shape,
    Stop, Stoppable, Values, ValuesRef, array_with_persistent_rows, check_access, check_array,
    check_persistent, check_write, persistent_rows_of,
};

impl Backend for Cpu {
    fn shape(&self) -> &Shape {
        &self.shape
    }

    fn run_until(
        &mut self,
        stop: &Stop,
        stoppable: Stoppable,
        minibatches: &[BatchParams],
        samples: &[Sample],
        launches: &[Launch],
    ) -> Result<(), BackendError> {
        check_work(&self.shape, minibatches, samples, launches, self.constants.classes)?;
        let prepared: Vec<PreparedLaunch> = launches
            .iter()
            .filter(|launch| !matches!(launch.kernel.definition().cpu, CpuFunction::OnRead))
            .map(|&launch| PreparedLaunch {
                launch,
                params: LaunchParams::new(&launch, &self.shape),
            })
            .collect();
        let never = Stop::default();
        let when = |is_stoppable: bool| if is_stoppable { stop } else { &never };
        let stops = Stops {
            samples: when(stoppable != Stoppable::Nothing),
            weights: when(stoppable == Stoppable::All),
        };
        // Enter the pool once per minibatch: waking its threads is slow.
        let pool = self.pool.clone();
        let is_done = pool.install(|| {
            let mut work = || self.run_sequence(&stops, minibatches, samples, &prepared);
            if samples.len() < pool.current_num_threads() {
                with_spinning_threads(work)
            } else {
                work()
            }
        });
        if is_done { Ok(()) } else { Err(BackendError::Stopped) }
    }

    fn read_samples(&mut self, array: ArrayId, samples: usize) -> Result<Values, BackendError> {
        check_access(&self.shape, array)?;
        if array == ArrayId::Images {
            return Ok(Values::U32(self.dataset.packed_images()));
        }
        if self.shape.is_per_sample(array) {
            return Ok(self.sample_values(array, samples));
        }
        let mut values = Values::with_capacity(array.element_type(), self.shape.len(array));
        for state in &self.replica_states {
            state.append_values(array, &mut values);
        }
        Ok(values)
    }

    fn write(&mut self, array: ArrayId, values: ValuesRef) -> Result<(), BackendError> {
        check_write(&self.shape, array, values)?;
        if self.shape.is_per_sample(array) {
            self.set_sample_values(array, values);
            return Ok(());
        }
        let copies = values.chunks(self.shape.len_per_copy(array));
        for (state, values) in self.replica_states.iter_mut().zip(copies) {
            state.set_values(array, values);
        }
        Ok(())
    }

    fn read_persistent(&mut self, array: ArrayId) -> Result<Values, BackendError> {
        check_array(&self.shape, array)?;
        let length = self.shape.persistent_len(array) * self.shape.copies(array);
        let mut values = Values::with_capacity(array.element_type(), length);
        if length == 0 {
            return Ok(values);
        }
        if self.shape.per_sample_access {
            let all = self.sample_values(array, usize::MAX);
            return Ok(persistent_rows_of(&self.shape, array, &all));
        }
        for state in &self.persistent {
            state.append_values(&self.shape, array, &mut values);
        }
        Ok(values)
    }

    fn write_persistent(&mut self, array: ArrayId, values: ValuesRef) -> Result<(), BackendError> {
        check_persistent(&self.shape, array, values)?;
        if values.is_empty() {
            return Ok(());
        }
        if self.shape.per_sample_access {
            let all = array_with_persistent_rows(&self.shape, array, values);
            self.set_sample_values(array, (&all).into());
            return Ok(());
        }
        let copies = values.chunks(self.shape.persistent_len(array));
        for (state, values) in self.persistent.iter_mut().zip(copies) {
            state.set_values(&self.shape, array, values);
        }
        Ok(())
    }

    fn set_profiling(&mut self, is_on: bool) {
        self.times = is_on.then(KernelTimes::default);
        for state in &self.sample_states {
            locked(state).times = KernelTimes::default();
        }
    }

    fn kernel_times(&mut self) -> Result<Option<KernelTimes>, BackendError> {
        Ok(self.times.clone().map(|mut times| {
            self.sample_states.iter().for_each(|state| times.merge(&locked(state).times));
            times
        }))
    }
}

impl Cpu {
    /// Returns the values of the first `samples` samples; the samples must keep their arrays.
    fn sample_values(&self, array: ArrayId, samples: usize) -> Values {
        let samples = samples.min(self.sample_states.len());
        let length = self.shape.len_for_samples(array, samples);
        let mut values = Values::with_capacity(array.element_type(), length);
        if length == 0 {
            return values;
        }
        for state in &self.sample_states[..samples] {
            let state = locked(state);
            match (array, &mut values) {
                (ArrayId::SpikeMask(population), Values::U32(values)) => {
                    values.extend(pack_spike_mask(&state.spikes[population]));
                }
                (_, values) => state.append_values(array, values),
            }
        }
        values
    }

    /// Replaces the values of all samples; the samples must keep their arrays.
    fn set_sample_values(&mut self, array: ArrayId, values: ValuesRef) {
        let copies = values.chunks(self.shape.len_per_copy(array));
        let states = self.sample_states.iter().zip(&mut self.persistent);
        for ((state, persistent), values) in states.zip(copies) {
            let mut state = locked(state);
            state.set_values(array, values);
            persistent.store_for_update(&state);
        }
    }
}

//! The backend interface of the executor.

use std::sync::Mutex;

use super::keep_spinning::with_spinning_threads;
use super::{Cpu, Stops, locked};
use crate::cpu::kernels::check_work;
use crate::cpu::kernels::definition::{CpuFunction, LaunchPlan};
use crate::cpu::kernels::pack_spike_mask::pack_spike_mask;
use crate::cpu::state::SampleState;
use crate::interface::{
    ArrayId, Backend, BackendError, BatchParams, KernelTimes, Launch, LaunchParams, Sample, Shape,
    Stop, Stoppable, array_with_persistent_rows, check_access, check_array, check_persistent,
    check_write, persistent_rows_of,
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
        let plans: Vec<LaunchPlan> = launches
            .iter()
            .filter(|launch| !matches!(launch.kernel.definition().cpu, CpuFunction::OnRead))
            .map(|&launch| LaunchPlan { launch, params: LaunchParams::new(&launch, &self.shape) })
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
            let mut work = || self.run_sequence(&stops, minibatches, samples, &plans);
            if samples.len() < pool.current_num_threads() {
                with_spinning_threads(work)
            } else {
                work()
            }
        });
        if is_done { Ok(()) } else { Err(BackendError::Stopped) }
    }

    fn read_samples(&mut self, array: ArrayId, samples: usize) -> Result<Vec<u32>, BackendError> {
        check_access(&self.shape, array)?;
        if array == ArrayId::Images {
            return Ok(self.dataset.packed_images());
        }
        if self.shape.len_per_copy(array) == 0 {
            return Ok(Vec::new());
        }
        if !self.shape.is_per_sample(array) {
            return Ok(self
                .replica_states
                .iter()
                .flat_map(|replica_state| replica_state.words(array))
                .collect());
        }
        Ok(self.sample_words(array, samples))
    }

    fn write(&mut self, array: ArrayId, words: &[u32]) -> Result<(), BackendError> {
        check_write(&self.shape, array, words)?;
        if array == ArrayId::Images {
            let expected = self.shape.len(array);
            return Err(BackendError::WrongLength { array, expected, got: words.len() });
        }
        if self.shape.is_per_sample(array) {
            self.set_sample_words(array, words);
        } else {
            let length = self.shape.len_per_copy(array).max(1);
            for (replica_state, words) in self.replica_states.iter_mut().zip(words.chunks(length)) {
                replica_state.set_words(array, words);
            }
        }
        Ok(())
    }

    fn read_persistent(&mut self, array: ArrayId) -> Result<Vec<u32>, BackendError> {
        check_array(&self.shape, array)?;
        if self.shape.per_sample_access {
            let words = self.sample_words(array, usize::MAX);
            return Ok(persistent_rows_of(&self.shape, array, &words));
        }
        Ok(self.persistent.iter().flat_map(|state| state.words(&self.shape, array)).collect())
    }

    fn write_persistent(&mut self, array: ArrayId, words: &[u32]) -> Result<(), BackendError> {
        check_persistent(&self.shape, array, words)?;
        if self.shape.per_sample_access {
            let words = array_with_persistent_rows(&self.shape, array, words);
            self.set_sample_words(array, &words);
            return Ok(());
        }
        let length = self.shape.persistent_len(array).max(1);
        for (state, words) in self.persistent.iter_mut().zip(words.chunks_exact(length)) {
            state.set_words(&self.shape, array, words);
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
    /// Returns the words of the first `samples` samples; the samples must keep their arrays.
    fn sample_words(&self, array: ArrayId, samples: usize) -> Vec<u32> {
        let words = |state: &Mutex<SampleState>| {
            let state = locked(state);
            match array {
                ArrayId::SpikeMask(population) => pack_spike_mask(&state.spikes[population]),
                _ => state.words(array),
            }
        };
        self.sample_states.iter().take(samples).flat_map(words).collect()
    }

    /// Replaces the words of all samples; the samples must keep their arrays.
    fn set_sample_words(&mut self, array: ArrayId, words: &[u32]) {
        let length = self.shape.len_per_copy(array).max(1);
        let states = self.sample_states.iter().zip(&mut self.persistent);
        for ((state, persistent), words) in states.zip(words.chunks(length)) {
            let mut state = locked(state);
            state.set_words(array, words);
            persistent.store_for_update(&state);
        }
    }
}

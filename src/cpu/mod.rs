//! The CPU backend: one file per kernel, the twin of the shader of the same name.
//!
//! The samples of all replicas are distributed over threads. A thread runs all kernels of one sample in a row, while
//! the sample's arrays are in the cache.
//!
//! Spikes have three forms. Counts (`spikes`, 4 bits per step) are the array that the shaders have too;
//! `window_mean_spikes` reads them. Masks (`spike_mask`) hold one bit per neuron and step, written where spikes are
//! drawn. Lists (`spike_list`) hold the indices of spiking neurons; they are built from masks, or from counts if
//! there is no mask, for the kernels that sum weight columns.

mod apical_history;
mod apical_step_rates;
mod apical_step_spikes;
pub mod arithmetic_selftest;
mod averaging_window;
#[cfg(target_arch = "x86_64")]
mod avx512;
mod backprop_error;
mod classify;
mod cpu_model;
mod emit_rates;
mod encode_rates;
mod encode_spikes;
mod feedback_update;
mod hidden_step;
mod keep_spinning;
mod local_error;
mod memory;
mod neuron_block;
mod output_step;
mod pack_spike_mask;
mod persistent;
mod plateau;
mod simd;
mod spike_list;
mod spike_mask;
mod spike_sampler;
mod spike_tables;
mod state;
mod step;
mod synaptic_filter;
mod synaptic_input_rates;
mod synaptic_input_spikes;
mod threads;
mod tie_feedback;
mod tiled;
mod timer;
mod weight_matrix;
mod weight_update;
mod window_mean;
mod window_mean_rates;
mod window_mean_spikes;

pub use cpu_model::cpu_model_name;
pub use threads::Threads;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rayon::prelude::*;
use rayon::{ThreadPool, ThreadPoolBuilder};

use crate::dataset::Dataset;
use crate::interface::{
    ArrayId, Backend, BackendError, BatchParams, Kernel, KernelTimes, Launch, LaunchParams,
    ReplicaParams, RunParams, Sample, Shape, Stop, Stoppable, check_array, check_persistent,
    check_sizes, check_work, read_persistent_rows, result, write_persistent_rows,
};
pub use memory::required_bytes;

use keep_spinning::with_spinning_threads;
use persistent::PersistentState;
use spike_tables::SpikeTables;
use state::{BatchInputs, ReplicaState, SampleState};
use timer::KernelTimer;

/// The CPU backend.
pub struct Cpu {
    shape: Shape,
    constants: RunParams,
    replicas: Vec<ReplicaParams>,
    /// One per replica.
    spike_tables: Vec<SpikeTables>,
    pool: Arc<ThreadPool>,
    dataset: Arc<Dataset>,
    /// One per replica.
    replica_states: Vec<ReplicaState>,
    /// One per sample, replica by replica.
    lanes: Vec<PersistentState>,
    /// Working arrays: one set per thread, or one per sample if all arrays are kept.
    sample_states: Vec<Mutex<SampleState>>,
    /// Times of the plasticity kernels; `None` unless profiling.
    times: Option<KernelTimes>,
}

impl Cpu {
    /// Creates the backend. `replicas`: one per replica of the shape. `threads`: 0 for [`Threads::choose`].
    ///
    /// # Errors
    /// Returns an error if shape, constants, replicas and data set do not fit each other, or if the threads cannot be
    /// started.
    pub fn new(
        shape: Shape,
        constants: RunParams,
        replicas: &[ReplicaParams],
        dataset: Arc<Dataset>,
        threads: usize,
    ) -> Result<Self, BackendError> {
        check_sizes(&shape, &constants, replicas)?;
        let images = dataset.training_count + dataset.test_count;
        if shape.images != images || shape.populations[0] != dataset.pixels() {
            let [pixels, expected] = [dataset.pixels(), shape.populations[0]];
            return Err(BackendError::InvalidSizes(format!(
                "expected {} images of {expected} pixels: the data set has {images} of {pixels}",
                shape.images
            )));
        }
        let threads = if threads == 0 { Threads::choose(0).count } else { threads };
        let pool = ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .map_err(|error| BackendError::Threads(error.to_string()))?;
        let lanes = shape.replicas * shape.samples_per_replica;
        Ok(Cpu {
            lanes: (0..lanes).map(|_| PersistentState::new(&shape)).collect(),
            sample_states: (0..if shape.per_sample_access {
                lanes
            } else {
                pool.current_num_threads()
            })
                .map(|_| Mutex::new(SampleState::new(&shape)))
                .collect(),
            replica_states: (0..shape.replicas).map(|_| ReplicaState::new(&shape)).collect(),
            spike_tables: replicas.iter().map(SpikeTables::new).collect(),
            replicas: replicas.to_vec(),
            shape,
            constants,
            pool: Arc::new(pool),
            dataset,
            times: None,
        })
    }

    /// Returns the number of threads.
    pub fn threads(&self) -> usize {
        self.pool.current_num_threads()
    }

    /// Runs launches in order and returns whether all ran. `stops`: the kernels that a stop may interrupt.
    fn run_sequence(
        &mut self,
        stops: StopPolicy,
        minibatches: &[BatchParams],
        lanes: &[Sample],
        parts: &[(Launch, LaunchParams)],
    ) -> bool {
        let is_per_sample = |(launch, _): &(Launch, LaunchParams)| launch.kernel.is_per_sample();
        for run in parts.chunk_by(|a, b| is_per_sample(a) == is_per_sample(b)) {
            if is_per_sample(&run[0]) {
                self.run_samples(stops.lanes, minibatches, lanes, run);
                if is_stopped(stops.lanes) {
                    return false;
                }
            } else {
                for (launch, part) in run {
                    let mut timer = KernelTimer::start(self.times.is_some());
                    self.run_plasticity(stops.weights, minibatches, launch, part);
                    if is_stopped(stops.weights) {
                        return false;
                    }
                    let threads = self.threads();
                    if let Some(times) = &mut self.times {
                        timer.lap(launch.kernel, threads, times);
                    }
                }
            }
        }
        true
    }

    /// Runs consecutive per-sample kernels on every sample. After a stop, some samples keep their previous persistent
    /// state, and no result is written.
    fn run_samples(
        &mut self,
        stop: Option<&Stop>,
        minibatches: &[BatchParams],
        lanes: &[Sample],
        launches: &[(Launch, LaunchParams)],
    ) {
        let Cpu {
            constants,
            replicas,
            spike_tables,
            dataset,
            replica_states,
            lanes: persistent,
            sample_states,
            shape,
            times,
            ..
        } = self;
        let mut persistent: Vec<&mut PersistentState> = persistent
            .chunks_mut(shape.samples_per_replica)
            .zip(minibatches)
            .flat_map(|(persistent, minibatch)| {
                persistent.iter_mut().take(minibatch.batch_size as usize)
            })
            .collect();
        let each = persistent.par_iter_mut().zip(lanes).with_max_len(1).enumerate();
        // With fewer samples than threads, the others step parts of a layer.
        let threads = (rayon::current_num_threads() / lanes.len().max(1)).max(1);
        each.for_each(|(index, (persistent, lane))| {
            if is_stopped(stop) {
                return;
            }
            let replica = lane.replica as usize;
            let inputs = BatchInputs {
                constants,
                replica: &replicas[replica],
                spike_tables: &spike_tables[replica],
                minibatch: &minibatches[replica],
                replica_state: &replica_states[replica],
            };
            // A thread that waits for parts of a layer may start another sample, so each sample needs its own state.
            let own = if threads > 1 { Some(index) } else { rayon::current_thread_index() };
            let state_index =
                if shape.per_sample_access { lane.index as usize } else { own.unwrap_or(0) };
            let mut state = locked(&sample_states[state_index]);
            state.invalidate_caches();
            if !shape.per_sample_access {
                persistent.restore(&mut state);
            }
            let image = dataset.image(lane.image as usize);
            let mut timer = KernelTimer::start(times.is_some());
            if state.run_launches(stop, &inputs, launches, lane, image, threads, &mut timer) {
                persistent.store(constants, lane, &mut state);
            }
        });
        if !is_stopped(stop) && launches.iter().any(|(launch, _)| launch.kernel == Kernel::Classify)
        {
            for (persistent, lane) in persistent.iter().zip(lanes) {
                let start = lane.result_slot as usize * result::ROWS;
                let results = &mut replica_states[lane.replica as usize].results;
                results[start..start + result::ROWS].copy_from_slice(&persistent.result);
            }
        }
    }

    /// Runs a plasticity kernel on one layer of every replica. After a stop, only some weights are changed.
    fn run_plasticity(
        &mut self,
        stop: Option<&Stop>,
        minibatches: &[BatchParams],
        launch: &Launch,
        part: &LaunchParams,
    ) {
        let layer = launch.layer;
        let Cpu { shape, constants, replicas, replica_states, lanes, .. } = self;
        let work = replica_states.par_iter_mut().zip(lanes.par_chunks(shape.samples_per_replica));
        let work = work.zip(replicas.par_iter()).zip(minibatches);
        work.for_each(|(((replica_state, lanes), replica), minibatch)| match launch.kernel {
            Kernel::TieFeedback => {
                tie_feedback::run(replica, minibatch, layer, part, replica_state)
            }
            Kernel::FeedbackUpdate => {
                let source = shape.feedback_population(layer);
                feedback_update::run(
                    stop,
                    replica,
                    minibatch,
                    layer,
                    source,
                    part,
                    replica_state,
                    lanes,
                );
            }
            _ => weight_update::run(
                stop,
                constants,
                replica,
                minibatch,
                layer,
                part,
                replica_state,
                lanes,
            ),
        });
    }
}

/// Stop request per kind of kernel; `None`: the kind runs to its end.
#[derive(Clone, Copy)]
struct StopPolicy<'a> {
    /// For per-sample kernels.
    lanes: Option<&'a Stop>,
    /// For plasticity kernels.
    weights: Option<&'a Stop>,
}

fn is_stopped(stop: Option<&Stop>) -> bool {
    stop.is_some_and(Stop::is_requested)
}

/// Locks a state. Ignores poisoning: the next launch overwrites whatever a panic left.
fn locked(state: &Mutex<SampleState>) -> MutexGuard<'_, SampleState> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Backend for Cpu {
    fn shape(&self) -> &Shape {
        &self.shape
    }

    fn run_until(
        &mut self,
        stop: &Stop,
        stoppable: Stoppable,
        minibatches: &[BatchParams],
        lanes: &[Sample],
        launches: &[Launch],
    ) -> Result<(), BackendError> {
        check_work(&self.shape, minibatches, lanes, launches, self.constants.classes)?;
        let with_part = |launch: Launch| (launch, LaunchParams::new(&launch, &self.shape));
        let mut parts = Vec::with_capacity(launches.len());
        for launch in launches {
            match launch.kernel {
                // Kernels of this backend read spike lists; `read` packs the mask on demand.
                Kernel::PackSpikeMask => {}
                _ => parts.push(with_part(*launch)),
            }
        }
        let stops = StopPolicy {
            lanes: (stoppable != Stoppable::Nothing).then_some(stop),
            weights: (stoppable == Stoppable::All).then_some(stop),
        };
        // Enter the pool once per minibatch: waking its threads is slow.
        let pool = self.pool.clone();
        let is_done = pool.install(|| {
            let mut work = || self.run_sequence(stops, minibatches, lanes, &parts);
            if lanes.len() < pool.current_num_threads() {
                with_spinning_threads(work)
            } else {
                work()
            }
        });
        if is_done { Ok(()) } else { Err(BackendError::Stopped) }
    }

    fn read(&mut self, array: ArrayId) -> Result<Vec<u32>, BackendError> {
        self.read_samples(array, self.shape.replicas * self.shape.samples_per_replica)
    }

    fn read_samples(&mut self, array: ArrayId, lanes: usize) -> Result<Vec<u32>, BackendError> {
        check_array(&self.shape, array)?;
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
        if !self.shape.per_sample_access {
            return Err(BackendError::NotReadable { array });
        }
        Ok(self
            .sample_states
            .iter()
            .take(lanes)
            .flat_map(|state| locked(state).words(array))
            .collect())
    }

    fn write(&mut self, array: ArrayId, words: &[u32]) -> Result<(), BackendError> {
        check_array(&self.shape, array)?;
        let expected = self.shape.len(array);
        if words.len() != expected || array == ArrayId::Images {
            return Err(BackendError::WrongLength { array, expected, got: words.len() });
        }
        if self.shape.is_per_sample(array) {
            if !self.shape.per_sample_access {
                return Err(BackendError::NotReadable { array });
            }
            let length = self.shape.len_per_copy(array).max(1);
            let sample_states = self.sample_states.iter().zip(&mut self.lanes);
            for ((state, persistent), words) in sample_states.zip(words.chunks(length)) {
                let mut state = locked(state);
                state.set_words(array, words);
                persistent.store_for_update(&state);
            }
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
            return read_persistent_rows(self, array);
        }
        Ok(self.lanes.iter().flat_map(|lane| lane.words(&self.shape, array)).collect())
    }

    fn write_persistent(&mut self, array: ArrayId, words: &[u32]) -> Result<(), BackendError> {
        if self.shape.per_sample_access {
            return write_persistent_rows(self, array, words);
        }
        check_persistent(&self.shape, array, words)?;
        let length = self.shape.persistent_len(array).max(1);
        for (lane, words) in self.lanes.iter_mut().zip(words.chunks_exact(length)) {
            lane.set_words(&self.shape, array, words);
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

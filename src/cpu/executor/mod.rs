//! Executor: runs the kernels of a list of launches, and distributes samples, or columns of weights, over threads.

mod backend;
mod keep_spinning;
mod memory;
mod processor_name;
mod sample_launches;
mod threads;
mod timer;

pub use memory::required_bytes;
pub use processor_name::processor_name;
pub use threads::Threads;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rayon::prelude::*;
use rayon::{ThreadPool, ThreadPoolBuilder};

use crate::cpu::kernels::definition::{CpuFunction, PreparedLaunch, ReplicaContext, SampleContext};
use crate::cpu::simd::width::Width;
use crate::cpu::spikes::tables::SpikeTables;
use crate::cpu::state::persistent::PersistentState;
use crate::cpu::state::{ReplicaState, SampleState};
use crate::dataset::Dataset;
use crate::dataset::spikes::Recordings;
use crate::interface::{
    BackendError, BatchParams, Kernel, KernelTimes, ReplicaParams, RunParams, Sample, Shape, Stop,
    check_sizes,
};
use timer::KernelTimer;

/// CPU backend.
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
    persistent: Vec<PersistentState>,
    /// Working arrays: one set per thread, or one per sample with [`Shape::per_sample_access`].
    sample_states: Vec<Mutex<SampleState>>,
    /// Times of the kernels that change weights; `None` unless profiling.
    times: Option<KernelTimes>,
}

/// Stop requests of the two kinds of kernels.
struct Stops<'a> {
    /// For kernels of single samples.
    samples: &'a Stop,
    /// For kernels that change weights.
    weights: &'a Stop,
}

impl Cpu {
    /// Creates the backend. `replicas`: one per replica of the shape. `threads`: number of threads, or 0 for
    /// [`Threads::choose`].
    ///
    /// # Errors
    /// Returns an error if shape, constants, replicas and data set do not match, or if the threads cannot be started.
    pub fn new(
        shape: Shape,
        constants: RunParams,
        replicas: &[ReplicaParams],
        dataset: Arc<Dataset>,
        threads: usize,
    ) -> Result<Self, BackendError> {
        check_sizes(&shape, &constants, replicas)?;
        Width::choose()?;
        let images = dataset.training_count + dataset.test_count;
        let events = dataset.recordings().map(Recordings::event_count);
        if shape.events != events {
            let [found, expected] = [events, shape.events].map(|events| events.unwrap_or(0));
            let reason = format!("expected {expected} events: the data set has {found}");
            return Err(BackendError::InvalidSizes(reason));
        }
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
        let samples = shape.replicas * shape.samples_per_replica;
        Ok(Cpu {
            persistent: (0..samples).map(|_| PersistentState::new(&shape)).collect(),
            sample_states: (0..if shape.per_sample_access {
                samples
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

    /// Runs launches in order and returns whether all ran.
    fn run_sequence(
        &mut self,
        stops: &Stops,
        minibatches: &[BatchParams],
        samples: &[Sample],
        launches: &[PreparedLaunch],
    ) -> bool {
        let is_per_sample = |prepared: &PreparedLaunch| prepared.launch.kernel.is_per_sample();
        for launches in launches.chunk_by(|a, b| is_per_sample(a) == is_per_sample(b)) {
            if is_per_sample(&launches[0]) {
                self.run_samples(stops.samples, minibatches, samples, launches);
                if stops.samples.is_requested() {
                    return false;
                }
                continue;
            }
            for prepared in launches {
                let mut timer = KernelTimer::start(self.times.is_some());
                self.run_replicas(stops.weights, minibatches, prepared);
                if stops.weights.is_requested() {
                    return false;
                }
                let threads = self.threads();
                if let Some(times) = &mut self.times {
                    timer.lap(prepared.launch.kernel, threads, times);
                }
            }
        }
        true
    }

    /// Runs consecutive per-sample kernels on every sample. After a stop, some samples keep their previous persistent
    /// state, and no result is written.
    fn run_samples(
        &mut self,
        stop: &Stop,
        minibatches: &[BatchParams],
        samples: &[Sample],
        launches: &[PreparedLaunch],
    ) {
        let Cpu {
            constants,
            replicas,
            spike_tables,
            dataset,
            replica_states,
            persistent,
            sample_states,
            shape,
            times,
            ..
        } = self;
        let mut persistent = in_use(persistent, shape.samples_per_replica, minibatches);
        let each = persistent.par_iter_mut().zip(samples).with_max_len(1).enumerate();
        // With fewer samples than threads, several threads share a layer.
        let threads = (rayon::current_num_threads() / samples.len().max(1)).max(1);
        each.for_each(|(index, (persistent, sample))| {
            if stop.is_requested() {
                return;
            }
            let replica = sample.replica as usize;
            let context = SampleContext {
                shape,
                constants,
                replica: &replicas[replica],
                spike_tables: &spike_tables[replica],
                minibatch: &minibatches[replica],
                replica_state: &replica_states[replica],
                sample,
                image: dataset.image(sample.image as usize),
                recording: dataset.recording(sample.image as usize),
                threads,
            };
            // A thread that waits for its share of a layer may start another sample, so each sample needs its own
            // state.
            let own = if threads > 1 { Some(index) } else { rayon::current_thread_index() };
            let state_index =
                if shape.per_sample_access { sample.index as usize } else { own.unwrap_or(0) };
            let mut state = locked(&sample_states[state_index]);
            state.invalidate_caches();
            if !shape.per_sample_access {
                persistent.restore(&mut state);
            }
            let mut timer = KernelTimer::start(times.is_some());
            if sample_launches::run_launches(&mut state, stop, &context, launches, &mut timer) {
                persistent.store(constants, sample, &mut state);
            }
        });
        let is_classified =
            launches.iter().any(|prepared| prepared.launch.kernel == Kernel::Classify);
        if is_classified && !stop.is_requested() {
            store_results(&persistent, samples, replica_states);
        }
    }

    /// Runs a kernel on the weights of one layer of every replica. After a stop, only some weights are changed.
    fn run_replicas(
        &mut self,
        stop: &Stop,
        minibatches: &[BatchParams],
        prepared: &PreparedLaunch,
    ) {
        let (CpuFunction::BeforeSamples(run) | CpuFunction::AfterSamples(run)) =
            prepared.launch.kernel.definition().cpu
        else {
            return;
        };
        let Cpu { shape, constants, replicas, replica_states, persistent, .. } = self;
        let states =
            replica_states.par_iter_mut().zip(persistent.par_chunks(shape.samples_per_replica));
        let work = states.zip(replicas.par_iter()).zip(minibatches);
        work.for_each(|(((state, samples), replica), minibatch)| {
            let samples = &samples[..minibatch.batch_size as usize];
            let context = ReplicaContext { shape, stop, constants, replica, minibatch, samples };
            run(state, &context, prepared);
        });
    }
}

/// Locks a state. Ignores poisoning, since the next launch overwrites the state.
fn locked(state: &Mutex<SampleState>) -> MutexGuard<'_, SampleState> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Returns the states of the samples in use. `states`: one per sample, replica by replica.
fn in_use<'a>(
    states: &'a mut [PersistentState],
    samples_per_replica: usize,
    minibatches: &[BatchParams],
) -> Vec<&'a mut PersistentState> {
    let replicas = states.chunks_mut(samples_per_replica).zip(minibatches);
    let first = |(states, minibatch): (&'a mut [PersistentState], &BatchParams)| {
        states.iter_mut().take(minibatch.batch_size as usize)
    };
    replicas.flat_map(first).collect()
}

/// Copies the class and the loss of each sample to its result slot.
fn store_results(
    persistent: &[&mut PersistentState],
    samples: &[Sample],
    replica_states: &mut [ReplicaState],
) {
    for (persistent, sample) in persistent.iter().zip(samples) {
        let state = &mut replica_states[sample.replica as usize];
        let slot = sample.result_slot as usize;
        (state.classes[slot], state.losses[slot]) = persistent.result;
    }
}

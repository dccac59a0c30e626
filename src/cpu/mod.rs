//! The backend in plain Rust: one file a kernel, the twin of the shader of the same name. Lanes of all
//! replicas are spread over threads; each is taken through all its kernels while its arrays are in the
//! cache.

mod apical;
mod apical_history;
mod apical_rate;
pub mod arithmetic;
mod average;
#[cfg(target_arch = "x86_64")]
mod avx512;
mod awake;
mod backward;
mod block;
mod bounds;
mod carried;
mod columns;
mod drawn;
mod drive;
mod error;
mod events;
mod feedback;
mod filter;
mod flow;
mod input;
mod inverse;
mod memory;
mod network;
mod neuron;
mod output;
mod plateau;
mod processor;
mod raster;
mod rate;
mod response;
mod score;
mod shine;
mod soma;
mod spans;
mod state;
mod step;
mod threads;
mod tile;
mod trace;
mod update;
mod vectors;
mod window;

pub use processor::processor;
pub use threads::Threads;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rayon::prelude::*;
use rayon::{ThreadPool, ThreadPoolBuilder};

use crate::dataset::Dataset;
use crate::layout::{
    Array, Backend, BackendError, Constants, Kernel, KernelTimes, Lane, Launch, Minibatch, Part,
    Replica, Shape, Stop, Stoppable, check_array, check_carried, check_sizes, check_work,
    read_carried_rows, result, write_carried_rows,
};
pub use memory::bytes;

use awake::with_threads_awake;
use bounds::Bounds;
use carried::Carried;
use spans::Clock;
use state::{Inputs, LaneState, Shared};

/// The CPU backend.
pub struct Cpu {
    shape: Shape,
    constants: Constants,
    replicas: Vec<Replica>,
    /// Of each replica.
    bounds: Vec<Bounds>,
    pool: Arc<ThreadPool>,
    dataset: Arc<Dataset>,
    /// Of each replica.
    shared: Vec<Shared>,
    /// Of all replicas, replica by replica.
    lanes: Vec<Carried>,
    /// Where lanes are stepped: one for each thread, or one for each lane if all arrays are kept.
    states: Vec<Mutex<LaneState>>,
    /// Times of the kernels that are not of one lane, while profiled.
    times: Option<KernelTimes>,
}

impl Cpu {
    /// `replicas`: as many as the shape has. `threads`: 0 for [`Threads::choose`].
    ///
    /// # Errors
    /// When shape, constants, replicas and data set do not fit each other, or the threads do not start.
    pub fn new(
        shape: Shape,
        constants: Constants,
        replicas: &[Replica],
        dataset: Arc<Dataset>,
        threads: usize,
    ) -> Result<Self, BackendError> {
        check_sizes(&shape, &constants, replicas)?;
        let images = dataset.training_count + dataset.test_count;
        if shape.images != images || shape.populations[0] != dataset.pixels() {
            let [pixels, expected] = [dataset.pixels(), shape.populations[0]];
            return Err(BackendError::Sizes(format!(
                "{images} images of {pixels} pixels, of a shape for {} of {expected}",
                shape.images
            )));
        }
        let threads = if threads == 0 { Threads::choose(0).count } else { threads };
        let pool = ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .map_err(|error| BackendError::Threads(error.to_string()))?;
        let lanes = shape.replicas * shape.lanes;
        Ok(Cpu {
            lanes: (0..lanes).map(|_| Carried::new(&shape)).collect(),
            states: (0..if shape.keeps_lanes { lanes } else { pool.current_num_threads() })
                .map(|_| Mutex::new(LaneState::new(&shape)))
                .collect(),
            shared: (0..shape.replicas).map(|_| Shared::new(&shape)).collect(),
            bounds: replicas.iter().map(Bounds::new).collect(),
            replicas: replicas.to_vec(),
            shape,
            constants,
            pool: Arc::new(pool),
            dataset,
            times: None,
        })
    }

    /// Number of threads in use.
    pub fn threads(&self) -> usize {
        self.pool.current_num_threads()
    }

    /// Returns whether all parts ran. `until` says which kernels heed a stop.
    fn run_parts(
        &mut self,
        until: Until,
        minibatches: &[Minibatch],
        lanes: &[Lane],
        parts: &[(Launch, Part)],
    ) -> bool {
        let is_per_lane = |(launch, _): &(Launch, Part)| launch.kernel.is_per_lane();
        for run in parts.chunk_by(|a, b| is_per_lane(a) == is_per_lane(b)) {
            if is_per_lane(&run[0]) {
                self.run_lanes(until.lanes, minibatches, lanes, run);
                if is_stopped(until.lanes) {
                    return false;
                }
            } else {
                for (launch, part) in run {
                    let mut clock = Clock::start(self.times.is_some());
                    self.run_replicas(until.weights, minibatches, launch, part);
                    if is_stopped(until.weights) {
                        return false;
                    }
                    let threads = self.threads();
                    if let Some(times) = &mut self.times {
                        clock.read(launch.kernel, threads, times);
                    }
                }
            }
        }
        true
    }

    /// Takes every lane through a run of kernels that need no other lane. After a stop, some lanes carry on what
    /// they did before, and results are those of before.
    fn run_lanes(
        &mut self,
        stop: Option<&Stop>,
        minibatches: &[Minibatch],
        lanes: &[Lane],
        launches: &[(Launch, Part)],
    ) {
        let Cpu {
            constants,
            replicas,
            bounds,
            dataset,
            shared,
            lanes: carried,
            states,
            shape,
            times,
            ..
        } = self;
        let mut carried: Vec<&mut Carried> = carried
            .chunks_mut(shape.lanes)
            .zip(minibatches)
            .flat_map(|(carried, minibatch)| carried.iter_mut().take(minibatch.lanes as usize))
            .collect();
        let each = carried.par_iter_mut().zip(lanes).with_max_len(1).enumerate();
        // Few lanes leave threads to step parts of a layer.
        let threads = (rayon::current_num_threads() / lanes.len().max(1)).max(1);
        each.for_each(|(index, (carried, lane))| {
            if is_stopped(stop) {
                return;
            }
            let replica = lane.replica as usize;
            let inputs = Inputs {
                constants,
                replica: &replicas[replica],
                bounds: &bounds[replica],
                minibatch: &minibatches[replica],
                shared: &shared[replica],
            };
            // While a thread waits for parts of a layer it may begin another lane: each then has a state
            // of its own.
            let own = if threads > 1 { Some(index) } else { rayon::current_thread_index() };
            let place = if shape.keeps_lanes { lane.place as usize } else { own.unwrap_or(0) };
            let mut state = locked(&states[place]);
            state.begin();
            if !shape.keeps_lanes {
                carried.load(&mut state);
            }
            let image = dataset.image(lane.image as usize);
            let mut clock = Clock::start(times.is_some());
            if state.run_all(stop, &inputs, launches, lane, image, threads, &mut clock) {
                carried.save(constants, lane, &mut state);
            }
        });
        if !is_stopped(stop) && launches.iter().any(|(launch, _)| launch.kernel == Kernel::Score) {
            for (carried, lane) in carried.iter().zip(lanes) {
                let start = lane.slot as usize * result::ROWS;
                let results = &mut shared[lane.replica as usize].results;
                results[start..start + result::ROWS].copy_from_slice(&carried.result);
            }
        }
    }

    /// Runs a kernel that changes the weights of one layer, for every replica. After a stop, some are changed.
    fn run_replicas(
        &mut self,
        stop: Option<&Stop>,
        minibatches: &[Minibatch],
        launch: &Launch,
        part: &Part,
    ) {
        let layer = launch.layer;
        let Cpu { shape, constants, replicas, shared, lanes, .. } = self;
        let of_replicas = shared.par_iter_mut().zip(lanes.par_chunks(shape.lanes));
        let of_replicas = of_replicas.zip(replicas.par_iter()).zip(minibatches);
        of_replicas.for_each(|(((shared, lanes), replica), minibatch)| match launch.kernel {
            Kernel::Feedback => feedback::of_replica(replica, minibatch, layer, part, shared),
            Kernel::Inverse => {
                let source = shape.source(layer);
                inverse::of_replica(stop, replica, minibatch, layer, source, part, shared, lanes);
            }
            _ => {
                update::of_replica(stop, constants, replica, minibatch, layer, part, shared, lanes)
            }
        });
    }
}

/// The stop that kernels heed, if they do.
#[derive(Clone, Copy)]
struct Until<'a> {
    /// Kernels of single lanes.
    lanes: Option<&'a Stop>,
    /// Kernels that change weights.
    weights: Option<&'a Stop>,
}

fn is_stopped(stop: Option<&Stop>) -> bool {
    stop.is_some_and(Stop::is_requested)
}

/// Work that panicked elsewhere leaves nothing that the next does not overwrite.
fn locked(state: &Mutex<LaneState>) -> MutexGuard<'_, LaneState> {
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
        minibatches: &[Minibatch],
        lanes: &[Lane],
        launches: &[Launch],
    ) -> Result<(), BackendError> {
        check_work(&self.shape, minibatches, lanes, launches, self.constants.classes)?;
        let with_part = |launch: Launch| (launch, Part::new(&launch, &self.shape));
        let mut parts = Vec::with_capacity(launches.len());
        for launch in launches {
            match launch.kernel {
                // Lists tell here who spikes, and rasters are made where they are read.
                Kernel::Raster => {}
                Kernel::Network => {
                    parts.extend(network::network(launch, &self.shape).into_iter().map(with_part));
                }
                _ => parts.push(with_part(*launch)),
            }
        }
        let until = Until {
            lanes: (stoppable != Stoppable::Nothing).then_some(stop),
            weights: (stoppable == Stoppable::All).then_some(stop),
        };
        // One visit to the pool for the whole minibatch: to wake its threads takes long.
        let pool = self.pool.clone();
        let is_done = pool.install(|| {
            let mut work = || self.run_parts(until, minibatches, lanes, &parts);
            if lanes.len() < pool.current_num_threads() { with_threads_awake(work) } else { work() }
        });
        if is_done { Ok(()) } else { Err(BackendError::Stopped) }
    }

    fn read(&mut self, array: Array) -> Result<Vec<u32>, BackendError> {
        self.read_lanes(array, self.shape.replicas * self.shape.lanes)
    }

    fn read_lanes(&mut self, array: Array, lanes: usize) -> Result<Vec<u32>, BackendError> {
        check_array(&self.shape, array)?;
        if array == Array::Images {
            return Ok(self.dataset.packed_images());
        }
        if self.shape.copy_length(array) == 0 {
            return Ok(Vec::new());
        }
        if !self.shape.has_lanes(array) {
            return Ok(self.shared.iter().flat_map(|shared| shared.words(array)).collect());
        }
        if !self.shape.keeps_lanes {
            return Err(BackendError::NotKept { array });
        }
        Ok(self.states.iter().take(lanes).flat_map(|state| locked(state).words(array)).collect())
    }

    fn write(&mut self, array: Array, words: &[u32]) -> Result<(), BackendError> {
        check_array(&self.shape, array)?;
        let expected = self.shape.length(array);
        if words.len() != expected || array == Array::Images {
            return Err(BackendError::Length { array, expected, got: words.len() });
        }
        if self.shape.has_lanes(array) {
            if !self.shape.keeps_lanes {
                return Err(BackendError::NotKept { array });
            }
            let length = self.shape.copy_length(array).max(1);
            let states = self.states.iter().zip(&mut self.lanes);
            for ((state, carried), words) in states.zip(words.chunks(length)) {
                let mut state = locked(state);
                state.set_words(array, words);
                carried.save_for_update(&state);
            }
        } else {
            let length = self.shape.copy_length(array).max(1);
            for (shared, words) in self.shared.iter_mut().zip(words.chunks(length)) {
                shared.set_words(array, words);
            }
        }
        Ok(())
    }

    fn read_carried(&mut self, array: Array) -> Result<Vec<u32>, BackendError> {
        check_array(&self.shape, array)?;
        if self.shape.keeps_lanes {
            return read_carried_rows(self, array);
        }
        Ok(self.lanes.iter().flat_map(|lane| lane.words(&self.shape, array)).collect())
    }

    fn write_carried(&mut self, array: Array, words: &[u32]) -> Result<(), BackendError> {
        if self.shape.keeps_lanes {
            return write_carried_rows(self, array, words);
        }
        check_carried(&self.shape, array, words)?;
        let length = self.shape.carried_length(array).max(1);
        for (lane, words) in self.lanes.iter_mut().zip(words.chunks_exact(length)) {
            lane.set_words(&self.shape, array, words);
        }
        Ok(())
    }

    fn set_profiling(&mut self, is_on: bool) {
        self.times = is_on.then(KernelTimes::default);
        for state in &self.states {
            locked(state).times = KernelTimes::default();
        }
    }

    fn kernel_times(&mut self) -> Result<Option<KernelTimes>, BackendError> {
        Ok(self.times.clone().map(|mut times| {
            self.states.iter().for_each(|state| times.merge(&locked(state).times));
            times
        }))
    }
}

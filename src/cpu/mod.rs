//! The backend in plain Rust: one file a kernel, the twin of the shader of the same name. Lanes are
//! spread over threads; each is taken through all its kernels while its arrays are in the cache.

pub mod apical;
pub mod arithmetic;
mod columns;
pub mod drive;
pub mod error;
mod events;
mod filter;
pub mod input;
mod neuron;
pub mod output;
pub mod plateau;
pub mod score;
pub mod soma;
mod spans;
mod state;
mod tile;
pub mod trace;
pub mod update;

use std::sync::Arc;

use rayon::prelude::*;
use rayon::{ThreadPool, ThreadPoolBuilder};

use crate::dataset::Dataset;
use crate::layout::{
    Array, Backend, BackendError, Constants, Kernel, KernelTimes, Lane, Launch, Minibatch, Part,
    Shape, result, trace as trace_row,
};
use spans::Clock;
use state::{LaneState, Shared};
use update::{Column, Contribution};

/// Weight columns that a thread updates at a time.
const COLUMNS_PER_TASK: usize = 16;

/// The CPU backend.
pub struct Cpu {
    shape: Shape,
    constants: Constants,
    etas: Vec<f32>,
    pool: ThreadPool,
    dataset: Arc<Dataset>,
    shared: Shared,
    lanes: Vec<LaneState>,
    /// Times of the kernels that are not of one lane, while profiled.
    times: Option<KernelTimes>,
}

impl Cpu {
    /// `etas`: learning rate of each layer. `threads`: 0 for as many as there are cores.
    ///
    /// # Errors
    /// When the threads do not start.
    pub fn new(
        shape: Shape,
        constants: Constants,
        etas: &[f32],
        dataset: Arc<Dataset>,
        threads: usize,
    ) -> Result<Self, BackendError> {
        let pool = ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .map_err(|error| BackendError::Threads(error.to_string()))?;
        Ok(Cpu {
            lanes: (0..shape.lanes).map(|_| LaneState::new(&shape)).collect(),
            shared: Shared::new(&shape),
            etas: etas.to_vec(),
            shape,
            constants,
            pool,
            dataset,
            times: None,
        })
    }

    /// Number of threads in use.
    pub fn threads(&self) -> usize {
        self.pool.current_num_threads()
    }

    /// Takes every lane through a run of kernels that need no other lane.
    fn run_lanes(&mut self, minibatch: &Minibatch, lanes: &[Lane], launches: &[(Launch, Part)]) {
        let Cpu { pool, constants, dataset, shared, lanes: states, times, .. } = self;
        pool.install(|| {
            states.par_iter_mut().zip(lanes).with_max_len(1).for_each(|(state, lane)| {
                let image = dataset.image(lane.image as usize);
                let mut clock = Clock::start(times.is_some());
                for (launch, part) in launches {
                    state.run(constants, launch, part, minibatch, lane, shared, image);
                    clock.read(launch.kernel, 1, &mut state.times);
                }
            });
        });
        if launches.iter().any(|(launch, _)| launch.kernel == Kernel::Score) {
            for (state, lane) in states.iter().zip(lanes) {
                let start = lane.slot as usize * result::ROWS;
                shared.results[start..start + result::ROWS].copy_from_slice(&state.result);
            }
        }
    }

    /// Updates one layer's weights from the errors and traces of all lanes.
    fn run_update(&mut self, minibatch: &Minibatch, layer: usize, part: &Part) {
        let Cpu { pool, constants, shared, lanes: states, .. } = self;
        let states = &states[..minibatch.lanes as usize];
        let (units, below) = (part.units as usize, part.below as usize);
        let collect = |column: usize, contributions: &mut Vec<_>| {
            contributions.clear();
            contributions.extend(states.iter().filter_map(|state| {
                let is_bias = column == below;
                let trace = if is_bias {
                    1.0
                } else {
                    state.traces[layer][trace_row::FORWARD * below + column]
                };
                let errors = &state.layers[layer].errors[..];
                (trace != 0.0).then_some(Contribution { trace, errors })
            }));
        };
        let moments = &mut shared.moments[layer];
        let half = moments.len() / 2;
        let (first, second) = moments.split_at_mut(half);
        let columns = shared.weights[layer]
            .columns_mut()
            .zip(split_columns(first, units, below + 1))
            .zip(split_columns(second, units, below + 1))
            .zip(split_columns(&mut shared.gradients[layer], units, below + 1));
        let mut columns: Vec<_> = columns
            .map(|(((weights, first_moments), second_moments), gradient)| Column {
                weights,
                first_moments,
                second_moments,
                gradient,
            })
            .collect();
        pool.install(|| {
            columns.par_iter_mut().enumerate().with_min_len(COLUMNS_PER_TASK).for_each_init(
                Vec::new,
                |contributions, (index, column)| {
                    collect(index, contributions);
                    update::update(constants, part, minibatch, contributions, column);
                },
            );
        });
    }
}

/// Columns of `units` words, or `count` empty ones where the array is not kept.
fn split_columns(
    array: &mut [f32],
    units: usize,
    count: usize,
) -> impl Iterator<Item = &mut [f32]> {
    let missing = if array.is_empty() { count } else { 0 };
    array.chunks_mut(units).chain((0..missing).map(|_| Default::default()))
}

impl Backend for Cpu {
    fn shape(&self) -> &Shape {
        &self.shape
    }

    fn run(
        &mut self,
        minibatch: &Minibatch,
        lanes: &[Lane],
        launches: &[Launch],
    ) -> Result<(), BackendError> {
        let parts: Vec<(Launch, Part)> = launches
            .iter()
            .map(|launch| (*launch, Part::new(launch, &self.shape, &self.etas)))
            .collect();
        for run in parts.chunk_by(|(a, _), (b, _)| a.kernel.is_per_lane() == b.kernel.is_per_lane())
        {
            if run[0].0.kernel.is_per_lane() {
                self.run_lanes(minibatch, lanes, run);
            } else {
                for (launch, part) in run {
                    let mut clock = Clock::start(self.times.is_some());
                    self.run_update(minibatch, launch.layer, part);
                    let threads = self.threads();
                    if let Some(times) = &mut self.times {
                        clock.read(launch.kernel, threads, times);
                    }
                }
            }
        }
        Ok(())
    }

    fn read(&mut self, array: Array) -> Result<Vec<u32>, BackendError> {
        self.read_lanes(array, self.shape.lanes)
    }

    fn read_lanes(&mut self, array: Array, lanes: usize) -> Result<Vec<u32>, BackendError> {
        if array == Array::Images {
            return Ok(self.dataset.packed_images());
        }
        if !self.shape.has_lanes(array) {
            return Ok(self.shared.words(array));
        }
        let lanes = self.lanes.iter_mut().take(lanes);
        Ok(lanes.flat_map(|lane| lane.words_mut(array).iter().copied()).collect())
    }

    fn write(&mut self, array: Array, words: &[u32]) -> Result<(), BackendError> {
        let expected = self.shape.length(array);
        if words.len() != expected || array == Array::Images {
            return Err(BackendError::Length { array, expected, got: words.len() });
        }
        if self.shape.has_lanes(array) {
            let length = self.shape.lane_length(array);
            for (lane, words) in self.lanes.iter_mut().zip(words.chunks(length.max(1))) {
                lane.words_mut(array).copy_from_slice(words);
            }
        } else {
            self.shared.set_words(array, words);
        }
        Ok(())
    }
    fn set_profiling(&mut self, is_on: bool) {
        self.times = is_on.then(KernelTimes::default);
        for lane in &mut self.lanes {
            lane.times = KernelTimes::default();
        }
    }

    fn kernel_times(&mut self) -> Result<Option<KernelTimes>, BackendError> {
        Ok(self.times.clone().map(|mut times| {
            self.lanes.iter().for_each(|lane| times.merge(&lane.times));
            times
        }))
    }
}

//! The backend in plain Rust: one file a kernel, the twin of the shader of the same name. Lanes of all
//! replicas are spread over threads; each is taken through all its kernels while its arrays are in the
//! cache.

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
mod state;
mod tile;
pub mod trace;
pub mod update;

use std::sync::Arc;

use rayon::prelude::*;
use rayon::{ThreadPool, ThreadPoolBuilder};

use crate::dataset::Dataset;
use crate::layout::{
    Array, Backend, BackendError, Constants, Kernel, Lane, Launch, Minibatch, Part, Replica, Shape,
    check_lanes, result, trace as trace_row,
};
use columns::Columns;
use state::{LaneState, Shared};
use update::{Column, Contribution};

/// Bytes of all arrays of a shape; the images are the data set's own.
pub fn bytes(shape: &Shape) -> u64 {
    let words = |array| match array {
        Array::Images => 0,
        Array::Weights(_) | Array::Feedback(_) => {
            let [columns, units] = shape.rows_and_columns(array);
            shape.copies(array) * Columns::padded_words(columns, units)
        }
        _ => shape.length(array),
    };
    4 * shape.arrays().into_iter().map(words).sum::<usize>() as u64
}

/// Weight columns that a thread updates at a time.
const COLUMNS_PER_TASK: usize = 16;

/// The CPU backend.
pub struct Cpu {
    shape: Shape,
    constants: Constants,
    replicas: Vec<Replica>,
    pool: ThreadPool,
    dataset: Arc<Dataset>,
    /// Of each replica.
    shared: Vec<Shared>,
    /// Of all replicas, replica by replica.
    lanes: Vec<LaneState>,
}

impl Cpu {
    /// `replicas`: as many as the shape has. `threads`: 0 for as many as there are cores.
    ///
    /// # Errors
    /// When the threads do not start.
    pub fn new(
        shape: Shape,
        constants: Constants,
        replicas: &[Replica],
        dataset: Arc<Dataset>,
        threads: usize,
    ) -> Result<Self, BackendError> {
        let pool = ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .map_err(|error| BackendError::Threads(error.to_string()))?;
        Ok(Cpu {
            lanes: (0..shape.replicas * shape.lanes).map(|_| LaneState::new(&shape)).collect(),
            shared: (0..shape.replicas).map(|_| Shared::new(&shape)).collect(),
            replicas: replicas.to_vec(),
            shape,
            constants,
            pool,
            dataset,
        })
    }

    /// Number of threads in use.
    pub fn threads(&self) -> usize {
        self.pool.current_num_threads()
    }

    /// Takes every lane through a run of kernels that need no other lane.
    fn run_lanes(
        &mut self,
        minibatches: &[Minibatch],
        lanes: &[Lane],
        launches: &[(Launch, Part)],
    ) {
        let Cpu { shape, pool, constants, replicas, dataset, shared, lanes: states } = self;
        let mut states: Vec<&mut LaneState> = states
            .chunks_mut(shape.lanes)
            .zip(minibatches)
            .flat_map(|(states, minibatch)| states.iter_mut().take(minibatch.lanes as usize))
            .collect();
        pool.install(|| {
            states.par_iter_mut().zip(lanes).with_max_len(1).for_each(|(state, lane)| {
                let image = dataset.image(lane.image as usize);
                let index = lane.replica as usize;
                let (replica, minibatch) = (&replicas[index], &minibatches[index]);
                for (launch, part) in launches {
                    let shared = &shared[index];
                    state.run(constants, replica, launch, part, minibatch, lane, shared, image);
                }
            });
        });
        if launches.iter().any(|(launch, _)| launch.kernel == Kernel::Score) {
            for (state, lane) in states.iter().zip(lanes) {
                let start = lane.slot as usize * result::ROWS;
                let results = &mut shared[lane.replica as usize].results;
                results[start..start + result::ROWS].copy_from_slice(&state.result);
            }
        }
    }

    /// Updates one layer's weights of every replica.
    fn run_update(&mut self, minibatches: &[Minibatch], layer: usize, part: &Part) {
        let Cpu { shape, pool, constants, replicas, shared, lanes: states, .. } = self;
        let of_replicas = shared.par_iter_mut().zip(states.par_chunks(shape.lanes));
        let of_replicas = of_replicas.zip(replicas.par_iter()).zip(minibatches);
        pool.install(|| {
            of_replicas.for_each(|(((shared, states), replica), minibatch)| {
                update_replica(constants, replica, minibatch, layer, part, shared, states);
            });
        });
    }
}

/// Updates one layer's weights of a replica from the errors and traces of its lanes.
fn update_replica(
    constants: &Constants,
    replica: &Replica,
    minibatch: &Minibatch,
    layer: usize,
    part: &Part,
    shared: &mut Shared,
    states: &[LaneState],
) {
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
    columns.par_iter_mut().enumerate().with_min_len(COLUMNS_PER_TASK).for_each_init(
        Vec::new,
        |contributions, (index, column)| {
            collect(index, contributions);
            update::update(constants, replica, part, minibatch, contributions, column);
        },
    );
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
        minibatches: &[Minibatch],
        lanes: &[Lane],
        launches: &[Launch],
    ) -> Result<(), BackendError> {
        check_lanes(&self.shape, minibatches, lanes)?;
        let parts: Vec<(Launch, Part)> =
            launches.iter().map(|launch| (*launch, Part::new(launch, &self.shape))).collect();
        for run in parts.chunk_by(|(a, _), (b, _)| a.kernel.is_per_lane() == b.kernel.is_per_lane())
        {
            if run[0].0.kernel.is_per_lane() {
                self.run_lanes(minibatches, lanes, run);
            } else {
                for (launch, part) in run {
                    self.run_update(minibatches, launch.layer, part);
                }
            }
        }
        Ok(())
    }

    fn read(&mut self, array: Array) -> Result<Vec<u32>, BackendError> {
        if array == Array::Images {
            return Ok(self.dataset.packed_images());
        }
        if !self.shape.has_lanes(array) {
            return Ok(self.shared.iter().flat_map(|shared| shared.words(array)).collect());
        }
        let lanes = self.lanes.iter_mut();
        Ok(lanes.flat_map(|lane| lane.words_mut(array).iter().copied()).collect())
    }

    fn write(&mut self, array: Array, words: &[u32]) -> Result<(), BackendError> {
        let expected = self.shape.length(array);
        if words.len() != expected || array == Array::Images {
            return Err(BackendError::Length { array, expected, got: words.len() });
        }
        let copies = words.chunks(self.shape.copy_length(array).max(1));
        if self.shape.has_lanes(array) {
            for (lane, words) in self.lanes.iter_mut().zip(copies) {
                lane.words_mut(array).copy_from_slice(words);
            }
        } else {
            for (shared, words) in self.shared.iter_mut().zip(copies) {
                shared.set_words(array, words);
            }
        }
        Ok(())
    }
}

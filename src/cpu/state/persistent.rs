//! State of a sample that outlives its launches: what the next minibatch and the plasticity kernels read. All other
//! arrays are used only while a thread steps the sample, and stay in that thread's cache.

use std::ops::Range;

use crate::cpu::simd::tiled::{LANES, Tile, TiledArray};
use crate::cpu::spikes::list::SpikeList;
use crate::cpu::state::{SampleState, tiled};
use crate::interface::{
    ArrayId, RunParams, Sample, Shape, Values, ValuesRef, compartment, plateau, window_mean,
};

/// Indices of the persistent rows of each array.
struct PersistentRows {
    window_means: Vec<usize>,
    compartments: Vec<usize>,
    plateaus: Vec<usize>,
}

/// Persistent state of one sample.
pub struct PersistentState {
    rows: PersistentRows,
    /// Spike lists of the last steps before the next image.
    spike_list: Vec<SpikeList>,
    /// Row 0: the mean of the forward phase.
    pub window_means: Vec<TiledArray<f32>>,
    /// The first rows, see [`Shape::persistent_rows`]; empty for populations whose rates are not persistent.
    rates: Vec<TiledArray<f32>>,
    compartments: Vec<TiledArray<f32>>,
    plateaus: Vec<TiledArray<f32>>,
    pub errors: Vec<TiledArray<f32>>,
    /// Predicted class and loss of the last image.
    pub result: (u32, f32),
}

/// Returns the size of the persistent state of all samples of a shape, words.
pub fn words(shape: &Shape) -> usize {
    let whole = |units: usize| units.next_multiple_of(LANES);
    let rows = PersistentRows::new(shape);
    // Estimate: a tenth of the neurons spike per step of the history (half of that at the paper's rates).
    let listed = shape.history_steps().div_ceil(10) as usize;
    let populations = shape.populations.iter().enumerate().map(|(population, &units)| {
        let rates = shape.persistent_rows(ArrayId::Rates(population)).len();
        (rows.window_means.len() + listed + rates) * whole(units)
    });
    let layers = (0..shape.layers()).map(|layer| {
        let rows_of = |array| shape.dims(array)[0];
        let parts = rows.compartments.len() + rows.plateaus.len();
        (parts + rows_of(ArrayId::Errors(layer))) * whole(shape.units(layer))
    });
    shape.replicas
        * shape.samples_per_replica
        * (populations.sum::<usize>() + layers.sum::<usize>())
}

impl PersistentRows {
    fn new(shape: &Shape) -> Self {
        PersistentRows {
            window_means: rows(&[
                (true, window_mean::FORWARD),
                (shape.taps == 0, window_mean::SLOW),
                (shape.taps == 0, window_mean::FAST),
                (shape.model.learns_feedback(), window_mean::FEEDBACK_FORWARD),
            ]),
            compartments: rows(&[
                (true, compartment::SOMA),
                (shape.model.learns_feedback(), compartment::MEAN_SOMA),
                (shape.model.learns_event_feedback(), compartment::APICAL),
            ]),
            plateaus: rows(&[(shape.model.learns_feedback(), plateau::FORWARD)]),
        }
    }

    /// Returns the positions of `rows` of an array among its stored rows; others are skipped.
    fn positions(&self, array: ArrayId, rows: Range<usize>) -> Vec<usize> {
        let stored = match array {
            ArrayId::WindowMeans(_) => &self.window_means,
            ArrayId::Compartments(_) => &self.compartments,
            // The first rows of the array.
            _ => return rows.collect(),
        };
        rows.filter_map(|row| stored.iter().position(|&stored| stored == row)).collect()
    }
}

/// Returns the rows whose condition is true.
fn rows(rows: &[(bool, usize)]) -> Vec<usize> {
    rows.iter().filter(|(is_kept, _)| *is_kept).map(|&(_, row)| row).collect()
}

/// Returns the indices of all rows of an array.
fn rows_of(array: &TiledArray<f32>) -> Vec<usize> {
    (0..array.rows()).collect()
}

impl PersistentState {
    pub fn new(shape: &Shape) -> Self {
        let rows = PersistentRows::new(shape);
        let populations = shape.populations.iter();
        let layers = 0..shape.layers();
        PersistentState {
            spike_list: populations.clone().map(|_| SpikeList::default()).collect(),
            rates: populations
                .clone()
                .enumerate()
                .map(|(population, &units)| {
                    TiledArray::new(shape.persistent_rows(ArrayId::Rates(population)).len(), units)
                })
                .collect(),
            window_means: populations
                .map(|&units| TiledArray::new(rows.window_means.len(), units))
                .collect(),
            compartments: layers
                .clone()
                .map(|layer| TiledArray::new(rows.compartments.len(), shape.units(layer)))
                .collect(),
            plateaus: layers
                .clone()
                .map(|layer| TiledArray::new(rows.plateaus.len(), shape.units(layer)))
                .collect(),
            errors: layers.map(|layer| tiled(shape, ArrayId::Errors(layer))).collect(),
            result: (0, 0.0),
            rows,
        }
    }

    /// Copies the persistent state into the working arrays.
    pub fn restore(&self, state: &mut SampleState) {
        for (kept, working) in self.spike_list.iter().zip(&mut state.spike_list) {
            working.copy_from(kept);
        }
        for (kept, working) in self.window_means.iter().zip(&mut state.window_means) {
            working.scatter_rows(kept, &self.rows.window_means);
        }
        for (kept, working) in self.rates.iter().zip(&mut state.rates) {
            working.scatter_rows(kept, &rows_of(kept));
        }
        for (layer, working) in state.layers.iter_mut().enumerate() {
            working.compartments.scatter_rows(&self.compartments[layer], &self.rows.compartments);
        }
    }

    /// Copies what the next minibatch and the plasticity kernels read from the working arrays.
    pub fn store(&mut self, constants: &RunParams, sample: &Sample, state: &mut SampleState) {
        for (population, kept) in self.spike_list.iter_mut().enumerate() {
            let SampleState { spike_list, spike_mask, spikes, .. } = &mut *state;
            let (spike_mask, spikes) = (&spike_mask[population], &spikes[population]);
            spike_list[population].keep_last_steps(constants, sample.steps(), spike_mask, spikes);
            kept.copy_from(&spike_list[population]);
        }
        for (kept, working) in self.rates.iter_mut().zip(&state.rates) {
            let rows = rows_of(kept);
            kept.gather_rows(working, &rows);
        }
        self.result = state.result;
        self.store_for_update(state);
    }

    /// Copies what the plasticity kernels read from the working arrays.
    pub fn store_for_update(&mut self, state: &SampleState) {
        for (kept, working) in self.window_means.iter_mut().zip(&state.window_means) {
            kept.gather_rows(working, &self.rows.window_means);
        }
        for (layer, working) in state.layers.iter().enumerate() {
            self.errors[layer].copy_from(&working.errors);
            self.compartments[layer].gather_rows(&working.compartments, &self.rows.compartments);
            self.plateaus[layer].gather_rows(&working.plateaus, &self.rows.plateaus);
        }
    }

    /// Appends the persistent values of an array, `[rows, units]`, see [`Shape::persistent_rows`].
    pub fn append_values(&self, shape: &Shape, array: ArrayId, values: &mut Values) {
        let rows = shape.persistent_rows(array);
        match values {
            Values::U32(values) => {
                if let ArrayId::Spikes(population) = array {
                    let units = shape.populations[population];
                    values.extend(self.spike_list[population].history_counts(rows.len(), units));
                }
            }
            Values::F32(values) => {
                let tiled = match array {
                    ArrayId::Rates(population) => &self.rates[population],
                    ArrayId::WindowMeans(population) => &self.window_means[population],
                    ArrayId::Compartments(layer) => &self.compartments[layer],
                    _ => return,
                };
                for row in self.rows.positions(array, rows) {
                    values.extend(tiled.row(row));
                }
            }
        }
    }

    /// Replaces the persistent values of an array; the number that [`PersistentState::append_values`] appends.
    pub fn set_values(&mut self, shape: &Shape, array: ArrayId, values: ValuesRef) {
        let rows = shape.persistent_rows(array);
        let units = shape.dims(array)[1].max(1);
        match values {
            ValuesRef::U32(values) => {
                if let ArrayId::Spikes(population) = array
                    && !rows.is_empty()
                {
                    let mut past = TiledArray::new(rows.len(), units);
                    past.set_values(values);
                    self.spike_list[population].set_history_counts(shape.history_steps(), &past);
                }
            }
            ValuesRef::F32(values) => {
                let tiled = match array {
                    ArrayId::Rates(population) => &mut self.rates[population],
                    ArrayId::WindowMeans(population) => &mut self.window_means[population],
                    ArrayId::Compartments(layer) => &mut self.compartments[layer],
                    _ => return,
                };
                let positions = self.rows.positions(array, rows);
                for (row, values) in positions.into_iter().zip(values.chunks_exact(units)) {
                    tiled.set_row(row, values);
                }
            }
        }
    }

    /// Returns the mean filtered spike train of a neuron in the forward phase, delayed by the feedback's one step.
    pub fn feedback_forward(&self, population: usize, unit: usize) -> f32 {
        // The last persistent row if feedback weights learn.
        self.window_means[population].value(self.rows.window_means.len() - 1, unit)
    }

    /// Returns the mean somatic voltages of the forward phase.
    pub fn mean_soma(&self, layer: usize) -> Vec<Tile<f32>> {
        let row = self.rows.compartments.len() - 1;
        self.compartments[layer].iter_tiles().map(|rows| rows[row]).collect()
    }

    /// Returns the apical voltages.
    pub fn apical(&self, layer: usize) -> Vec<Tile<f32>> {
        // The last persistent row if event feedback weights learn.
        let row = self.rows.compartments.len() - 1;
        self.compartments[layer].iter_tiles().map(|rows| rows[row]).collect()
    }

    /// Returns the plateau potentials of the forward phase.
    pub fn forward_plateaus(&self, layer: usize) -> Vec<Tile<f32>> {
        self.plateaus[layer].iter_tiles().map(|rows| rows[0]).collect()
    }
}

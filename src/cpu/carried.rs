//! What a lane carries from one minibatch to the next, and what the update needs of it: a small part of
//! its arrays. All else is of use only while a thread steps the lane, and stays in that thread's cache.

use std::ops::Range;

use super::events::Events;
use super::state::{LaneState, tiled};
use super::tile::{Tile, Tiled, WIDTH};
use crate::layout::{Array, Constants, Lane, Shape, compartment, plateau, result, trace};

/// Rows that are carried, of each array.
struct Rows {
    traces: Vec<usize>,
    compartments: Vec<usize>,
    plateaus: Vec<usize>,
}

/// The carried part of one lane.
pub struct Carried {
    rows: Rows,
    /// The steps just before the next image.
    events: Vec<Events>,
    /// The forward mean in row 0.
    pub traces: Vec<Tiled<f32>>,
    /// The first rows, see [`Shape::carried_rows`]; none of a population whose rates are not carried.
    rates: Vec<Tiled<f32>>,
    compartments: Vec<Tiled<f32>>,
    plateaus: Vec<Tiled<f32>>,
    pub errors: Vec<Tiled<f32>>,
    pub result: [u32; result::ROWS],
}

/// Words that all lanes of a shape carry.
pub fn words(shape: &Shape) -> usize {
    let whole = |units: usize| units.next_multiple_of(WIDTH);
    let rows = Rows::new(shape);
    // Of each step of the past, about a tenth of the neurons, at the rates of the paper half of that.
    let listed = shape.past_steps().div_ceil(10) as usize;
    let populations = shape.populations.iter().enumerate().map(|(population, &units)| {
        let rates = shape.carried_rows(Array::Rates(population)).len();
        (rows.traces.len() + listed + rates) * whole(units)
    });
    let layers = (0..shape.layers()).map(|layer| {
        let rows_of = |array| shape.rows_and_columns(array)[0];
        let parts = rows.compartments.len() + rows.plateaus.len();
        (parts + rows_of(Array::Errors(layer))) * whole(shape.units(layer))
    });
    shape.replicas * shape.lanes * (populations.sum::<usize>() + layers.sum::<usize>())
}

impl Rows {
    fn new(shape: &Shape) -> Self {
        Rows {
            traces: rows(&[
                (true, trace::FORWARD),
                (shape.taps == 0, trace::SLOW),
                (shape.taps == 0, trace::FAST),
                (shape.learns_feedback, trace::FEEDBACK_FORWARD),
            ]),
            compartments: rows(&[
                (true, compartment::SOMA),
                (shape.learns_feedback, compartment::MEAN_SOMA),
            ]),
            plateaus: rows(&[(shape.learns_feedback, plateau::FORWARD)]),
        }
    }
}

/// Those rows that are wanted.
fn rows(rows: &[(bool, usize)]) -> Vec<usize> {
    rows.iter().filter(|(is_wanted, _)| *is_wanted).map(|&(_, row)| row).collect()
}

/// The numbers of all rows of an array.
fn rows_of(array: &Tiled<f32>) -> Vec<usize> {
    (0..array.rows()).collect()
}

/// Where rows of an array are among those that are carried.
fn places(carried: &[usize], rows: Range<usize>) -> Vec<usize> {
    rows.filter_map(|row| carried.iter().position(|&carried| carried == row)).collect()
}

impl Carried {
    pub fn new(shape: &Shape) -> Self {
        let rows = Rows::new(shape);
        let populations = shape.populations.iter();
        let layers = 0..shape.layers();
        Carried {
            events: populations.clone().map(|_| Events::default()).collect(),
            rates: populations
                .clone()
                .enumerate()
                .map(|(population, &units)| {
                    Tiled::new(shape.carried_rows(Array::Rates(population)).len(), units)
                })
                .collect(),
            traces: populations.map(|&units| Tiled::new(rows.traces.len(), units)).collect(),
            compartments: layers
                .clone()
                .map(|layer| Tiled::new(rows.compartments.len(), shape.units(layer)))
                .collect(),
            plateaus: layers
                .clone()
                .map(|layer| Tiled::new(rows.plateaus.len(), shape.units(layer)))
                .collect(),
            errors: layers.map(|layer| tiled(shape, Array::Errors(layer))).collect(),
            result: [0; result::ROWS],
            rows,
        }
    }

    /// Puts what is carried where the kernels look for it.
    pub fn load(&self, state: &mut LaneState) {
        for (carried, own) in self.events.iter().zip(&mut state.events) {
            own.copy_from(carried);
        }
        for (carried, own) in self.traces.iter().zip(&mut state.traces) {
            own.put_rows(carried, &self.rows.traces);
        }
        for (carried, own) in self.rates.iter().zip(&mut state.rates) {
            own.put_rows(carried, &rows_of(carried));
        }
        for (layer, own) in state.layers.iter_mut().enumerate() {
            own.compartments.put_rows(&self.compartments[layer], &self.rows.compartments);
        }
    }

    /// Keeps what the next minibatch and the update need.
    pub fn save(&mut self, constants: &Constants, lane: &Lane, state: &mut LaneState) {
        for (population, carried) in self.events.iter_mut().enumerate() {
            let LaneState { events, drawn, spikes, .. } = &mut *state;
            let (drawn, spikes) = (&drawn[population], &spikes[population]);
            events[population].carry(constants, lane.steps(), drawn, spikes);
            carried.copy_from(&events[population]);
        }
        for (carried, own) in self.rates.iter_mut().zip(&state.rates) {
            let rows = rows_of(carried);
            carried.take_rows(own, &rows);
        }
        self.result = state.result;
        self.save_for_update(state);
    }

    /// Keeps what the update needs.
    pub fn save_for_update(&mut self, state: &LaneState) {
        for (carried, own) in self.traces.iter_mut().zip(&state.traces) {
            carried.take_rows(own, &self.rows.traces);
        }
        for (layer, own) in state.layers.iter().enumerate() {
            self.errors[layer].copy_from(&own.errors);
            self.compartments[layer].take_rows(&own.compartments, &self.rows.compartments);
            self.plateaus[layer].take_rows(&own.plateaus, &self.rows.plateaus);
        }
    }

    /// The words of an array that go on to the next minibatch, `[rows, units]`, see [`Shape::carried_rows`].
    pub fn words(&self, shape: &Shape, array: Array) -> Vec<u32> {
        let rows = shape.carried_rows(array);
        let picked = |tiled: &Tiled<f32>, places: Vec<usize>| {
            let values = places.into_iter().flat_map(|row| tiled.row_words(row));
            values.collect()
        };
        match array {
            Array::Spikes(population) => {
                let units = shape.populations[population];
                self.events[population].past_words(rows.len(), units)
            }
            Array::Rates(population) => picked(&self.rates[population], rows.collect()),
            Array::Traces(population) => {
                picked(&self.traces[population], places(&self.rows.traces, rows))
            }
            Array::Compartments(layer) => {
                picked(&self.compartments[layer], places(&self.rows.compartments, rows))
            }
            _ => Vec::new(),
        }
    }

    /// Replaces them; there are as many as [`Carried::words`] has.
    pub fn set_words(&mut self, shape: &Shape, array: Array, words: &[u32]) {
        let rows = shape.carried_rows(array);
        let units = shape.rows_and_columns(array)[1].max(1);
        let put = |tiled: &mut Tiled<f32>, places: Vec<usize>| {
            for (row, words) in places.into_iter().zip(words.chunks_exact(units)) {
                tiled.set_row_words(row, words);
            }
        };
        match array {
            Array::Spikes(population) if shape.past_steps() > 0 => {
                let mut past = Tiled::new(rows.len(), units);
                past.set_words(words);
                self.events[population].set_past_words(shape.past_steps(), &past);
            }
            Array::Rates(population) => put(&mut self.rates[population], rows.collect()),
            Array::Traces(population) => {
                put(&mut self.traces[population], places(&self.rows.traces, rows));
            }
            Array::Compartments(layer) => {
                put(&mut self.compartments[layer], places(&self.rows.compartments, rows));
            }
            _ => {}
        }
    }

    /// The mean filtered spike train of a neuron in the forward phase, as apical dendrites hear it.
    pub fn feedback_forward(&self, population: usize, unit: usize) -> f32 {
        // The last of the rows, where feedback weights learn.
        self.traces[population].value(self.rows.traces.len() - 1, unit)
    }

    /// The mean somatic voltages of the forward phase.
    pub fn mean_soma(&self, layer: usize) -> Vec<Tile<f32>> {
        let row = self.rows.compartments.len() - 1;
        self.compartments[layer].each().map(|rows| rows[row]).collect()
    }

    /// The plateau potentials of the forward phase.
    pub fn forward_plateaus(&self, layer: usize) -> Vec<Tile<f32>> {
        self.plateaus[layer].each().map(|rows| rows[0]).collect()
    }
}

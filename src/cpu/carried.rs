//! What a lane carries from one minibatch to the next, and what the update needs of it: a small part of
//! its arrays. All else is of use only while a thread steps the lane, and stays in that thread's cache.

use super::state::{LaneState, tiled};
use super::tile::{Tiled, WIDTH};
use crate::layout::{Array, Shape, compartment, result, trace};

/// Rows that are carried, of each array.
struct Rows {
    spikes: Vec<usize>,
    traces: Vec<usize>,
    compartments: Vec<usize>,
}

/// The carried part of one lane.
pub struct Carried {
    rows: Rows,
    spikes: Vec<Tiled<u32>>,
    /// The forward mean in row 0.
    pub traces: Vec<Tiled<f32>>,
    compartments: Vec<Tiled<f32>>,
    apical_drive: Vec<Tiled<f32>>,
    pub errors: Vec<Tiled<f32>>,
    pub result: [u32; result::ROWS],
}

/// Words that all lanes of a shape carry.
pub fn words(shape: &Shape) -> usize {
    let whole = |units: usize| units.next_multiple_of(WIDTH);
    let rows = Rows::new(shape);
    let populations = shape
        .populations
        .iter()
        .map(|&units| (rows.spikes.len() + rows.traces.len()) * whole(units));
    let layers = (0..shape.layers()).map(|layer| {
        let rows_of = |array| shape.rows_and_columns(array)[0];
        let wholes = rows_of(Array::ApicalDrive(layer)) + rows_of(Array::Errors(layer));
        (rows.compartments.len() + wholes) * whole(shape.units(layer))
    });
    shape.replicas * shape.lanes * (populations.sum::<usize>() + layers.sum::<usize>())
}

impl Rows {
    fn new(shape: &Shape) -> Self {
        Rows {
            spikes: (0..shape.past_words() as usize).collect(),
            traces: match shape.taps {
                0 => vec![trace::FORWARD, trace::SLOW, trace::FAST],
                _ => vec![trace::FORWARD],
            },
            compartments: match shape.steps_apical {
                true => vec![compartment::SOMA, compartment::APICAL],
                false => vec![compartment::SOMA],
            },
        }
    }
}

impl Carried {
    pub fn new(shape: &Shape) -> Self {
        let rows = Rows::new(shape);
        let populations = shape.populations.iter();
        let layers = 0..shape.layers();
        Carried {
            spikes: populations
                .clone()
                .map(|&units| Tiled::new(rows.spikes.len(), units))
                .collect(),
            traces: populations.map(|&units| Tiled::new(rows.traces.len(), units)).collect(),
            compartments: layers
                .clone()
                .map(|layer| Tiled::new(rows.compartments.len(), shape.units(layer)))
                .collect(),
            apical_drive: layers
                .clone()
                .map(|layer| tiled(shape, Array::ApicalDrive(layer)))
                .collect(),
            errors: layers.map(|layer| tiled(shape, Array::Errors(layer))).collect(),
            result: [0; result::ROWS],
            rows,
        }
    }

    /// Puts what is carried where the kernels look for it.
    pub fn load(&self, state: &mut LaneState) {
        for (carried, own) in self.spikes.iter().zip(&mut state.spikes) {
            own.put_rows(carried, &self.rows.spikes);
        }
        for (carried, own) in self.traces.iter().zip(&mut state.traces) {
            own.put_rows(carried, &self.rows.traces);
        }
        for (layer, own) in state.layers.iter_mut().enumerate() {
            own.compartments.put_rows(&self.compartments[layer], &self.rows.compartments);
            own.apical_drive.copy_from(&self.apical_drive[layer]);
        }
    }

    /// Keeps what the next minibatch and the update need.
    pub fn save(&mut self, state: &LaneState) {
        for (carried, own) in self.spikes.iter_mut().zip(&state.spikes) {
            carried.take_rows(own, &self.rows.spikes);
        }
        for (carried, own) in self.traces.iter_mut().zip(&state.traces) {
            carried.take_rows(own, &self.rows.traces);
        }
        for (layer, own) in state.layers.iter().enumerate() {
            self.compartments[layer].take_rows(&own.compartments, &self.rows.compartments);
            self.apical_drive[layer].copy_from(&own.apical_drive);
            self.errors[layer].copy_from(&own.errors);
        }
        self.result = state.result;
    }
}

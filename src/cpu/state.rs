//! The arrays of the CPU backend: those of each lane together, so that one thread works in its own
//! cache, and those that the lanes of a replica share.

use bytemuck::{cast_slice, cast_slice_mut};

use super::columns::Columns;
use super::events::Events;
use super::tile::WIDTH;
use super::{apical, drive, error, input, output, plateau, score, soma, trace};
use crate::layout::{
    Array, Constants, Kernel, Lane, Launch, Minibatch, Part, Replica, Shape, result,
};

/// Arrays of one layer in one lane.
pub struct LayerState {
    /// Goes on for a tile behind its last row, as does the apical drive.
    pub drive: Vec<f32>,
    pub apical_drive: Vec<f32>,
    pub compartments: Vec<f32>,
    pub plateaus: Vec<f32>,
    pub errors: Vec<f32>,
    /// The population whose spikes reach the apical dendrites.
    source: usize,
}

/// Arrays of one lane. Shapes: [`Array`].
pub struct LaneState {
    pub spikes: Vec<Vec<u32>>,
    pub traces: Vec<Vec<f32>>,
    pub layers: Vec<LayerState>,
    pub result: [u32; result::ROWS],
    events: Events,
}

/// Arrays of one replica that all of its lanes read, and results.
pub struct Shared {
    pub thresholds: Vec<u32>,
    pub weights: Vec<Columns>,
    pub moments: Vec<Vec<f32>>,
    pub gradients: Vec<Vec<f32>>,
    pub feedback: Vec<Columns>,
    pub results: Vec<u32>,
}

impl LaneState {
    pub fn new(shape: &Shape) -> Self {
        let zeros = |array| vec![0.0; shape.copy_length(array)];
        let padded = |array| vec![0.0; shape.copy_length(array) + WIDTH];
        LaneState {
            spikes: (0..shape.populations.len())
                .map(|population| vec![0; shape.copy_length(Array::Spikes(population))])
                .collect(),
            traces: (0..shape.populations.len())
                .map(|population| zeros(Array::Traces(population)))
                .collect(),
            layers: (0..shape.layers())
                .map(|layer| LayerState {
                    drive: padded(Array::Drive(layer)),
                    apical_drive: padded(Array::ApicalDrive(layer)),
                    compartments: zeros(Array::Compartments(layer)),
                    plateaus: zeros(Array::Plateaus(layer)),
                    errors: zeros(Array::Errors(layer)),
                    source: if shape.is_output(layer) { 0 } else { shape.source(layer) },
                })
                .collect(),
            result: [0; result::ROWS],
            events: Events::default(),
        }
    }

    /// Runs one kernel on this lane.
    #[allow(clippy::too_many_arguments)] // what a shader finds in its bindings
    pub fn run(
        &mut self,
        constants: &Constants,
        replica: &Replica,
        launch: &Launch,
        part: &Part,
        minibatch: &Minibatch,
        lane: &Lane,
        shared: &Shared,
        image: &[u8],
    ) {
        let LaneState { spikes, traces, layers, result, events } = self;
        if launch.kernel == Kernel::Input {
            return input::input(
                constants,
                replica,
                part,
                minibatch,
                lane,
                &shared.thresholds,
                image,
                &mut spikes[0],
            );
        }
        if launch.kernel == Kernel::Trace {
            let population = launch.layer;
            return trace::trace(
                constants,
                part,
                minibatch,
                lane,
                &mut spikes[population],
                &mut traces[population],
            );
        }
        let index = launch.layer;
        let layer = &mut layers[index];
        let weights = &shared.weights[index];
        let biases = weights.column(part.below as usize);
        let feedback = &shared.feedback[index];
        match launch.kernel {
            Kernel::Drive => drive::drive(
                constants,
                part,
                minibatch,
                lane,
                &spikes[index],
                &traces[index],
                weights,
                &mut layer.drive,
                events,
            ),
            Kernel::Soma => soma::soma(
                constants,
                replica,
                part,
                minibatch,
                lane,
                biases,
                &mut layer.drive,
                &mut layer.compartments,
                &mut spikes[index + 1],
            ),
            Kernel::Output => output::output(
                constants,
                replica,
                part,
                minibatch,
                lane,
                biases,
                &mut layer.drive,
                &mut layer.compartments,
                &mut spikes[index + 1],
            ),
            Kernel::Apical => apical::apical(
                constants,
                part,
                minibatch,
                lane,
                &spikes[layer.source],
                feedback,
                &mut layer.apical_drive,
                &mut layer.compartments,
                events,
            ),
            Kernel::Plateau => {
                plateau::plateau(part, &traces[layer.source], feedback, &mut layer.plateaus)
            }
            Kernel::Error => {
                error::error(replica, part, &layer.compartments, &layer.plateaus, &mut layer.errors)
            }
            Kernel::Score => {
                score::score(constants, replica, part, lane, &layer.compartments, result)
            }
            Kernel::Input | Kernel::Trace | Kernel::Update => {
                unreachable!("handled before, or not a kernel of one lane")
            }
        }
    }

    /// The words of one of this lane's arrays; empty for arrays that lanes share.
    pub fn words_mut(&mut self, array: Array) -> &mut [u32] {
        match array {
            Array::Spikes(population) => &mut self.spikes[population],
            Array::Traces(population) => cast_slice_mut(&mut self.traces[population]),
            Array::Drive(layer) => without_padding(&mut self.layers[layer].drive),
            Array::ApicalDrive(layer) => without_padding(&mut self.layers[layer].apical_drive),
            Array::Compartments(layer) => cast_slice_mut(&mut self.layers[layer].compartments),
            Array::Plateaus(layer) => cast_slice_mut(&mut self.layers[layer].plateaus),
            Array::Errors(layer) => cast_slice_mut(&mut self.layers[layer].errors),
            _ => &mut [],
        }
    }
}

fn without_padding(drive: &mut [f32]) -> &mut [u32] {
    let length = drive.len() - WIDTH;
    cast_slice_mut(&mut drive[..length])
}

impl Shared {
    pub fn new(shape: &Shape) -> Self {
        let zeros = |array: fn(usize) -> Array| -> Vec<Vec<f32>> {
            (0..shape.layers()).map(|layer| vec![0.0; shape.copy_length(array(layer))]).collect()
        };
        let columns = |array: fn(usize) -> Array| -> Vec<Columns> {
            (0..shape.layers())
                .map(|layer| {
                    let [columns, units] = shape.rows_and_columns(array(layer));
                    Columns::new(columns, units)
                })
                .collect()
        };
        Shared {
            thresholds: vec![0; shape.copy_length(Array::Thresholds)],
            weights: columns(Array::Weights),
            moments: zeros(Array::Moments),
            gradients: zeros(Array::Gradient),
            feedback: columns(Array::Feedback),
            results: vec![0; shape.copy_length(Array::Results)],
        }
    }

    /// The words of a shared array; none for arrays of lanes.
    pub fn words(&self, array: Array) -> Vec<u32> {
        match array {
            Array::Thresholds => self.thresholds.clone(),
            Array::Weights(layer) => self.weights[layer].words(),
            Array::Moments(layer) => cast_slice(&self.moments[layer]).to_vec(),
            Array::Gradient(layer) => cast_slice(&self.gradients[layer]).to_vec(),
            Array::Feedback(layer) => self.feedback[layer].words(),
            Array::Results => self.results.clone(),
            _ => Vec::new(),
        }
    }

    /// Replaces the words of a shared array; there are as many as [`Shared::words`] has.
    pub fn set_words(&mut self, array: Array, words: &[u32]) {
        match array {
            Array::Thresholds => self.thresholds.copy_from_slice(words),
            Array::Weights(layer) => self.weights[layer].set_words(words),
            Array::Moments(layer) => self.moments[layer].copy_from_slice(cast_slice(words)),
            Array::Gradient(layer) => self.gradients[layer].copy_from_slice(cast_slice(words)),
            Array::Feedback(layer) => self.feedback[layer].set_words(words),
            Array::Results => self.results.copy_from_slice(words),
            _ => {}
        }
    }
}

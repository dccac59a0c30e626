//! The arrays of the CPU backend: those of a lane, together so that one thread works in its own cache,
//! and those that the lanes of a replica share.

use rayon::prelude::*;

use super::bounds::Bounds;
use super::columns::Columns;
use super::drawn::Drawn;
use super::events::{Events, Heard};
use super::tile::Tiled;
use super::{
    apical, apical_history, apical_rate, average, backward, drive, error, flow, input, plateau,
    raster, rate, score, shine, trace,
};
use crate::layout::{
    Array, Constants, Kernel, KernelTimes, Lane, Launch, Minibatch, Part, Replica, Shape, result,
};

/// Arrays of one layer in one lane. Shapes: [`Array`].
pub struct LayerState {
    pub drive: Tiled<f32>,
    pub apical_drive: Tiled<f32>,
    pub compartments: Tiled<f32>,
    pub plateaus: Tiled<f32>,
    pub errors: Tiled<f32>,
    /// The population whose spikes reach the apical dendrites.
    source: usize,
}

/// Arrays of one lane.
pub struct LaneState {
    pub spikes: Vec<Tiled<u32>>,
    pub rates: Vec<Tiled<f32>>,
    pub traces: Vec<Tiled<f32>>,
    pub layers: Vec<LayerState>,
    pub result: [u32; result::ROWS],
    /// What its kernels took, while profiled.
    pub times: KernelTimes,
    /// Who spikes in each population, as the words of spikes say too: bits as they were drawn, and lists.
    pub drawn: Vec<Drawn>,
    pub events: Vec<Events>,
}

/// Arrays of one replica that all of its lanes read, and results.
pub struct Shared {
    pub thresholds: Vec<u32>,
    pub input_rates: Vec<f32>,
    pub weights: Vec<Columns>,
    pub first_moments: Vec<Columns>,
    pub second_moments: Vec<Columns>,
    pub gradients: Vec<Columns>,
    pub feedback: Vec<Columns>,
    pub results: Vec<u32>,
}

/// What all lanes of a replica's minibatch read.
pub struct Inputs<'a> {
    pub constants: &'a Constants,
    pub replica: &'a Replica,
    pub bounds: &'a Bounds,
    pub minibatch: &'a Minibatch,
    pub shared: &'a Shared,
}

impl LaneState {
    pub fn new(shape: &Shape) -> Self {
        LaneState {
            spikes: (0..shape.populations.len())
                .map(|population| tiled(shape, Array::Spikes(population)))
                .collect(),
            rates: (0..shape.populations.len())
                .map(|population| tiled(shape, Array::Rates(population)))
                .collect(),
            traces: (0..shape.populations.len())
                .map(|population| tiled(shape, Array::Traces(population)))
                .collect(),
            layers: (0..shape.layers())
                .map(|layer| LayerState {
                    drive: tiled(shape, Array::Drive(layer)),
                    apical_drive: tiled(shape, Array::ApicalDrive(layer)),
                    compartments: tiled(shape, Array::Compartments(layer)),
                    plateaus: tiled(shape, Array::Plateaus(layer)),
                    errors: tiled(shape, Array::Errors(layer)),
                    source: if shape.is_output(layer) { 0 } else { shape.source(layer) },
                })
                .collect(),
            result: [0; result::ROWS],
            times: KernelTimes::default(),
            drawn: shape.populations.iter().map(|&units| Drawn::new(units, shape.steps)).collect(),
            events: shape.populations.iter().map(|_| Events::default()).collect(),
        }
    }

    /// Forgets what is known of the lane beside its arrays.
    pub fn begin(&mut self) {
        self.drawn.iter_mut().for_each(Drawn::forget);
        self.events.iter_mut().for_each(Events::forget);
    }

    /// Runs one kernel on this lane, any but those of neurons. Tells on how many threads.
    pub fn run(
        &mut self,
        inputs: &Inputs,
        launch: &Launch,
        part: &Part,
        lane: &Lane,
        image: &[u8],
        threads: usize,
    ) -> usize {
        let Inputs { constants, replica, minibatch, shared, .. } = *inputs;
        let LaneState { spikes, rates, traces, layers, result, drawn, events, .. } = self;
        let heard = Heard::new(constants, part, minibatch, lane);
        if launch.kernel == Kernel::Input {
            input::input(
                constants,
                replica,
                part,
                minibatch,
                lane,
                &shared.thresholds,
                image,
                &mut spikes[0],
                &mut drawn[0],
            );
            return 1;
        }
        let index = launch.layer;
        if launch.kernel == Kernel::Shine {
            shine::shine(part, lane, &shared.input_rates, image, &mut rates[0]);
            return 1;
        }
        if launch.kernel == Kernel::Average {
            average::average(constants, part, lane, &mut rates[index], &mut traces[index]);
            return 1;
        }
        if launch.kernel == Kernel::Trace {
            let (spikes, traces) = (&mut spikes[index], &mut traces[index]);
            trace::trace(constants, part, minibatch, lane, spikes, traces);
            return 1;
        }
        let (lower, upper) = layers.split_at_mut(index + 1);
        let layer = &mut lower[index];
        let weights = &shared.weights[index];
        let feedback = &shared.feedback[index];
        let mut held = 1;
        match launch.kernel {
            Kernel::Drive => {
                events[index].ensure(heard, &drawn[index], &spikes[index]);
                let (events, traces) = (&events[index], &traces[index]);
                let spans = layer.drive.span().cut(threads);
                held = spans.len();
                spread(spans, |mut span| {
                    drive::drive(
                        constants, part, minibatch, lane, events, traces, weights, &mut span,
                    );
                });
            }
            Kernel::Flow => {
                let (rates, drive) = (&rates[index], &mut layer.drive);
                flow::flow(constants, part, lane, rates, weights, drive);
            }
            Kernel::Apical if part.steps == 0 => {
                let LayerState { apical_drive, compartments, .. } = layer;
                let (drive, voltages) = (apical_drive, compartments);
                apical::begin_apical(constants, part, minibatch, feedback, drive, voltages);
            }
            Kernel::Apical => {
                let events = &mut events[layer.source];
                events.ensure(heard, &drawn[layer.source], &spikes[layer.source]);
                let LayerState { apical_drive, compartments, .. } = layer;
                apical::apical(constants, part, lane, events, feedback, apical_drive, compartments);
            }
            Kernel::ApicalHistory => {
                let (events, traces) = (&mut events[layer.source], &traces[layer.source]);
                if minibatch.fresh == 0 {
                    let past = Heard::past(constants);
                    events.ensure(past, &drawn[layer.source], &spikes[layer.source]);
                }
                let drive = &mut layer.apical_drive;
                apical_history::apical_history(
                    constants, part, minibatch, events, traces, feedback, drive,
                );
            }
            Kernel::ApicalRate => {
                let (rates, voltages) = (&rates[layer.source], &mut layer.compartments);
                apical_rate::apical_rate(part, minibatch, lane, rates, feedback, voltages);
            }
            Kernel::Rate => {
                let rates = &mut rates[index + 1];
                rate::rate(replica, part, lane, &layer.compartments, rates);
            }
            Kernel::Plateau => {
                let (traces, plateaus) = (&traces[layer.source], &mut layer.plateaus);
                plateau::plateau(constants, replica, part, lane, traces, feedback, plateaus);
            }
            Kernel::Error => {
                error::error(replica, part, &layer.compartments, &layer.plateaus, &mut layer.errors)
            }
            Kernel::Backward => {
                let (weights, above) = (&shared.weights[index + 1], &upper[0].errors);
                let LayerState { compartments, errors, .. } = layer;
                backward::backward(replica, part, compartments, weights, above, errors);
            }
            Kernel::Score => {
                score::score(constants, replica, part, lane, &layer.compartments, result)
            }
            _ => unreachable!("handled before, or not a kernel of one lane"),
        }
        held
    }

    /// The words of one of this lane's arrays; none for arrays that lanes share.
    pub fn words(&self, array: Array) -> Vec<u32> {
        match array {
            Array::Spikes(population) => self.spikes[population].words(),
            Array::Raster(population) => raster::raster(&self.spikes[population]),
            Array::Rates(population) => self.rates[population].words(),
            Array::Traces(population) => self.traces[population].words(),
            Array::Drive(layer) => self.layers[layer].drive.words(),
            Array::ApicalDrive(layer) => self.layers[layer].apical_drive.words(),
            Array::Compartments(layer) => self.layers[layer].compartments.words(),
            Array::Plateaus(layer) => self.layers[layer].plateaus.words(),
            Array::Errors(layer) => self.layers[layer].errors.words(),
            _ => Vec::new(),
        }
    }

    /// Replaces the words of one of this lane's arrays; there are as many as [`LaneState::words`] has.
    pub fn set_words(&mut self, array: Array, words: &[u32]) {
        match array {
            Array::Spikes(population) => self.spikes[population].set_words(words),
            Array::Rates(population) => self.rates[population].set_words(words),
            Array::Traces(population) => self.traces[population].set_words(words),
            Array::Drive(layer) => self.layers[layer].drive.set_words(words),
            Array::ApicalDrive(layer) => self.layers[layer].apical_drive.set_words(words),
            Array::Compartments(layer) => self.layers[layer].compartments.set_words(words),
            Array::Plateaus(layer) => self.layers[layer].plateaus.set_words(words),
            Array::Errors(layer) => self.layers[layer].errors.set_words(words),
            _ => {}
        }
    }
}

/// Calls `work` for each share, on as many threads as there are shares.
fn spread<T: Send>(mut shares: Vec<T>, work: impl Fn(T) + Send + Sync) {
    match shares.len() {
        1 => shares.pop().into_iter().for_each(work),
        _ => shares.into_par_iter().with_max_len(1).for_each(work),
    }
}

pub(super) fn tiled<T: bytemuck::Pod>(shape: &Shape, array: Array) -> Tiled<T> {
    let [rows, units] = shape.rows_and_columns(array);
    Tiled::new(rows, units)
}

impl Shared {
    pub fn new(shape: &Shape) -> Self {
        let columns = |array: fn(usize) -> Array, parts: usize| -> Vec<Columns> {
            (0..shape.layers())
                .map(|layer| {
                    let [columns, units] = shape.rows_and_columns(array(layer));
                    Columns::new(columns / parts, units)
                })
                .collect()
        };
        Shared {
            thresholds: vec![0; shape.copy_length(Array::Thresholds)],
            input_rates: vec![0.0; shape.copy_length(Array::InputRates)],
            weights: columns(Array::Weights, 1),
            first_moments: columns(Array::Moments, 2),
            second_moments: columns(Array::Moments, 2),
            gradients: columns(Array::Gradient, 1),
            feedback: columns(Array::Feedback, 1),
            results: vec![0; shape.copy_length(Array::Results)],
        }
    }

    /// The words of a shared array; none for arrays of lanes.
    pub fn words(&self, array: Array) -> Vec<u32> {
        match array {
            Array::Thresholds => self.thresholds.clone(),
            Array::InputRates => bytemuck::cast_slice(&self.input_rates).to_vec(),
            Array::Weights(layer) => self.weights[layer].words(),
            Array::Moments(layer) => {
                let moments = [&self.first_moments[layer], &self.second_moments[layer]];
                let [first, second] = moments.map(Columns::words);
                let units = units_of(moments[0], first.len());
                let columns = first.chunks(units).zip(second.chunks(units));
                columns.flat_map(|(first, second)| [first, second].concat()).collect()
            }
            Array::Gradient(layer) => self.gradients[layer].words(),
            Array::Feedback(layer) => self.feedback[layer].words(),
            Array::Results => self.results.clone(),
            _ => Vec::new(),
        }
    }

    /// Replaces the words of a shared array; there are as many as [`Shared::words`] has.
    pub fn set_words(&mut self, array: Array, words: &[u32]) {
        match array {
            Array::Thresholds => self.thresholds.copy_from_slice(words),
            Array::InputRates => {
                self.input_rates.copy_from_slice(bytemuck::cast_slice(words));
            }
            Array::Weights(layer) => self.weights[layer].set_words(words),
            Array::Moments(layer) => {
                let rows = words.chunks(units_of(&self.first_moments[layer], words.len() / 2));
                let rows_from = |first| rows.clone().skip(first).step_by(2).flatten().copied();
                self.first_moments[layer].set_words(&rows_from(0).collect::<Vec<_>>());
                self.second_moments[layer].set_words(&rows_from(1).collect::<Vec<_>>());
            }
            Array::Gradient(layer) => self.gradients[layer].set_words(words),
            Array::Feedback(layer) => self.feedback[layer].set_words(words),
            Array::Results => self.results.copy_from_slice(words),
            _ => {}
        }
    }
}

/// Neurons of a layer whose matrix holds `words`; 1 where it holds none.
fn units_of(matrix: &Columns, words: usize) -> usize {
    (words * matrix.stride()).checked_div(matrix.tiles().len()).unwrap_or(1)
}

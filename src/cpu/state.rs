//! The arrays of the CPU backend: per sample, so that one thread works in its own cache, and per replica, shared by its
//! samples.

use rayon::prelude::*;

use super::spike_list::{SpikeList, StepRange};
use super::spike_mask::SpikeMask;
use super::spike_tables::SpikeTables;
use super::tiled::TiledArray;
use super::weight_matrix::WeightMatrix;
use super::{
    apical_history, apical_step_rates, apical_step_spikes, backprop_error, classify, emit_rates,
    encode_rates, encode_spikes, local_error, pack_spike_mask, plateau, synaptic_input_rates,
    synaptic_input_spikes, window_mean_rates, window_mean_spikes,
};
use crate::interface::{
    ArrayId, BatchParams, Kernel, KernelTimes, Launch, LaunchParams, ReplicaParams, RunParams,
    Sample, Shape, result,
};

/// Arrays of one layer of one sample. Shapes: see [`ArrayId`].
pub struct LayerState {
    pub drive: TiledArray<f32>,
    pub apical_drive: TiledArray<f32>,
    pub compartments: TiledArray<f32>,
    pub plateaus: TiledArray<f32>,
    pub errors: TiledArray<f32>,
    /// Index of the feedback population, whose spikes reach the apical dendrites.
    source: usize,
}

/// Arrays of one sample.
pub struct SampleState {
    pub spikes: Vec<TiledArray<u32>>,
    pub rates: Vec<TiledArray<f32>>,
    pub traces: Vec<TiledArray<f32>>,
    pub layers: Vec<LayerState>,
    pub result: [u32; result::ROWS],
    /// Times of the sample's kernels, while profiling.
    pub times: KernelTimes,
    /// Spikes of each population as masks, the same as `spikes`.
    pub spike_mask: Vec<SpikeMask>,
    pub spike_list: Vec<SpikeList>,
}

/// Arrays of one replica that its samples share.
pub struct ReplicaState {
    pub thresholds: Vec<u32>,
    pub input_rates: Vec<f32>,
    pub weights: Vec<WeightMatrix>,
    pub first_moments: Vec<WeightMatrix>,
    pub second_moments: Vec<WeightMatrix>,
    pub gradients: Vec<WeightMatrix>,
    pub feedback: Vec<WeightMatrix>,
    pub results: Vec<u32>,
}

/// Parameters and shared arrays that the samples of one replica read.
pub struct BatchInputs<'a> {
    pub constants: &'a RunParams,
    pub replica: &'a ReplicaParams,
    pub spike_tables: &'a SpikeTables,
    pub minibatch: &'a BatchParams,
    pub replica_state: &'a ReplicaState,
}

impl SampleState {
    pub fn new(shape: &Shape) -> Self {
        SampleState {
            spikes: (0..shape.populations.len())
                .map(|population| tiled(shape, ArrayId::Spikes(population)))
                .collect(),
            rates: (0..shape.populations.len())
                .map(|population| tiled(shape, ArrayId::Rates(population)))
                .collect(),
            traces: (0..shape.populations.len())
                .map(|population| tiled(shape, ArrayId::WindowMeans(population)))
                .collect(),
            layers: (0..shape.layers())
                .map(|layer| LayerState {
                    drive: tiled(shape, ArrayId::SynapticInput(layer)),
                    apical_drive: tiled(shape, ArrayId::ApicalInput(layer)),
                    compartments: tiled(shape, ArrayId::Compartments(layer)),
                    plateaus: tiled(shape, ArrayId::Plateaus(layer)),
                    errors: tiled(shape, ArrayId::Errors(layer)),
                    source: if shape.is_output(layer) {
                        0
                    } else {
                        shape.feedback_population(layer)
                    },
                })
                .collect(),
            result: [0; result::ROWS],
            times: KernelTimes::default(),
            spike_mask: shape
                .populations
                .iter()
                .map(|&units| SpikeMask::new(units, shape.steps))
                .collect(),
            spike_list: shape.populations.iter().map(|_| SpikeList::default()).collect(),
        }
    }

    /// Invalidates the cached spike masks and lists.
    pub fn invalidate_caches(&mut self) {
        self.spike_mask.iter_mut().for_each(SpikeMask::clear);
        self.spike_list.iter_mut().for_each(SpikeList::clear);
    }

    /// Runs one per-sample kernel other than the neurons' own and returns the number of threads used.
    pub fn run(
        &mut self,
        inputs: &BatchInputs,
        launch: &Launch,
        part: &LaunchParams,
        lane: &Sample,
        image: &[u8],
        threads: usize,
    ) -> usize {
        let BatchInputs { constants, replica, minibatch, replica_state, .. } = *inputs;
        let SampleState { spikes, rates, traces, layers, result, spike_mask, spike_list, .. } =
            self;
        let range = StepRange::new(constants, part, minibatch, lane);
        if launch.kernel == Kernel::EncodeSpikes {
            encode_spikes::encode_spikes(
                constants,
                replica,
                part,
                minibatch,
                lane,
                &replica_state.thresholds,
                image,
                &mut spikes[0],
                &mut spike_mask[0],
            );
            return 1;
        }
        let index = launch.layer;
        if launch.kernel == Kernel::EncodeRates {
            encode_rates::encode_rates(
                part,
                lane,
                &replica_state.input_rates,
                image,
                &mut rates[0],
            );
            return 1;
        }
        if launch.kernel == Kernel::WindowMeanRates {
            window_mean_rates::window_mean_rates(
                constants,
                part,
                lane,
                &mut rates[index],
                &mut traces[index],
            );
            return 1;
        }
        if launch.kernel == Kernel::WindowMeanSpikes {
            let (spikes, traces) = (&mut spikes[index], &mut traces[index]);
            window_mean_spikes::window_mean_spikes(
                constants, part, minibatch, lane, spikes, traces,
            );
            return 1;
        }
        let (lower, upper) = layers.split_at_mut(index + 1);
        let layer = &mut lower[index];
        let weights = &replica_state.weights[index];
        let feedback = &replica_state.feedback[index];
        let mut threads_used = 1;
        match launch.kernel {
            Kernel::SynapticInputSpikes => {
                spike_list[index].build(range, &spike_mask[index], &spikes[index]);
                let (spike_list, traces) = (&spike_list[index], &traces[index]);
                let slices = layer.drive.all_tiles().split(threads);
                threads_used = slices.len();
                par_for_each(slices, |mut slice| {
                    synaptic_input_spikes::synaptic_input_spikes(
                        constants, part, minibatch, lane, spike_list, traces, weights, &mut slice,
                    );
                });
            }
            Kernel::SynapticInputRates => {
                let (rates, drive) = (&rates[index], &mut layer.drive);
                synaptic_input_rates::synaptic_input_rates(
                    constants, part, lane, rates, weights, drive,
                );
            }
            Kernel::ApicalStepSpikes if part.step_count == 0 => {
                let LayerState { apical_drive, compartments, .. } = layer;
                let (drive, voltages) = (apical_drive, compartments);
                apical_step_spikes::begin_apical(
                    constants, part, minibatch, feedback, drive, voltages,
                );
            }
            Kernel::ApicalStepSpikes => {
                let spike_list = &mut spike_list[layer.source];
                spike_list.build(range, &spike_mask[layer.source], &spikes[layer.source]);
                let LayerState { apical_drive, compartments, .. } = layer;
                apical_step_spikes::apical_step_spikes(
                    constants,
                    part,
                    lane,
                    spike_list,
                    feedback,
                    apical_drive,
                    compartments,
                );
            }
            Kernel::ApicalHistory => {
                let (spike_list, traces) = (&mut spike_list[layer.source], &traces[layer.source]);
                if minibatch.reset_state == 0 {
                    let past = StepRange::past(constants);
                    spike_list.build(past, &spike_mask[layer.source], &spikes[layer.source]);
                }
                let drive = &mut layer.apical_drive;
                apical_history::apical_history(
                    constants, part, minibatch, spike_list, traces, feedback, drive,
                );
            }
            Kernel::ApicalStepRates => {
                let (rates, voltages) = (&rates[layer.source], &mut layer.compartments);
                apical_step_rates::apical_step_rates(
                    part, minibatch, lane, rates, feedback, voltages,
                );
            }
            Kernel::EmitRates => {
                let rates = &mut rates[index + 1];
                emit_rates::emit_rates(replica, part, lane, &layer.compartments, rates);
            }
            Kernel::Plateau => {
                let (traces, plateaus) = (&traces[layer.source], &mut layer.plateaus);
                plateau::plateau(constants, replica, part, lane, traces, feedback, plateaus);
            }
            Kernel::LocalError => local_error::local_error(
                replica,
                part,
                &layer.compartments,
                &layer.plateaus,
                &mut layer.errors,
            ),
            Kernel::BackpropError => {
                let (weights, above) = (&replica_state.weights[index + 1], &upper[0].errors);
                let LayerState { compartments, errors, .. } = layer;
                backprop_error::backprop_error(replica, part, compartments, weights, above, errors);
            }
            Kernel::Classify => {
                classify::classify(constants, replica, part, lane, &layer.compartments, result)
            }
            _ => unreachable!("handled above, or not a per-sample kernel"),
        }
        threads_used
    }

    /// Returns the words of one of the sample's arrays; empty for shared arrays.
    pub fn words(&self, array: ArrayId) -> Vec<u32> {
        match array {
            ArrayId::Spikes(population) => self.spikes[population].words(),
            ArrayId::SpikeMask(population) => {
                pack_spike_mask::pack_spike_mask(&self.spikes[population])
            }
            ArrayId::Rates(population) => self.rates[population].words(),
            ArrayId::WindowMeans(population) => self.traces[population].words(),
            ArrayId::SynapticInput(layer) => self.layers[layer].drive.words(),
            ArrayId::ApicalInput(layer) => self.layers[layer].apical_drive.words(),
            ArrayId::Compartments(layer) => self.layers[layer].compartments.words(),
            ArrayId::Plateaus(layer) => self.layers[layer].plateaus.words(),
            ArrayId::Errors(layer) => self.layers[layer].errors.words(),
            _ => Vec::new(),
        }
    }

    /// Replaces the words of one of the sample's arrays; same length as [`SampleState::words`].
    pub fn set_words(&mut self, array: ArrayId, words: &[u32]) {
        match array {
            ArrayId::Spikes(population) => self.spikes[population].set_words(words),
            ArrayId::Rates(population) => self.rates[population].set_words(words),
            ArrayId::WindowMeans(population) => self.traces[population].set_words(words),
            ArrayId::SynapticInput(layer) => self.layers[layer].drive.set_words(words),
            ArrayId::ApicalInput(layer) => self.layers[layer].apical_drive.set_words(words),
            ArrayId::Compartments(layer) => self.layers[layer].compartments.set_words(words),
            ArrayId::Plateaus(layer) => self.layers[layer].plateaus.set_words(words),
            ArrayId::Errors(layer) => self.layers[layer].errors.set_words(words),
            _ => {}
        }
    }
}

/// Calls `work` for each item, in parallel if there are several.
fn par_for_each<T: Send>(mut items: Vec<T>, work: impl Fn(T) + Send + Sync) {
    match items.len() {
        1 => items.pop().into_iter().for_each(work),
        _ => items.into_par_iter().with_max_len(1).for_each(work),
    }
}

pub(super) fn tiled<T: bytemuck::Pod>(shape: &Shape, array: ArrayId) -> TiledArray<T> {
    let [rows, units] = shape.dims(array);
    TiledArray::new(rows, units)
}

impl ReplicaState {
    pub fn new(shape: &Shape) -> Self {
        let columns = |array: fn(usize) -> ArrayId, parts: usize| -> Vec<WeightMatrix> {
            (0..shape.layers())
                .map(|layer| {
                    let [columns, units] = shape.dims(array(layer));
                    WeightMatrix::new(columns / parts, units)
                })
                .collect()
        };
        ReplicaState {
            thresholds: vec![0; shape.len_per_copy(ArrayId::InputCdf)],
            input_rates: vec![0.0; shape.len_per_copy(ArrayId::InputRates)],
            weights: columns(ArrayId::Weights, 1),
            first_moments: columns(ArrayId::Moments, 2),
            second_moments: columns(ArrayId::Moments, 2),
            gradients: columns(ArrayId::Gradient, 1),
            feedback: columns(ArrayId::Feedback, 1),
            results: vec![0; shape.len_per_copy(ArrayId::Results)],
        }
    }

    /// Returns the words of a shared array; empty for per-sample arrays.
    pub fn words(&self, array: ArrayId) -> Vec<u32> {
        match array {
            ArrayId::InputCdf => self.thresholds.clone(),
            ArrayId::InputRates => bytemuck::cast_slice(&self.input_rates).to_vec(),
            ArrayId::Weights(layer) => self.weights[layer].words(),
            ArrayId::Moments(layer) => {
                let moments = [&self.first_moments[layer], &self.second_moments[layer]];
                let [first, second] = moments.map(WeightMatrix::words);
                let units = units_of(moments[0], first.len());
                let columns = first.chunks(units).zip(second.chunks(units));
                columns.flat_map(|(first, second)| [first, second].concat()).collect()
            }
            ArrayId::Gradient(layer) => self.gradients[layer].words(),
            ArrayId::Feedback(layer) => self.feedback[layer].words(),
            ArrayId::Results => self.results.clone(),
            _ => Vec::new(),
        }
    }

    /// Replaces the words of a shared array; same length as [`ReplicaState::words`].
    pub fn set_words(&mut self, array: ArrayId, words: &[u32]) {
        match array {
            ArrayId::InputCdf => self.thresholds.copy_from_slice(words),
            ArrayId::InputRates => {
                self.input_rates.copy_from_slice(bytemuck::cast_slice(words));
            }
            ArrayId::Weights(layer) => self.weights[layer].set_words(words),
            ArrayId::Moments(layer) => {
                let rows = words.chunks(units_of(&self.first_moments[layer], words.len() / 2));
                let rows_from = |first| rows.clone().skip(first).step_by(2).flatten().copied();
                self.first_moments[layer].set_words(&rows_from(0).collect::<Vec<_>>());
                self.second_moments[layer].set_words(&rows_from(1).collect::<Vec<_>>());
            }
            ArrayId::Gradient(layer) => self.gradients[layer].set_words(words),
            ArrayId::Feedback(layer) => self.feedback[layer].set_words(words),
            ArrayId::Results => self.results.copy_from_slice(words),
            _ => {}
        }
    }
}

/// Returns the number of neurons of a layer whose matrix has `words` words; 1 if it is empty.
fn units_of(matrix: &WeightMatrix, words: usize) -> usize {
    (words * matrix.stride()).checked_div(matrix.tiles().len()).unwrap_or(1)
}

//! Arrays of one sample, so that one thread works in its own cache.

use crate::cpu::simd::tiled::TiledArray;
use crate::cpu::spikes::list::SpikeList;
use crate::cpu::spikes::mask::SpikeMask;
use crate::interface::{ArrayId, KernelTimes, Shape, Values, ValuesRef};

/// Arrays of one layer of one sample. Shapes: see [`ArrayId`].
pub struct LayerState {
    pub synaptic_input: TiledArray<f32>,
    pub apical_input: TiledArray<f32>,
    pub somata: TiledArray<f32>,
    pub compartments: TiledArray<f32>,
    pub plateaus: TiledArray<f32>,
    pub errors: TiledArray<f32>,
}

/// Arrays of one sample.
pub struct SampleState {
    pub spikes: Vec<TiledArray<u32>>,
    pub rates: Vec<TiledArray<f32>>,
    pub window_means: Vec<TiledArray<f32>>,
    pub bursts: Vec<TiledArray<u32>>,
    pub layers: Vec<LayerState>,
    /// Predicted class and loss of the image.
    pub result: (u32, f32),
    /// Times of the sample's kernels, while profiling.
    pub times: KernelTimes,
    /// Spikes of each population as masks, the same as `spikes`.
    pub spike_mask: Vec<SpikeMask>,
    pub spike_list: Vec<SpikeList>,
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
            window_means: (0..shape.populations.len())
                .map(|population| tiled(shape, ArrayId::WindowMeans(population)))
                .collect(),
            bursts: (0..shape.populations.len())
                .map(|population| tiled(shape, ArrayId::Bursts(population)))
                .collect(),
            layers: (0..shape.layers())
                .map(|layer| LayerState {
                    synaptic_input: tiled(shape, ArrayId::SynapticInput(layer)),
                    apical_input: tiled(shape, ArrayId::ApicalInput(layer)),
                    somata: tiled(shape, ArrayId::Somata(layer)),
                    compartments: tiled(shape, ArrayId::Compartments(layer)),
                    plateaus: tiled(shape, ArrayId::Plateaus(layer)),
                    errors: tiled(shape, ArrayId::Errors(layer)),
                })
                .collect(),
            result: (0, 0.0),
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

    /// Appends the values of one of the sample's arrays; nothing for other arrays.
    pub fn append_values(&self, array: ArrayId, values: &mut Values) {
        match values {
            Values::U32(values) => {
                let tiled = match array {
                    ArrayId::Spikes(population) => &self.spikes[population],
                    ArrayId::Bursts(population) => &self.bursts[population],
                    _ => return,
                };
                values.extend(tiled.values());
            }
            Values::F32(values) => {
                let tiled = match array {
                    ArrayId::Rates(population) => &self.rates[population],
                    ArrayId::WindowMeans(population) => &self.window_means[population],
                    ArrayId::SynapticInput(layer) => &self.layers[layer].synaptic_input,
                    ArrayId::ApicalInput(layer) => &self.layers[layer].apical_input,
                    ArrayId::Somata(layer) => &self.layers[layer].somata,
                    ArrayId::Compartments(layer) => &self.layers[layer].compartments,
                    ArrayId::Plateaus(layer) => &self.layers[layer].plateaus,
                    ArrayId::Errors(layer) => &self.layers[layer].errors,
                    _ => return,
                };
                values.extend(tiled.values());
            }
        }
    }

    /// Replaces the values of one of the sample's arrays; the number that [`SampleState::append_values`] appends.
    pub fn set_values(&mut self, array: ArrayId, values: ValuesRef) {
        match values {
            ValuesRef::U32(values) => {
                let tiled = match array {
                    ArrayId::Spikes(population) => &mut self.spikes[population],
                    ArrayId::Bursts(population) => &mut self.bursts[population],
                    _ => return,
                };
                tiled.set_values(values);
            }
            ValuesRef::F32(values) => {
                let tiled = match array {
                    ArrayId::Rates(population) => &mut self.rates[population],
                    ArrayId::WindowMeans(population) => &mut self.window_means[population],
                    ArrayId::SynapticInput(layer) => &mut self.layers[layer].synaptic_input,
                    ArrayId::ApicalInput(layer) => &mut self.layers[layer].apical_input,
                    ArrayId::Somata(layer) => &mut self.layers[layer].somata,
                    ArrayId::Compartments(layer) => &mut self.layers[layer].compartments,
                    ArrayId::Plateaus(layer) => &mut self.layers[layer].plateaus,
                    ArrayId::Errors(layer) => &mut self.layers[layer].errors,
                    _ => return,
                };
                tiled.set_values(values);
            }
        }
    }
}

/// Returns a zeroed array of a shape.
pub fn tiled<T: bytemuck::Pod>(shape: &Shape, array: ArrayId) -> TiledArray<T> {
    let [rows, units] = shape.dims(array);
    TiledArray::new(rows, units)
}

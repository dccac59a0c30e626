//! What a minibatch had to do, counted from the spikes that were drawn.

use std::ops::Range;

use crate::interface::window_mean::{FAST, ROWS, SLOW};
use crate::interface::{
    ArrayId, Backend, BackendError, BatchParams, STEPS_PER_WORD, Sample, Shape, spike_count,
};

/// Lanes that are counted of a minibatch, at most: enough for a mean.
pub const SAMPLES_MAX: usize = 64;

/// Counts over some images.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OpCounts {
    /// Images that were counted.
    pub images: u64,
    /// Steps that were simulated.
    pub steps: u64,
    /// Spikes of each population, the input's first.
    pub spikes: Vec<u64>,
    /// Weights that were added up, in dendrites; each is read for it.
    pub additions: u64,
    /// Steps of a neuron, or of a pixel that is not black, in which it may spike.
    pub rng_draws: u64,
}

/// Spikes and traces of a minibatch's first samples: `[samples, rows, units]` of each population.
pub struct SpikeSnapshot {
    spikes: Vec<Vec<u32>>,
    /// Where the synaptic kernel has no cut: elsewhere they drive nothing.
    traces: Vec<Vec<f32>>,
}

impl SpikeSnapshot {
    /// Reads a backend's first `samples` samples.
    ///
    /// # Errors
    /// Returns an error if the device fails.
    pub fn read(backend: &mut dyn Backend, samples: usize) -> Result<Self, BackendError> {
        let populations = 0..backend.shape().populations.len();
        let is_uncut = backend.shape().taps == 0;
        let spikes = populations
            .clone()
            .map(|population| backend.read_samples(ArrayId::Spikes(population), samples))
            .collect::<Result<_, _>>()?;
        let traces = populations
            .filter(|_| is_uncut)
            .map(|population| {
                let words = backend.read_samples(ArrayId::WindowMeans(population), samples)?;
                Ok(bytemuck::cast_vec(words))
            })
            .collect::<Result<_, _>>()?;
        Ok(SpikeSnapshot { spikes, traces })
    }
}

impl OpCounts {
    /// Adds what a minibatch did in the samples that were read. `nonzero_pixels`: pixels of each sample's image that
    /// are not black.
    pub fn add(
        &mut self,
        shape: &Shape,
        minibatch: &BatchParams,
        samples: &[Sample],
        nonzero_pixels: &[usize],
        before: &SpikeSnapshot,
        after: &SpikeSnapshot,
    ) {
        let offset = shape.history_words() * STEPS_PER_WORD;
        self.spikes.resize(shape.populations.len(), 0);
        for (index, (sample, nonzero_pixels)) in samples.iter().zip(nonzero_pixels).enumerate() {
            let image = offset..offset + sample.steps();
            let of_lane = |snapshot: &SpikeSnapshot, population: usize, steps: Range<u32>| {
                let words = shape.len_per_copy(ArrayId::Spikes(population));
                let words = &snapshot.spikes[population][index * words..][..words];
                spikes(words, shape.populations[population], steps)
            };
            let drawn: Vec<u64> = (0..shape.populations.len())
                .map(|population| of_lane(after, population, image.clone()))
                .collect();
            for layer in 0..shape.layers() {
                // The last spikes of the image before drive this one through the weights of now.
                let past = |population: usize, steps: u32| match (minibatch.reset_state, shape.taps)
                {
                    (1, _) => 0,
                    (_, 0) => before.traces_left(shape, population, index),
                    _ => of_lane(before, population, offset - steps..offset),
                };
                let units = shape.units(layer) as u64;
                self.additions += (past(layer, shape.history_rows()) + drawn[layer]) * units;
                if shape.model.steps_apical_spikes() && !shape.is_output(layer) {
                    let source = shape.feedback_population(layer);
                    self.additions += (past(source, shape.taps) + drawn[source]) * units;
                }
            }
            let neurons: usize = shape.populations[1..].iter().sum();
            self.rng_draws += u64::from(sample.steps()) * (nonzero_pixels + neurons) as u64;
            self.steps += u64::from(sample.steps());
            self.images += 1;
            for (sum, drawn) in self.spikes.iter_mut().zip(drawn) {
                *sum += drawn;
            }
        }
    }
}

impl SpikeSnapshot {
    /// Traces of a population in a sample that are carried on and not zero.
    fn traces_left(&self, shape: &Shape, population: usize, sample: usize) -> u64 {
        let units = shape.populations[population];
        let traces = &self.traces[population][sample * ROWS * units..][..ROWS * units];
        let left = [SLOW, FAST].map(|row| {
            traces[row * units..][..units].iter().filter(|&&trace| trace != 0.0).count() as u64
        });
        left[0] + left[1]
    }
}

/// Spikes at some steps, counted from the first that has spikes. `words`: `[words, units]`.
fn spikes(words: &[u32], units: usize, steps: Range<u32>) -> u64 {
    let mut sum = 0;
    for step in steps {
        let row = &words[(step / STEPS_PER_WORD) as usize * units..][..units];
        sum += row.iter().map(|word| u64::from(spike_count(*word, step))).sum::<u64>();
    }
    sum
}

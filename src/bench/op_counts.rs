//! Operations of minibatches, counted from the spikes drawn.

use std::ops::Range;

use crate::interface::window_mean::{FAST, ROWS, SLOW};
use crate::interface::{
    ArrayId, Backend, BackendError, BatchParams, STEPS_PER_WORD, Sample, Shape, spike_count,
};

/// Largest number of counted samples per minibatch: enough for a mean.
pub const SAMPLES_MAX: usize = 64;

/// Operations of some images.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OpCounts {
    /// Number of images.
    pub images: u64,
    /// Number of simulated steps.
    pub steps: u64,
    /// Number of spikes of each population, the input first.
    pub spikes: Vec<u64>,
    /// Number of weights that dendrites add. Each weight is read from memory.
    pub additions: u64,
    /// Number of steps of a neuron, or of a nonzero pixel, in which it may spike.
    pub rng_draws: u64,
}

/// Spikes and traces of the first samples of a minibatch, one array per population, `[samples, rows, units]`.
pub struct SpikeSnapshot {
    spikes: Vec<Vec<u32>>,
    /// Empty if the synaptic kernel is cut, since spikes before the image then count instead of traces.
    traces: Vec<Vec<f32>>,
}

impl SpikeSnapshot {
    /// Reads the first `samples` samples.
    ///
    /// # Errors
    /// Returns an error if the device fails.
    pub fn read(backend: &mut dyn Backend, samples: usize) -> Result<Self, BackendError> {
        let populations = 0..backend.shape().populations.len();
        let is_uncut = backend.shape().taps == 0;
        let spikes = populations
            .clone()
            .map(|population| {
                let array = ArrayId::Spikes(population);
                backend.read_samples(array, samples)?.into_u32(array)
            })
            .collect::<Result<_, _>>()?;
        let traces = populations
            .filter(|_| is_uncut)
            .map(|population| {
                let array = ArrayId::WindowMeans(population);
                backend.read_samples(array, samples)?.into_f32(array)
            })
            .collect::<Result<_, _>>()?;
        Ok(SpikeSnapshot { spikes, traces })
    }
}

impl OpCounts {
    /// Adds the operations of a minibatch in its first samples. `nonzero_pixels`: number of nonzero pixels of each
    /// sample's image. `before`, `after`: spikes before and after the minibatch.
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
            let spikes_of = |snapshot: &SpikeSnapshot, population: usize, steps: Range<u32>| {
                let words = shape.len_per_copy(ArrayId::Spikes(population));
                let words = &snapshot.spikes[population][index * words..][..words];
                spikes(words, shape.populations[population], steps)
            };
            let drawn: Vec<u64> = (0..shape.populations.len())
                .map(|population| spikes_of(after, population, image.clone()))
                .collect();
            for layer in 0..shape.layers() {
                // The last spikes of the previous image also contribute, with the current weights.
                let past = |population: usize, steps: u32| match (minibatch.reset_state, shape.taps)
                {
                    (1, _) => 0,
                    (_, 0) => before.traces_left(shape, population, index),
                    _ => spikes_of(before, population, offset - steps..offset),
                };
                let units = shape.units(layer) as u64;
                self.additions += (past(layer, shape.history_rows()) + drawn[layer]) * units;
                if shape.model.steps_apical_spikes() && !shape.is_output(layer) {
                    let feedback = shape.feedback_population(layer);
                    self.additions += (past(feedback, shape.taps) + drawn[feedback]) * units;
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
    /// Returns the number of nonzero traces of a population in a sample.
    fn traces_left(&self, shape: &Shape, population: usize, sample: usize) -> u64 {
        let units = shape.populations[population];
        let traces = &self.traces[population][sample * ROWS * units..][..ROWS * units];
        let left = [SLOW, FAST].map(|row| {
            traces[row * units..][..units].iter().filter(|&&trace| trace != 0.0).count() as u64
        });
        left[0] + left[1]
    }
}

/// Returns the number of spikes in some steps, counted from the first stored one. `words`: `[words, units]`.
fn spikes(words: &[u32], units: usize, steps: Range<u32>) -> u64 {
    let mut sum = 0;
    for step in steps {
        let row = &words[(step / STEPS_PER_WORD) as usize * units..][..units];
        sum += row.iter().map(|word| u64::from(spike_count(*word, step))).sum::<u64>();
    }
    sum
}

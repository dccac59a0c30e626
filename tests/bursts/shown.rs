//! Spikes, bursts, voltages and errors of images that a network draws bursts for, as the CPU backend computes them, and
//! burst probabilities in double precision from the same spikes and voltages.

use std::ops::Range;
use std::sync::Arc;

use apical::config::Config;
use apical::dataset::Dataset;
use apical::interface::{ArrayId, COUNT_BITS, COUNT_MASK, STEPS_PER_WORD, Sample, Shape};
use apical::network::Network;
use apical::plan::{Presentation, shape};
use apical::simulation::Simulation;

use super::reference::sigma;
use super::{IMAGES, reference_of};
use crate::support;

const TAU_SLOW: f64 = 10.0;
const TAU_FAST: f64 = 3.0;

/// Spikes and bursts of a neuron at a step, `[samples][steps][units]` of the averaging window and the steps that the
/// synapses filter, and the first of these steps.
pub struct Counts {
    pub spikes: Vec<Vec<Vec<f64>>>,
    pub bursts: Vec<Vec<Vec<f64>>>,
}

/// Arrays after a minibatch.
pub struct Shown {
    pub config: Config,
    pub samples: Vec<Sample>,
    /// One per population; nothing for the input.
    pub counts: Vec<Counts>,
    /// `[layers][samples][steps][units]`.
    pub somata: Vec<Vec<Vec<Vec<f64>>>>,
    /// `[layers][samples][units]`.
    pub errors: Vec<Vec<Vec<f64>>>,
    pub network: Network,
}

/// Shows one image in each sample of a minibatch, with different random numbers.
pub fn show(config: &Config, network: &Network, labels: &[u8]) -> Shown {
    let dataset: Arc<Dataset> = support::random_dataset(5, 8, 9, IMAGES);
    let config = Config { batch_size: labels.len(), ..config.clone() };
    let capacity = support::capacity(labels.len(), labels.len(), 4096);
    let backend = support::cpu(&config, &dataset, &capacity);
    let shape = shape(&config, &dataset, &capacity);
    let mut simulation = Simulation::new(backend, &config, &dataset, network).unwrap();
    let image = |(index, &label): (usize, &u8)| Presentation {
        index: 1,
        label,
        draw_index: 1000 + index as u32,
        result_slot: index,
    };
    let images: Vec<Presentation> = labels.iter().enumerate().map(image).collect();
    let (minibatches, samples, launches) = simulation.prepare_training(&images);
    // Without the updates, so that the weights stay those of the bursts.
    let launches: Vec<_> =
        launches.into_iter().filter(|launch| !launch.kernel.is_plasticity()).collect();
    simulation.run(&minibatches, &samples, &launches).unwrap();
    let backend = simulation.backend();
    let mut read = |array| match array {
        ArrayId::Spikes(_) | ArrayId::Bursts(_) => {
            let words = support::integers(backend, array);
            let offset =
                if matches!(array, ArrayId::Spikes(_)) { shape.history_words() } else { 0 };
            unpacked(&shape, array, &words, offset)
        }
        _ => {
            let values = support::floats(backend, array);
            rows_of(&shape, array, values.into_iter().map(f64::from).collect())
        }
    };
    let counts = (1..=shape.layers())
        .map(|population| Counts {
            spikes: read(ArrayId::Spikes(population)),
            bursts: read(ArrayId::Bursts(population)),
        })
        .collect();
    let somata = (0..shape.layers()).map(|layer| read(ArrayId::Somata(layer))).collect();
    let errors = (0..shape.layers())
        .map(|layer| read(ArrayId::Errors(layer)).into_iter().flatten().collect())
        .collect();
    Shown { config, samples, counts, somata, errors, network: network.clone() }
}

/// Returns the values of each sample, row by row.
fn rows_of(shape: &Shape, array: ArrayId, values: Vec<f64>) -> Vec<Vec<Vec<f64>>> {
    let [rows, units] = shape.dims(array);
    let sample = |values: &[f64]| values.chunks(units).map(<[f64]>::to_vec).collect();
    values.chunks(rows * units).map(sample).collect()
}

/// Returns the counts of each step of the image, eight per word.
fn unpacked(shape: &Shape, array: ArrayId, words: &[u32], offset: u32) -> Vec<Vec<Vec<f64>>> {
    let [rows, units] = shape.dims(array);
    let count = |words: &[u32], step: u32, unit: usize| {
        let word = words[(offset + step / STEPS_PER_WORD) as usize * units + unit];
        f64::from(word >> (step % STEPS_PER_WORD * COUNT_BITS) & COUNT_MASK)
    };
    let steps = (rows as u32 - offset) * STEPS_PER_WORD;
    let sample = |words: &[u32]| {
        (0..steps).map(|step| (0..units).map(|unit| count(words, step, unit)).collect()).collect()
    };
    words.chunks(rows * units).map(sample).collect()
}

impl Shown {
    /// Returns the steps with bursts of a layer.
    pub fn steps(&self, layer: usize, sample: usize) -> Range<usize> {
        let sample = &self.samples[sample];
        let window = sample.steps_forward - sample.window_forward;
        let reach = (layer * (self.config.psp_kernel_ms - 1)) as u32;
        window.saturating_sub(reach) as usize..sample.steps_forward as usize
    }

    /// Returns `kappa(k)`, per ms, k from 1.
    fn kernel(k: f64) -> f64 {
        ((-k / TAU_SLOW).exp() - (-k / TAU_FAST).exp()) / (TAU_SLOW - TAU_FAST)
    }

    /// Returns the burst probabilities of a layer's neurons at a step.
    pub fn probabilities(&self, layer: usize, sample: usize, step: usize) -> Vec<f64> {
        let Config { burst_baseline: p0, burst_slope, burst_teacher, .. } = self.config;
        let events = self.somata[layer][sample][step].iter().map(|&soma| sigma(soma));
        if layer + 1 == self.somata.len() {
            let per_class = self.somata[layer][sample][step].len() / 10;
            let label = self.samples[sample].label as usize;
            let probability = |(unit, event): (usize, f64)| {
                let target = if unit / per_class == label { 1.0 } else { 0.0 };
                p0 * (1.0 + burst_teacher * (target - event) * (1.0 - event))
            };
            return events.enumerate().map(probability).collect();
        }
        let above = &self.counts[layer + 1];
        let first = self.steps(layer + 1, sample).start;
        let mut filtered = vec![0.0; above.spikes[sample][step].len()];
        for k in (1..=self.config.psp_kernel_ms).take_while(|k| step + 1 >= k + first) {
            let at = step + 1 - k;
            let counts = above.bursts[sample][at].iter().zip(&above.spikes[sample][at]);
            for (filtered, (b, n)) in filtered.iter_mut().zip(counts) {
                *filtered += Shown::kernel(k as f64) * (b - p0 * n);
            }
        }
        let network = reference_of(&self.config, &self.network);
        let apical = network.layers[layer].feedback.iter().map(|row| {
            row.iter().zip(&filtered).map(|(weight, value)| weight * value).sum::<f64>()
        });
        let probability =
            |(apical, event): (f64, f64)| 2.0 * p0 * sigma(burst_slope * apical * (1.0 - event));
        apical.zip(events).map(probability).collect()
    }
}

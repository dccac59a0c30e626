//! Bursts drawn from spikes, against probabilities in double precision from the same spikes and voltages.

use apical::config::Config;
use apical::config::{Dynamics, FeedbackWeights};
use apical::dataset::Dataset;
use apical::interface::{ArrayId, COUNT_BITS, COUNT_MASK, STEPS_PER_WORD, Sample, Shape};
use apical::model::phases::{AveragingWindow, PhaseJitter};
use apical::network::Network;
use apical::plan::{Presentation, shape};
use apical::simulation::Simulation;

use super::reference::{Matrix, sigma};
use super::{BATCH, IMAGES, PIXELS, compare, config, dataset, input_of, reference_of, targets_of};
use crate::support;

const TAU_SLOW: f64 = 10.0;
const TAU_FAST: f64 = 3.0;

/// Returns settings of a network that draws bursts from spikes.
pub fn spiking(layers: &[usize]) -> Config {
    Config { dynamics: Dynamics::Spiking, epochs: 1, ..config(layers) }
}

/// Spikes and bursts of a neuron at a step, `[samples][steps][units]` of the averaging window and the steps that the
/// synapses filter, and the first of these steps.
struct Counts {
    spikes: Vec<Vec<Vec<f64>>>,
    bursts: Vec<Vec<Vec<f64>>>,
}

/// Arrays after a minibatch.
struct Shown {
    config: Config,
    samples: Vec<Sample>,
    /// One per population; nothing for the input.
    counts: Vec<Counts>,
    /// `[layers][samples][steps][units]`.
    somata: Vec<Vec<Vec<Vec<f64>>>>,
    /// `[layers][samples][units]`.
    errors: Vec<Vec<Vec<f64>>>,
    network: Network,
}

/// Shows one image in each sample of a minibatch, with different random numbers.
fn show(config: &Config, network: &Network, labels: &[u8]) -> Shown {
    let dataset: std::sync::Arc<Dataset> = support::random_dataset(5, 8, 9, IMAGES);
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
    fn steps(&self, layer: usize, sample: usize) -> std::ops::Range<usize> {
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
    fn probabilities(&self, layer: usize, sample: usize, step: usize) -> Vec<f64> {
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

/// Labels of many samples.
fn labels(count: usize) -> Vec<u8> {
    (0..count).map(|index| (index % 10) as u8).collect()
}

/// Returns settings with large deviations of the burst probability, and their network.
fn varied_network() -> (Config, Network) {
    let config = Config {
        burst_baseline: 0.3,
        burst_slope: 40.0,
        burst_teacher: 2.0,
        phi_max: 0.6,
        phase_ms: 70,
        averaging_window: AveragingWindow::From30,
        ..spiking(&[20, 17, 10])
    };
    let network = Network::initial(&config, PIXELS);
    (config, network)
}

#[test]
fn bursts_of_spikes_are_binomial() {
    let (config, network) = varied_network();
    let shown = show(&config, &network, &labels(60));
    for layer in 0..3 {
        let (mut sum, mut variance, mut weighted, mut weighted_variance, mut effect) =
            (0.0, 0.0, 0.0, 0.0, 0.0);
        let mut several = 0;
        for sample in 0..shown.samples.len() {
            for step in shown.steps(layer, sample) {
                let probabilities = shown.probabilities(layer, sample, step);
                let counts = &shown.counts[layer];
                let (spikes, bursts) = (&counts.spikes[sample][step], &counts.bursts[sample][step]);
                for ((&n, &b), p) in spikes.iter().zip(bursts).zip(probabilities) {
                    assert!(b <= n, "layer {layer}, step {step}: {b} bursts of {n} spikes");
                    assert!((0.0..=1.0).contains(&p), "layer {layer}: probability {p}");
                    several += usize::from(n > 1.0 && b > 1.0);
                    let deviation = p - config.burst_baseline;
                    sum += b - n * p;
                    variance += n * p * (1.0 - p);
                    weighted += (b - n * p) * deviation;
                    weighted_variance += n * p * (1.0 - p) * deviation * deviation;
                    effect += n * deviation * deviation;
                }
            }
        }
        let z = [sum / variance.sqrt(), weighted / weighted_variance.sqrt()];
        assert!(z.iter().all(|z| z.abs() < 4.0), "layer {layer}: deviations {z:?} standard errors");
        // Probabilities that stay at the baseline would be off by many standard errors.
        let missed = effect / weighted_variance.sqrt();
        assert!(missed > 8.0 && several > 10, "layer {layer}: {missed}, {several}");
    }
}

#[test]
fn errors_of_spikes_are_mean_deviations() {
    let (config, network) = varied_network();
    let shown = show(&config, &network, &labels(BATCH));
    let scale = 20.0 * 0.6 / 0.7 / (config.burst_baseline * config.phi_max);
    for layer in 0..3 {
        for (sample, found) in shown.errors[layer].iter().enumerate() {
            let Sample { steps_forward, window_forward, .. } = shown.samples[sample];
            let window = (steps_forward - window_forward) as usize..steps_forward as usize;
            for (unit, &found) in found.iter().enumerate() {
                let counts = &shown.counts[layer];
                let deviation = |step: usize| {
                    let spikes = counts.spikes[sample][step][unit];
                    counts.bursts[sample][step][unit] - config.burst_baseline * spikes
                };
                let sum: f64 = window.clone().map(deviation).sum();
                let expected = -scale * sum / f64::from(window_forward);
                let difference = (found - expected).abs();
                assert!(difference < 1e-4, "layer {layer}: {found} instead of {expected}");
            }
        }
    }
}

#[test]
fn bursts_without_a_teacher_keep_the_baseline() {
    let (config, network) = varied_network();
    let config = Config { burst_teacher: 1e-9, ..config };
    let shown = show(&config, &network, &labels(60));
    for layer in 0..3 {
        let (mut sum, mut spikes) = (0.0, 0.0);
        for sample in 0..shown.samples.len() {
            let counts = &shown.counts[layer];
            for step in shown.steps(layer, sample) {
                let n: f64 = counts.spikes[sample][step].iter().sum();
                let b: f64 = counts.bursts[sample][step].iter().sum();
                sum += b - config.burst_baseline * n;
                spikes += n;
            }
        }
        // Neurons of a hidden layer share the noise of the bursts above, so that theirs are correlated.
        let most = if layer == 2 { 4.0 * (0.3 * 0.7 / spikes).sqrt() } else { 0.02 };
        let mean = sum / spikes;
        assert!(mean.abs() < most, "layer {layer}: mean deviation {mean} of {spikes} spikes");
    }
}

#[test]
fn long_windows_approach_the_rate_model() {
    // Small weights and a small slope, so that voltages vary little around their means, and probabilities change in
    // proportion to them.
    let config = Config {
        psp_kernel_ms: 0,
        phase_ms: 100_000,
        phase_jitter: PhaseJitter::None,
        averaging_window: AveragingWindow::From30,
        burst_slope: 3.0,
        ..spiking(&[20, 10])
    };
    let mut network = Network::initial(&config, PIXELS);
    for weight in &mut network.layers[0].weights {
        *weight *= 0.3;
    }
    for weight in &mut network.layers[1].weights {
        *weight *= 0.5;
    }
    let label = 3;
    let shown = show(&config, &network, &[label; 16]);
    let dataset = dataset();
    let mut targets = targets_of(&dataset, 1, 10);
    targets.iter_mut().enumerate().for_each(|(unit, target)| {
        *target = f64::from(u8::from(unit == usize::from(label)));
    });
    let gradients = reference_of(&config, &network).gradients(&input_of(&dataset, 1), &targets);
    for (layer, gradient) in gradients.iter().enumerate() {
        // The last column belongs to the biases: the error itself.
        let expected: Matrix = gradient.iter().map(|row| vec![row[row.len() - 1]]).collect();
        let mean = |unit: usize| {
            let errors = shown.errors[layer].iter().map(|errors| errors[unit]);
            errors.sum::<f64>() / shown.samples.len() as f64
        };
        let found: Matrix = (0..expected.len()).map(|unit| vec![mean(unit)]).collect();
        let ([found, expected], cosine) = compare(&found, &expected);
        let ratio = found / expected;
        assert!(cosine > 0.99 && (ratio - 1.0).abs() < 0.1, "layer {layer}: {cosine}, {ratio}");
    }
}

/// Returns settings that cover optimizers, feedback weights and kernels, with labels.
pub fn spiking_configs() -> Vec<(&'static str, Config)> {
    let symmetric = FeedbackWeights::Symmetric;
    vec![
        ("spikes", spiking(&[20, 10])),
        ("spikes, no hidden layer", spiking(&[10])),
        ("spikes, uncut kernel", Config { psp_kernel_ms: 0, ..spiking(&[20, 17, 10]) }),
        ("spikes, symmetric", Config { feedback_weights: symmetric, ..spiking(&[20, 17, 20]) }),
        ("spikes, learned", {
            Config { feedback_lr: 0.04, weight_decay: 0.1, phi_max: 0.9, ..spiking(&[20, 17, 10]) }
        }),
    ]
}

//! Bursts drawn from spikes, against probabilities in double precision from the same spikes and voltages.

use apical::config::{Config, Dynamics, FeedbackWeights};
use apical::interface::Sample;
use apical::model::phases::{AveragingWindow, PhaseJitter};
use apical::network::Network;

use super::reference::Matrix;
use super::shown::show;
use super::{BATCH, PIXELS, compare, config, dataset, input_of, reference_of, targets_of};

/// Returns settings of a network that draws bursts from spikes.
pub fn spiking(layers: &[usize]) -> Config {
    Config { dynamics: Dynamics::Spiking, epochs: 1, ..config(layers) }
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

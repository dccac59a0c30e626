//! The reference follows the gradient with small errors, and its apical voltages vanish without a teacher.

use apical::network::Network;

use super::reference::{self, Matrix};
use super::{PIXELS, compare, config, dataset, input_of, reference_of, targets_of};

/// Returns the gradient of the loss by finite differences.
fn numeric_gradient(network: &reference::Network, layer: usize, image: (&[f64], &[f64])) -> Matrix {
    const STEP: f64 = 1e-5;
    let mut shifted = network.clone();
    let mut gradient = network.layers[layer].weights.clone();
    for (unit, row) in gradient.iter_mut().enumerate() {
        for (pre, value) in row.iter_mut().enumerate() {
            let mut loss_at = |step: f64| {
                let weight = network.layers[layer].weights[unit][pre];
                shifted.layers[layer].weights[unit][pre] = weight + step;
                let loss = shifted.loss(image.0, image.1);
                shifted.layers[layer].weights[unit][pre] = weight;
                loss
            };
            *value = (loss_at(STEP) - loss_at(-STEP)) / (2.0 * STEP);
        }
    }
    gradient
}

#[test]
fn reference_with_small_errors_follows_the_gradient() {
    let (dataset, k) = (dataset(), 0.6 / 0.7);
    for layers in [&[12, 10][..], &[12, 11, 10]] {
        let config = config(layers);
        let mut network = reference_of(&config, &Network::initial(&config, PIXELS));
        // With this slope, bursts carry the error of backpropagation unscaled.
        network.rule.slope = 2.0 * k / network.rule.baseline;
        network.transpose_feedback();
        let (input, targets) = (input_of(&dataset, 1), targets_of(&dataset, 1, 10));
        for teacher in [1.0, 1e-3] {
            network.rule.teacher = teacher;
            let gradients = network.gradients(&input, &targets);
            for (layer, found) in gradients.iter().enumerate() {
                let exact = numeric_gradient(&network, layer, (&input, &targets));
                let ([found, exact], cosine) = compare(found, &exact);
                let angle = cosine.min(1.0).acos().to_degrees();
                // Stored errors contain P = 20 k_D where the loss has k_D.
                let ratio = found / (20.0 * teacher * exact);
                let (most_degrees, most_off) =
                    if teacher == 1.0 { (5.0, 0.1) } else { (0.01, 1e-4) };
                let context = format!("{layers:?}, layer {layer}, teacher {teacher}");
                assert!(angle < most_degrees, "{context}: {angle} degrees");
                assert!((ratio - 1.0).abs() < most_off, "{context}: ratio {ratio}");
            }
        }
    }
}

#[test]
fn reference_without_teacher_has_no_apical_voltage() {
    let (config, dataset) = (config(&[20, 17, 10]), dataset());
    let network = reference_of(&config, &Network::initial(&config, PIXELS));
    let input = input_of(&dataset, 2);
    let without = network.activity(&input, None);
    let with = network.activity(&input, Some(&targets_of(&dataset, 2, 10)));
    for layer in 0..2 {
        assert!(without[layer].apical.iter().all(|apical| apical.abs() < 1e-15), "layer {layer}");
        assert!(with[layer].apical.iter().any(|apical| apical.abs() > 1e-4), "layer {layer}");
        for (events, bursts) in without[layer].events.iter().zip(&without[layer].bursts) {
            assert!((bursts - config.burst_baseline * events).abs() < 1e-15, "layer {layer}");
        }
    }
}

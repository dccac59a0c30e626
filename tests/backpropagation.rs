//! Proves: with exact backpropagation, the error of a hidden layer is `E = (W_next^T E_next) k_B phi_max sigma'(Cf)`.
//! `W_next` are the next layer's weights before the update; expected values are computed in double precision. Feedback
//! weights have no effect, and the hidden layer learns.
//!
//! Does not prove: that GPUs agree (see `exactness.rs`).

use apical::config::{Config, CreditAssignment};
use apical::interface::{ArrayId, compartment};
use apical::model::weight_init::WeightInit;
use apical::network::Network;
use apical::plan::Presentation;
use apical::simulation::Simulation;

use crate::support;

const PIXELS: usize = 72;
const BATCH: usize = 4;
const G_LEAK: f64 = 0.1;
const G_BASAL: f64 = 0.6;

fn config(layers: &[usize], g_apical: f64) -> Config {
    Config {
        layers: layers.to_vec(),
        batch_size: BATCH,
        g_apical,
        credit_assignment: CreditAssignment::Backpropagation,
        weight_init: WeightInit::PaperCommit,
        ..Config::default()
    }
}

fn simulation(config: &Config, network: &Network) -> (Simulation, Vec<Presentation>) {
    config.validate(PIXELS, 10).expect("the settings are valid");
    let dataset = support::random_dataset(5, 8, 9, 12);
    let backend = support::cpu(config, &dataset, &support::capacity(BATCH, 20, 40));
    let simulation = Simulation::new(backend, config, &dataset, network).expect("the network fits");
    let image = |index: usize| Presentation {
        index,
        label: dataset.labels()[index],
        draw_index: index as u32,
        result_slot: index,
    };
    (simulation, (0..BATCH).map(image).collect())
}

fn floats(simulation: &mut Simulation, array: ArrayId) -> Vec<f64> {
    support::floats(simulation.backend(), array).into_iter().map(f64::from).collect()
}

/// Returns the slope of the logistic function at `x`.
fn slope(x: f64) -> f64 {
    let sigmoid = 1.0 / (1.0 + (-x).exp());
    sigmoid * (1.0 - sigmoid)
}

#[test]
fn hidden_errors_match_backpropagation() {
    for (layers, g_apical) in [(&[20, 10][..], 0.0), (&[33, 18, 20], 0.05), (&[12, 17, 9, 10], 0.0)]
    {
        let config = config(layers, g_apical);
        let network = Network::initial(&config, PIXELS);
        let (mut simulation, images) = simulation(&config, &network);
        simulation.train(&images).expect("the minibatch runs");
        let output = layers.len() - 1;
        let errors: Vec<Vec<f64>> =
            (0..=output).map(|layer| floats(&mut simulation, ArrayId::Errors(layer))).collect();
        // Factor P of the update: 20 / phi_max for hidden neurons, 20 / phi_max^2 for the output.
        let scale = |layer: usize| 20.0 / config.phi_max.powi(1 + i32::from(layer == output));
        for layer in 0..output {
            let (units, n_next) = (layers[layer], layers[layer + 1]);
            let weights = network.layers[layer + 1].weight_rows();
            let compartments = floats(&mut simulation, ArrayId::Compartments(layer));
            let gain = G_BASAL / (G_LEAK + G_BASAL + g_apical) * config.phi_max;
            let mut largest = 0.0f64;
            for sample in 0..BATCH {
                for unit in 0..units {
                    let next_errors = &errors[layer + 1][sample * n_next..][..n_next];
                    let terms = next_errors.iter().enumerate();
                    let terms = terms.map(|(j, error)| {
                        f64::from(weights[j * units + unit]) * error / scale(layer + 1)
                    });
                    let row = sample * compartment::ROWS + compartment::MEAN_SOMA;
                    let soma = compartments[row * units + unit];
                    let expected = scale(layer) * terms.sum::<f64>() * gain * slope(soma);
                    let error = errors[layer][sample * units + unit];
                    largest = largest.max(error.abs());
                    let context =
                        format!("{layers:?}, layer {layer}, sample {sample}, neuron {unit}");
                    let difference = (error - expected).abs();
                    assert!(
                        difference < 1e-5 * (1.0 + expected.abs()),
                        "{context}: {error}, expected {expected}"
                    );
                }
            }
            assert!(largest > 1e-3, "{layers:?}, layer {layer}: the errors are too small to test");
        }
    }
}

#[test]
fn backpropagation_ignores_feedback_weights() {
    let config = config(&[20, 18, 10], 0.0);
    let learned_weights = |network: &Network| {
        let (mut simulation, images) = simulation(&config, network);
        simulation.train(&images).expect("the minibatch runs");
        let mut networks = [network.clone()];
        simulation.read_networks(&mut networks).expect("the array is readable");
        let [network] = networks;
        network.layers.into_iter().map(|layer| layer.weights).collect::<Vec<_>>()
    };
    let with_feedback = Network::initial(&config, PIXELS);
    let mut without_feedback = with_feedback.clone();
    without_feedback.layers.iter_mut().for_each(|layer| layer.feedback.fill(0.0));
    let learned = learned_weights(&with_feedback);
    assert!(learned == learned_weights(&without_feedback));
    assert!(learned[0] != with_feedback.layers[0].weights, "the lowest layer did not learn");
}

//! Proves: after each update, symmetric feedback weights are the transpose of the next layer's weights, or the product
//! of all transposes up to the output. Each transpose has approximately normal noise of the requested standard
//! deviation, independent per minibatch, neuron, layer and seed. Fixed feedback does not change. A saved network has
//! the feedback weights that the next minibatch uses. Expected values are computed in double precision.
//!
//! Does not prove: that GPUs agree (see `exactness.rs`), that the next minibatch uses these weights (see
//! `apical_voltages.rs`), or that they help to learn.

use apical::config::{Config, Feedback, FeedbackWeights};
use apical::interface::ArrayId;
use apical::model::weight_init::WeightInit;
use apical::network::Network;
use apical::plan::Presentation;
use apical::simulation::Simulation;
use statrs::distribution::{ContinuousCDF, Normal};

use crate::support;

const PIXELS: usize = 72;
const BATCH: usize = 4;

fn config(layers: &[usize], feedback: Feedback, feedback_noise_sd: f64) -> Config {
    Config {
        layers: layers.to_vec(),
        batch_size: BATCH,
        feedback,
        feedback_noise_sd,
        feedback_weights: FeedbackWeights::Symmetric,
        // With zero output weights, symmetric feedback would be zero.
        weight_init: WeightInit::PaperCommit,
        ..Config::default()
    }
}

/// Weights and feedback weights of a layer, row by row.
struct Matrices {
    /// [units, n_pre].
    weights: Vec<f32>,
    /// [units, n_feedback].
    feedback: Vec<f32>,
}

/// A training that runs one minibatch per call.
struct Run {
    simulation: Simulation,
    network: Network,
    shown: u32,
}

impl Run {
    fn new(config: &Config) -> Self {
        config.validate(PIXELS, 10).expect("the settings are valid");
        let dataset = support::random_dataset(3, 8, 9, 12);
        let network = Network::initial(config, PIXELS);
        let backend = support::cpu(config, &dataset, &support::capacity(BATCH, 20, 40));
        let simulation =
            Simulation::new(backend, config, &dataset, &network).expect("the network fits");
        Run { simulation, network, shown: 0 }
    }

    fn train(&mut self) {
        let image = |index: u32| Presentation {
            index: index as usize,
            label: index as u8,
            draw_index: self.shown + index,
            result_slot: index as usize,
        };
        let images: Vec<Presentation> = (0..BATCH as u32).map(image).collect();
        self.shown += BATCH as u32;
        self.simulation.train(&images).expect("the minibatch runs");
    }

    fn matrices(&mut self) -> Vec<Matrices> {
        let mut networks = [self.network.clone()];
        self.simulation.read_networks(&mut networks).expect("arrays are readable");
        let [network] = networks;
        for layer in 0..network.layers.len() - 1 {
            let feedback = support::floats(self.simulation.backend(), ArrayId::Feedback(layer));
            assert_eq!(
                network.layers[layer].feedback, feedback,
                "the saved feedback differs from the device's"
            );
        }
        let matrices = network.layers.iter();
        matrices
            .map(|layer| Matrices { weights: layer.weight_rows(), feedback: layer.feedback_rows() })
            .collect()
    }
}

/// Returns the transpose of `weights`, [n_next, units], times `right`, [n_next, columns].
fn transpose_times(weights: &[f32], right: &[f64], units: usize, columns: usize) -> Vec<f64> {
    let n_next = weights.len() / units;
    let entry = |unit: usize, column: usize| -> f64 {
        (0..n_next)
            .map(|j| f64::from(weights[j * units + unit]) * right[j * columns + column])
            .sum()
    };
    (0..units).flat_map(|unit| (0..columns).map(move |column| entry(unit, column))).collect()
}

fn identity(size: usize) -> Vec<f64> {
    (0..size * size).map(|index| f64::from(u8::from(index % (size + 1) == 0))).collect()
}

/// Returns the noise-free feedback weights of each hidden layer, given the feedback weights of the next layer.
fn expected(config: &Config, matrices: &[Matrices]) -> Vec<Vec<f64>> {
    let output = config.layers.len() - 1;
    let of_layer = |layer: usize| {
        let (units, n_next) = (config.layers[layer], config.layers[layer + 1]);
        let is_from_next = layer + 1 == output || config.feedback == Feedback::Layerwise;
        let right = match is_from_next {
            true => identity(n_next),
            false => matrices[layer + 1].feedback.iter().map(|&weight| f64::from(weight)).collect(),
        };
        transpose_times(&matrices[layer + 1].weights, &right, units, right.len() / n_next)
    };
    (0..output).map(of_layer).collect()
}

#[test]
fn symmetric_feedback_is_the_transposed_product() {
    for (layers, feedback) in [
        (&[20, 10][..], Feedback::Broadcast),
        (&[33, 18, 20], Feedback::Broadcast),
        (&[33, 18, 20], Feedback::Layerwise),
        (&[12, 17, 9, 10], Feedback::Broadcast),
    ] {
        let config = config(layers, feedback, 0.0);
        let mut run = Run::new(&config);
        let mut before = run.matrices();
        for minibatch in 0..3 {
            run.train();
            let after = run.matrices();
            for (layer, expected) in expected(&config, &after).iter().enumerate() {
                let context =
                    format!("{layers:?}, {feedback:?}, minibatch {minibatch}, layer {layer}");
                assert_eq!(after[layer].feedback.len(), expected.len(), "{context}");
                for (&weight, expected) in after[layer].feedback.iter().zip(expected) {
                    let error = (f64::from(weight) - expected).abs();
                    assert!(
                        error < 1e-5 * (1.0 + expected.abs()),
                        "{context}: {weight}, expected {expected}"
                    );
                }
            }
            assert!(before[0].weights != after[0].weights, "the layer did not learn");
            before = after;
        }
    }
}

/// Returns the noise of each hidden layer after each minibatch, in standard deviations. Requires layerwise feedback.
fn noise(config: &Config, minibatches: usize) -> Vec<Vec<Vec<f64>>> {
    let mut run = Run::new(config);
    let of_minibatch = |_| {
        run.train();
        let matrices = run.matrices();
        let of_layer = |(layer, expected): (usize, Vec<f64>)| -> Vec<f64> {
            let pairs = matrices[layer].feedback.iter().zip(expected);
            pairs
                .map(|(&w, expected)| (f64::from(w) - expected) / config.feedback_noise_sd)
                .collect()
        };
        expected(config, &matrices).into_iter().enumerate().map(of_layer).collect()
    };
    (0..minibatches).map(of_minibatch).collect()
}

/// Returns the Kolmogorov-Smirnov distance between the values and the standard normal distribution.
fn distance_from_normal(values: &[f64]) -> f64 {
    let normal = Normal::new(0.0, 1.0).expect("the standard deviation is positive");
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let count = sorted.len() as f64;
    let distance = |(index, value): (usize, &f64)| {
        let expected = normal.cdf(*value);
        (expected - index as f64 / count).abs().max(((index + 1) as f64 / count - expected).abs())
    };
    sorted.iter().enumerate().map(distance).fold(0.0, f64::max)
}

fn correlation(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>() / a.len() as f64
}

#[test]
fn feedback_noise_is_normal_and_independent() {
    let config = config(&[400, 10, 400, 10], Feedback::Layerwise, 0.05);
    let first = noise(&config, 2);
    let other_seed = noise(&Config { seed: 2, ..config.clone() }, 1);
    for layer in [0, 2] {
        let values = &first[0][layer];
        // Significance level 1 %: 1.63 / sqrt(4000) for 4,000 values.
        let distance = distance_from_normal(values);
        assert!(distance < 0.0258, "layer {layer}: distance {distance} from normal");
        let wider: Vec<f64> = values.iter().map(|value| 1.1 * value).collect();
        assert!(
            distance_from_normal(&wider) > distance,
            "a 10 % larger standard deviation is not detected"
        );
        let largest = values.iter().fold(0.0, |largest: f64, value| largest.max(value.abs()));
        assert!((2.9..6.0).contains(&largest), "layer {layer}: {largest}");
        for (context, other) in [
            ("the next minibatch", &first[1][layer]),
            ("another layer", &first[0][2 - layer]),
            ("another seed", &other_seed[0][layer]),
        ] {
            let correlation = correlation(values, other);
            assert!(
                correlation.abs() < 4.0 / 4000f64.sqrt(),
                "{context}, layer {layer}: {correlation}"
            );
        }
        // Independent between neurons and between feedback sources.
        for (context, shift) in [("the next source", 1), ("the next neuron", 10)] {
            let correlation = correlation(values, &[&values[shift..], &values[..shift]].concat());
            assert!(
                correlation.abs() < 4.0 / 4000f64.sqrt(),
                "{context}, layer {layer}: {correlation}"
            );
        }
    }
}

/// With broadcast feedback, `Y_m = (W_{m+1}^T + N_m) Y_{m+1}`. Layerwise feedback with the same draws gives the first
/// factor, `W_{m+1}^T + N_m`.
#[test]
fn feedback_noise_is_added_to_each_factor() {
    let layers = [40, 30, 20, 10];
    let matrices = |feedback| {
        let mut run = Run::new(&config(&layers, feedback, 0.5));
        run.matrices()
    };
    let (factors, product) = (matrices(Feedback::Layerwise), matrices(Feedback::Broadcast));
    assert!(factors[2].feedback == product[2].feedback, "the last hidden layer differs");
    for layer in [0, 1] {
        let (units, n_next) = (layers[layer], layers[layer + 1]);
        let (factor, right) = (&factors[layer].feedback, &product[layer + 1].feedback);
        let clean = &expected(&config(&layers, Feedback::Broadcast, 0.0), &product)[layer];
        let mut largest: f64 = 0.0;
        for (unit, source) in (0..units).flat_map(|unit| (0..10).map(move |s| (unit, s))) {
            let products = (0..n_next)
                .map(|j| f64::from(factor[unit * n_next + j]) * f64::from(right[j * 10 + source]));
            let (expected, index) = (products.sum::<f64>(), unit * 10 + source);
            let found = f64::from(product[layer].feedback[index]);
            assert!(
                (found - expected).abs() < 1e-4 * (1.0 + expected.abs()),
                "{found}, expected {expected}"
            );
            largest = largest.max((found - clean[index]).abs());
        }
        assert!(largest > 1.0, "the noise is too small: {largest}");
    }
}

#[test]
fn fixed_feedback_does_not_change() {
    let config = Config {
        feedback_weights: FeedbackWeights::Fixed,
        ..config(&[20, 18, 10], Feedback::Broadcast, 0.0)
    };
    let mut run = Run::new(&config);
    let before = run.matrices();
    run.train();
    for (before, after) in before.iter().zip(run.matrices()) {
        assert!(before.feedback == after.feedback);
        assert!(before.weights != after.weights);
    }
}

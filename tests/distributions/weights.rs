//! Initial weights, biases and feedback weights of both versions of the authors' code, and with zero mean.

use apical::config::{Config, Feedback, Recipe};
use apical::model::weight_init::WeightInit;
use apical::network::{Layer, Network};
use statrs::distribution::Normal;

use super::{assert_fits, assert_rejected, kolmogorov_smirnov, uniform};

/// Fan-in, mean and standard deviation of each layer's weights in the paper's largest network.
const TABLE: [(usize, f64, f64); 3] =
    [(784, 0.018707, 0.504903), (500, 0.029333, 0.632115), (100, 0.146667, 1.410406)];
/// Half-widths of the uniform distributions, in standard deviations of the table.
const PRESETS: [(WeightInit, f64); 2] =
    [(WeightInit::PaperCommit, 1.7325), (WeightInit::LatestCommit, 3.465)];

fn layers(initial: WeightInit, feedback: Feedback, seed: u64) -> Vec<Layer> {
    let config = Config {
        layers: vec![500, 100, 10],
        weight_init: initial,
        feedback,
        seed,
        ..Recipe::one_hidden_layer().config()
    };
    Network::initial(&config, 784).layers
}

fn double(values: &[f32]) -> Vec<f64> {
    values.iter().map(|&value| f64::from(value)).collect()
}

fn mean_and_sd(values: &[f64]) -> (f64, f64) {
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    let square = values.iter().map(|value| (value - mean) * (value - mean)).sum::<f64>();
    (mean, (square / values.len() as f64).sqrt())
}

/// Asserts that values are uniform about `mean`, and that another width or mean is rejected.
fn assert_uniform(label: &str, values: &[f32], mean: f64, half_width: f64) {
    let values = double(values);
    let p = |mean, half_width| kolmogorov_smirnov(&values, &uniform(mean, half_width));
    assert_fits(label, p(mean, half_width));
    // The relative error that the test resolves: 0.27 with 500 values, less with more.
    let wrong = (6.0 / (values.len() as f64).sqrt()).min(0.5);
    assert_rejected(&format!("{label}, wider"), p(mean, half_width * (1.0 + wrong)));
    assert_rejected(&format!("{label}, narrower"), p(mean, half_width / (1.0 + wrong)));
    assert_rejected(&format!("{label}, shifted"), p(mean + wrong * half_width, half_width));

    let sd = half_width / 3f64.sqrt();
    let (drawn_mean, drawn_sd) = mean_and_sd(&values);
    let error = sd / (values.len() as f64).sqrt();
    assert!((drawn_mean - mean).abs() < 4.0 * error, "{label}: mean {drawn_mean}, not {mean}");
    assert!(
        (drawn_sd - sd).abs() < 2.0 * error,
        "{label}: standard deviation {drawn_sd}, not {sd}"
    );
    let rounding = 1.0 + 1e-6;
    let is_within = |value: &f64| (value - mean).abs() <= half_width * rounding + 1e-7;
    assert!(values.iter().all(is_within), "{label}: beyond {half_width} from {mean}");
}

#[test]
fn initial_weights_are_uniform_with_mean_and_sd() {
    for (initial, half_width) in PRESETS {
        for (index, layer) in layers(initial, Feedback::Broadcast, 1).iter().enumerate() {
            let (fan_in, mean, sd) = TABLE[index];
            assert_eq!(layer.n_pre, fan_in);
            let label = format!("{initial:?}, fan-in {fan_in}");
            assert_uniform(&label, &layer.weight_rows(), mean, half_width * sd);
        }
        // One network has too few biases: ten networks together.
        let nets = (10..20).flat_map(|seed| layers(initial, Feedback::Broadcast, seed));
        let biases: Vec<f32> = nets.flat_map(|layer| layer.biases().to_vec()).collect();
        assert_uniform(&format!("{initial:?}, biases"), &biases, 0.8, half_width * 0.001);
    }
}

#[test]
fn feedback_weights_are_uniform_with_mean_and_sd() {
    let [_, (_, mean_500, sd_500), (_, mean_100, sd_100)] = TABLE;
    for (initial, half_width) in PRESETS {
        let mean = |mean| if initial == WeightInit::LatestCommit { mean } else { 0.0 };
        for feedback in [Feedback::Broadcast, Feedback::Layerwise] {
            let layers = layers(initial, feedback, 2);
            let label = format!("{initial:?}, {feedback:?}");
            let n_feedback: Vec<usize> = layers.iter().map(|layer| layer.n_feedback).collect();
            let lower = if feedback == Feedback::Broadcast { 10 } else { 100 };
            assert_eq!(n_feedback, [lower, 10, 0], "{label}");
            let upper = layers[1].feedback_rows();
            assert_uniform(&format!("{label}, upper"), &upper, mean(mean_100), half_width * sd_100);
            // The paper's commit uses a product under broadcast, see the next test.
            if (initial, feedback) != (WeightInit::PaperCommit, Feedback::Broadcast) {
                let lower = layers[0].feedback_rows();
                assert_uniform(
                    &format!("{label}, lower"),
                    &lower,
                    mean(mean_500),
                    half_width * sd_500,
                );
            }
        }
    }
}

/// `Y[0] = R Y[1]` with uniform R, [500, 100]: each value is a sum of 100 terms, thus nearly normal.
#[test]
fn paper_commit_broadcast_feedback_is_product() {
    let layers = layers(WeightInit::PaperCommit, Feedback::Broadcast, 3);
    let [_, (_, _, sd_500), (_, _, sd_100)] = TABLE;
    let lower = double(&layers[0].feedback_rows());
    let upper = double(&layers[1].feedback_rows());
    let column = |matrix: &[f64], j: usize| -> Vec<f64> {
        matrix.iter().skip(j).step_by(10).copied().collect()
    };
    let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    let norm = |a: &[f64]| dot(a, a).sqrt();

    let (mean, sd) = mean_and_sd(&lower);
    let product_sd = sd_500 * sd_100 * 10.0;
    assert!(mean.abs() < 4.0 * product_sd / (lower.len() as f64).sqrt(), "mean {mean}");
    assert!((sd / product_sd - 1.0).abs() < 0.06, "standard deviation {sd}, not {product_sd}");

    // Y[1] determines the standard deviation of each column.
    let factor_sd = sd_500 * 1.7325 / 3f64.sqrt();
    let standardized: Vec<f64> = (0..10)
        .flat_map(|j| {
            let sd = factor_sd * norm(&column(&upper, j));
            column(&lower, j).into_iter().map(move |value| value / sd)
        })
        .collect();
    let normal = |sd| Normal::new(0.0, sd).expect("the deviation is positive");
    assert_fits("product", kolmogorov_smirnov(&standardized, &normal(1.0)));
    assert_rejected("wider", kolmogorov_smirnov(&standardized, &normal(1.2)));
    assert_rejected("no sum", kolmogorov_smirnov(&standardized, &uniform(0.0, 3f64.sqrt())));

    // Cosines between columns of the product follow those of Y[1]: the regression slope is 1. It would
    // be 0 for independent columns.
    let cosine = |matrix: &[f64], i: usize, j: usize| {
        let (a, b) = (column(matrix, i), column(matrix, j));
        dot(&a, &b) / (norm(&a) * norm(&b))
    };
    let pairs = (0..10).flat_map(|i| (0..i).map(move |j| (i, j)));
    let (x, y): (Vec<f64>, Vec<f64>) =
        pairs.map(|(i, j)| (cosine(&upper, i, j), cosine(&lower, i, j))).unzip();
    let slope = dot(&x, &y) / dot(&x, &x);
    assert!((slope - 1.0).abs() < 0.3, "slope {slope}");
}

#[test]
fn zero_mean_weights_are_paper_weights_less_means() {
    let (paper, centred) = (
        layers(WeightInit::PaperCommit, Feedback::Broadcast, 6),
        layers(WeightInit::ZeroMean, Feedback::Broadcast, 6),
    );
    for (index, (paper, centred)) in paper.iter().zip(&centred).enumerate() {
        assert!(centred.biases().iter().all(|&bias| bias == 0.0));
        assert_eq!(centred.feedback_rows(), paper.feedback_rows());
        let (_, mean, _) = TABLE[index];
        for (paper, centred) in paper.weight_rows().into_iter().zip(centred.weight_rows()) {
            let expected = if index == 2 { 0.0 } else { f64::from(paper) - mean };
            // The table has six digits.
            assert!((f64::from(centred) - expected).abs() < 1e-6, "{centred}, not {expected}");
        }
    }
}

#[test]
fn initial_matrices_and_seeds_are_uncorrelated() {
    let centred = |values: &[f32]| {
        let values = double(values);
        let (mean, sd) = mean_and_sd(&values);
        values.into_iter().map(move |value| (value - mean) / sd).collect::<Vec<_>>()
    };
    let one = layers(WeightInit::LatestCommit, Feedback::Broadcast, 4);
    let other = layers(WeightInit::LatestCommit, Feedback::Broadcast, 5);
    assert_eq!(one, layers(WeightInit::LatestCommit, Feedback::Broadcast, 4));
    let matrices = [
        ("W[0]", one[0].weight_rows()),
        ("W[1]", one[1].weight_rows()),
        ("W[2]", one[2].weight_rows()),
        ("Y[0]", one[0].feedback_rows()),
        ("Y[1]", one[1].feedback_rows()),
        ("b[0]", one[0].biases().to_vec()),
        ("W[1] of another seed", other[1].weight_rows()),
        ("Y[0] of another seed", other[0].feedback_rows()),
        ("b[0] of another seed", other[0].biases().to_vec()),
    ];
    for (i, (name, a)) in matrices.iter().enumerate() {
        for (other_name, b) in &matrices[..i] {
            let length = a.len().min(b.len());
            let (a, b) = (centred(&a[..length]), centred(&b[..length]));
            let correlation = a.iter().zip(&b).map(|(a, b)| a * b).sum::<f64>() / length as f64;
            let limit = 4.0 / (length as f64).sqrt();
            assert!(correlation.abs() < limit, "{name} and {other_name}: {correlation}");
        }
    }
}

#[test]
fn apical_biases_are_uniform_with_configured_sd() {
    let layers = |seed| {
        let layers = vec![500, 100, 10];
        Network::initial(&Config { layers, apical_bias_sd: 0.3, seed, ..Config::default() }, 784)
            .layers
    };
    let nets: Vec<Layer> = (30..40).flat_map(layers).collect();
    let sizes: Vec<usize> = nets[..3].iter().map(|layer| layer.apical_biases.len()).collect();
    assert_eq!(sizes, [500, 100, 0]);
    let all: Vec<f32> = nets.iter().flat_map(|layer| layer.apical_biases.clone()).collect();
    assert_uniform("apical biases", &all, 0.0, 0.3 * 3f64.sqrt());
    let first = |index: usize| &nets[index].apical_biases[..100];
    assert_ne!(first(0), first(1), "equal biases in two layers");
    assert_ne!(first(0), first(3), "equal biases with two seeds");
    // The other weights do not depend on apical biases.
    let without = Config { layers: vec![500, 100, 10], seed: 30, ..Config::default() };
    let without = Network::initial(&without, 784).layers;
    for (with, without) in nets.iter().zip(without) {
        assert!(without.apical_biases.is_empty());
        assert_eq!(Layer { apical_biases: Vec::new(), ..with.clone() }, without);
    }
}

/// The paper's sparse feedback: 80 % of the weights are zero, the others five times larger.
#[test]
fn sparse_feedback_zeros_are_exact_and_random() {
    let with = |feedback_sparsity, feedback_gain, seed| {
        let layers = vec![500, 100, 10];
        let config = Config { layers, feedback_sparsity, feedback_gain, seed, ..Config::default() };
        Network::initial(&config, 784).layers
    };
    let (full, sparse) = (with(0.0, 1.0, 7), with(0.8, 5.0, 7));
    for (full, sparse) in full.iter().zip(&sparse).take(2) {
        assert_eq!(full.weights, sparse.weights);
        let (full, sparse) = (full.feedback_rows(), sparse.feedback_rows());
        let zeros = sparse.iter().filter(|&&weight| weight == 0.0).count();
        assert_eq!(zeros * 10, sparse.len() * 8);
        for (full, sparse) in full.iter().zip(&sparse).filter(|(_, sparse)| **sparse != 0.0) {
            assert!((sparse / full - 5.0).abs() < 1e-5, "{sparse} of {full}");
        }
        let zeros = (0..sparse.len()).filter(|&index| sparse[index] == 0.0);
        let positions: Vec<f64> =
            zeros.map(|index| 2.0 * index as f64 / (sparse.len() - 1) as f64 - 1.0).collect();
        assert_fits("positions of zeros", kolmogorov_smirnov(&positions, &uniform(0.0, 1.0)));
    }
    let other = with(0.8, 5.0, 8);
    let is_zero = |layer: &Layer| -> Vec<bool> {
        layer.feedback_rows().iter().map(|&weight| weight == 0.0).collect()
    };
    // Zeros of two seeds are independent: a zero of one is a zero of the other with probability 0.8.
    let pairs = is_zero(&sparse[0]).into_iter().zip(is_zero(&other[0]));
    let both = pairs.filter(|(a, b)| *a && *b).count() as f64 / 4000.0;
    assert!((both - 0.8).abs() < 0.03, "the two seeds share {both} of the zeros");
    assert_eq!(with(0.0, 1.0, 7), full);
}

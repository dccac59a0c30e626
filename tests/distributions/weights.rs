//! Initial weights, biases and feedback weights: of both versions of the authors' code against section 5 of
//! `model.md`, and without means.

use apical::config::{Config, Feedback};
use apical::model::weight_init::WeightInit;
use apical::network::{Layer, Network};
use statrs::distribution::Normal;

use super::{assert_fits, assert_rejected, kolmogorov_smirnov, uniform};

/// Mean and spread of the weights of the paper's largest net, by layer; and the fan-ins they are for.
const TABLE: [(usize, f64, f64); 3] =
    [(784, 0.018707, 0.504903), (500, 0.029333, 0.632115), (100, 0.146667, 1.410406)];
/// Half-widths of the uniform distributions, in spreads.
const PRESETS: [(WeightInit, f64); 2] =
    [(WeightInit::PaperCommit, 1.7325), (WeightInit::LatestCommit, 3.465)];

fn layers(initial: WeightInit, feedback: Feedback, seed: u64) -> Vec<Layer> {
    let config = Config {
        layers: vec![500, 100, 10],
        weight_init: initial,
        feedback,
        seed,
        ..Config::default()
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

/// Values are uniform about `mean`, and neither of another width nor about another mean.
fn assert_uniform(what: &str, values: &[f32], mean: f64, half_width: f64) {
    let values = double(values);
    let p = |mean, half_width| kolmogorov_smirnov(&values, &uniform(mean, half_width));
    assert_fits(what, p(mean, half_width));
    // What the test resolves: a quarter with 500 values, less with more.
    let wrong = (6.0 / (values.len() as f64).sqrt()).min(0.5);
    assert_rejected(&format!("{what}, wider"), p(mean, half_width * (1.0 + wrong)));
    assert_rejected(&format!("{what}, narrower"), p(mean, half_width / (1.0 + wrong)));
    assert_rejected(&format!("{what}, moved"), p(mean + wrong * half_width, half_width));

    let sd = half_width / 3f64.sqrt();
    let (drawn_mean, drawn_sd) = mean_and_sd(&values);
    let error = sd / (values.len() as f64).sqrt();
    assert!((drawn_mean - mean).abs() < 4.0 * error, "{what}: mean {drawn_mean}, not {mean}");
    assert!((drawn_sd - sd).abs() < 2.0 * error, "{what}: spread {drawn_sd}, not {sd}");
    let rounding = 1.0 + 1e-6;
    let is_within = |value: &f64| (value - mean).abs() <= half_width * rounding + 1e-7;
    assert!(values.iter().all(is_within), "{what}: beyond {half_width} from {mean}");
}

#[test]
fn weights_and_biases_are_uniform_with_the_tables_mean_and_spread() {
    for (initial, half_width) in PRESETS {
        for (index, layer) in layers(initial, Feedback::Broadcast, 1).iter().enumerate() {
            let (fan_in, mean, sd) = TABLE[index];
            assert_eq!(layer.n_pre, fan_in);
            let what = format!("{initial:?}, weights from {fan_in}");
            assert_uniform(&what, &layer.weight_rows(), mean, half_width * sd);
        }
        // Each layer has few: those of ten nets together.
        let nets = (10..20).flat_map(|seed| layers(initial, Feedback::Broadcast, seed));
        let biases: Vec<f32> = nets.flat_map(|layer| layer.biases().to_vec()).collect();
        assert_uniform(&format!("{initial:?}, biases"), &biases, 0.8, half_width * 0.001);
    }
}

#[test]
fn feedback_weights_are_uniform_with_the_tables_mean_and_spread() {
    let [_, (_, mean_500, sd_500), (_, mean_100, sd_100)] = TABLE;
    for (initial, half_width) in PRESETS {
        let mean = |mean| if initial == WeightInit::LatestCommit { mean } else { 0.0 };
        for feedback in [Feedback::Broadcast, Feedback::Layerwise] {
            let layers = layers(initial, feedback, 2);
            let what = format!("{initial:?}, {feedback:?}");
            let sources: Vec<usize> = layers.iter().map(|layer| layer.n_feedback).collect();
            let deepest = if feedback == Feedback::Broadcast { 10 } else { 100 };
            assert_eq!(sources, [deepest, 10, 0], "{what}");
            let above = layers[1].feedback_rows();
            assert_uniform(&format!("{what}, above"), &above, mean(mean_100), half_width * sd_100);
            // Under broadcast the cited code has a product there, see below.
            if (initial, feedback) != (WeightInit::PaperCommit, Feedback::Broadcast) {
                let deep = layers[0].feedback_rows();
                assert_uniform(
                    &format!("{what}, deep"),
                    &deep,
                    mean(mean_500),
                    half_width * sd_500,
                );
            }
        }
    }
}

/// `Y[0] = R Y[1]`, R `[500, 100]` uniform: each value is the sum of a hundred, thus nearly normal.
#[test]
fn cited_feedback_of_a_deeper_layer_is_a_product() {
    let layers = layers(WeightInit::PaperCommit, Feedback::Broadcast, 3);
    let [_, (_, _, sd_500), (_, _, sd_100)] = TABLE;
    let deep = double(&layers[0].feedback_rows());
    let above = double(&layers[1].feedback_rows());
    let column = |matrix: &[f64], j: usize| -> Vec<f64> {
        matrix.iter().skip(j).step_by(10).copied().collect()
    };
    let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    let norm = |a: &[f64]| dot(a, a).sqrt();

    let (mean, sd) = mean_and_sd(&deep);
    let product_sd = sd_500 * sd_100 * 10.0;
    assert!(mean.abs() < 4.0 * product_sd / (deep.len() as f64).sqrt(), "mean {mean}");
    assert!((sd / product_sd - 1.0).abs() < 0.06, "spread {sd}, not {product_sd}");

    // Given Y[1], the spread of each column is known.
    let spread = sd_500 * 1.7325 / 3f64.sqrt();
    let standardized: Vec<f64> = (0..10)
        .flat_map(|j| {
            let sd = spread * norm(&column(&above, j));
            column(&deep, j).into_iter().map(move |value| value / sd)
        })
        .collect();
    let normal = |sd| Normal::new(0.0, sd).expect("a spread");
    assert_fits("product", kolmogorov_smirnov(&standardized, &normal(1.0)));
    assert_rejected("wider", kolmogorov_smirnov(&standardized, &normal(1.2)));
    assert_rejected("no sum", kolmogorov_smirnov(&standardized, &uniform(0.0, 3f64.sqrt())));

    // Columns of a product are as alike as those of Y[1]: the slope of one likeness on the other is
    // 1, where for independent columns it would be 0.
    let likeness = |matrix: &[f64], i: usize, j: usize| {
        let (a, b) = (column(matrix, i), column(matrix, j));
        dot(&a, &b) / (norm(&a) * norm(&b))
    };
    let pairs = (0..10).flat_map(|i| (0..i).map(move |j| (i, j)));
    let (x, y): (Vec<f64>, Vec<f64>) =
        pairs.map(|(i, j)| (likeness(&above, i, j), likeness(&deep, i, j))).unzip();
    let slope = dot(&x, &y) / dot(&x, &x);
    assert!((slope - 1.0).abs() < 0.3, "slope {slope}");
}

#[test]
fn centred_weights_are_the_cited_ones_without_means_and_the_output_starts_at_zero() {
    let (cited, centred) = (
        layers(WeightInit::PaperCommit, Feedback::Broadcast, 6),
        layers(WeightInit::ZeroMean, Feedback::Broadcast, 6),
    );
    for (index, (cited, centred)) in cited.iter().zip(&centred).enumerate() {
        assert!(centred.biases().iter().all(|&bias| bias == 0.0));
        assert_eq!(centred.feedback_rows(), cited.feedback_rows());
        let (_, mean, _) = TABLE[index];
        for (cited, centred) in cited.weight_rows().into_iter().zip(centred.weight_rows()) {
            let expected = if index == 2 { 0.0 } else { f64::from(cited) - mean };
            // The table has six digits.
            assert!((f64::from(centred) - expected).abs() < 1e-6, "{centred}, not {expected}");
        }
    }
}

#[test]
fn every_matrix_and_seed_has_draws_of_its_own() {
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
            let most = 4.0 / (length as f64).sqrt();
            assert!(correlation.abs() < most, "{name} and {other_name}: {correlation}");
        }
    }
}

#[test]
fn apical_biases_are_uniform_with_the_spread_of_the_settings() {
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
    assert_ne!(first(0), first(1), "each layer has its own");
    assert_ne!(first(0), first(3), "each seed has its own");
    // Draws of other things stay what they were.
    let without = Config { layers: vec![500, 100, 10], seed: 30, ..Config::default() };
    let without = Network::initial(&without, 784).layers;
    for (with, without) in nets.iter().zip(without) {
        assert!(without.apical_biases.is_empty());
        assert_eq!(Layer { apical_biases: Vec::new(), ..with.clone() }, without);
    }
}

/// The paper's sparse feedback: 80 % of the weights are zero, the others five times as large.
#[test]
fn sparse_feedback_has_just_so_many_zeros_at_random_places() {
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
        // Places of the zeros are spread evenly over the matrix.
        let places = (0..sparse.len()).filter(|&place| sparse[place] == 0.0);
        let places: Vec<f64> =
            places.map(|place| 2.0 * place as f64 / (sparse.len() - 1) as f64 - 1.0).collect();
        assert_fits("places of zeros", kolmogorov_smirnov(&places, &uniform(0.0, 1.0)));
    }
    let other = with(0.8, 5.0, 8);
    let is_zero = |layer: &Layer| -> Vec<bool> {
        layer.feedback_rows().iter().map(|&weight| weight == 0.0).collect()
    };
    // Where one seed has a zero, another has one in 80 of 100 cases.
    let pairs = is_zero(&sparse[0]).into_iter().zip(is_zero(&other[0]));
    let both = pairs.filter(|(a, b)| *a && *b).count() as f64 / 4000.0;
    assert!((both - 0.8).abs() < 0.03, "{both} of the zeros are those of another seed");
    assert_eq!(with(0.0, 1.0, 7), full);
}

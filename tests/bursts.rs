//! Proves, for burst-dependent learning with rates: a reference in double precision, written from the formulas, follows
//! the gradient with symmetric feedback and small errors, and its apical voltages vanish without a teacher. Both
//! backends train as the reference does, with each kind of feedback weights, SGD and Adam, per step and in the steady
//! state, and with event feedback Q that learns. Transposed updates bring feedback weights to the transpose. Homeostatic
//! Q alone brings apical voltages to 0 without a teacher. With spikes: bursts are binomial with the probabilities of the
//! formulas, errors are their mean deviations, which vanish without a teacher, and long windows approach the errors of
//! the reference. CPU and GPU train to equal bits.
//!
//! Does not prove: that networks reach an error (see `docs/concepts/learning.md`), or each kernel (see `exactness.rs`).

#[path = "bursts/formulas.rs"]
mod formulas;
#[path = "bursts/homeostasis.rs"]
mod homeostasis;
#[path = "bursts/images.rs"]
mod images;
#[path = "bursts/recordings.rs"]
mod recordings;
#[path = "bursts/reference.rs"]
mod reference;
#[path = "bursts/shown.rs"]
mod shown;
#[path = "bursts/spikes.rs"]
mod spikes;

use std::ops::ControlFlow;

use apical::config::{
    Config, Dynamics, EventFeedback, Feedback, FeedbackWeights, LearningRule, Optimizer, Recipe,
    Signal,
};
use apical::dataset::Dataset;
use apical::device::{BackendKind, DeviceOptions};
use apical::model::lr_schedule::LrSchedule;
use apical::model::weight_init::WeightInit;
use apical::network::Network;
use apical::train::{Event, TrainError, Training, order};
use reference::{FeedbackSource, Matrix, Rule};

use crate::support;

const PIXELS: usize = 72;
const IMAGES: usize = 12;
const BATCH: usize = 4;

fn config(layers: &[usize]) -> Config {
    Config {
        layers: layers.to_vec(),
        rule: LearningRule::Bursts,
        feedback: Feedback::Layerwise,
        dynamics: Dynamics::SteadyState,
        batch_size: BATCH,
        train_images: IMAGES,
        test_images: 5,
        epochs: 2,
        eta: vec![0.05],
        lr_schedule: LrSchedule::Constant,
        optimizer: Optimizer::Sgd,
        weight_init: WeightInit::PaperCommit,
        eval_every: 0,
        ..Recipe::one_hidden_layer().config()
    }
}

/// Returns the settings with event feedback that learns.
fn homeostatic(config: &Config) -> Config {
    Config { event_feedback: EventFeedback::Homeostatic, event_feedback_lr: 0.2, ..config.clone() }
}

/// Returns settings that cover feedback weights, optimizers and dynamics, with labels.
fn configs() -> Vec<(&'static str, Config)> {
    let adam = Config { optimizer: Optimizer::Adam, optimizer_eps: 1e-3, ..config(&[20, 10]) };
    let symmetric =
        Config { feedback_weights: FeedbackWeights::Symmetric, ..config(&[20, 17, 10]) };
    vec![
        ("one hidden layer", config(&[20, 10])),
        ("two output neurons per class", config(&[33, 20])),
        ("no hidden layer", config(&[10])),
        ("two hidden layers, small baseline", {
            let (burst_baseline, burst_slope, burst_teacher) = (0.2, 20.0, 3.0);
            Config { burst_baseline, burst_slope, burst_teacher, ..config(&[20, 17, 10]) }
        }),
        ("Adam", adam.clone()),
        ("Adam, symmetric", Config { feedback_weights: symmetric.feedback_weights, ..adam }),
        ("symmetric", symmetric),
        ("learned", Config { feedback_lr: 0.04, weight_decay: 0.1, ..config(&[20, 17, 10]) }),
        ("homeostatic", homeostatic(&config(&[20, 17, 10]))),
        ("homeostatic, learned", {
            Config { feedback_lr: 0.04, weight_decay: 0.1, ..homeostatic(&config(&[20, 20])) }
        }),
        ("per step", {
            Config { dynamics: Dynamics::Spiking, signal: Signal::Rates, ..config(&[20, 10]) }
        }),
    ]
}

fn dataset() -> Dataset {
    (*support::random_dataset(5, 8, 9, IMAGES)).clone()
}

fn training(config: &Config, backend: BackendKind) -> Result<Training, TrainError> {
    let options = DeviceOptions { backend, ..DeviceOptions::default() };
    Training::new(config.clone(), dataset(), &options)
}

fn trained(config: &Config, backend: BackendKind) -> Network {
    let mut training = training(config, backend).expect("the device opens");
    training.run(&mut |_| ControlFlow::Continue(())).expect("the training runs");
    training.networks()[0].clone()
}

/// Returns a matrix stored row by row with its last column.
fn matrix(rows: &[f32], columns: usize, last: Option<&[f32]>) -> Matrix {
    if columns == 0 {
        return Vec::new();
    }
    let row = |(index, row): (usize, &[f32])| {
        row.iter().chain(last.map(|last| &last[index])).map(|&value| f64::from(value)).collect()
    };
    rows.chunks(columns).enumerate().map(row).collect()
}

/// Returns the reference of a network.
fn reference_of(config: &Config, network: &Network) -> reference::Network {
    let layer = |layer: &apical::network::Layer| {
        let weights = matrix(&layer.weight_rows(), layer.n_pre, Some(layer.biases()));
        let rows = matrix(&layer.feedback_rows(), layer.n_feedback, None);
        let mut reference = reference::Layer::new(weights, rows);
        if !layer.event_feedback.is_empty() {
            reference.events = Some(matrix(&layer.event_feedback_rows(), layer.n_feedback, None));
        }
        reference
    };
    let rule = Rule {
        baseline: config.burst_baseline,
        slope: config.burst_slope,
        teacher: config.burst_teacher,
    };
    let layers = network.layers.iter().map(layer).collect();
    let mut reference = reference::Network::new(layers, rule);
    if config.optimizer == Optimizer::Adam {
        let Config { beta1, beta2, optimizer_eps, .. } = *config;
        reference.optimizer = reference::Optimizer::Adam(beta1, beta2, optimizer_eps);
    }
    reference.source = match config.feedback_weights {
        FeedbackWeights::Symmetric => FeedbackSource::Transpose,
        FeedbackWeights::Fixed if config.feedback_lr > 0.0 => {
            FeedbackSource::Update(config.feedback_lr)
        }
        FeedbackWeights::Fixed => FeedbackSource::Fixed,
    };
    (reference.eta, reference.weight_decay) = (config.eta[0], config.weight_decay);
    reference.event_eta = config.event_feedback_lr;
    reference
}

fn input_of(dataset: &Dataset, image: usize) -> Vec<f64> {
    let pixel = |&byte: &u8| f64::from(byte) / f64::from(dataset.max_pixel);
    dataset.image(image).iter().map(pixel).collect()
}

fn targets_of(dataset: &Dataset, image: usize, outputs: usize) -> Vec<f64> {
    let per_class = outputs / dataset.classes;
    let label = usize::from(dataset.labels()[image]);
    (0..outputs).map(|unit| f64::from(u8::from(unit / per_class == label))).collect()
}

/// Returns the norms of two sets of matrices, and the cosine of their angle.
fn compare(a: &Matrix, b: &Matrix) -> ([f64; 2], f64) {
    let dot = |a: &Matrix, b: &Matrix| -> f64 {
        a.iter().flatten().zip(b.iter().flatten()).map(|(a, b)| a * b).sum()
    };
    let norms = [dot(a, a).sqrt(), dot(b, b).sqrt()];
    (norms, dot(a, b) / (norms[0] * norms[1]))
}

#[test]
fn training_matches_the_reference() {
    const TOLERANCE: f64 = 2e-5;
    for (label, config) in configs() {
        let (dataset, initial) = (dataset(), Network::initial(&config, PIXELS));
        let mut expected = reference_of(&config, &initial);
        for epoch in 1..=config.epochs {
            for minibatch in order(&config, &dataset, epoch).chunks(BATCH) {
                let outputs = config.layers[config.layers.len() - 1];
                let shown = minibatch.iter().map(|image| {
                    (input_of(&dataset, image.index), targets_of(&dataset, image.index, outputs))
                });
                expected.train(&shown.collect::<Vec<_>>());
            }
        }
        if config.feedback_weights == FeedbackWeights::Symmetric {
            expected.transpose_feedback();
        }
        let found = reference_of(&config, &trained(&config, BackendKind::Cpu));
        let start = reference_of(&config, &initial);
        for (layer, expected) in expected.layers.iter().enumerate() {
            let (found, start) = (&found.layers[layer], &start.layers[layer]);
            let mut matrices = vec![("weights", &expected.weights, &found.weights, &start.weights)];
            if config.feedback_lr > 0.0 || config.feedback_weights == FeedbackWeights::Symmetric {
                matrices.push(("feedback", &expected.feedback, &found.feedback, &start.feedback));
            }
            let events = [expected, found, start].map(|layer| layer.events.as_ref());
            if let [Some(expected), Some(found), Some(start)] = events {
                matrices.push(("event feedback", expected, found, start));
            }
            for (name, expected, found, start) in matrices {
                let differences = expected.iter().flatten().zip(found.iter().flatten());
                let largest = differences.map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
                let changes = expected.iter().flatten().zip(start.iter().flatten());
                let change = changes.map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
                let context = format!("{label}, layer {layer}, {name}");
                assert!(largest < TOLERANCE, "{context}: {largest:e} after a change of {change:e}");
                let is_output_feedback = expected.is_empty();
                assert!(change > 100.0 * TOLERANCE || is_output_feedback, "{context}: {change:e}");
            }
        }
    }
}

#[test]
fn cpu_and_gpu_train_to_equal_bits() {
    for (label, config) in configs().into_iter().chain(spikes::spiking_configs()) {
        let networks = [BackendKind::Cpu, BackendKind::Gpu].map(|kind| trained(&config, kind));
        assert!(networks[0] == networks[1], "{label}: the weights differ");
    }
}

#[test]
fn transposed_updates_align_feedback() {
    let config = Config {
        epochs: 400,
        weight_stats_every: 100,
        eta: vec![0.5],
        feedback_lr: 0.5,
        weight_decay: 0.01,
        ..config(&[20, 10])
    };
    let cosine = |network: &Network| {
        let network = reference_of(&config, network);
        let mut symmetric = network.clone();
        symmetric.transpose_feedback();
        compare(&network.layers[0].feedback, &symmetric.layers[0].feedback).1
    };
    let (mut training, mut angles) = (training(&config, BackendKind::Cpu).unwrap(), Vec::new());
    let mut listen = |event: &Event| {
        if let Event::Weights { layers, .. } = event {
            assert_eq!(layers[1].feedback_angle, None, "the output has no feedback");
            angles.push(layers[0].feedback_angle.expect("the weights are not 0"));
        }
        ControlFlow::Continue(())
    };
    training.run(&mut listen).expect("the training runs");
    let [before, after] = [&Network::initial(&config, PIXELS), &training.networks()[0]].map(cosine);
    assert!(before.abs() < 0.5 && after > 0.95, "cosine {before} before, {after} after");
    assert!(angles.len() == 4 && angles.is_sorted_by(|before, after| after < before), "{angles:?}");
    let last = after.acos().to_degrees();
    assert!((angles[3] - last).abs() < 1e-3, "{angles:?}, {last}");
}

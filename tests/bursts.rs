//! Proves, for burst-dependent learning with rates: a reference in double precision, written from the formulas, follows
//! the gradient with symmetric feedback and small errors, and its apical voltages vanish without a teacher. Both
//! backends train as the reference does, with each kind of feedback weights, SGD and Adam, per step and in the steady
//! state. CPU and GPU train to equal bits. Transposed updates bring feedback weights to the transpose.
//!
//! Does not prove: that networks reach an error (see `docs/concepts/learning.md`), or each kernel (see `exactness.rs`).

#[path = "bursts/reference.rs"]
mod reference;

use std::ops::ControlFlow;

use apical::config::{
    Config, Dynamics, Feedback, FeedbackWeights, LearningRule, Optimizer, Signal,
};
use apical::dataset::Dataset;
use apical::device::{BackendKind, DeviceOptions};
use apical::interface::{ArrayId, Kernel, Launch, ValuesRef};
use apical::model::lr_schedule::LrSchedule;
use apical::model::weight_init::WeightInit;
use apical::monitor::{Mode, MonitorSession, MonitorSpec, Quantity};
use apical::network::Network;
use apical::plan::Presentation;
use apical::simulation::Simulation;
use apical::train::{TrainError, Training, order};
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
        ..Config::default()
    }
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
        reference::Layer::new(weights, matrix(&layer.feedback_rows(), layer.n_feedback, None))
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
    for (label, config) in configs() {
        let networks = [BackendKind::Cpu, BackendKind::Gpu].map(|kind| trained(&config, kind));
        assert!(networks[0] == networks[1], "{label}: the weights differ");
    }
}

#[test]
fn hidden_errors_without_output_error_are_zero() {
    let config = config(&[20, 17, 10]);
    let dataset = support::random_dataset(5, 8, 9, IMAGES);
    let network = Network::initial(&config, PIXELS);
    let backend = support::cpu(&config, &dataset, &support::capacity(BATCH, IMAGES, 8));
    let mut simulation = Simulation::new(backend, &config, &dataset, &network).unwrap();
    let image = |index: usize| Presentation {
        index,
        label: dataset.labels()[index],
        draw_index: index as u32,
        result_slot: index,
    };
    let images: Vec<Presentation> = (0..BATCH).map(image).collect();
    simulation.train(&images).unwrap();
    let (minibatches, samples, _) = simulation.prepare_training(&images);
    let zeros = vec![0.0; BATCH * 10];
    simulation.backend().write(ArrayId::Errors(2), ValuesRef::F32(&zeros)).unwrap();
    for layer in [1, 0] {
        let before = support::floats(simulation.backend(), ArrayId::Errors(layer));
        assert!(before.iter().all(|&error| error != 0.0), "layer {layer}");
        let launches = [Kernel::ApicalBursts, Kernel::BurstError].map(|kernel| Launch {
            kernel,
            layer,
            first: 0,
            count: 1,
        });
        simulation.run(&minibatches, &samples, &launches).unwrap();
        let after = support::floats(simulation.backend(), ArrayId::Errors(layer));
        assert!(after.iter().all(|&error| error == 0.0), "layer {layer}: {after:?}");
    }
}

#[test]
fn transposed_updates_align_feedback() {
    let config = Config {
        epochs: 400,
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
    let [before, after] = [Network::initial(&config, PIXELS), trained(&config, BackendKind::Cpu)];
    let [before, after] = [cosine(&before), cosine(&after)];
    assert!(before.abs() < 0.5 && after > 0.95, "cosine {before} before, {after} after");
}

#[test]
fn recording_refuses_quantities_without_bursts() {
    let config = config(&[20, 17, 10]);
    let dataset = std::sync::Arc::new(dataset());
    let network = Network::initial(&config, PIXELS);
    let options = DeviceOptions { backend: BackendKind::Cpu, ..DeviceOptions::default() };
    let open = |quantities: &[Quantity]| {
        let spec = MonitorSpec::new(quantities);
        MonitorSession::open(&config, &dataset, &network, spec, &options)
    };
    let Err(TrainError::Config(error)) = open(&[Quantity::Errors, Quantity::Plateaus]) else {
        panic!("plateau potentials are refused");
    };
    assert_eq!(error.reason, "networks with bursts have no plateaus to record");
    let mut session = open(&[Quantity::Errors, Quantity::Soma, Quantity::Angles]).unwrap();
    let images = &order(&config, &dataset, 1)[..BATCH];
    let recording = session.show(images, Mode::TrainFrozen, &mut |_| ()).unwrap();
    let angles = recording.values("angle1");
    assert!(angles.iter().all(|&angle| (1.0..179.0).contains(&angle)), "{angles:?}");
}

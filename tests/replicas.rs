//! Proves: each of many networks that train side by side, on the CPU and on the GPU of this machine,
//! ends with the weights, errors and predictions that it has when it trains alone, to the last bit,
//! whatever its depth, batch, optimiser and apical conductance, with settings of its own, and on any
//! number of threads; networks whose arrays have other shapes, and more networks than fit, train in waves
//! with the same bits.
//!
//! Does not prove: that a network alone is right (see `golden.rs` and `learning.rs`) or that CPU and GPU
//! agree on it (see `trainings.rs`), nor what a GPU does whose memory is full: no device here tells.

use std::ops::ControlFlow;
use std::sync::Arc;

use apical::config::{Config, Optimizer, PlateauTiming, Variant, variants};
use apical::dataset::Dataset;
use apical::device::{BackendKind, DeviceOptions};
use apical::interface::BackendError;
use apical::model::lr_schedule::LrSchedule;
use apical::model::phases::AveragingWindow;
use apical::model::spikes::SpikeDistribution;
use apical::model::weight_init::WeightInit;
use apical::network::Network;
use apical::train::{Event, TrainError, Training};

use crate::support;

/// What a training leaves: the network, and the error of each test.
#[derive(Clone, Debug, PartialEq)]
struct Trained {
    network: Network,
    confusion: Vec<Vec<u32>>,
    errors: Vec<f64>,
}

/// A wave: its networks, and why there are not more.
type Wave = (Vec<usize>, Option<String>);

fn on(backend: BackendKind) -> DeviceOptions {
    DeviceOptions { backend, ..DeviceOptions::default() }
}

fn error_of(event: &Event) -> f64 {
    match *event {
        Event::PartialEval { test_error, .. } | Event::Epoch { test_error, .. } => test_error,
        Event::Progress { .. } | Event::TestProgress { .. } => {
            panic!("progress is told of all networks at once")
        }
        Event::Weights { .. } => panic!("no statistics were asked for"),
        Event::Checkpoint { .. } => panic!("no checkpoints were asked for"),
        Event::GroupStarted { .. } | Event::Finished { .. } => panic!("neither has an error"),
        Event::Network { .. } | Event::RequestedEval { .. } => panic!("nothing was asked for"),
    }
}

fn alone(config: &Config, dataset: &Dataset) -> Trained {
    let selection = on(BackendKind::Cpu);
    let mut training =
        Training::new(config.clone(), dataset.clone(), &selection).expect("the CPU opens");
    let mut errors = Vec::new();
    let summary = training.run(&mut |event| {
        if !matches!(
            event,
            Event::GroupStarted { .. } | Event::Progress { .. } | Event::Finished { .. }
        ) {
            errors.push(error_of(event));
        }
        ControlFlow::Continue(())
    });
    let confusion = summary.expect("it trains").evaluations.swap_remove(0).confusion;
    Trained { network: training.networks()[0].clone(), confusion, errors }
}

fn together(
    variants: &[Variant],
    dataset: &Dataset,
    selection: &DeviceOptions,
) -> (Vec<Trained>, Vec<Wave>) {
    let mut replicas =
        Training::of_variants(variants, dataset.clone(), selection).expect("the device holds them");
    let mut trained: Vec<Option<Trained>> = vec![None; variants.len()];
    let mut errors = vec![Vec::new(); variants.len()];
    let mut waves = Vec::new();
    let summary = replicas.run(&mut |event| {
        match event {
            Event::GroupStarted { replicas, limited_by: obstacle, .. } => {
                waves.push((replicas.clone(), obstacle.clone()));
            }
            Event::Progress { .. } | Event::TestProgress { .. } => {}
            &Event::Finished { replica, ref network, ref evaluation, .. } => {
                let confusion = evaluation.confusion.clone();
                let errors = errors[replica].clone();
                let network = (**network).clone();
                assert!(trained[replica].replace(Trained { network, confusion, errors }).is_none());
            }
            event => errors[event.replica().expect("of one network")].push(error_of(event)),
        }
        ControlFlow::Continue(())
    });
    assert!(!summary.expect("they train").stopped);
    let trained = trained.into_iter().map(|trained| trained.expect("each is told of"));
    (trained.collect(), waves)
}

fn of_configs(configs: Vec<Config>) -> Vec<Variant> {
    let variant = |config| Variant { combination: 0, settings: Vec::new(), config };
    configs.into_iter().map(variant).collect()
}

/// The first weight that differs is told, not a million.
fn assert_same(what: &str, a: &Trained, b: &Trained) {
    for (layer, (a, b)) in a.network.layers.iter().zip(&b.network.layers).enumerate() {
        let weights =
            |values: &[f32]| values.iter().map(|value| value.to_bits()).collect::<Vec<_>>();
        let what = format!("{what}: layer {layer}");
        support::assert_same_bits(&what, &weights(&a.weights), &weights(&b.weights));
        support::assert_same_bits(&what, &weights(&a.feedback), &weights(&b.feedback));
        support::assert_same_bits(&what, &weights(&a.apical_biases), &weights(&b.apical_biases));
    }
    assert_eq!(a.confusion, b.confusion, "{what}");
    assert_eq!(a.errors, b.errors, "{what}");
}

/// Three networks of one shape whose settings differ in all that may.
fn three(base: &Config) -> Vec<Config> {
    let third = Config {
        seed: 77,
        eta: base.eta.iter().map(|eta| eta / 2.0).collect(),
        g_apical: base.g_apical / 2.0,
        phi_max: 0.3,
        beta1: 0.8,
        beta2: 0.99,
        optimizer_eps: 1e-4,
        feedback_lr: base.feedback_lr / 2.0,
        apical_bias_sd: base.apical_bias_sd / 2.0,
        apical_bias_lr_scale: 2.0,
        weight_init: WeightInit::PaperCommit,
        spike_distribution: SpikeDistribution::Bernoulli,
        averaging_window: AveragingWindow::From30,
        test_ms: 200,
        test_average_from_ms: 50,
        ..base.clone()
    };
    vec![base.clone(), Config { seed: base.seed + 1, ..base.clone() }, third]
}

/// Depths 0, 1 and 2, batches 1 and 4 (of 10 images, so that the last is smaller), with and without
/// apical conductance, both optimisers; and one whose feedback learns, with random plateau times.
fn trainings() -> Vec<Vec<Config>> {
    let mut trainings = Vec::new();
    for (seed, layers) in (1..).zip([vec![10], vec![23, 10], vec![21, 13, 20]]) {
        for batch in [1, 4] {
            for g_apical in [0.0, 0.05] {
                for (optimizer, eta) in [(Optimizer::Sgd, 0.2), (Optimizer::Adam, 0.01)] {
                    trainings.push(three(&Config {
                        layers: layers.clone(),
                        batch_size: batch,
                        eta: vec![eta],
                        g_apical,
                        optimizer,
                        seed,
                        epochs: 2,
                        train_images: 10,
                        test_images: 7,
                        eval_every: 5,
                        eval_images: 3,
                        ..Config::default()
                    }));
                }
            }
        }
    }
    let last = trainings[trainings.len() - 1][0].clone();
    trainings.push(three(&Config {
        optimizer: Optimizer::Sgd,
        eta: vec![0.2],
        feedback_lr: 0.5,
        apical_bias_sd: 0.25,
        plateau_timing: PlateauTiming::Random,
        ..last
    }));
    trainings
}

fn dataset() -> Arc<Dataset> {
    support::random_dataset(5, 8, 9, 12)
}

/// Networks side by side on a device against each alone.
fn check(selection: &DeviceOptions, trainings: Vec<Vec<Config>>) {
    let dataset = dataset();
    let backend = selection.backend;
    for configs in trainings {
        let (trained, waves) = together(&of_configs(configs.clone()), &dataset, selection);
        assert_eq!(waves, [(vec![0, 1, 2], None)], "{:?}", configs[0]);
        for (config, trained) in configs.iter().zip(&trained) {
            assert_same(&format!("{backend:?}, {config:?}"), trained, &alone(config, &dataset));
        }
        // A test that compared a network with itself would pass too.
        assert_ne!(trained[0].network, trained[1].network);
        assert_ne!(
            trained[0].network.layers[0].weights,
            Network::initial(&configs[0], 72).layers[0].weights
        );
    }
}

#[test]
fn replicas_on_cpu_equal_single_trainings() {
    check(&on(BackendKind::Cpu), trainings());
}

#[test]
fn replicas_on_gpu_equal_single_trainings() {
    check(&on(BackendKind::Gpu), trainings());
}

/// Two networks that are shown one image at a time, on one thread, on as many threads as networks, and on
/// more, which then share the layers of a network.
#[test]
fn threads_do_not_matter() {
    let dataset = dataset();
    for g_apical in [0.0, 0.05] {
        let base = Config {
            layers: vec![150, 70, 10],
            batch_size: 1,
            train_images: 8,
            test_images: 5,
            epochs: 1,
            g_apical,
            ..Config::default()
        };
        let two = variants(&base, &[], 2).unwrap();
        let alone = [0, 1].map(|index: usize| alone(&two[index].config, &dataset));
        for threads in [1, 2, 5] {
            let selection = DeviceOptions { threads, ..on(BackendKind::Cpu) };
            let (trained, _) = together(&two, &dataset, &selection);
            for (trained, alone) in trained.iter().zip(&alone) {
                assert_same(&format!("{threads} threads"), trained, alone);
            }
        }
    }
}

#[test]
fn replicas_of_other_shapes_train_in_own_groups() {
    let dataset = dataset();
    let base = Config {
        layers: vec![13, 11, 10],
        batch_size: 2,
        train_images: 6,
        test_images: 5,
        epochs: 1,
        seed: 3,
        ..Config::default()
    };
    let sweeps =
        ["g_apical=0,0.05", "feedback=broadcast,layerwise"].map(|text| text.parse().unwrap());
    let mut swept = variants(&base, &sweeps, 2).unwrap();
    let others = [
        Config { optimizer: Optimizer::Sgd, ..base.clone() },
        Config { psp_kernel_ms: 0, ..base.clone() },
        Config { train_images: 9, ..base.clone() },
        Config { batch_size: 3, ..base.clone() },
        Config { epochs: 2, ..base.clone() },
        Config { test_images: 4, ..base.clone() },
        // Those of the first wave once more.
        Config { eta: vec![0.3], ..base.clone() },
        // Its arrays are those of Adam, but not its kernel.
        Config { optimizer: Optimizer::Momentum, eta: vec![0.02], ..base.clone() },
        // And what may differ side by side.
        Config {
            optimizer: Optimizer::Rmsprop,
            lr_schedule: LrSchedule::Cosine,
            warmup_images: 4,
            bias_lr_scale: vec![0.5],
            weight_decay: 0.3,
            grad_clip: 0.01,
            ..base.clone()
        },
    ];
    swept.extend(of_configs(others.to_vec()));
    let (trained, waves) = together(&swept, &dataset, &on(BackendKind::Cpu));
    let mut networks: Vec<Vec<usize>> = waves.into_iter().map(|(replicas, _)| replicas).collect();
    networks.sort();
    let expected: [&[usize]; 11] =
        [&[0, 1, 14, 16], &[2, 3], &[4, 5], &[6, 7], &[8], &[9], &[10], &[11], &[12], &[13], &[15]];
    assert_eq!(networks, expected);
    for (variant, trained) in swept.iter().zip(&trained) {
        assert_same(&format!("{variant}"), trained, &alone(&variant.config, &dataset));
    }
}

#[test]
fn replicas_beyond_memory_train_in_groups() {
    let dataset = dataset();
    let base = Config {
        layers: vec![40, 10],
        batch_size: 64,
        train_images: 12,
        test_images: 5,
        epochs: 1,
        ..Config::default()
    };
    let seven = variants(&base, &[], 7).unwrap();
    for backend in [BackendKind::Cpu, BackendKind::Gpu] {
        let within = |memory| DeviceOptions { memory: Some(memory), ..on(backend) };
        // The memory that three networks need, found by what is refused: it must not be typed here.
        let fits = |memory: u64, count: usize| {
            let (_, waves) = together(&seven[..count], &dataset, &within(memory));
            waves.len() == 1
        };
        let holds_one = |memory: u64| match Training::of_variants(
            &seven[..1],
            (*dataset).clone(),
            &within(memory),
        ) {
            Ok(_) => true,
            Err(TrainError::Backend(BackendError::TooMuchMemory {
                networks: 1,
                memory: told,
                ..
            })) => {
                assert_eq!(told, memory);
                false
            }
            Err(error) => panic!("{error}"),
        };
        let mut memory = 1 << 10;
        while !holds_one(memory) {
            memory += memory / 8;
        }
        while !fits(memory, 3) {
            memory += memory / 8;
        }
        let (trained, waves) = together(&seven, &dataset, &within(memory));
        let networks: Vec<usize> =
            waves.iter().flat_map(|(replicas, _)| replicas.clone()).collect();
        assert_eq!(networks, [0, 1, 2, 3, 4, 5, 6]);
        assert!(
            waves.len() > 1 && waves.iter().all(|(replicas, _)| replicas.len() <= 4),
            "{waves:?}"
        );
        for (_, obstacle) in &waves {
            let obstacle = obstacle.as_ref().expect("a wave that is not whole tells why");
            assert!(
                obstacle.contains("networks of layers 40,10")
                    && obstacle.contains("of available memory"),
                "{obstacle}"
            );
        }
        for (variant, trained) in seven.iter().zip(&trained) {
            assert_same("in waves", trained, &alone(&variant.config, &dataset));
        }
    }
}

/// Whoever breaks off keeps what was learned until then, and no wave follows.
#[test]
fn replicas_stopped_by_listener_start_no_new_group() {
    let dataset = dataset();
    let base = Config { layers: vec![10], train_images: 10, epochs: 3, ..Config::default() };
    let variants = variants(&base, &["psp_kernel_ms=5,6".parse().unwrap()], 2).unwrap();
    let replicas = Training::of_variants(&variants, (*dataset).clone(), &on(BackendKind::Cpu));
    let (mut epochs, mut trained) = (0, Vec::new());
    let summary = replicas.expect("the CPU opens").run(&mut |event| match event {
        Event::Epoch { .. } => {
            epochs += 1;
            ControlFlow::Break(())
        }
        Event::Finished { replica, stopped, .. } => {
            assert!(stopped);
            trained.push(*replica);
            ControlFlow::Continue(())
        }
        _ => ControlFlow::Continue(()),
    });
    assert!(summary.expect("they train").stopped);
    assert_eq!((epochs, trained), (2, vec![0, 1]));
}

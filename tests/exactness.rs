//! Proves: on the GPU of this machine every kernel writes the CPU's bits, for random shapes, arrays
//! and settings; and whole trainings end with the same weights and predictions on CPU and GPU, for
//! any number of threads, any size of workgroup, any length of block, and for lanes side by side or
//! one by one.
//!
//! Does not prove: that other GPUs keep IEEE rounding (`apical devices` and `apical compare` tell),
//! or that what is computed is right (see `golden.rs`).

mod support;

use std::sync::Arc;

use apical::config::{Config, Feedback, Optimizer};
use apical::dataset::Dataset;
use apical::gpu::WORKGROUP;
use apical::layout::{
    Array, Backend, Kernel, Lane, Launch, Minibatch, Shape, Word, compartment, trace,
};
use apical::model::phases::Averaging;
use apical::model::spikes::{SpikeDraw, input_thresholds};
use apical::network::Network;
use apical::random::Stream;
use apical::schedule::{Extent, Image, Lanes, Simulation, shape};
use apical::train::{order, test};
use rand::Rng;

const CLASSES: usize = 10;

#[test]
fn case_input() {
    each_situation(|situation| situation.check(Kernel::Input, 0));
}

#[test]
fn case_drive() {
    each_situation(|situation| situation.check_layers(Kernel::Drive));
}

#[test]
fn case_soma() {
    each_situation(|situation| situation.check_hidden(Kernel::Soma));
}

#[test]
fn case_output() {
    each_situation(|situation| situation.check(Kernel::Output, situation.shape.layers() - 1));
}

#[test]
fn case_apical() {
    each_situation(|situation| {
        if situation.shape.steps_apical {
            situation.check_hidden(Kernel::Apical);
        }
    });
}

#[test]
fn case_trace() {
    each_situation(|situation| {
        for population in 0..situation.shape.populations.len() {
            situation.check(Kernel::Trace, population);
        }
    });
}

#[test]
fn case_plateau() {
    each_situation(|situation| situation.check_hidden(Kernel::Plateau));
}

#[test]
fn case_error() {
    each_situation(|situation| situation.check_layers(Kernel::Error));
}

#[test]
fn case_score() {
    each_situation(|situation| situation.check(Kernel::Score, situation.shape.layers() - 1));
}

#[test]
fn case_update() {
    each_situation(|situation| situation.check_layers(Kernel::Update));
}

/// A shape, settings and arrays full of random numbers.
struct Situation {
    shape: Shape,
    config: Config,
    dataset: Arc<Dataset>,
    seed: u64,
}

/// Runs a check in situations that cover one neuron and thousands, sizes that are no multiple of a
/// workgroup or a vector, both feedbacks, spike draws, optimisers, windows, and kernels of any length.
fn each_situation(check: impl Fn(&Situation)) {
    let base = Config { batch: 3, images: 12, ..Config::default() };
    let adam = Optimizer::Adam;
    let sgd = Optimizer::Sgd;
    let configs = [
        Config { layers: vec![500, 10], optimizer: adam, ..base.clone() },
        Config { layers: vec![1, 10], optimizer: sgd, taps: 1, ..base.clone() },
        Config { layers: vec![10], optimizer: sgd, ..base.clone() },
        Config { layers: vec![65, 33, 20], g_apical: 0.05, optimizer: sgd, ..base.clone() },
        Config {
            layers: vec![17, 130, 10],
            taps: 0,
            feedback: Feedback::Layerwise,
            ..base.clone()
        },
        Config { layers: vec![64, 7, 70], g_apical: 0.6, taps: 0, ..base.clone() },
        Config {
            layers: vec![31, 16, 30],
            spikes: SpikeDraw::Bernoulli,
            averaging: Averaging::From30,
            feedback: Feedback::Layerwise,
            ..base.clone()
        },
        Config { layers: vec![3000, 70], phi_max: 0.9, taps: 18, optimizer: sgd, ..base.clone() },
    ];
    for (number, config) in configs.into_iter().enumerate() {
        config.validate(CLASSES).expect("the settings are valid");
        let dataset = support::random_dataset(number as u64, 5 + number, 9, 12);
        let extent = Extent {
            lanes: 3,
            slots: 24,
            block: 40,
            records_apical: false,
            keeps_gradient: number % 2 == 0,
        };
        let shape = shape(&config, &dataset, &extent);
        check(&Situation { shape, config, dataset, seed: 100 + number as u64 });
    }
}

impl Situation {
    fn check_layers(&self, kernel: Kernel) {
        for layer in 0..self.shape.layers() {
            self.check(kernel, layer);
        }
    }

    fn check_hidden(&self, kernel: Kernel) {
        for layer in 0..self.shape.layers() - 1 {
            self.check(kernel, layer);
        }
    }

    /// Runs one kernel on both backends, from the same arrays, as a fresh and as a continued
    /// minibatch, at the start and within an image.
    fn check(&self, kernel: Kernel, layer: usize) {
        let mut cpu = support::cpu_of_shape(&self.config, &self.dataset, self.shape.clone(), 0);
        let mut gpu =
            support::gpu_of_shape(&self.config, &self.dataset, self.shape.clone(), WORKGROUP);
        let mut random = support::random(self.seed);
        for array in self.shape.arrays() {
            if array != Array::Images {
                let words = self.random_words(array, &mut random);
                cpu.write(array, &words).expect("the CPU takes it");
                gpu.write(array, &words).expect("the GPU takes it");
            }
        }
        let lanes = Lanes::new(&self.config);
        let images: Vec<Image> = (0..3)
            .map(|index| Image {
                index,
                label: index as u8,
                position: 40 + index as u32,
                slot: index,
            })
            .collect();
        let shown: Vec<Lane> = images.iter().map(|image| lanes.training(image)).collect();
        let steps = shown.iter().map(Lane::steps).max().expect("three lanes");
        let whole =
            !matches!(kernel, Kernel::Drive | Kernel::Soma | Kernel::Output | Kernel::Apical);
        let block = if whole { steps } else { self.shape.block };
        let begins = if whole { vec![0] } else { vec![0, block, 2 * block] };
        for (update, first) in (1..).zip(begins) {
            for fresh in [true, false] {
                let minibatch = lanes.training_minibatch(3, update, fresh);
                let launch = Launch { kernel, layer, first, steps: block };
                self.check_launch(cpu.as_mut(), gpu.as_mut(), &minibatch, &shown, &launch);
            }
        }
    }

    fn check_launch(
        &self,
        cpu: &mut dyn Backend,
        gpu: &mut dyn Backend,
        minibatch: &Minibatch,
        lanes: &[Lane],
        launch: &Launch,
    ) {
        let arrays = launch.writes();
        let before: Vec<_> =
            arrays.iter().map(|&array| cpu.read(array).expect("the CPU reads")).collect();
        cpu.run(minibatch, lanes, &[*launch]).expect("the CPU runs");
        gpu.run(minibatch, lanes, &[*launch]).expect("the GPU runs");
        let mut changed = false;
        for (&array, before) in arrays.iter().zip(&before) {
            let (cpu, gpu) = (cpu.read(array), gpu.read(array));
            let (cpu, gpu) = (cpu.expect("the CPU reads"), gpu.expect("the GPU reads"));
            changed |= cpu != *before;
            same_bits(&format!("{launch:?} on {:?}: {array}", self.shape.populations), &cpu, &gpu);
        }
        // Some results can stand again by chance: only kernels that cannot are held to a change.
        let repeats =
            matches!(launch.kernel, Kernel::Score | Kernel::Input) || minibatch.fresh == 0;
        assert!(changed || repeats, "{launch:?} wrote nothing");
    }

    /// Words as a run could hold them: weights, voltages, traces, errors of a plausible size, a third
    /// of traces and spikes zero.
    fn random_words(&self, array: Array, random: &mut Stream) -> Vec<u32> {
        if array == Array::Thresholds {
            let thresholds =
                input_thresholds(self.config.phi_max, self.dataset.range, self.config.spikes);
            return thresholds.as_flattened().to_vec();
        }
        let length = self.shape.length(array);
        let [rows, columns] = self.shape.rows_and_columns(array);
        let float = |index: usize, random: &mut Stream| {
            let value = random.uniform_signed();
            let value = match array {
                Array::Weights(_) | Array::Feedback(_) => value,
                Array::Drive(_) | Array::ApicalDrive(_) => 20.0 * value,
                Array::Compartments(_) => {
                    let row = index % (rows * columns) / columns;
                    let is_rate = row == compartment::MEAN_RATE;
                    if is_rate { 0.1 + 0.1 * value } else { 12.0 * value }
                }
                Array::Traces(_) => {
                    let row = index % (rows * columns) / columns;
                    let is_carried = row >= trace::SLOW;
                    if value < -0.3 {
                        0.0
                    } else {
                        (value + 0.3) * if is_carried { 4.0 } else { 0.2 }
                    }
                }
                Array::Moments(_) => {
                    let is_second = index >= length / 2;
                    if is_second { value * value } else { value }
                }
                Array::Plateaus(_) => 0.5 + 0.5 * value,
                _ => value,
            };
            (value as f32).to_bits()
        };
        let mut words = Vec::with_capacity(length);
        for index in 0..length {
            words.push(match array.word() {
                Word::Float => float(index, random),
                Word::Integer => match random.next_u32() {
                    // Up to three spikes in some of the eight steps.
                    word if array != Array::Results => word & random.next_u32() & 0x3131_0313,
                    _ => 0,
                },
            });
        }
        words
    }
}

/// What a training is run on.
struct Run {
    weights: Vec<Vec<u32>>,
    results: Vec<u32>,
}

/// Trains one epoch with a quick test in the middle and a test at the end.
fn train(backend: Box<dyn Backend>, config: &Config, dataset: &Arc<Dataset>) -> Run {
    let network = Network::initial(config, dataset.pixels());
    let mut simulation =
        Simulation::new(backend, config, dataset, &network).expect("the backend takes it");
    let images = order(config, dataset, 1);
    for (number, minibatch) in images.chunks(config.batch).enumerate() {
        simulation.train(minibatch).expect("a minibatch runs");
        if number == 1 {
            test(&mut simulation, dataset, 5, 0).expect("a test runs");
        }
    }
    test(&mut simulation, dataset, dataset.test_count, 5).expect("a test runs");
    let backend = simulation.backend();
    let arrays = (0..config.layers.len()).map(Array::Weights);
    Run {
        weights: arrays.map(|array| backend.read(array).expect("weights are read")).collect(),
        results: backend.read(Array::Results).expect("results are read"),
    }
}

fn same_run(what: &str, a: &Run, b: &Run) {
    for (layer, (a, b)) in a.weights.iter().zip(&b.weights).enumerate() {
        same_bits(&format!("{what}: layer {layer}'s weights"), a, b);
    }
    same_bits(&format!("{what}: results"), &a.results, &b.results);
}

fn same_bits(what: &str, a: &[u32], b: &[u32]) {
    assert_eq!(a.len(), b.len(), "{what}");
    if let Some(index) = a.iter().zip(b).position(|(a, b)| a != b) {
        let (a, b) = (a[index], b[index]);
        let (x, y) = (f32::from_bits(a), f32::from_bits(b));
        panic!("{what}: word {index} is {a:#x} ({x:e}) and {b:#x} ({y:e})");
    }
}

fn extent(lanes: usize, dataset: &Dataset, block: u32) -> Extent {
    Extent {
        lanes,
        slots: dataset.training_count + dataset.test_count,
        block,
        records_apical: false,
        keeps_gradient: false,
    }
}

/// Depths 0, 1 and 2, batches 1, 7 and 64, with and without apical conductance, both optimisers,
/// several seeds.
fn trainings() -> Vec<(Config, Arc<Dataset>)> {
    let mut trainings = Vec::new();
    for (seed, layers) in (1..).zip([vec![10], vec![23, 10], vec![21, 13, 20]]) {
        for (batch, images) in [(1, 6), (7, 30), (64, 140)] {
            for g_apical in [0.0, 0.05] {
                for (optimizer, eta) in [(Optimizer::Sgd, 0.2), (Optimizer::Adam, 0.01)] {
                    let seed = seed * 1000 + batch as u64;
                    // The larger batches are slow where feedback goes step by step.
                    let images = if g_apical > 0.0 { images.min(20) } else { images };
                    let dataset = support::random_dataset(seed, 8, 9, images);
                    let layers = layers.clone();
                    let config = Config {
                        layers,
                        batch,
                        eta: vec![eta],
                        g_apical,
                        optimizer,
                        seed,
                        ..Config::default()
                    };
                    trainings.push((config, dataset));
                }
            }
        }
    }
    trainings
}

#[test]
fn whole_trainings_are_the_same_on_cpu_and_gpu() {
    for (config, dataset) in trainings() {
        let extent = extent(config.batch.max(5), &dataset, 64);
        let cpu = train(support::cpu(&config, &dataset, &extent), &config, &dataset);
        let gpu = train(support::gpu(&config, &dataset, &extent), &config, &dataset);
        same_run(&format!("{config:?}"), &cpu, &gpu);
    }
}

#[test]
fn threads_do_not_matter() {
    for (config, dataset) in trainings() {
        let extent = extent(config.batch.max(5), &dataset, 64);
        let make = |threads| support::cpu_with_threads(&config, &dataset, &extent, threads);
        let one = train(make(1), &config, &dataset);
        for threads in [2, 5] {
            let many = train(make(threads), &config, &dataset);
            same_run(&format!("{threads} threads, {config:?}"), &one, &many);
        }
    }
}

#[test]
fn blocks_and_lanes_do_not_matter() {
    for (config, dataset) in trainings() {
        let make = |lanes, block| support::cpu(&config, &dataset, &extent(lanes, &dataset, block));
        let one = train(make(config.batch, 8), &config, &dataset);
        for (lanes, block) in [(config.batch + 3, 32), (config.batch + 70, 1000)] {
            let other = train(make(lanes, block), &config, &dataset);
            same_run(&format!("{lanes} lanes, blocks of {block}, {config:?}"), &one, &other);
        }
    }
}

#[test]
fn workgroups_do_not_matter() {
    let (config, dataset) = trainings().swap_remove(17);
    let extent = extent(config.batch, &dataset, 64);
    let make = |workgroup| support::gpu_with_workgroup(&config, &dataset, &extent, workgroup);
    let one = train(support::cpu(&config, &dataset, &extent), &config, &dataset);
    for workgroup in [8, 24, 32, 64, 256] {
        let other = train(make(workgroup), &config, &dataset);
        same_run(&format!("workgroups of {workgroup}, {config:?}"), &one, &other);
    }
}

/// The images of a minibatch are simulated as each would be alone: spikes, voltages, traces and
/// errors of every lane are those of a run with that lane only.
#[test]
fn lanes_are_as_if_alone() {
    let config = Config { layers: vec![40, 21, 10], batch: 6, ..Config::default() };
    let dataset = support::random_dataset(9, 8, 8, 12);
    let network = Network::initial(&config, dataset.pixels());
    let images = order(&config, &dataset, 1);
    let run = |images: &[Image]| -> (Shape, Vec<(Array, Vec<u32>)>) {
        let extent = extent(images.len(), &dataset, 64);
        let backend = support::cpu(&config, &dataset, &extent);
        let mut simulation =
            Simulation::new(backend, &config, &dataset, &network).expect("the backend takes it");
        simulation.train(images).expect("a minibatch runs");
        let backend = simulation.backend();
        let shape = backend.shape().clone();
        let arrays = shape.arrays().into_iter().filter(|&array| shape.has_lanes(array));
        let arrays: Vec<Array> = arrays.collect();
        let read = |array| (array, backend.read(array).expect("an array is read"));
        (shape, arrays.into_iter().map(read).collect())
    };
    let (shape, together) = run(&images[..6]);
    for lane in 0..6 {
        let (_, alone) = run(&images[lane..lane + 1]);
        for ((array, together), (_, alone)) in together.iter().zip(&alone) {
            let length = shape.lane_length(*array);
            let together = &together[lane * length..][..length];
            same_bits(&format!("lane {lane}: {array}"), together, alone);
        }
    }
}

/// A minibatch's update is the mean over its images: the gradient of a batch is that of its images
/// shown one by one, up to rounding.
#[test]
fn the_gradient_is_the_mean_over_the_minibatch() {
    let config =
        Config { layers: vec![30, 10], batch: 4, optimizer: Optimizer::Sgd, ..Config::default() };
    let dataset = support::random_dataset(3, 8, 8, 12);
    let network = Network::initial(&config, dataset.pixels());
    let images = order(&config, &dataset, 1);
    let gradient = |images: &[Image]| -> Vec<f32> {
        let extent = Extent { keeps_gradient: true, ..extent(images.len(), &dataset, 64) };
        let backend = support::cpu(&config, &dataset, &extent);
        let mut simulation =
            Simulation::new(backend, &config, &dataset, &network).expect("the backend takes it");
        simulation.train(images).expect("a minibatch runs");
        support::floats(simulation.backend(), Array::Gradient(0))
    };
    let together = gradient(&images[..4]);
    let alone: Vec<Vec<f32>> = images[..4].iter().map(|image| gradient(&[*image])).collect();
    let mut largest: f32 = 0.0;
    for (index, &value) in together.iter().enumerate() {
        let mean = alone.iter().map(|gradient| f64::from(gradient[index])).sum::<f64>() / 4.0;
        assert!((f64::from(value) - mean).abs() <= 1e-6 * (1.0 + mean.abs()), "weight {index}");
        largest = largest.max(value.abs());
    }
    assert!(largest > 1e-4, "the gradient is not all zero");
}

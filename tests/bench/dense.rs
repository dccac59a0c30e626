//! Dense form of the synaptic input, which `apical bench --dense` compares with the kernel.

use apical::bench::{LayerSize, MeasuredDevice, Operands, dense_products};
use apical::config::Config;
use apical::device::{BackendKind, DeviceOptions};
use apical::interface::{ArrayId, Kernel, STEPS_PER_WORD, ValuesRef, spike_count};
use apical::model::spikes::SpikeDistribution;
use apical::network::Network;
use apical::plan::Presentation;
use apical::simulation::Simulation;

use crate::support::{self, cpu, floats, integers, random_dataset};

/// More presynaptic neurons than a block of the dense form has. No size is a whole number of tiles.
const SIZE: LayerSize = LayerSize { n_pre: 600, units: 70 };
const SAMPLES: usize = 3;
const STEPS: usize = 29;

/// Operands of the dense form with the synaptic input that the kernel computes from them, `[samples, steps, units]`.
struct Case {
    counts: Vec<f32>,
    weights: Vec<f32>,
    synaptic_input: Vec<f32>,
}

impl Case {
    fn new(spike_distribution: SpikeDistribution) -> Self {
        let dataset = random_dataset(7, 20, 30, 10);
        let config = Config {
            layers: vec![SIZE.units, 10],
            phi_max: 0.6,
            spike_distribution,
            test_ms: STEPS as u32,
            test_average_from_ms: 0,
            ..Config::default()
        };
        let network = Network::initial(&config, dataset.pixels());
        let backend = cpu(&config, &dataset, &support::capacity(SAMPLES, 20, 512));
        let mut simulation = Simulation::new(backend, &config, &dataset, &network).unwrap();
        let image = |index| Presentation { index, label: 0, draw_index: 0, result_slot: index };
        let images: Vec<Presentation> = (0..SAMPLES).map(image).collect();
        let (minibatches, samples, mut launches) = simulation.prepare_test(&images);
        let kernels = [Kernel::EncodeSpikes, Kernel::SynapticInputSpikes];
        launches.retain(|launch| launch.layer == 0 && kernels.contains(&launch.kernel));
        let backend = simulation.backend();
        backend.run(&minibatches, &samples, &launches).unwrap();

        let shape = backend.shape().clone();
        let words = integers(backend, ArrayId::Spikes(0));
        let words: Vec<&[u32]> = words.chunks(shape.len_per_copy(ArrayId::Spikes(0))).collect();
        let first = (shape.history_words() * STEPS_PER_WORD) as usize;
        let count = |sample: usize, step: usize, pre: usize| {
            let word = words[sample][step / STEPS_PER_WORD as usize * SIZE.n_pre + pre];
            spike_count(word, step as u32) as f32
        };
        let rows = || (0..SAMPLES).flat_map(|sample| (0..STEPS).map(move |step| (sample, step)));
        let counts = rows()
            .flat_map(|(sample, step)| (0..SIZE.n_pre).map(move |pre| (sample, first + step, pre)))
            .map(|(sample, step, pre)| count(sample, step, pre));
        let inputs = floats(backend, ArrayId::SynapticInput(0));
        let length = shape.len_per_copy(ArrayId::SynapticInput(0));
        let history = shape.history_rows() as usize;
        let synaptic_input = inputs
            .chunks(length)
            .flat_map(|rows| rows[history * SIZE.units..].chunks(SIZE.units).take(STEPS))
            .flatten();
        let weights = floats(backend, ArrayId::Weights(0));
        Case {
            counts: counts.collect(),
            weights: weights[..SIZE.n_pre * SIZE.units].to_vec(),
            synaptic_input: synaptic_input.copied().collect(),
        }
    }

    /// Returns the results of the dense form.
    fn products(&self, backend: BackendKind) -> Vec<Vec<f32>> {
        let options = DeviceOptions { backend, threads: 2, ..DeviceOptions::default() };
        let device = MeasuredDevice::choose(&options).expect("there is a device");
        let Case { counts, weights, .. } = self;
        let operands = Operands { size: SIZE, steps: STEPS, counts, weights };
        dense_products(&device, &operands).expect("the product is computed")
    }
}

#[test]
fn dense_products_agree_with_the_kernel() {
    let case = Case::new(SpikeDistribution::Poisson);
    assert!(case.counts.iter().any(|&count| count > 1.0));
    for backend in [BackendKind::Cpu, BackendKind::Gpu] {
        for product in case.products(backend) {
            assert_eq!(product.len(), case.synaptic_input.len());
            for (index, (a, b)) in product.iter().zip(&case.synaptic_input).enumerate() {
                assert!((a - b).abs() < 1e-5 * (1.0 + b.abs()), "{backend:?}, {index}: {a}, {b}");
            }
        }
    }
}

/// A sum in ascending order does not change by terms of zero, and a product with a count of 1 is exact.
#[test]
fn dense_products_of_single_spikes_have_kernel_bits() {
    let case = Case::new(SpikeDistribution::Bernoulli);
    assert!(case.counts.iter().all(|&count| count <= 1.0));
    let products = case.products(BackendKind::Cpu);
    assert!(products.len() > 1);
    for product in &products {
        let [dense, kernel] = [product, &case.synaptic_input].map(|values| ValuesRef::F32(values));
        support::assert_same_bits("dense", dense, kernel);
    }
}

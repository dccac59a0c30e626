//! How much earlier than its phase's end each plateau potential comes, as both backends draw it: read off from
//! plateau potentials of networks that hear a known voltage at each of the times.

use std::sync::Arc;

use apical::config::{Config, Optimizer, PlateauTiming};
use apical::dataset::Dataset;
use apical::interface::{
    ArrayId, Backend, BatchParams, Kernel, Launch, Sample, Shape, plateau, window_mean,
};
use apical::model::plateau_timing::{MAX_LEAD, plateau_lead};
use apical::plan::{Capacity, Presentation, SampleBuilder, shape};
use statrs::distribution::{ContinuousCDF, Normal};

use super::{assert_fits, assert_independent, assert_rejected, chi_square, support};

const UNITS: usize = 1000;
const SAMPLES: usize = 8;
const SEEDS: [u64; 2] = [11, (1 << 40) + 11];
const FIRST_POSITION: u32 = 59_998;
/// Of the lower hidden layer and of the one above.
const LAYERS: usize = 2;

/// Draws of one network, sample, layer and phase, one for each neuron.
type Draws = Vec<usize>;

struct Setup {
    configs: Vec<Config>,
    dataset: Arc<Dataset>,
    shape: Shape,
    samples: Vec<Sample>,
    minibatches: Vec<BatchParams>,
}

fn setup() -> Setup {
    let config = |seed| Config {
        layers: vec![UNITS, UNITS, 10],
        plateau_timing: PlateauTiming::Random,
        batch_size: SAMPLES,
        optimizer: Optimizer::Sgd,
        seed,
        ..Config::default()
    };
    let configs: Vec<Config> = SEEDS.into_iter().map(config).collect();
    let dataset = support::random_dataset(1, 2, 2, SAMPLES);
    let capacity = Capacity { replicas: SEEDS.len(), ..support::capacity(SAMPLES, SAMPLES, 8) };
    let shape = shape(&configs[0], &dataset, &capacity);
    let lanes_of = |replica: usize| SampleBuilder::new(&configs[replica], SAMPLES);
    let sample = |replica: usize, index: usize| {
        let position = FIRST_POSITION + index as u32;
        let image = Presentation { index, label: 0, draw_index: position, result_slot: index };
        lanes_of(replica).training(&image).of_replica(&shape, replica, index)
    };
    let places =
        (0..SEEDS.len()).flat_map(|replica| (0..SAMPLES).map(move |index| (replica, index)));
    Setup {
        samples: places.map(|(replica, index)| sample(replica, index)).collect(),
        minibatches: (0..SEEDS.len())
            .map(|replica| lanes_of(replica).training_minibatch(SAMPLES, 0, 1, true))
            .collect(),
        configs,
        dataset,
        shape,
    }
}

/// The voltage that neurons hear so many steps early.
fn voltage(early: usize) -> f32 {
    early as f32 - 2.5
}

/// The draws behind plateau potentials, `[replicas][samples][layers][phases]`: a run of neurons each.
fn drawn(setup: &Setup, backend: &mut dyn Backend) -> Vec<Draws> {
    let earliest = MAX_LEAD as usize;
    let source = setup.shape.layers();
    let [rows, sources] = setup.shape.dims(ArrayId::WindowMeans(source));
    let mut traces = vec![0.0; rows * sources];
    for (phase, at_end) in
        [window_mean::FEEDBACK_FORWARD, window_mean::FEEDBACK_TARGET].into_iter().enumerate()
    {
        traces[at_end * sources] = voltage(0);
        for early in 1..=earliest {
            let row = window_mean::ROWS + phase * earliest + early - 1;
            traces[row * sources] = voltage(early);
        }
    }
    let traces = traces.repeat(setup.samples.len());
    backend
        .write(ArrayId::WindowMeans(source), bytemuck::cast_slice(&traces))
        .expect("traces are taken");
    // All hear the first source alone.
    let mut feedback = vec![0.0f32; sources * UNITS];
    feedback[..UNITS].fill(1.0);
    let feedback = feedback.repeat(SEEDS.len());
    let mut of_layers = Vec::new();
    for layer in 0..LAYERS {
        let array = ArrayId::Feedback(layer);
        backend.write(array, bytemuck::cast_slice(&feedback)).expect("feedback is taken");
        let launch = Launch { kernel: Kernel::Plateau, layer, first: 0, steps: 8 };
        backend.run(&setup.minibatches, &setup.samples, &[launch]).expect("the kernel runs");
        of_layers.push(support::floats(backend, ArrayId::Plateaus(layer)));
    }
    let early = |&plateau: &f32| {
        let heard = (plateau / (1.0 - plateau)).ln() - voltage(0);
        assert!((heard - heard.round()).abs() < 1e-3, "{plateau} is of none of the times");
        heard.round() as usize
    };
    let chunks = |layer: usize| of_layers[layer].chunks(UNITS).collect::<Vec<_>>();
    let chunks: Vec<_> = (0..LAYERS).map(chunks).collect();
    (0..setup.samples.len())
        .flat_map(|sample| (0..LAYERS).map(move |layer| (sample, layer)))
        .flat_map(|(sample, layer)| {
            chunks[layer][sample * plateau::ROWS..][..plateau::ROWS].iter().copied()
        })
        .map(|plateaus| plateaus.iter().map(early).collect())
        .collect()
}

/// Probabilities of 0, 1, .. steps: `min(|trunc N(0, sd)|, 5)`, by another library than the crate's.
fn probabilities(sd: f64) -> Vec<f64> {
    let normal = Normal::new(0.0, sd).expect("a spread");
    let least = |k: u32| if k == 0 { 1.0 } else { 2.0 * normal.cdf(-f64::from(k)) };
    (0..=MAX_LEAD).map(|k| if k == MAX_LEAD { least(k) } else { least(k) - least(k + 1) }).collect()
}

/// Networks, samples, layers and phases.
const SIZES: [usize; 4] = [SEEDS.len(), SAMPLES, LAYERS, plateau::ROWS];

/// Which draws belong to a network, sample, layer and phase.
fn index_of(place: [usize; 4]) -> usize {
    place.into_iter().zip(SIZES).fold(0, |index, (place, size)| index * size + place)
}

/// Network, sample, layer and phase of draws.
fn place_of(mut index: usize) -> [usize; 4] {
    let mut place = [0; 4];
    for (place, size) in place.iter_mut().zip(SIZES).rev() {
        (*place, index) = (index % size, index / size);
    }
    place
}

#[test]
fn plateaus_come_early_by_whole_parts_of_normal_times() {
    let setup = setup();
    let Setup { configs, dataset, shape, .. } = &setup;
    let mut cpu = support::cpu_of_shape(configs, dataset, shape.clone(), 0);
    let draws = drawn(&setup, cpu.as_mut());
    let mut gpu =
        support::gpu_of_shape(configs, dataset, shape.clone(), apical::gpu::DEFAULT_WORKGROUP_SIZE);
    assert!(draws == drawn(&setup, gpu.as_mut()), "the GPU draws others");

    // The numbers of `model.md`.
    let of_model = [0.261, 0.234, 0.188, 0.135, 0.087, 0.096];
    let exact = probabilities(3.0);
    assert!(exact.iter().zip(of_model).all(|(exact, rounded)| (exact - rounded).abs() < 6e-4));
    for phase in 0..plateau::ROWS {
        let all: Draws =
            draws.iter().skip(phase).step_by(plateau::ROWS).flatten().copied().collect();
        let what = format!("phase {phase}");
        assert_eq!(all.len(), SEEDS.len() * SAMPLES * LAYERS * UNITS);
        assert_fits(&what, chi_square(&all, &exact));
        assert_rejected(&format!("{what}, wider"), chi_square(&all, &probabilities(3.15)));
        assert_rejected(&format!("{what}, narrower"), chi_square(&all, &probabilities(2.85)));
        let late: Draws = all.iter().map(|&early| early.max(1)).collect();
        assert_rejected(&format!("{what}, none at the end"), chi_square(&late, &exact));
    }

    // Neither phases nor images, layers, networks or neurons share draws.
    let places = || (0..draws.len()).map(place_of);
    for (axis, name) in ["networks", "images", "layers", "phases"].into_iter().enumerate() {
        // No draw is in two pairs.
        let firsts = places().filter(|place| place[axis].is_multiple_of(2));
        let pairs = firsts.flat_map(|place| {
            let mut other = place;
            other[axis] += 1;
            draws[index_of(place)].iter().copied().zip(draws[index_of(other)].iter().copied())
        });
        assert_independent(name, &pairs.collect::<Vec<_>>(), &exact);
    }
    let neighbours = draws.iter().flat_map(|draws| draws.chunks(2)).map(|pair| (pair[0], pair[1]));
    assert_independent("a neuron and the next", &neighbours.collect::<Vec<_>>(), &exact);

    // What the host says of a neuron is what the backends draw.
    for (replica, seed) in SEEDS.into_iter().enumerate() {
        for (sample, layer) in [(0, 0), (SAMPLES - 1, 1)] {
            for unit in [0, 1, UNITS - 1] {
                let position = FIRST_POSITION + sample as u32;
                let early = plateau_lead(seed, layer as u32 + 1, position, unit as u32);
                for (phase, early) in early.into_iter().enumerate() {
                    assert_eq!(
                        draws[index_of([replica, sample, layer, phase])][unit],
                        early as usize
                    );
                }
            }
        }
    }
}

//! Lead of each plateau potential before its phase's end, as both backends draw it. The networks get a known
//! apical voltage for each lead, so the lead follows from the plateau potential.

use std::sync::Arc;

use apical::config::{Config, Optimizer, PlateauTiming};
use apical::dataset::Dataset;
use apical::interface::{
    ArrayId, Backend, BatchParams, Kernel, Launch, Sample, Shape, ValuesRef, plateau, window_mean,
};
use apical::model::plateau_timing::{MAX_LEAD, plateau_lead};
use apical::plan::{Capacity, Presentation, SampleBuilder, shape};
use statrs::distribution::{ContinuousCDF, Normal};

use super::{assert_fits, assert_independent, assert_rejected, chi_square, support};

const UNITS: usize = 1000;
const SAMPLES: usize = 8;
const SEEDS: [u64; 2] = [11, (1 << 40) + 11];
const FIRST_DRAW_INDEX: u32 = 59_998;
/// Number of hidden layers.
const LAYERS: usize = 2;

/// Leads drawn for one network, sample, layer and phase, [units], steps.
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
    let builder = |replica: usize| SampleBuilder::new(&configs[replica], SAMPLES);
    let sample = |(replica, index): (usize, usize)| {
        let draw_index = FIRST_DRAW_INDEX + index as u32;
        let image = Presentation { index, label: 0, draw_index, result_slot: index };
        builder(replica).training(&image).of_replica(&shape, replica, index)
    };
    let indices =
        (0..SEEDS.len()).flat_map(|replica| (0..SAMPLES).map(move |index| (replica, index)));
    Setup {
        samples: indices.map(sample).collect(),
        minibatches: (0..SEEDS.len())
            .map(|replica| builder(replica).training_minibatch(SAMPLES, 0, 1, true))
            .collect(),
        configs,
        dataset,
        shape,
    }
}

/// Returns the apical voltage at `lead` steps before a phase's end, mV.
fn voltage(lead: usize) -> f32 {
    lead as f32 - 2.5
}

/// Returns the leads behind the plateau potentials, `[replicas][samples][layers][phases]`.
fn drawn_leads(setup: &Setup, backend: &mut dyn Backend) -> Vec<Draws> {
    let max_lead = MAX_LEAD as usize;
    let population = setup.shape.layers();
    let [rows, n_feedback] = setup.shape.dims(ArrayId::WindowMeans(population));
    let mut means = vec![0.0; rows * n_feedback];
    for (phase, at_end) in
        [window_mean::FEEDBACK_FORWARD, window_mean::FEEDBACK_TARGET].into_iter().enumerate()
    {
        means[at_end * n_feedback] = voltage(0);
        for lead in 1..=max_lead {
            let row = window_mean::ROWS + phase * max_lead + lead - 1;
            means[row * n_feedback] = voltage(lead);
        }
    }
    let means = means.repeat(setup.samples.len());
    backend
        .write(ArrayId::WindowMeans(population), ValuesRef::F32(&means))
        .expect("window means are written");
    // Feedback comes from the first output neuron only.
    let mut feedback = vec![0.0f32; n_feedback * UNITS];
    feedback[..UNITS].fill(1.0);
    let feedback = feedback.repeat(SEEDS.len());
    let mut plateaus_of_layers = Vec::new();
    for layer in 0..LAYERS {
        let array = ArrayId::Feedback(layer);
        backend.write(array, ValuesRef::F32(&feedback)).expect("feedback is written");
        let launch = Launch { kernel: Kernel::Plateau, layer, first: 0, count: 8 };
        backend.run(&setup.minibatches, &setup.samples, &[launch]).expect("the kernel runs");
        plateaus_of_layers.push(support::floats(backend, ArrayId::Plateaus(layer)));
    }
    let lead = |&plateau: &f32| {
        let lead = (plateau / (1.0 - plateau)).ln() - voltage(0);
        assert!((lead - lead.round()).abs() < 1e-3, "{plateau} fits no lead");
        lead.round() as usize
    };
    let chunks = |layer: usize| plateaus_of_layers[layer].chunks(UNITS).collect::<Vec<_>>();
    let chunks: Vec<_> = (0..LAYERS).map(chunks).collect();
    (0..setup.samples.len())
        .flat_map(|sample| (0..LAYERS).map(move |layer| (sample, layer)))
        .flat_map(|(sample, layer)| {
            chunks[layer][sample * plateau::ROWS..][..plateau::ROWS].iter().copied()
        })
        .map(|plateaus| plateaus.iter().map(lead).collect())
        .collect()
}

/// Returns the probabilities of leads of 0, 1, .. steps, `min(|trunc N(0, sd)|, 5)`, from a library that the
/// crate does not use.
fn probabilities(sd: f64) -> Vec<f64> {
    let normal = Normal::new(0.0, sd).expect("the deviation is positive");
    let at_least = |k: u32| if k == 0 { 1.0 } else { 2.0 * normal.cdf(-f64::from(k)) };
    (0..=MAX_LEAD)
        .map(|k| if k == MAX_LEAD { at_least(k) } else { at_least(k) - at_least(k + 1) })
        .collect()
}

/// Numbers of networks, samples, layers and phases.
const SIZES: [usize; 4] = [SEEDS.len(), SAMPLES, LAYERS, plateau::ROWS];

/// Returns the index of the draws with coordinates [network, sample, layer, phase].
fn flat_index(coordinates: [usize; 4]) -> usize {
    coordinates.into_iter().zip(SIZES).fold(0, |index, (at, size)| index * size + at)
}

/// Returns the coordinates [network, sample, layer, phase] of the draws with an index.
fn coordinates(mut index: usize) -> [usize; 4] {
    let mut coordinates = [0; 4];
    for (at, size) in coordinates.iter_mut().zip(SIZES).rev() {
        (*at, index) = (index % size, index / size);
    }
    coordinates
}

#[test]
fn plateau_leads_follow_truncated_normal() {
    let setup = setup();
    let Setup { configs, dataset, shape, .. } = &setup;
    let mut cpu = support::cpu_of_shape(configs, dataset, shape.clone(), 0);
    let draws = drawn_leads(&setup, cpu.as_mut());
    let mut gpu =
        support::gpu_of_shape(configs, dataset, shape.clone(), apical::gpu::DEFAULT_WORKGROUP_SIZE);
    assert!(draws == drawn_leads(&setup, gpu.as_mut()), "the GPU draws other leads");

    // Probabilities rounded to three digits.
    let rounded = [0.261, 0.234, 0.188, 0.135, 0.087, 0.096];
    let exact = probabilities(3.0);
    assert!(exact.iter().zip(rounded).all(|(exact, rounded)| (exact - rounded).abs() < 6e-4));
    for phase in 0..plateau::ROWS {
        let all: Draws =
            draws.iter().skip(phase).step_by(plateau::ROWS).flatten().copied().collect();
        let label = format!("phase {phase}");
        assert_eq!(all.len(), SEEDS.len() * SAMPLES * LAYERS * UNITS);
        assert_fits(&label, chi_square(&all, &exact));
        assert_rejected(&format!("{label}, wider"), chi_square(&all, &probabilities(3.15)));
        assert_rejected(&format!("{label}, narrower"), chi_square(&all, &probabilities(2.85)));
        let never_zero: Draws = all.iter().map(|&lead| lead.max(1)).collect();
        assert_rejected(&format!("{label}, no lead of 0"), chi_square(&never_zero, &exact));
    }

    // Phases, images, layers, networks and neurons have independent draws.
    let all_coordinates = || (0..draws.len()).map(coordinates);
    for (axis, name) in ["networks", "images", "layers", "phases"].into_iter().enumerate() {
        // Each draw is in one pair only.
        let firsts = all_coordinates().filter(|first| first[axis].is_multiple_of(2));
        let pairs = firsts.flat_map(|first| {
            let mut other = first;
            other[axis] += 1;
            draws[flat_index(first)].iter().copied().zip(draws[flat_index(other)].iter().copied())
        });
        assert_independent(name, &pairs.collect::<Vec<_>>(), &exact);
    }
    let neighbours = draws.iter().flat_map(|draws| draws.chunks(2)).map(|pair| (pair[0], pair[1]));
    assert_independent("a neuron and the next", &neighbours.collect::<Vec<_>>(), &exact);

    // The host function computes the leads that the backends draw.
    for (replica, seed) in SEEDS.into_iter().enumerate() {
        for (sample, layer) in [(0, 0), (SAMPLES - 1, 1)] {
            for unit in [0, 1, UNITS - 1] {
                let draw_index = FIRST_DRAW_INDEX + sample as u32;
                let leads = plateau_lead(seed, layer as u32 + 1, draw_index, unit as u32);
                for (phase, lead) in leads.into_iter().enumerate() {
                    assert_eq!(
                        draws[flat_index([replica, sample, layer, phase])][unit],
                        lead as usize
                    );
                }
            }
        }
    }
}

//! Spike counts that the CPU backend draws for images and networks with known rates.

use std::ops::Range;
use std::sync::Arc;

use apical::config::Config;
use apical::dataset::Dataset;
use apical::interface::{ArrayId, COUNT_BITS, COUNT_MASK, STEPS_PER_WORD};
use apical::model::phases::PhaseJitter;
use apical::model::spikes::SpikeDistribution;
use apical::network::{Layer, Network};
use apical::plan::Presentation;
use apical::random::Split;
use apical::simulation::Simulation;

use super::{
    assert_fits, assert_independent, assert_rejected, chi_square, chi_square_of_pairs, support,
};

/// Pixel value of each image; all pixels of an image are equal.
const PIXELS: [u8; 4] = [255, 128, 10, 0];
/// Number of steps of a test image, or of both phases of a training image.
const STEPS: u32 = 300;

/// Spike counts of a population in one sample, [steps][units].
type Counts = Vec<Vec<usize>>;

fn config(layers: &[usize], phi_max: f64, spikes: SpikeDistribution, seed: u64) -> Config {
    let config = Config {
        layers: layers.to_vec(),
        phi_max,
        spike_distribution: spikes,
        seed,
        batch_size: PIXELS.len(),
        phase_ms: STEPS / 2,
        phase_jitter: PhaseJitter::None,
        test_ms: STEPS,
        ..Config::default()
    };
    config.validate(784, 2).expect("the settings are valid");
    config
}

/// Returns images of 28 x 28 equal pixels in two classes.
fn constant_images() -> Arc<Dataset> {
    let split = || (PIXELS.iter().flat_map(|&pixel| [pixel; 784]).collect(), vec![0, 1, 0, 1]);
    Arc::new(
        Dataset::from_parts("constant", 28, 28, split(), split()).expect("the data set is valid"),
    )
}

/// Simulates the constant images in one minibatch, all with label 0, in training or in a test.
fn simulate(config: &Config, network: &Network, split: Split) -> Simulation {
    let dataset = constant_images();
    let capacity = support::capacity(PIXELS.len(), PIXELS.len(), 64);
    let backend = support::cpu(config, &dataset, &capacity);
    let mut simulation =
        Simulation::new(backend, config, &dataset, network).expect("the network fits");
    let image =
        |index| Presentation { index, label: 0, draw_index: 70 + index as u32, result_slot: index };
    let images: Vec<Presentation> = (0..PIXELS.len()).map(image).collect();
    match split {
        Split::Training => simulation.train(&images),
        Split::Test => simulation.test(&images),
    }
    .expect("the minibatch runs");
    simulation
}

fn counts(simulation: &mut Simulation, population: usize, sample: usize) -> Counts {
    let array = ArrayId::Spikes(population);
    let words = support::integers(simulation.backend(), array);
    let shape = simulation.backend().shape();
    let units = shape.populations[population];
    let words = &words[sample * shape.len_per_copy(array)..][..shape.len_per_copy(array)];
    let count = |step: u32, unit: usize| {
        let row = (shape.history_words() + step / STEPS_PER_WORD) as usize;
        let word = words[row * units + unit];
        (word >> (step % STEPS_PER_WORD * COUNT_BITS) & COUNT_MASK) as usize
    };
    (0..STEPS).map(|step| (0..units).map(|unit| count(step, unit)).collect()).collect()
}

/// Returns pairs of counts whose steps and whose positions in `units` differ by `offsets`.
/// No two pairs share a draw, as the chi-square test requires.
fn pairs(
    counts: &Counts,
    steps: Range<usize>,
    units: &[usize],
    offsets: [usize; 2],
) -> Vec<(usize, usize)> {
    let is_first = |index: usize, offset: usize| offset == 0 || (index / offset).is_multiple_of(2);
    let [step_offset, unit_offset] = offsets;
    let steps = steps.start..steps.end - step_offset;
    let firsts = steps.filter(|&step| is_first(step, step_offset));
    firsts
        .flat_map(|step| {
            let firsts = (0..units.len() - unit_offset).filter(|&at| is_first(at, unit_offset));
            firsts.map(move |at| {
                (counts[step][units[at]], counts[step + step_offset][units[at + unit_offset]])
            })
        })
        .collect()
}

/// Returns the probabilities of 0, 1, .. spikes per step.
fn probabilities(rate: f64, draw: SpikeDistribution) -> Vec<f64> {
    let mut probability = (-rate).exp();
    let mut next = |k: usize| {
        let now = probability;
        probability *= rate / (k + 1) as f64;
        now
    };
    match draw {
        SpikeDistribution::Bernoulli => vec![1.0 - rate, rate, 0.0],
        SpikeDistribution::Poisson => (0..16).map(&mut next).collect(),
    }
}

/// Asserts that draws fit their rate and distribution, but no other rate or distribution.
fn assert_rate(label: &str, draws: &[usize], rate: f64, draw: SpikeDistribution) {
    let p = |rate, draw| chi_square(draws, &probabilities(rate, draw));
    assert_fits(label, p(rate, draw));
    // Off by sixteen standard deviations of the total number of spikes.
    let factor = 1.0 + 16.0 / (rate * draws.len() as f64).sqrt();
    for wrong in [rate * factor, rate / factor] {
        assert_rejected(&format!("{label}, as if {wrong} per step"), p(wrong, draw));
    }
    let other = match draw {
        SpikeDistribution::Poisson => SpikeDistribution::Bernoulli,
        SpikeDistribution::Bernoulli => SpikeDistribution::Poisson,
    };
    // At low rates both distributions are nearly equal: two spikes per step are rare.
    if rate > 0.05 {
        assert_rejected(&format!("{label}, as if {other:?}"), p(rate, other));
    }
}

#[test]
fn input_spikes_follow_pixel_rate() {
    for (seed, draw) in [(1, SpikeDistribution::Poisson), (2, SpikeDistribution::Bernoulli)] {
        for (phi_max, split) in [(0.2, Split::Training), (0.2, Split::Test), (0.9, Split::Test)] {
            let config = config(&[2], phi_max, draw, seed);
            let mut simulation = simulate(&config, &Network::initial(&config, 784), split);
            for (sample, pixel) in PIXELS.into_iter().enumerate() {
                let draws = counts(&mut simulation, 0, sample).concat();
                let label = format!("pixel {pixel}, phi_max {phi_max}, {draw:?}, {split:?}");
                if pixel == 0 {
                    assert!(draws.iter().all(|&count| count == 0), "{label}: a spike");
                } else {
                    assert_rate(&label, &draws, phi_max * f64::from(pixel) / 255.0, draw);
                }
            }
        }
    }
}

#[test]
fn input_spikes_of_distinct_draws_are_independent() {
    let bright_and_grey = |seed, split| {
        let config = config(&[2], 0.2, SpikeDistribution::Poisson, seed);
        let mut simulation = simulate(&config, &Network::initial(&config, 784), split);
        [0, 1].map(|sample| counts(&mut simulation, 0, sample))
    };
    let [bright, grey] = bright_and_grey(3, Split::Training);
    let full = probabilities(0.2, SpikeDistribution::Poisson);
    let pixels: Vec<usize> = (0..784).collect();
    // Steps: next, same word of the next draw, same step of the next word, next phase. Pixels: next, offsets
    // within a SIMD vector, same lane of the next vector, next row.
    for offsets in [[1, 0], [4, 0], [8, 0], [150, 0], [0, 1], [0, 4], [0, 16], [0, 28], [1, 1]] {
        let label = format!("{} steps and {} pixels apart", offsets[0], offsets[1]);
        assert_independent(&label, &pairs(&bright, 0..STEPS as usize, &pixels, offsets), &full);
    }
    let with = |other: &Counts| -> Vec<(usize, usize)> {
        bright.concat().into_iter().zip(other.concat()).collect()
    };
    let half = probabilities(0.2 * 128.0 / 255.0, SpikeDistribution::Poisson);
    assert_fits("two images", chi_square_of_pairs(&with(&grey), &full, &half));
    for (seed, split) in [(3, Split::Test), (4, Split::Training), (3 + (1 << 32), Split::Training)]
    {
        let [other, _] = bright_and_grey(seed, split);
        assert_independent(&format!("seed {seed}, {split:?}"), &with(&other), &full);
    }
    assert_eq!(bright_and_grey(3, Split::Training), [bright, grey], "equal seeds, other draws");
}

const BIASES: [f64; 6] = [-3.0, -1.0, 0.0, 0.5, 2.0, 9.0];
const UNITS: usize = 1200;
/// Number of steps until voltages have settled. Each step leaves 0.3 of a difference, or -0.7 under
/// teaching; after 50 steps 2e-8.
const SETTLED: usize = 50;

/// Returns a hidden and an output layer with zero weights and cyclic biases [`BIASES`].
fn biased_network() -> Network {
    let biases: Vec<f32> = (0..UNITS).map(|unit| BIASES[unit % BIASES.len()] as f32).collect();
    let layer = |n_pre, n_feedback| {
        let (weights, feedback) = (vec![0.0; UNITS * n_pre], vec![0.0; UNITS * n_feedback]);
        Layer::from_rows(UNITS, n_pre, &weights, &biases, &feedback).expect("the arrays fit")
    };
    Network { layers: vec![layer(784, UNITS), layer(UNITS, 0)] }
}

#[test]
fn neuron_spikes_follow_rate_of_voltage() {
    const HIDDEN: usize = 1;
    const OUTPUT: usize = 2;
    let sigmoid = |voltage: f64| 1.0 / (1.0 + (-voltage).exp());
    let draws = [0.2, 0.9].map(|phi_max| {
        [SpikeDistribution::Poisson, SpikeDistribution::Bernoulli].map(|draw| (phi_max, draw))
    });
    for (seed, (phi_max, draw)) in (10..).zip(draws.concat()) {
        let config = config(&[UNITS, UNITS], phi_max, draw, seed);
        let mut simulation = simulate(&config, &biased_network(), Split::Training);
        for population in [HIDDEN, OUTPUT] {
            let samples = [0, 1, 2, 3].map(|sample| counts(&mut simulation, population, sample));
            let check = |bias: f64, steps: Range<usize>, units: Range<usize>, voltage: f64| {
                let units: Vec<usize> =
                    units.filter(|unit| BIASES[unit % BIASES.len()] == bias).collect();
                let rows = samples.iter().flat_map(|sample| &sample[steps.clone()]);
                let draws = rows.flat_map(|row| units.iter().map(|&unit| row[unit]));
                let label =
                    format!("population {population}, C = {voltage}, phi_max {phi_max}, {draw:?}");
                let rate = phi_max * sigmoid(voltage);
                assert_rate(&label, &draws.collect::<Vec<_>>(), rate, draw);
                for offsets in [[1, 0], [8, 0], [0, 1], [0, 8]] {
                    let all = samples
                        .iter()
                        .flat_map(|sample| pairs(sample, steps.clone(), &units, offsets));
                    let all: Vec<_> = all.collect();
                    let probabilities = probabilities(rate, draw);
                    let label = format!("{label}, {offsets:?} steps and neurons apart");
                    // At low rates there are too few spikes to detect a dependence.
                    if rate < 0.05 {
                        let p = chi_square_of_pairs(&all, &probabilities, &probabilities);
                        assert_fits(&label, p);
                    } else {
                        assert_independent(&label, &all, &probabilities);
                    }
                }
            };
            let (forward, target) = (SETTLED..150, 150 + SETTLED..300);
            for bias in BIASES {
                let untaught = 0.6 / 0.7 * bias;
                check(bias, forward.clone(), 0..UNITS, untaught);
                if population == HIDDEN {
                    check(bias, target.clone(), 0..UNITS, untaught);
                } else {
                    // The label is class 0 of 2: the first half of the outputs are targets.
                    check(bias, target.clone(), 0..UNITS / 2, (0.6 * bias + 8.0) / 1.7);
                    check(bias, target.clone(), UNITS / 2..UNITS, (0.6 * bias - 8.0) / 1.7);
                }
            }
        }
    }
}

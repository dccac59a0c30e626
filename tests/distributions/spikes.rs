//! Spike counts, drawn by the CPU backend for images and networks for which the rates are known.

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

/// The byte of every pixel of an image, one image a sample.
const PIXELS: [u8; 4] = [255, 128, 10, 0];
/// Steps of both phases of a training image, or of a test image.
const STEPS: u32 = 300;

/// Spike counts of a population in one sample, `[steps][units]`.
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

/// Images of one byte value each, 28 x 28, of two classes.
fn constant_images() -> Arc<Dataset> {
    let half = || (PIXELS.iter().flat_map(|&pixel| [pixel; 784]).collect(), vec![0, 1, 0, 1]);
    Arc::new(Dataset::from_parts("constant", 28, 28, half(), half()).expect("a data set"))
}

/// Shows the constant images side by side, all with label 0, as the training or the test does.
fn shown(config: &Config, network: &Network, source: Split) -> Simulation {
    let dataset = constant_images();
    let capacity = support::capacity(PIXELS.len(), PIXELS.len(), 64);
    let backend = support::cpu(config, &dataset, &capacity);
    let mut simulation =
        Simulation::new(backend, config, &dataset, network).expect("the backend takes it");
    let image =
        |index| Presentation { index, label: 0, draw_index: 70 + index as u32, result_slot: index };
    let images: Vec<Presentation> = (0..PIXELS.len()).map(image).collect();
    match source {
        Split::Training => simulation.train(&images),
        Split::Test => simulation.test(&images),
    }
    .expect("the images are shown");
    simulation
}

fn counts(simulation: &mut Simulation, population: usize, sample: usize) -> Counts {
    let array = ArrayId::Spikes(population);
    let words = simulation.backend().read(array).expect("spikes are read");
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

/// Counts of neurons, each with that of the neuron `apart` steps later and places further in `units`.
/// No two pairs share a draw: only then does the test's distribution hold.
fn pairs(
    counts: &Counts,
    steps: Range<usize>,
    units: &[usize],
    apart: [usize; 2],
) -> Vec<(usize, usize)> {
    let is_first = |index: usize, apart: usize| apart == 0 || (index / apart).is_multiple_of(2);
    let [later, further] = apart;
    let steps = steps.start..steps.end - later;
    let firsts = steps.filter(|&step| is_first(step, later));
    firsts
        .flat_map(|step| {
            let places = (0..units.len() - further).filter(|&place| is_first(place, further));
            places.map(move |place| {
                (counts[step][units[place]], counts[step + later][units[place + further]])
            })
        })
        .collect()
}

/// Probabilities of 0, 1, .. spikes in a step.
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

/// Draws fit their rate, and neither another rate nor the other kind of draw.
fn assert_rate(what: &str, draws: &[usize], rate: f64, draw: SpikeDistribution) {
    let p = |rate, draw| chi_square(draws, &probabilities(rate, draw));
    assert_fits(what, p(rate, draw));
    // Sixteen standard deviations of the number of spikes: enough to tell when it is off by a few.
    let factor = 1.0 + 16.0 / (rate * draws.len() as f64).sqrt();
    for wrong in [rate * factor, rate / factor] {
        assert_rejected(&format!("{what}, as if {wrong} a step"), p(wrong, draw));
    }
    let other = match draw {
        SpikeDistribution::Poisson => SpikeDistribution::Bernoulli,
        SpikeDistribution::Bernoulli => SpikeDistribution::Poisson,
    };
    // Rare spikes hardly ever come two at a time: then the two kinds are one.
    if rate > 0.05 {
        assert_rejected(&format!("{what}, as if {other:?}"), p(rate, other));
    }
}

#[test]
fn input_spikes_have_the_rate_of_their_pixel() {
    for (seed, draw) in [(1, SpikeDistribution::Poisson), (2, SpikeDistribution::Bernoulli)] {
        for (phi_max, source) in [(0.2, Split::Training), (0.2, Split::Test), (0.9, Split::Test)] {
            let config = config(&[2], phi_max, draw, seed);
            let mut simulation = shown(&config, &Network::initial(&config, 784), source);
            for (sample, pixel) in PIXELS.into_iter().enumerate() {
                let draws = counts(&mut simulation, 0, sample).concat();
                let what = format!("pixel {pixel}, phi_max {phi_max}, {draw:?}, {source:?}");
                if pixel == 0 {
                    assert!(draws.iter().all(|&count| count == 0), "{what}: a spike");
                } else {
                    assert_rate(&what, &draws, phi_max * f64::from(pixel) / 255.0, draw);
                }
            }
        }
    }
}

#[test]
fn spikes_of_different_steps_pixels_images_and_seeds_are_independent() {
    let bright_and_grey = |seed, source| {
        let config = config(&[2], 0.2, SpikeDistribution::Poisson, seed);
        let mut simulation = shown(&config, &Network::initial(&config, 784), source);
        [0, 1].map(|sample| counts(&mut simulation, 0, sample))
    };
    let [bright, grey] = bright_and_grey(3, Split::Training);
    let full = probabilities(0.2, SpikeDistribution::Poisson);
    let pixels: Vec<usize> = (0..784).collect();
    // Neighbours, the same word of the next draw, the same step of the next word, the next phase; the
    // next row, the same lane of the next vector.
    for apart in [[1, 0], [4, 0], [8, 0], [150, 0], [0, 1], [0, 4], [0, 16], [0, 28], [1, 1]] {
        let what = format!("{} steps and {} pixels apart", apart[0], apart[1]);
        assert_independent(&what, &pairs(&bright, 0..STEPS as usize, &pixels, apart), &full);
    }
    let with = |other: &Counts| -> Vec<(usize, usize)> {
        bright.concat().into_iter().zip(other.concat()).collect()
    };
    let half = probabilities(0.2 * 128.0 / 255.0, SpikeDistribution::Poisson);
    assert_fits("two images", chi_square_of_pairs(&with(&grey), &full, &half));
    for (seed, source) in [(3, Split::Test), (4, Split::Training), (3 + (1 << 32), Split::Training)]
    {
        let [other, _] = bright_and_grey(seed, source);
        assert_independent(&format!("seed {seed}, {source:?}"), &with(&other), &full);
    }
    assert_eq!(bright_and_grey(3, Split::Training), [bright, grey], "the same draws again");
}

const BIASES: [f64; 6] = [-3.0, -1.0, 0.0, 0.5, 2.0, 9.0];
const UNITS: usize = 1200;
/// Steps after which voltages have settled: of a difference, 0.3 is left a step, or -0.7 under
/// teaching, thus 2e-8.
const SETTLED: usize = 50;

/// A hidden and an output layer without weights, whose biases are [`BIASES`] in turn.
fn biased_network() -> Network {
    let biases: Vec<f32> = (0..UNITS).map(|unit| BIASES[unit % BIASES.len()] as f32).collect();
    let layer = |below, sources| {
        let (weights, feedback) = (vec![0.0; UNITS * below], vec![0.0; UNITS * sources]);
        Layer::from_rows(UNITS, below, &weights, &biases, &feedback).expect("the arrays fit")
    };
    Network { layers: vec![layer(784, UNITS), layer(UNITS, 0)] }
}

#[test]
fn neurons_spike_at_the_rate_of_their_voltage() {
    const HIDDEN: usize = 1;
    const OUTPUT: usize = 2;
    let sigmoid = |voltage: f64| 1.0 / (1.0 + (-voltage).exp());
    let draws = [0.2, 0.9].map(|phi_max| {
        [SpikeDistribution::Poisson, SpikeDistribution::Bernoulli].map(|draw| (phi_max, draw))
    });
    for (seed, (phi_max, draw)) in (10..).zip(draws.concat()) {
        let config = config(&[UNITS, UNITS], phi_max, draw, seed);
        let mut simulation = shown(&config, &biased_network(), Split::Training);
        for population in [HIDDEN, OUTPUT] {
            let samples = [0, 1, 2, 3].map(|sample| counts(&mut simulation, population, sample));
            let check = |bias: f64, steps: Range<usize>, units: Range<usize>, voltage: f64| {
                let units: Vec<usize> =
                    units.filter(|unit| BIASES[unit % BIASES.len()] == bias).collect();
                let rows = samples.iter().flat_map(|sample| &sample[steps.clone()]);
                let draws = rows.flat_map(|row| units.iter().map(|&unit| row[unit]));
                let what =
                    format!("population {population}, C = {voltage}, phi_max {phi_max}, {draw:?}");
                let rate = phi_max * sigmoid(voltage);
                assert_rate(&what, &draws.collect::<Vec<_>>(), rate, draw);
                for apart in [[1, 0], [8, 0], [0, 1], [0, 8]] {
                    let all = samples
                        .iter()
                        .flat_map(|sample| pairs(sample, steps.clone(), &units, apart));
                    let all: Vec<_> = all.collect();
                    let probabilities = probabilities(rate, draw);
                    let what = format!("{what}, {apart:?} steps and neurons apart");
                    // So few spikes that a tie between some could not be seen.
                    if rate < 0.05 {
                        let p = chi_square_of_pairs(&all, &probabilities, &probabilities);
                        assert_fits(&what, p);
                    } else {
                        assert_independent(&what, &all, &probabilities);
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
                    // The label is class 0 of two: the first half of the outputs are targets.
                    check(bias, target.clone(), 0..UNITS / 2, (0.6 * bias + 8.0) / 1.7);
                    check(bias, target.clone(), UNITS / 2..UNITS, (0.6 * bias - 8.0) / 1.7);
                }
            }
        }
    }
}

//! Proves: random draws follow the model's distributions: spikes of the input and of neurons at a given
//! voltage, phase lengths, times of plateau potentials, initial weights and orders of images. Draws for
//! different purposes are independent. Each check also rejects a slightly wrong distribution.
//!
//! Does not prove: that the draws are used correctly (see `golden.rs`), or that a GPU draws the same
//! numbers (see `exactness.rs`). All seeds are fixed, so repeated runs give equal results.

#[path = "distributions/plateaus.rs"]
mod plateaus;
#[path = "distributions/spikes.rs"]
mod spikes;
#[path = "distributions/weights.rs"]
mod weights;

use std::collections::HashSet;

use apical::config::Config;
use apical::model::phases::{PhaseJitter, PhaseLengths};
use apical::random::{PhiloxRng, RngStream, Split, key, philox, philox_counter0};
use apical::train::order;
use rand::Rng;
use statrs::distribution::{ContinuousCDF, Normal, Uniform};
use statrs::stats_tests::NaNPolicy;
use statrs::stats_tests::chisquare::chisquare;
use statrs::stats_tests::ks_test::{KSOneSampleAlternativeMethod, ks_onesample};

use crate::support;

/// Significance level: a p-value below it rejects the distribution.
const REJECT: f64 = 1e-4;
/// Minimum expected count per bin; rarer outcomes are merged.
const MIN_EXPECTED: f64 = 5.0;

/// Returns the p-value of `draws` under `probabilities` of 0, 1, ..; the last bin includes all higher counts.
fn chi_square(draws: &[usize], probabilities: &[f64]) -> f64 {
    let mut counts = vec![0; probabilities.len()];
    for &draw in draws {
        counts[draw.min(probabilities.len() - 1)] += 1;
    }
    let mut outcomes: Vec<(usize, f64)> =
        counts.into_iter().zip(probabilities.iter().copied()).collect();
    if outcomes.iter().any(|&(count, probability)| count > 0 && probability == 0.0) {
        return 0.0;
    }
    outcomes.sort_by(|a, b| a.1.total_cmp(&b.1));
    let scale = draws.len() as f64 / probabilities.iter().sum::<f64>();
    let (mut observed, mut expected) = (Vec::new(), Vec::new());
    let (mut count, mut expectation) = (0, 0.0);
    for (outcome_count, probability) in outcomes {
        count += outcome_count;
        expectation += probability * scale;
        if expectation >= MIN_EXPECTED {
            observed.push(std::mem::take(&mut count));
            expected.push(std::mem::take(&mut expectation));
        }
    }
    chisquare(&observed, Some(&expected), None).expect("there are at least two bins").1
}

/// Returns the p-value of `pairs` if their members were independent draws from `first` and `second`.
fn chi_square_of_pairs(pairs: &[(usize, usize)], first: &[f64], second: &[f64]) -> f64 {
    let joint = first.iter().flat_map(|p| second.iter().map(move |q| p * q));
    let outcome =
        |a: usize, b: usize| a.min(first.len() - 1) * second.len() + b.min(second.len() - 1);
    let draws: Vec<usize> = pairs.iter().map(|&(a, b)| outcome(a, b)).collect();
    chi_square(&draws, &joint.collect::<Vec<_>>())
}

fn kolmogorov_smirnov(draws: &[f64], distribution: &impl ContinuousCDF<f64, f64>) -> f64 {
    let method = KSOneSampleAlternativeMethod::TwoSidedAsymptotic;
    ks_onesample(draws.to_vec(), distribution, method, NaNPolicy::Error).expect("there are draws").1
}

fn assert_fits(label: &str, p: f64) {
    assert!(p >= REJECT, "{label}: the distribution is rejected with p = {p:e}");
}

fn assert_rejected(label: &str, p: f64) {
    assert!(p < REJECT, "{label}: a wrong distribution passes with p = {p:e}");
}

/// Asserts that the members of pairs are independent, and that the test detects 10 % of equal pairs.
fn assert_independent(label: &str, pairs: &[(usize, usize)], probabilities: &[f64]) {
    let p = |pairs: &[_]| chi_square_of_pairs(pairs, probabilities, probabilities);
    assert_fits(label, p(pairs));
    let tied = pairs.iter().enumerate().map(|(i, &(a, b))| (a, if i % 10 == 0 { a } else { b }));
    assert_rejected(label, p(&tied.collect::<Vec<_>>()));
}

fn uniform(mean: f64, half_width: f64) -> Uniform {
    Uniform::new(mean - half_width, mean + half_width).expect("the half-width is positive")
}

#[test]
fn stream_is_uniform_between_minus_one_and_one() {
    let mut stream = PhiloxRng::new(5, RngStream::Weights, 2, 0);
    let draws: Vec<f64> = (0..200_000).map(|_| stream.uniform_signed()).collect();
    assert!(draws.iter().all(|draw| draw.abs() < 1.0));
    assert_fits("uniform", kolmogorov_smirnov(&draws, &uniform(0.0, 1.0)));
    assert_rejected("wider", kolmogorov_smirnov(&draws, &uniform(0.0, 1.02)));
    assert_rejected("moved", kolmogorov_smirnov(&draws, &uniform(0.01, 1.0)));
    let eighth = |draw: f64| ((draw + 1.0) * 4.0) as usize;
    let pairs: Vec<_> = draws.chunks(2).map(|pair| (eighth(pair[0]), eighth(pair[1]))).collect();
    assert_independent("one draw and the next", &pairs, &[0.125; 8]);
}

/// No two of many counters and keys give equal words, so each field of a draw reaches the counter or key.
#[test]
fn counters_of_distinct_draws_are_distinct() {
    let purposes = [
        RngStream::Spikes,
        RngStream::Thinning,
        RngStream::PhaseLength,
        RngStream::Order,
        RngStream::Weights,
        RngStream::Biases,
        RngStream::Feedback,
        RngStream::LowHalf,
        RngStream::Sparsity,
        RngStream::FeedbackNoise,
        RngStream::PlateauTime,
        RngStream::Shuffle,
        RngStream::Layout,
        RngStream::ApicalBiases,
        RngStream::Subset,
    ];
    let (mut blocks, mut count) = (HashSet::new(), 0);
    for seed in [0, 1, 1 << 31, 1 << 32, (1 << 40) + 1, u64::MAX] {
        for purpose in purposes {
            for (population, split) in [(0, Split::Training), (1, Split::Training)]
                .into_iter()
                .chain([(65, Split::Training), (0, Split::Test), (65, Split::Test)])
            {
                let head = philox_counter0(purpose, population, split as u32);
                for draw_index in [0, 1, 59_999, u32::MAX] {
                    for unit in [0, 1, 783, 1 << 20] {
                        for index in [0, 1, 2, 1 << 16] {
                            blocks.insert(philox([head, draw_index, unit, index], key(seed)));
                            count += 1;
                        }
                    }
                }
            }
        }
    }
    assert_eq!(blocks.len(), count);
    let first = |seed, purpose, population, substream| {
        let mut stream = PhiloxRng::new(seed, purpose, population, substream);
        [stream.next_u32(), stream.next_u32(), stream.next_u32()]
    };
    let same = first(1, RngStream::Weights, 2, 3);
    assert_eq!(same, first(1, RngStream::Weights, 2, 3));
    assert_ne!(same, first(2, RngStream::Weights, 2, 3));
    assert_ne!(same, first(1, RngStream::Biases, 2, 3));
    assert_ne!(same, first(1, RngStream::Weights, 1, 3));
    assert_ne!(same, first(1, RngStream::Weights, 2, 4));
}

/// Counters of neighbouring draws differ by one in one word.
#[test]
fn draws_of_neighbouring_counters_are_independent() {
    for axis in 0..6 {
        let pair = |i: u32| {
            let mut counter = [philox_counter0(RngStream::Spikes, 1, 0), 2 * i, 2 * (i % 500), 0];
            let mut key = [8, 0];
            let words = philox(counter, key);
            if axis < 4 {
                counter[axis] += 1
            } else {
                key[axis - 4] += 1
            }
            (words, philox(counter, key))
        };
        for word in 0..4 {
            // The highest three bits decide most spikes.
            let eighth = |words: [u32; 4]| (words[word] >> 29) as usize;
            let pairs = (0..50_000).map(pair).map(|(a, b)| (eighth(a), eighth(b)));
            let label = format!("word {word} of counters that differ in {axis}");
            assert_independent(&label, &pairs.collect::<Vec<_>>(), &[0.125; 8]);
        }
    }
}

/// Returns `P(X <= x)` of the inverse Gaussian with mean 2 and shape 1, from a library that the crate does not use.
fn inverse_gaussian_cdf(x: f64) -> f64 {
    let normal = Normal::standard();
    let z = (1.0 / x.max(1e-9)).sqrt();
    normal.cdf(z * (x / 2.0 - 1.0)) + 1f64.exp() * normal.cdf(-z * (x / 2.0 + 1.0))
}

/// Returns the probabilities of 0, 1, .. extra steps if `X + offset` is rounded down.
fn extra_probabilities(offset: f64) -> Vec<f64> {
    let below = |k: u32| inverse_gaussian_cdf(f64::from(k) - offset);
    (0..100).map(|k| if k == 99 { 1.0 - below(99) } else { below(k + 1) - below(k) }).collect()
}

#[test]
fn phase_lengths_follow_inverse_gaussian() {
    let lengths = PhaseLengths::new(50, PhaseJitter::InverseGaussian, 6);
    let extras: Vec<[usize; 2]> = (0..200_000)
        .map(|draw_index| lengths.draw(draw_index).map(|steps| steps as usize - 50))
        .collect();
    let probabilities = extra_probabilities(0.0);
    let rounded = extra_probabilities(0.5);
    for (phase, name) in ["forward", "target"].into_iter().enumerate() {
        let extras: Vec<usize> = extras.iter().map(|extra| extra[phase]).collect();
        assert_fits(name, chi_square(&extras, &probabilities));
        assert_rejected(name, chi_square(&extras, &rounded));
        // Frequencies in the authors' draws.
        let fraction = |is: fn(usize) -> bool| {
            extras.iter().filter(|&&extra| is(extra)).count() as f64 / extras.len() as f64
        };
        assert!((fraction(|extra| extra == 0) - 0.490).abs() < 0.005, "{name}");
        assert!((fraction(|extra| extra == 1) - 0.224).abs() < 0.005, "{name}");
        let at_most_14 = fraction(|extra| extra <= 14);
        assert!((0.99..0.995).contains(&at_most_14), "{name}: {at_most_14} at most 14");
        let mean = extras.iter().sum::<usize>() as f64 / extras.len() as f64;
        assert!((mean - 1.52).abs() < 0.04, "{name}: mean {mean}");
    }
    let few: Vec<f64> = (0..6)
        .map(|k| if k == 5 { probabilities[5..].iter().sum() } else { probabilities[k] })
        .collect();
    let of_one_image: Vec<_> = extras.iter().map(|&[forward, target]| (forward, target)).collect();
    assert_independent("forward and target", &of_one_image, &few);
    let of_neighbours: Vec<_> =
        extras.chunks(2).map(|images| (images[0][0], images[1][0])).collect();
    assert_independent("one image and the next", &of_neighbours, &few);
    let fixed = PhaseLengths::new(50, PhaseJitter::None, 6);
    assert!((0..1000).all(|draw_index| fixed.draw(draw_index) == [50, 50]));
    let other = PhaseLengths::new(50, PhaseJitter::InverseGaussian, 7);
    assert!((0..100).any(|draw_index| lengths.draw(draw_index) != other.draw(draw_index)));
}

#[test]
fn epoch_order_is_a_uniform_permutation() {
    const COUNT: usize = 12;
    const EPOCHS: u32 = 12_000;
    let dataset = support::random_dataset(1, 2, 2, COUNT);
    let config = Config { seed: 9, ..Config::default() };
    let mut orders = HashSet::new();
    let (mut positions, mut pairs) = (Vec::new(), Vec::new());
    for epoch in 1..=EPOCHS {
        let images = order(&config, &dataset, epoch);
        let indices: Vec<usize> = images.iter().map(|image| image.index).collect();
        let position =
            |index| indices.iter().position(|&at| at == index).expect("the image is shown");
        let mut sorted = indices.clone();
        sorted.sort_unstable();
        assert!(sorted.into_iter().eq(0..COUNT), "epoch {epoch}: {indices:?}");
        for (slot, image) in images.iter().enumerate() {
            assert_eq!(image.label, dataset.labels()[image.index]);
            assert_eq!(
                (image.result_slot, image.draw_index),
                (slot, (epoch - 1) * COUNT as u32 + slot as u32)
            );
        }
        positions.push(position(COUNT - 1));
        // The second position is counted without the first image's position.
        pairs.push((position(0), position(1) - usize::from(position(1) > position(0))));
        orders.insert(indices);
    }
    // 12,000 of 12! orders are all different with a probability of 86 %; with this seed they are.
    assert_eq!(orders.len(), EPOCHS as usize);
    let equal = |count: usize| vec![1.0 / count as f64; count];
    assert_fits("position of the last image", chi_square(&positions, &equal(COUNT)));
    let p = chi_square_of_pairs(&pairs, &equal(COUNT), &equal(COUNT - 1));
    assert_fits("positions of the first two images", p);

    // A common mistake: a swap of each element with any other one makes some positions more likely.
    let mut random = support::random(9);
    let swapped: Vec<usize> = (0..EPOCHS)
        .map(|_| {
            let mut indices: Vec<usize> = (0..COUNT).collect();
            for i in 0..COUNT {
                indices.swap(i, random.next_u32() as usize % COUNT);
            }
            indices.iter().position(|&index| index == COUNT - 1).expect("the image is in the order")
        })
        .collect();
    assert_rejected("a biased shuffle", chi_square(&swapped, &equal(COUNT)));

    let of_seed = |seed| order(&Config { seed, ..Config::default() }, &dataset, 1);
    assert_eq!(of_seed(9), order(&config, &dataset, 1));
    assert_ne!(of_seed(10), of_seed(9));
}

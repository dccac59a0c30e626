//! t-SNE (van der Maaten & Hinton 2008): an embedding in the plane in which similar points are close.
//!
//! Exact, over all pairs of points, for some thousands of them. The result depends on the seed alone: each point sums
//! over the others in their order, whatever the number of threads.

use rayon::prelude::*;

use crate::interface::Stop;
use crate::random::{PhiloxRng, RngStream};

/// Effective number of neighbours.
const PERPLEXITY: f64 = 30.0;
const STEPS: usize = 600;
/// Number of initial steps with stronger attraction, so that clusters form.
const EXAGGERATED_STEPS: usize = 150;
const EXAGGERATION: f64 = 12.0;
/// Momentum during these steps, and afterwards.
const MOMENTUM: [f64; 2] = [0.5, 0.8];
/// Half width of the initial embedding.
const START: f64 = 1e-2;
/// Number of bisection steps to fit a kernel's width to the perplexity.
const HALVINGS: usize = 60;

/// Embeds `points` points with features `[points, features]`. Returns their positions, `None` if a stop was requested.
///
/// # Panics
/// Panics unless the number of features is a multiple of the number of points.
pub fn tsne(features: &[f64], points: usize, seed: u64, stop: &Stop) -> Option<Vec<[f64; 2]>> {
    assert!(
        features.len().is_multiple_of(points.max(1)),
        "{} features of {points} points",
        features.len()
    );
    if points < 2 || features.is_empty() {
        // One point or no features: nothing to compare.
        return Some(vec![[0.0; 2]; points]);
    }
    let affinities = affinities(features, points);
    let mut stream = PhiloxRng::new(seed, RngStream::Layout, 0, 0);
    let mut start = || START * stream.uniform_signed();
    let mut positions: Vec<[f64; 2]> = (0..points).map(|_| [start(), start()]).collect();
    let mut steps = vec![[0.0; 2]; points];
    let mut gains = vec![[1.0; 2]; points];
    // Learning rate proportional to the number of points (Belkina et al. 2019).
    let rate = (points as f64 / EXAGGERATION).max(50.0);
    for step in 0..STEPS {
        if stop.is_requested() {
            return None;
        }
        let is_exaggerated = step < EXAGGERATED_STEPS;
        let exaggeration = if is_exaggerated { EXAGGERATION } else { 1.0 };
        let momentum = MOMENTUM[usize::from(!is_exaggerated)];
        let gradients = gradient(&affinities, &positions, exaggeration);
        for point in 0..points {
            for axis in 0..2 {
                let (gradient, step) = (gradients[point][axis], &mut steps[point][axis]);
                let gain = &mut gains[point][axis];
                let turns = (gradient > 0.0) == (*step > 0.0);
                // Smaller steps after a change of direction, larger ones otherwise (Jacobs 1988).
                *gain = f64::max(if turns { *gain * 0.8 } else { *gain + 0.2 }, 0.01);
                *step = momentum * *step - rate * *gain * gradient;
                positions[point][axis] += *step;
            }
        }
    }
    Some(positions)
}

/// Returns the symmetric affinities of all pairs, `[points, points]`, of sum 1: Gaussian kernels around each point,
/// adapted to its neighbourhood.
fn affinities(features: &[f64], points: usize) -> Vec<f64> {
    let size = features.len() / points.max(1);
    let perplexity = PERPLEXITY.min((points.saturating_sub(1)) as f64 / 3.0).max(1.0);
    let rows: Vec<Vec<f64>> = features
        .par_chunks(size.max(1))
        .enumerate()
        .map(|(own, row)| {
            let distance = |other: &[f64]| -> f64 {
                row.iter().zip(other).map(|(a, b)| (a - b) * (a - b)).sum()
            };
            let distances: Vec<f64> = features.chunks(size.max(1)).map(distance).collect();
            neighbourhood(&distances, own, perplexity)
        })
        .collect();
    let pair = |i: usize, j: usize| (rows[i][j] + rows[j][i]) / (2.0 * points as f64);
    (0..points).flat_map(|i| (0..points).map(move |j| pair(i, j))).collect()
}

/// Returns the weights of all points for one of them, of sum 1. Their entropy is the logarithm of the perplexity.
fn neighbourhood(distances: &[f64], own: usize, perplexity: f64) -> Vec<f64> {
    let others = || (0..distances.len()).filter(|&other| other != own);
    let nearest = others().map(|other| distances[other]).fold(f64::INFINITY, f64::min);
    let weights = |sharpness: f64| -> (Vec<f64>, f64) {
        let mut weights = vec![0.0; distances.len()];
        for other in others() {
            weights[other] = (-(distances[other] - nearest) * sharpness).exp();
        }
        let sum: f64 = weights.iter().sum();
        weights.iter_mut().for_each(|weight| *weight /= sum);
        let terms =
            weights.iter().filter(|&&weight| weight > 0.0).map(|weight| weight * weight.ln());
        let entropy = -terms.sum::<f64>();
        (weights, entropy)
    };
    let (mut low, mut high) = (0.0, f64::INFINITY);
    let mut sharpness = 1.0;
    for _ in 0..HALVINGS {
        if weights(sharpness).1 > perplexity.ln() {
            low = sharpness;
        } else {
            high = sharpness;
        }
        sharpness = if high.is_finite() { (low + high) / 2.0 } else { sharpness * 2.0 };
    }
    weights(sharpness).0
}

/// Returns the gradient of the Kullback-Leibler divergence with respect to each position.
fn gradient(affinities: &[f64], positions: &[[f64; 2]], exaggeration: f64) -> Vec<[f64; 2]> {
    let kernel = |one: &[f64; 2], other: &[f64; 2]| {
        let [x, y] = [one[0] - other[0], one[1] - other[1]];
        1.0 / (1.0 + x * x + y * y)
    };
    let of_point = |position: &[f64; 2]| -> f64 {
        positions.iter().map(|other| kernel(position, other)).sum()
    };
    // Exclude each point's kernel with itself, 1.
    let sums: Vec<f64> = positions.par_iter().map(of_point).collect();
    let total = sums.iter().sum::<f64>() - positions.len() as f64;
    let of_point = |(position, row): (&[f64; 2], &[f64])| {
        let mut gradient = [0.0; 2];
        for (other, affinity) in positions.iter().zip(row) {
            let weight = kernel(position, other);
            let pull = 4.0 * (exaggeration * affinity - weight / total) * weight;
            gradient[0] += pull * (position[0] - other[0]);
            gradient[1] += pull * (position[1] - other[1]);
        }
        gradient
    };
    positions.par_iter().zip(affinities.par_chunks(positions.len().max(1))).map(of_point).collect()
}

/// Returns the fraction of the `count` nearest neighbours that have a point's label, averaged over all points, 0 to 1.
///
/// # Panics
/// Panics if there are fewer labels than points.
pub fn neighbours_agree(points: &[[f64; 2]], labels: &[u8], count: usize) -> f64 {
    let of_point = |own: usize| {
        let distance = |other: usize| {
            let [x, y] = [0, 1].map(|axis| points[other][axis] - points[own][axis]);
            x * x + y * y
        };
        let mut others: Vec<usize> = (0..points.len()).filter(|&other| other != own).collect();
        others.sort_by(|&a, &b| distance(a).total_cmp(&distance(b)));
        others.iter().take(count).filter(|&&other| labels[other] == labels[own]).count()
    };
    let alike: usize = (0..points.len()).into_par_iter().map(of_point).sum();
    alike as f64 / (points.len() * count).max(1) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns three clusters of `each` points in five dimensions, with labels.
    fn clusters(each: usize) -> (Vec<f64>, Vec<u8>) {
        let mut stream = PhiloxRng::new(3, RngStream::Layout, 1, 0);
        let labels: Vec<u8> = (0..3 * each).map(|point| (point % 3) as u8).collect();
        let feature = |label: u8, axis: usize, noise: f64| {
            if usize::from(label) == axis { 4.0 + noise } else { noise }
        };
        let features = labels
            .iter()
            .flat_map(|&label| (0..5).map(move |axis| (label, axis)))
            .map(|(label, axis)| feature(label, axis, stream.uniform_signed()))
            .collect();
        (features, labels)
    }

    #[test]
    fn separate_clusters_stay_separate() {
        let (features, labels) = clusters(40);
        let positions = tsne(&features, labels.len(), 1, &Stop::default()).unwrap();
        assert!(positions.iter().flatten().all(|position| position.is_finite()));
        assert_eq!(neighbours_agree(&positions, &labels, 10), 1.0);
    }

    #[test]
    fn few_or_equal_points_have_finite_positions() {
        for points in 0..5 {
            let positions = tsne(&vec![1.0; 3 * points], points, 1, &Stop::default()).unwrap();
            assert_eq!(positions.len(), points);
            assert!(positions.iter().flatten().all(|position| position.is_finite()), "{points}");
        }
    }

    #[test]
    fn embedding_depends_on_seed_not_threads() {
        let (features, labels) = clusters(20);
        let with_threads = |threads: usize, seed| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| tsne(&features, labels.len(), seed, &Stop::default()).unwrap())
        };
        assert_eq!(with_threads(1, 1), with_threads(3, 1));
        assert_ne!(with_threads(1, 1), with_threads(1, 2));
    }

    #[test]
    fn gradient_matches_finite_differences() {
        let (features, labels) = clusters(4);
        let points = labels.len();
        let affinities = affinities(&features, points);
        let mut stream = PhiloxRng::new(4, RngStream::Layout, 2, 0);
        let mut positions: Vec<[f64; 2]> =
            (0..points).map(|_| [stream.uniform_signed(), stream.uniform_signed()]).collect();
        let divergence = |positions: &[[f64; 2]]| -> f64 {
            let kernel = |i: usize, j: usize| {
                let [x, y] = [0, 1].map(|axis| positions[i][axis] - positions[j][axis]);
                1.0 / (1.0 + x * x + y * y)
            };
            let pairs = || {
                (0..points).flat_map(|i| (0..points).map(move |j| (i, j))).filter(|(i, j)| i != j)
            };
            let total: f64 = pairs().map(|(i, j)| kernel(i, j)).sum();
            let term = |(i, j): (usize, usize)| {
                let affinity: f64 = affinities[i * points + j];
                affinity * (affinity.max(1e-300) / (kernel(i, j) / total)).ln()
            };
            pairs().map(term).sum()
        };
        let gradients = gradient(&affinities, &positions, 1.0);
        const STEP: f64 = 1e-6;
        for (point, axis) in [(0, 0), (5, 1), (11, 0)] {
            let middle = positions[point][axis];
            let mut at = |position: f64| {
                positions[point][axis] = position;
                divergence(&positions)
            };
            let slope = (at(middle + STEP) - at(middle - STEP)) / (2.0 * STEP);
            at(middle);
            let difference = (gradients[point][axis] - slope).abs();
            assert!(difference < 1e-6, "{} and {slope}", gradients[point][axis]);
        }
    }

    #[test]
    fn neighbourhood_entropy_matches_perplexity() {
        let distances: Vec<f64> = (0..100).map(|i| f64::from(i) * 0.1).collect();
        let weights = neighbourhood(&distances, 0, 20.0);
        let entropy: f64 =
            -weights.iter().filter(|w| **w > 0.0).map(|weight| weight * weight.ln()).sum::<f64>();
        assert!((entropy.exp() - 20.0).abs() < 1e-6);
        assert_eq!(weights[0], 0.0);
        assert!((weights.iter().sum::<f64>() - 1.0).abs() < 1e-12);
    }
}

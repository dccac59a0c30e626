//! Stratified subsets. The first N images represent a set only if their order is independent of their classes, but
//! many files are sorted by class.

use rand::seq::SliceRandom;

use crate::random::{PhiloxRng, RngStream};

/// Seed of the order of [`stratified`]. Fixed, so that all runs use the same images.
const SEED: u64 = 0;
/// Accepted excess of equal neighbours over the mean of shuffled data, standard deviations.
const NEIGHBOUR_TOLERANCE: f64 = 3.0;
/// Accepted deviation of a class's count in a subset from its mean, in standard deviations, plus one image.
const SHARE_TOLERANCE: f64 = 4.0;

/// Returns the number of labels per class. Labels are below 256.
pub(super) fn counts(labels: &[u8]) -> [usize; 256] {
    let mut counts = [0; 256];
    for &label in labels {
        counts[usize::from(label)] += 1;
    }
    counts
}

/// Returns whether at most as many neighbours share a class as in shuffled data. Sets sorted by class or in blocks of
/// classes are not shuffled.
pub(super) fn is_shuffled(labels: &[u8]) -> bool {
    let count = labels.len() as f64;
    let shares = counts(labels).map(|of_class| of_class as f64 / count);
    let chance: f64 = shares.iter().map(|share| share * share).sum();
    let mean: f64 = shares.iter().map(|share| share * (share * count - 1.0).max(0.0)).sum();
    let deviation = (count * chance * (1.0 - chance)).sqrt();
    let equal = labels.windows(2).filter(|pair| pair[0] == pair[1]).count();
    equal as f64 <= mean + NEIGHBOUR_TOLERANCE * deviation
}

/// Returns whether each class has about its share among the first `count` labels, as in a random sample.
pub(super) fn is_fair(labels: &[u8], count: usize) -> bool {
    let (all, drawn) = (labels.len() as f64, count as f64);
    let (of_all, of_part) = (counts(labels), counts(&labels[..count]));
    of_all.iter().zip(of_part).all(|(&of_all, of_part)| {
        let share = of_all as f64 / all;
        // Variance of the hypergeometric distribution.
        let variance = drawn * share * (1.0 - share) * (all - drawn) / (all - 1.0).max(1.0);
        (of_part as f64 - drawn * share).abs() <= SHARE_TOLERANCE * variance.sqrt() + 1.0
    })
}

/// Returns an order of the labels in which any run has each class in its share. The classes are evenly interleaved,
/// the images of a class shuffled.
pub(super) fn stratified(labels: &[u8]) -> Vec<usize> {
    let mut of_class: Vec<Vec<usize>> = vec![Vec::new(); 256];
    for (index, &label) in labels.iter().enumerate() {
        of_class[usize::from(label)].push(index);
    }
    let mut positions = Vec::with_capacity(labels.len());
    for (class, mut indices) in of_class.into_iter().enumerate() {
        indices.shuffle(&mut PhiloxRng::new(SEED, RngStream::Subset, class as u32, 0));
        let count = indices.len();
        let position = |(number, index): (usize, usize)| (2 * number + 1, count, class, index);
        positions.extend(indices.into_iter().enumerate().map(position));
    }
    // Sort by the relative position in the class, (number + 1/2) / count.
    positions.sort_by(|(a, of_a, class_a, _), (b, of_b, class_b, _)| {
        (a * of_b).cmp(&(b * of_a)).then(class_a.cmp(class_b))
    });
    positions.into_iter().map(|(.., index)| index).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sorted(count: usize, classes: usize) -> Vec<u8> {
        (0..count).map(|index| (index * classes / count) as u8).collect()
    }

    #[test]
    fn sorted_and_blocked_labels_are_not_shuffled() {
        assert!(!is_shuffled(&sorted(300, 3)));
        assert!(!is_shuffled(&sorted(12, 3)));
        // Blocks of ten, and two shuffled halves with different classes.
        let blocks: Vec<u8> = (0..300).map(|index| (index / 10 % 3) as u8).collect();
        assert!(!is_shuffled(&blocks));
        let mut splits = sorted(2000, 10);
        splits[..1000].shuffle(&mut PhiloxRng::new(1, RngStream::Shuffle, 0, 0));
        splits[1000..].shuffle(&mut PhiloxRng::new(2, RngStream::Shuffle, 0, 0));
        assert!(!is_shuffled(&splits));
    }

    #[test]
    fn shuffled_and_alternating_labels_are_shuffled() {
        for seed in 0..5 {
            let mut labels = sorted(1000, 10);
            labels.shuffle(&mut PhiloxRng::new(seed, RngStream::Shuffle, 0, 0));
            assert!(is_shuffled(&labels), "seed {seed}");
            assert!(
                [2, 10, 100, 500, 900].into_iter().all(|count| is_fair(&labels, count)),
                "seed {seed}"
            );
        }
        let alternating: Vec<u8> = (0..300).map(|index| (index % 10) as u8).collect();
        assert!(is_shuffled(&alternating));
        assert!(is_shuffled(&[3]));
    }

    #[test]
    fn subset_with_other_shares_is_not_fair() {
        let mut labels = sorted(300, 3);
        labels[..250].shuffle(&mut PhiloxRng::new(1, RngStream::Shuffle, 0, 0));
        assert!(!is_fair(&labels, 250));
        assert!(is_fair(&labels, 300));
    }

    #[test]
    fn stratified_runs_have_each_class_in_its_share() {
        let labels = [&sorted(300, 3)[..], &[3; 30]].concat();
        let order = stratified(&labels);
        let mut all = order.clone();
        all.sort_unstable();
        assert!(all.into_iter().eq(0..330), "each image once");
        let ordered: Vec<u8> = order.iter().map(|&index| labels[index]).collect();
        for start in [0, 100, 297] {
            let counts = counts(&ordered[start..start + 33]);
            for (class, expected) in [10, 10, 10, 3].into_iter().enumerate() {
                assert!(counts[class].abs_diff(expected) <= 1, "class {class}: {counts:?}");
            }
        }
        let of_first: Vec<usize> = order.iter().copied().filter(|&index| index < 100).collect();
        assert!(!of_first.is_sorted(), "images of a class are shuffled");
    }
}

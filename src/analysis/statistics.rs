//! Mean, standard deviation, quantiles, correlation, angle, histogram, linear least squares.

use serde::Serialize;

/// Returns the mean, NaN if there are no values.
pub fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

/// Mean and spread of a quantity over networks with different seeds.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct MeanSd {
    /// Mean over the networks, in the unit of the quantity.
    pub mean: f64,
    /// Sample standard deviation, with n - 1 degrees of freedom; `None` for one network.
    pub sd: Option<f64>,
    /// Standard error of the mean.
    pub sem: Option<f64>,
}

impl MeanSd {
    /// Returns the statistics of at least one value.
    pub fn of(values: &[f64]) -> Self {
        let count = values.len() as f64;
        let mean = mean(values);
        let squares = values.iter().map(|value| (value - mean) * (value - mean));
        let sd = (values.len() > 1).then(|| (squares.sum::<f64>() / (count - 1.0)).sqrt());
        MeanSd { mean, sd, sem: sd.map(|sd| sd / count.sqrt()) }
    }
}

/// Returns the quantile at `fraction`, 0 to 1, interpolated linearly between sorted values; NaN if there are no values.
fn quantile(values: &[f64], fraction: f64) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let Some(last) = sorted.len().checked_sub(1) else {
        return f64::NAN;
    };
    let position = fraction.clamp(0.0, 1.0) * last as f64;
    let lower = position.floor() as usize;
    let upper = (lower + 1).min(last);
    sorted[lower] + (position - lower as f64) * (sorted[upper] - sorted[lower])
}

/// Returns the median, NaN if there are no values.
pub fn median(values: &[f64]) -> f64 {
    quantile(values, 0.5)
}

/// Returns the interquartile range divided by the median.
pub fn relative_iqr(values: &[f64]) -> f64 {
    (quantile(values, 0.75) - quantile(values, 0.25)) / median(values)
}

/// Returns Pearson's correlation, NaN if either input is constant.
pub fn correlation(one: &[f64], other: &[f64]) -> f64 {
    let means = [mean(one), mean(other)];
    let (mut product, mut squares) = (0.0, [0.0, 0.0]);
    for (one, other) in one.iter().zip(other) {
        let differences = [one - means[0], other - means[1]];
        product += differences[0] * differences[1];
        squares[0] += differences[0] * differences[0];
        squares[1] += differences[1] * differences[1];
    }
    product / (squares[0] * squares[1]).sqrt()
}

/// Returns the angle between two vectors, NaN if either is zero; 0 to 180, degrees.
pub fn angle(one: &[f64], other: &[f64]) -> f64 {
    let product = |one: &[f64], other: &[f64]| -> f64 {
        one.iter().zip(other).map(|(one, other)| one * other).sum()
    };
    let lengths = (product(one, one) * product(other, other)).sqrt();
    (product(one, other) / lengths).clamp(-1.0, 1.0).acos().to_degrees()
}

/// Returns the fraction of the values in each of `bars` intervals of equal width, from 0 to 1. Values beyond the range
/// count in the nearest interval. NaN does not count.
pub fn histogram(values: &[f64], [low, high]: [f64; 2], bars: usize) -> Vec<f64> {
    let mut counts = vec![0usize; bars];
    let Some(last) = bars.checked_sub(1) else { return Vec::new() };
    let width = (high - low) / bars as f64;
    for value in values.iter().filter(|value| !value.is_nan()) {
        // The conversion saturates values below the range at 0.
        let bar = ((value - low) / width) as usize;
        counts[bar.min(last)] += 1;
    }
    let all = counts.iter().sum::<usize>().max(1) as f64;
    counts.into_iter().map(|count| count as f64 / all).collect()
}

/// Returns the coefficients of the columns of `rows` that fit `values` by linear least squares. Returns `None` if the
/// columns are linearly dependent, rows have different lengths, or `values` has another length.
///
/// Solves the normal equations by Gaussian elimination without pivoting, since their matrix is symmetric and positive
/// definite.
pub fn least_squares(rows: &[Vec<f64>], values: &[f64]) -> Option<Vec<f64>> {
    let columns = rows.first()?.len();
    if rows.len() != values.len() || rows.iter().any(|row| row.len() != columns) {
        return None;
    }
    let sum = |term: &dyn Fn(&[f64], f64) -> f64| -> f64 {
        rows.iter().zip(values).map(|(row, &value)| term(row, value)).sum()
    };
    // Each row of the matrix, followed by the right-hand side.
    let mut equations: Vec<Vec<f64>> = (0..columns)
        .map(|i| {
            let products = (0..columns).map(|j| sum(&|row, _| row[i] * row[j]));
            products.chain([sum(&|row, value| row[i] * value)]).collect()
        })
        .collect();
    let squares: Vec<f64> = (0..columns).map(|i| equations[i][i]).collect();
    for i in 0..columns {
        // The remainder of a column after elimination. Rounding leaves a small one for a dependent column.
        let pivot = equations[i][i];
        if pivot.is_nan() || pivot <= squares[i] * f64::EPSILON * rows.len() as f64 {
            return None;
        }
        let (done, rest) = equations.split_at_mut(i + 1);
        for equation in rest {
            let factor = equation[i] / pivot;
            for (element, upper) in equation.iter_mut().zip(&done[i]).skip(i) {
                *element -= factor * upper;
            }
        }
    }
    let mut factors = vec![0.0; columns];
    for i in (0..columns).rev() {
        let known: f64 = (i + 1..columns).map(|j| equations[i][j] * factors[j]).sum();
        factors[i] = (equations[i][columns] - known) / equations[i][i];
    }
    Some(factors)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn correlation_of_known_values_is_exact() {
        let values = [1.0, 2.0, 4.0, 3.0];
        assert!((correlation(&values, &values.map(|x| 3.0 * x + 1.0)) - 1.0).abs() < 1e-12);
        assert!((correlation(&values, &values.map(|x| -x)) + 1.0).abs() < 1e-12);
        // By hand: covariance 1.5, variances 5 and 5 (sums of squares).
        assert!((correlation(&values, &[4.0, 2.0, 3.0, 1.0]) + 0.4).abs() < 1e-12);
        assert!(correlation(&values, &[2.0; 4]).is_nan());
    }

    #[test]
    fn mean_sd_is_that_of_a_sample() {
        let spread = MeanSd::of(&[1.0, 2.0, 3.0, 6.0]);
        assert_eq!(spread.mean, 3.0);
        // Squares 4, 1, 0, 9 over three degrees of freedom.
        let sd = (14.0f64 / 3.0).sqrt();
        assert_eq!((spread.sd, spread.sem), (Some(sd), Some(sd / 2.0)));
        assert_eq!(MeanSd::of(&[2.5]), MeanSd { mean: 2.5, sd: None, sem: None });
    }

    #[test]
    fn quantile_interpolates_between_sorted_values() {
        let values = [40.0, 10.0, 30.0, 20.0];
        let found = [0.0, 0.25, 0.5, 0.75, 1.0].map(|fraction| quantile(&values, fraction));
        assert_eq!(found, [10.0, 17.5, 25.0, 32.5, 40.0]);
        assert_eq!(median(&[3.0, 1.0, 2.0]), 2.0);
        assert!(median(&[]).is_nan());
    }

    #[test]
    fn relative_iqr_ignores_outliers() {
        assert_eq!(relative_iqr(&[5.0; 7]), 0.0);
        assert_eq!(relative_iqr(&[7.0]), 0.0);
        assert_eq!(relative_iqr(&[8.0, 9.0, 10.0, 11.0, 12.0]), 0.2);
        assert_eq!(relative_iqr(&[8.0, 9.0, 10.0, 11.0, 1e6]), 0.2);
    }

    #[test]
    fn angle_of_known_vectors_is_in_degrees() {
        assert!((angle(&[1.0, 0.0], &[0.0, 2.0]) - 90.0).abs() < 1e-9);
        assert!((angle(&[1.0, 0.0], &[1.0, 1.0]) - 45.0).abs() < 1e-9);
        assert!((angle(&[1.0, 0.0], &[-3.0, 0.0]) - 180.0).abs() < 1e-9);
        assert!(angle(&[0.0, 0.0], &[1.0, 0.0]).is_nan());
    }

    #[test]
    fn histogram_counts_every_number_once() {
        let values = [-9.0, 0.0, 0.4, 0.5, 1.0, 9.0, f64::NAN, f64::INFINITY];
        // -9, 0 and 0.4 below the middle; 0.5, 1, 9 and infinity from it on.
        assert_eq!(histogram(&values, [0.0, 1.0], 2), [3.0 / 7.0, 4.0 / 7.0]);
        let uniform: Vec<f64> = (0..1000).map(|i| f64::from(i) / 1000.0).collect();
        for part in histogram(&uniform, [0.0, 1.0], 8) {
            assert!((part - 0.125).abs() < 1e-12);
        }
        assert_eq!(histogram(&[], [0.0, 1.0], 3), [0.0; 3]);
        assert!(histogram(&[1.0], [0.0, 1.0], 0).is_empty());
    }

    #[test]
    fn least_squares_finds_the_coefficients() {
        let rows: Vec<Vec<f64>> =
            (0..9).map(|x| vec![f64::from(x), f64::from(x * x % 5), 1.0]).collect();
        let values: Vec<f64> =
            rows.iter().map(|row| 2.0 * row[0] - 0.5 * row[1] + 7.0 * row[2]).collect();
        let factors = least_squares(&rows, &values).unwrap();
        for (factor, expected) in factors.iter().zip([2.0, -0.5, 7.0]) {
            assert!((factor - expected).abs() < 1e-9);
        }
        assert_eq!(least_squares(&[vec![1.0, 1.0], vec![2.0, 2.0]], &[1.0, 2.0]), None);
        // A third column that is the sum of two others, and a column of zeros.
        let dependent: Vec<Vec<f64>> =
            (0..9).map(|x| f64::from(x).sqrt()).map(|x| vec![x, 0.1, x + 0.1]).collect();
        assert_eq!(least_squares(&dependent, &values), None);
        assert_eq!(least_squares(&[vec![0.0], vec![0.0]], &[1.0, 2.0]), None);
        assert_eq!(least_squares(&[vec![f64::NAN]], &[1.0]), None);
        assert_eq!(least_squares(&[], &[]), None);
        assert_eq!(least_squares(&[vec![1.0, 2.0], vec![3.0]], &[1.0, 2.0]), None);
        assert_eq!(least_squares(&[vec![1.0], vec![3.0]], &[1.0]), None);
    }
}

//! Eigenvalues of symmetric matrices.

/// Largest number of sweeps over all pairs. Jacobi's method takes about ten for a matrix of 100 rows.
const SWEEPS: usize = 60;

/// Returns the largest eigenvalue of a symmetric matrix `[size, size]`. Returns 0 if it is empty, NaN if an element is
/// not finite or their number is not `size` times `size`.
///
/// Jacobi's method: rotations that each clear one pair of elements off the diagonal.
pub fn largest_eigenvalue(matrix: &[f64], size: usize) -> f64 {
    if size == 0 {
        return 0.0;
    }
    let fits = size.checked_mul(size) == Some(matrix.len());
    if !fits || !matrix.iter().all(|value| value.is_finite()) {
        return f64::NAN;
    }
    let mut matrix = matrix.to_vec();
    for _ in 0..SWEEPS {
        let mut is_diagonal = true;
        for row in 0..size {
            for column in row + 1..size {
                is_diagonal &= !rotate(&mut matrix, size, row, column);
            }
        }
        if is_diagonal {
            break;
        }
    }
    let diagonal = (0..size).map(|index| matrix[index * size + index]);
    diagonal.fold(f64::NEG_INFINITY, f64::max)
}

/// Rotates the axes `p` and `q` to clear their off-diagonal elements. Returns whether these were not negligible.
fn rotate(matrix: &mut [f64], size: usize, p: usize, q: usize) -> bool {
    let shared = matrix[p * size + q];
    let [first, second] = [matrix[p * size + p], matrix[q * size + q]];
    if shared.abs() <= f64::EPSILON * 0.5 * first.abs().sqrt() * second.abs().sqrt()
        || shared == 0.0
    {
        return false;
    }
    // The smaller of the two angles: tangent, cosine and sine.
    let theta = (second - first) / (2.0 * shared);
    let tangent = theta.signum() / (theta.abs() + theta.hypot(1.0));
    let cosine = 1.0 / tangent.hypot(1.0);
    let sine = tangent * cosine;
    for k in 0..size {
        let [one, other] = [matrix[k * size + p], matrix[k * size + q]];
        matrix[k * size + p] = cosine * one - sine * other;
        matrix[k * size + q] = sine * one + cosine * other;
    }
    for k in 0..size {
        let [one, other] = [matrix[p * size + k], matrix[q * size + k]];
        matrix[p * size + k] = cosine * one - sine * other;
        matrix[q * size + k] = sine * one + cosine * other;
    }
    matrix[p * size + q] = 0.0;
    matrix[q * size + p] = 0.0;
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn largest_eigenvalue_of_known_matrix_is_found() {
        // Eigenvalues 1 and 3.
        assert!((largest_eigenvalue(&[2.0, 1.0, 1.0, 2.0], 2) - 3.0).abs() < 1e-12);
        // All are negative: the largest eigenvalue has the smallest magnitude.
        assert!((largest_eigenvalue(&[-5.0, 0.0, 0.0, -2.0], 2) + 2.0).abs() < 1e-12);
        assert_eq!(largest_eigenvalue(&[], 0), 0.0);
    }

    /// The matrix with 2 on and -1 beside the diagonal has the eigenvalues 2 - 2 cos(k pi / (size + 1)).
    #[test]
    fn largest_eigenvalue_of_chain_matches_formula() {
        for size in [1, 2, 3, 10, 47, 100] {
            let element = |at: usize| match (at / size).abs_diff(at % size) {
                0 => 2.0,
                1 => -1.0,
                _ => 0.0,
            };
            let matrix: Vec<f64> = (0..size * size).map(element).collect();
            let angle = size as f64 * std::f64::consts::PI / (size + 1) as f64;
            let expected = 2.0 - 2.0 * angle.cos();
            let found = largest_eigenvalue(&matrix, size);
            assert!((found - expected).abs() < 1e-11, "{size}: {found}, {expected}");
        }
    }

    /// Eigenvalues of the outer product of a vector are 0 and the vector's square.
    #[test]
    fn largest_eigenvalue_of_rank_one_is_the_square() {
        for scale in [1e-140, 1e-9, 1.0, 1e9, 1e140] {
            let vector = [3.0, -1.0, 2.0, 0.0, 5.0].map(|x: f64| x * scale);
            let matrix: Vec<f64> =
                vector.iter().flat_map(|x| vector.iter().map(move |y| x * y)).collect();
            let square: f64 = vector.iter().map(|x| x * x).sum();
            assert!((largest_eigenvalue(&matrix, 5) / square - 1.0).abs() < 1e-13, "{scale}");
        }
    }

    #[test]
    fn non_finite_elements_return_nan() {
        assert!(largest_eigenvalue(&[1.0, f64::NAN, f64::NAN, 1.0], 2).is_nan());
        assert!(largest_eigenvalue(&[f64::INFINITY], 1).is_nan());
        assert!(largest_eigenvalue(&[1.0], 5).is_nan());
        assert!(largest_eigenvalue(&[1.0], usize::MAX).is_nan());
    }
}

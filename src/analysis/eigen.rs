//! Eigenvalues.

use nalgebra::DMatrix;

/// The largest eigenvalue of a symmetric matrix `[size, size]`; 0 for an empty one.
pub fn largest_eigenvalue(matrix: &[f64], size: usize) -> f64 {
    if size == 0 {
        return 0.0;
    }
    DMatrix::from_row_slice(size, size, matrix).symmetric_eigenvalues().max()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_largest_of_a_known_matrix_is_found() {
        // Eigenvalues 1 and 3.
        assert!((largest_eigenvalue(&[2.0, 1.0, 1.0, 2.0], 2) - 3.0).abs() < 1e-12);
        // All are negative: the largest is not that of the largest magnitude.
        assert!((largest_eigenvalue(&[-5.0, 0.0, 0.0, -2.0], 2) + 2.0).abs() < 1e-12);
        assert_eq!(largest_eigenvalue(&[], 0), 0.0);
    }
}

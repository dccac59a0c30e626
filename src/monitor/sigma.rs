//! Logistic function in double precision.

/// Returns the logistic function of a voltage.
pub(super) fn sigma(voltage: impl Into<f64>) -> f64 {
    1.0 / (1.0 + (-voltage.into()).exp())
}

//! Burst-dependent learning: Payeur et al., "Burst-dependent synaptic plasticity can coordinate learning in
//! hierarchical circuits" (Nature Neuroscience 2021;24:1010), and Greedy et al., "Single-phase deep learning in
//! cortico-cortical networks" (NeurIPS 2022; arXiv 2206.11769), whose network with two feedback paths is followed.
//!
//! A neuron's events have the rate `e = phi / phi_max`. A part p of them are bursts: `b = p e`, with the baseline p0
//! without an error. `E = -e (p - p0) / p0` is the local error: the burst rate's deviation, relative to the baseline.

use super::neuron::{UPDATE_SCALE, k_dendrite};

/// Returns the factor P of a stored error `P E`. The steepest descent of `sum (t - e)^2 / 2` in the normalized weights
/// `k_D phi_max W` has the same learning rate in each layer.
pub fn error_gain() -> f64 {
    UPDATE_SCALE * k_dendrite()
}

/// Returns the factor of `mean(b - p0 n)`, bursts and spikes per step, in a stored error `P E`. Spikes are events at the
/// rate `phi_max e`.
pub fn spike_error_gain(phi_max: f64, baseline: f64) -> f64 {
    -error_gain() / (phi_max * baseline)
}

/// Returns the factor of `Y (P E)` in the apical voltage `A = phi_max (Y b + Q e)` with `Q = -p0 Y`:
/// `A = -(phi_max p0 / P) Y (P E)`, with b, e and E of the next layer.
pub fn apical_gain(phi_max: f64, baseline: f64) -> f64 {
    -phi_max * baseline / error_gain()
}

/// Returns the learning rate of Q in `Q -= eta mean(A s^T)`, with the events as rates `s = phi_max e`, for the setting
/// `lr` of `Q -= lr mean(A e^T)`.
pub fn event_feedback_eta(phi_max: f64, lr: f64) -> f64 {
    lr / phi_max
}

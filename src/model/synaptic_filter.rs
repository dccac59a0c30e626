//! Constants of the synaptic filter, the postsynaptic potential of one spike. `src/cpu/kernels/synaptic_filter.rs` applies
//! it.
//!
//! `kappa(x) = (exp(-x/tau_L) - exp(-x/tau_s)) / (tau_L - tau_s)`. A spike of the current step
//! has the weight `kappa(1)`.

use libm::exp;

/// Slow time constant tau_L, ms.
pub const TAU_SLOW: f64 = 10.0;
/// Fast time constant tau_s, ms.
pub const TAU_FAST: f64 = 3.0;
/// Maximum number of taps of a cut kernel; the authors' code has 10.
pub const TAPS_MAX: usize = 32;

/// Returns `kappa(k)`, the weight of a spike `k` steps ago; the current step counts as 1 step ago. Per ms.
pub fn kappa(k: usize) -> f64 {
    let x = k as f64;
    (exp(-x / TAU_SLOW) - exp(-x / TAU_FAST)) / (TAU_SLOW - TAU_FAST)
}

/// Returns `kappa(1) ..= kappa(taps)`, per ms.
pub fn taps(taps: usize) -> Vec<f64> {
    (1..=taps).map(kappa).collect()
}

/// Returns `kappa(1) + .. + kappa(k)` for `k = 0 ..= taps.len()`: the summed response to a spike after `k` steps.
pub fn cumulative_sum(taps: &[f64]) -> Vec<f64> {
    let mut sum = 0.0;
    std::iter::once(0.0)
        .chain(taps.iter().map(|tap| {
            sum += tap;
            sum
        }))
        .collect()
}

/// The uncut kernel as two traces: each decays by its factor and then adds the spike count of the step.
///
/// Filtered spike train: `s = gain_slow * slow - gain_fast * fast`.
pub struct DoubleExponential {
    /// Decay factor of the slow trace per step, `exp(-1 / tau_L)`.
    pub decay_slow: f64,
    /// Decay factor of the fast trace per step, `exp(-1 / tau_s)`.
    pub decay_fast: f64,
    /// Weight of the slow trace, `decay_slow / (tau_L - tau_s)`, per ms.
    pub gain_slow: f64,
    /// Weight of the fast trace, `decay_fast / (tau_L - tau_s)`, per ms.
    pub gain_fast: f64,
}

/// Returns the decay factors and gains of the uncut kernel.
pub fn double_exponential() -> DoubleExponential {
    let decay_slow = exp(-1.0 / TAU_SLOW);
    let decay_fast = exp(-1.0 / TAU_FAST);
    DoubleExponential {
        decay_slow,
        decay_fast,
        gain_slow: decay_slow / (TAU_SLOW - TAU_FAST),
        gain_fast: decay_fast / (TAU_SLOW - TAU_FAST),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ten_taps_match_the_authors_code() {
        let expected = [
            0.02690, 0.04362, 0.05328, 0.05810, 0.05967, 0.05907, 0.05709, 0.05426, 0.05097,
            0.04746,
        ];
        for (tap, expected) in taps(10).iter().zip(expected) {
            assert!((tap - expected).abs() < 5e-6, "{tap} against {expected}");
        }
        assert!((cumulative_sum(&taps(10))[10] - 0.51041).abs() < 5e-6);
    }

    #[test]
    fn traces_reproduce_the_uncut_kernel() {
        let DoubleExponential { decay_slow, decay_fast, gain_slow, gain_fast } =
            double_exponential();
        let (mut slow, mut fast, mut gain) = (1.0, 1.0, 0.0);
        for k in 1..=300 {
            let s = gain_slow * slow - gain_fast * fast;
            assert!((s - kappa(k)).abs() < 1e-15);
            gain += s;
            slow *= decay_slow;
            fast *= decay_fast;
        }
        assert!((gain - 0.997).abs() < 5e-4, "gain {gain}");
    }
}

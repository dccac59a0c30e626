//! The synaptic filter: how a spike at one step weighs in the dendrite at later steps.
//!
//! `kappa(x) = (exp(-x/tau_L) - exp(-x/tau_s)) / (tau_L - tau_s)`; the newest spike weighs
//! `kappa(1)`.

use libm::exp;

/// Slow time constant in ms.
pub const TAU_SLOW: f64 = 10.0;
/// Fast time constant in ms.
pub const TAU_FAST: f64 = 3.0;
/// Most taps that a cut kernel can have; the paper's code has 10.
pub const TAPS_MAX: usize = 32;

/// `kappa(k)` for a spike `k` steps ago, the newest being 1 step ago.
pub fn kappa(k: usize) -> f64 {
    let x = k as f64;
    (exp(-x / TAU_SLOW) - exp(-x / TAU_FAST)) / (TAU_SLOW - TAU_FAST)
}

/// `kappa(1) ..= kappa(taps)`.
pub fn taps(taps: usize) -> Vec<f64> {
    (1..=taps).map(kappa).collect()
}

/// `kappa(1) + .. + kappa(k)` for `k = 0 ..= taps.len()`: what a spike has contributed after `k` steps.
pub fn cumulative(taps: &[f64]) -> Vec<f64> {
    let mut sum = 0.0;
    std::iter::once(0.0)
        .chain(taps.iter().map(|tap| {
            sum += tap;
            sum
        }))
        .collect()
}

/// The kernel without a cut, as two traces that decay each step and take up the step's spikes:
/// `s = gain_slow * slow - gain_fast * fast`.
pub struct Traces {
    /// The part of the slow trace that a step leaves, `exp(-1 / tau_L)`.
    pub decay_slow: f64,
    /// The part of the fast trace that a step leaves, `exp(-1 / tau_s)`.
    pub decay_fast: f64,
    /// What the slow trace weighs, `decay_slow / (tau_L - tau_s)`, per ms.
    pub gain_slow: f64,
    /// What the fast trace weighs, `decay_fast / (tau_L - tau_s)`, per ms.
    pub gain_fast: f64,
}

/// Decays and gains of the uncut kernel.
pub fn traces() -> Traces {
    let decay_slow = exp(-1.0 / TAU_SLOW);
    let decay_fast = exp(-1.0 / TAU_FAST);
    Traces {
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
    fn taps_and_gain_are_those_of_the_authors_code() {
        let expected = [
            0.02690, 0.04362, 0.05328, 0.05810, 0.05967, 0.05907, 0.05709, 0.05426, 0.05097,
            0.04746,
        ];
        for (tap, expected) in taps(10).iter().zip(expected) {
            assert!((tap - expected).abs() < 5e-6, "{tap} against {expected}");
        }
        assert!((cumulative(&taps(10))[10] - 0.51041).abs() < 5e-6);
    }

    #[test]
    fn traces_are_the_kernel_without_a_cut() {
        let Traces { decay_slow, decay_fast, gain_slow, gain_fast } = traces();
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

//! Conductances of hidden and output neurons, and the constants derived from them.

/// Leak conductance of the soma `g_L`, per ms.
pub const G_LEAK: f64 = 0.1;
/// Conductance from basal dendrite to soma of a hidden neuron `g_B`, per ms.
pub const G_BASAL: f64 = 0.6;
/// Conductance from dendrite to soma of an output neuron `g_D`, per ms.
pub const G_DENDRITE: f64 = 0.6;
/// Largest conductance from apical dendrite to soma `g_A` of a hidden neuron, per ms. The paper studies up to 0.6.
///
/// An Euler step multiplies the deviation from the steady state by `0.3 - g_A`. Above `g_A = 0.3` the sign of the
/// deviation alternates; above 1.3 the deviation grows. At this limit the factor is -0.6, near the -0.7 of an output
/// neuron with teaching current.
pub const G_APICAL_MAX: f64 = 0.9;
/// Reversal potential of the excitatory teaching conductance `E_E`.
pub const E_EXCITATORY: f64 = 8.0;
/// Reversal potential of the inhibitory teaching conductance `E_I`.
pub const E_INHIBITORY: f64 = -8.0;
/// Teaching conductance of an output neuron in the target phase, per ms: excitatory for the
/// target class, inhibitory for the others.
///
/// Follows the authors' code; the paper's text divides the current by tau = 10 ms.
pub const G_TEACHING: f64 = 1.0;
/// Factor 20 of `P_hidden = 20 / phi_max` and `P_out = 20 / phi_max^2`.
pub(super) const UPDATE_SCALE: f64 = 20.0;

/// Coefficients of one Euler step of a soma: `C <- decay * C + basal_gain * B + apical_gain * A + current`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SomaCoefficients {
    /// Factor of the previous somatic voltage.
    pub decay: f64,
    /// Factor of the basal voltage; for an output neuron, of its dendrite's.
    pub basal_gain: f64,
    /// Factor of the apical voltage; 0 for an output neuron.
    pub apical_gain: f64,
}

impl SomaCoefficients {
    /// Returns the coefficients of the step that reaches the steady state at once:
    /// `C = (basal_gain B + apical_gain A) / (1 - decay)`.
    pub fn steady_state(self) -> Self {
        let SomaCoefficients { decay, basal_gain, apical_gain } = self;
        let rest = 1.0 - decay;
        SomaCoefficients {
            decay: 0.0,
            basal_gain: basal_gain / rest,
            apical_gain: apical_gain / rest,
        }
    }
}

/// Returns the coefficients of a hidden neuron: `C += -g_L C + g_B (B - C) + g_A (A - C)`.
pub fn hidden_soma_coefficients(g_apical: f64) -> SomaCoefficients {
    SomaCoefficients {
        decay: 1.0 - G_LEAK - G_BASAL - g_apical,
        basal_gain: G_BASAL,
        apical_gain: g_apical,
    }
}

/// Returns the coefficients of an output neuron in the forward phase: `C += -g_L C + g_D (B - C)`.
pub fn output_soma_coefficients() -> SomaCoefficients {
    SomaCoefficients { decay: 1.0 - G_LEAK - G_DENDRITE, basal_gain: G_DENDRITE, apical_gain: 0.0 }
}

/// Returns the coefficients of an output neuron in the target phase.
///
/// The teaching current `g (E - C)` adds `g E` and reduces the decay factor by `g`.
pub fn target_phase_soma_coefficients() -> SomaCoefficients {
    SomaCoefficients {
        decay: output_soma_coefficients().decay - G_TEACHING,
        ..output_soma_coefficients()
    }
}

/// Returns the steady-state ratio of somatic to basal voltage, `k_B = g_B / (g_L + g_B + g_A)`.
pub fn k_basal(g_apical: f64) -> f64 {
    G_BASAL / (G_LEAK + G_BASAL + g_apical)
}

/// Returns the steady-state ratio of somatic to dendritic voltage of an output neuron,
/// `k_D = g_D / (g_L + g_D)`.
pub fn k_dendrite() -> f64 {
    G_DENDRITE / (G_LEAK + G_DENDRITE)
}

/// Returns `P_hidden k_B phi_max`, the factor of `-(alpha_t - alpha_f) sigma'(C)` in a hidden
/// neuron's error.
pub fn hidden_error_gain(phi_max: f64, g_apical: f64) -> f64 {
    UPDATE_SCALE / phi_max * k_basal(g_apical) * phi_max
}

/// Returns `k_B phi_max`, the factor of `W_next^T E_next sigma'(C)` in a hidden neuron's error by
/// backpropagation.
pub fn backprop_gain(phi_max: f64, g_apical: f64) -> f64 {
    k_basal(g_apical) * phi_max
}

/// Returns `P_out k_D phi_max`, the factor of `-(phi_t - phi_max sigma(C)) sigma'(C)` in an output
/// neuron's error.
pub fn output_error_gain(phi_max: f64) -> f64 {
    UPDATE_SCALE / (phi_max * phi_max) * k_dendrite() * phi_max
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steady_state_ratios_match_the_paper() {
        for (g_apical, expected) in [(0.0, 0.857143), (0.05, 0.8), (0.6, 0.461538)] {
            assert!((k_basal(g_apical) - expected).abs() < 5e-7);
        }
        assert!((k_dendrite() - 0.857143).abs() < 5e-7);
    }

    #[test]
    fn steady_state_gains_match_the_ratios() {
        let hidden = hidden_soma_coefficients(0.05).steady_state();
        assert!((hidden.basal_gain - k_basal(0.05)).abs() < 1e-12 && hidden.decay == 0.0);
        assert!(
            (output_soma_coefficients().steady_state().basal_gain - k_dendrite()).abs() < 1e-12
        );
        assert!(
            (target_phase_soma_coefficients().steady_state().basal_gain - 0.6 / 1.7).abs() < 1e-12
        );
    }

    #[test]
    fn hidden_soma_is_stable_up_to_the_largest_g_apical() {
        let decay = |g_apical| hidden_soma_coefficients(g_apical).decay;
        assert!((decay(0.3)).abs() < 1e-12 && (decay(1.3) + 1.0).abs() < 1e-12);
        assert!((decay(G_APICAL_MAX) + 0.6).abs() < 1e-12);
        assert!((target_phase_soma_coefficients().decay + 0.7).abs() < 1e-12);
    }

    #[test]
    fn target_phase_soma_reaches_the_target_voltage() {
        let step = target_phase_soma_coefficients();
        for (basal, reversal) in [(1.5, E_EXCITATORY), (1.5, E_INHIBITORY), (-4.0, E_EXCITATORY)] {
            let mut soma = 0.3;
            for _ in 0..200 {
                soma = step.decay * soma + step.basal_gain * basal + G_TEACHING * reversal;
            }
            assert!((soma - (0.6 * basal + reversal) / 1.7).abs() < 1e-9);
        }
    }
}

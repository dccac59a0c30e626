//! Conductances of the two kinds of neuron, and what follows from them.

/// Leak conductance of the soma, per step.
pub const G_LEAK: f64 = 0.1;
/// Basal dendrite to soma of a hidden neuron, per step.
pub const G_BASAL: f64 = 0.6;
/// Dendrite to soma of an output neuron, per step.
pub const G_DENDRITE: f64 = 0.6;
/// Reversal potential of the excitatory teaching conductance.
pub const E_EXCITATORY: f64 = 8.0;
/// Reversal potential of the inhibitory teaching conductance.
pub const E_INHIBITORY: f64 = -8.0;
/// The teaching conductance of an output neuron in the target phase, per step: excitatory for the
/// target, inhibitory for every other. The paper's code does not divide the current by tau.
pub const G_TEACHING: f64 = 1.0;
/// The factor 20 of the paper's `P_hidden = 20 / phi_max` and `P_out = 20 / phi_max^2`.
const UPDATE_SCALE: f64 = 20.0;

/// One Euler step of a soma: `C <- decay * C + input * B (+ apical * A) (+ current)`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SomaStep {
    /// The part of the somatic voltage that the step leaves.
    pub decay: f64,
    /// What the basal voltage weighs; of an output neuron, that of its dendrite.
    pub input: f64,
    /// What the apical voltage weighs; 0 for an output neuron.
    pub apical: f64,
}

impl SomaStep {
    /// The step that goes to the steady state at once: `C = (input B + apical A) / (1 - decay)`.
    pub fn steady_state(self) -> Self {
        let SomaStep { decay, input, apical } = self;
        SomaStep { decay: 0.0, input: input / (1.0 - decay), apical: apical / (1.0 - decay) }
    }
}

/// Hidden neuron: `C += -g_L C + g_B (B - C) + g_A (A - C)`.
pub fn hidden_step(g_apical: f64) -> SomaStep {
    SomaStep { decay: 1.0 - G_LEAK - G_BASAL - g_apical, input: G_BASAL, apical: g_apical }
}

/// Output neuron without teaching current: `C += -g_L C + g_D (B - C)`.
pub fn output_step() -> SomaStep {
    SomaStep { decay: 1.0 - G_LEAK - G_DENDRITE, input: G_DENDRITE, apical: 0.0 }
}

/// Output neuron under teaching: the current `g (E - C)` adds `g E` and takes `g` from the decay.
pub fn teaching_step() -> SomaStep {
    SomaStep { decay: output_step().decay - G_TEACHING, ..output_step() }
}

/// Steady-state ratio of soma to basal voltage, `k_B = g_B / (g_L + g_B + g_A)`.
pub fn k_basal(g_apical: f64) -> f64 {
    G_BASAL / (G_LEAK + G_BASAL + g_apical)
}

/// Steady-state ratio of soma to dendrite voltage of the output, `k_D = g_D / (g_L + g_D)`.
pub fn k_dendrite() -> f64 {
    G_DENDRITE / (G_LEAK + G_DENDRITE)
}

/// `P_hidden k_B phi_max`: what multiplies `-(alpha_t - alpha_f) sigma'(C)` in a hidden neuron's
/// update.
pub fn hidden_error_gain(phi_max: f64, g_apical: f64) -> f64 {
    UPDATE_SCALE / phi_max * k_basal(g_apical) * phi_max
}

/// `k_B phi_max`: what multiplies `W_above^T E_above sigma'(C)` in a hidden neuron's error by
/// backpropagation.
pub fn backward_gain(phi_max: f64, g_apical: f64) -> f64 {
    k_basal(g_apical) * phi_max
}

/// `P_out k_D phi_max`: what multiplies `-(phi_t - phi_max sigma(C)) sigma'(C)` in an output
/// neuron's update.
pub fn output_error_gain(phi_max: f64) -> f64 {
    UPDATE_SCALE / (phi_max * phi_max) * k_dendrite() * phi_max
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steady_state_ratios_are_the_papers() {
        for (g_apical, expected) in [(0.0, 0.857143), (0.05, 0.8), (0.6, 0.461538)] {
            assert!((k_basal(g_apical) - expected).abs() < 5e-7);
        }
        assert!((k_dendrite() - 0.857143).abs() < 5e-7);
    }

    #[test]
    fn steady_states_are_those_of_the_model() {
        let hidden = hidden_step(0.05).steady_state();
        assert!((hidden.input - k_basal(0.05)).abs() < 1e-12 && hidden.decay == 0.0);
        assert!((output_step().steady_state().input - k_dendrite()).abs() < 1e-12);
        assert!((teaching_step().steady_state().input - 0.6 / 1.7).abs() < 1e-12);
    }

    #[test]
    fn a_taught_soma_settles_at_the_papers_target_voltage() {
        let step = teaching_step();
        for (basal, reversal) in [(1.5, E_EXCITATORY), (1.5, E_INHIBITORY), (-4.0, E_EXCITATORY)] {
            let mut soma = 0.3;
            for _ in 0..200 {
                soma = step.decay * soma + step.input * basal + G_TEACHING * reversal;
            }
            assert!((soma - (0.6 * basal + reversal) / 1.7).abs() < 1e-9);
        }
    }
}

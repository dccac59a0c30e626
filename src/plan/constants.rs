//! Constants of a run, computed from its configuration in double precision and rounded once.

use bytemuck::Zeroable;

use crate::config::{Config, Optimizer};
use crate::interface::{LAYERS_MAX, ReplicaParams, RunParams, Shape};
use crate::model::exact_math::flush;
use crate::model::neuron::{
    E_EXCITATORY, E_INHIBITORY, G_DENDRITE, G_TEACHING, backprop_gain, hidden_error_gain,
    hidden_soma_coefficients, output_error_gain, output_soma_coefficients,
    target_phase_soma_coefficients,
};
use crate::model::spikes::{thresholds, uniform_map};
use crate::model::{bursts, plateau_timing, synaptic_filter};
use crate::random;

/// Smallest nonzero decay of a voltage per step.
const SMALLEST_DECAY: f32 = 1e-6;

/// Returns the constants that all replicas of a run share.
pub fn constants(config: &Config, shape: &Shape, classes: usize) -> RunParams {
    let tap_count = config.timing().psp_kernel_ms;
    let weights = synaptic_filter::taps(tap_count);
    let mut taps = [0.0; synaptic_filter::TAPS_MAX];
    for (slot, tap) in taps.iter_mut().zip(&weights) {
        *slot = *tap as f32;
    }
    let mut cumulative = [0.0; 36];
    for (slot, sum) in cumulative.iter_mut().zip(synaptic_filter::cumulative_sum(&weights)) {
        *slot = sum as f32;
    }
    let traces = synaptic_filter::double_exponential();
    let output = config.dynamics.soma_coefficients(output_soma_coefficients());
    let teaching = config.dynamics.soma_coefficients(target_phase_soma_coefficients());
    // The teaching current `g E` is integrated like the dendritic current.
    let current = G_TEACHING * teaching.basal_gain / G_DENDRITE;
    RunParams {
        kernel_taps: taps,
        kernel_cumsum: cumulative,
        samples_per_replica: shape.samples_per_replica as u32,
        result_slots: shape.result_slots as u32,
        tap_count: tap_count as u32,
        history_rows: shape.history_rows(),
        spike_words: shape.spike_words(),
        history_words: shape.history_words(),
        history_steps: shape.history_steps(),
        decay_slow: traces.decay_slow as f32,
        decay_fast: traces.decay_fast as f32,
        gain_slow: traces.gain_slow as f32,
        gain_fast: traces.gain_fast as f32,
        output_decay: output.decay as f32,
        output_basal_gain: output.basal_gain as f32,
        teaching_decay: teaching.decay as f32,
        teaching_basal_gain: teaching.basal_gain as f32,
        teaching_excitation: (current * E_EXCITATORY) as f32,
        teaching_inhibition: (current * E_INHIBITORY) as f32,
        neurons_per_class: (shape.units(shape.layers() - 1) / classes.max(1)) as u32,
        classes: classes as u32,
        plateau_lead_thresholds: plateau_timing::lead_thresholds(),
        window_mean_rows: shape.window_mean_rows() as u32,
        rate_rows: shape.rate_rows() as u32,
        update_rule: shape.model.update_rule as u32,
        rule: shape.model.rule as u32,
        burst_steps: shape.burst_steps,
        recordings: if shape.events.is_some() { shape.images as u32 } else { 0 },
        ..Zeroable::zeroed()
    }
}

/// Returns the parameters of one replica.
pub fn replica(config: &Config) -> ReplicaParams {
    let (mut etas, mut bias_etas) = ([0.0; LAYERS_MAX], [0.0; LAYERS_MAX]);
    for layer in 0..config.layer_count().min(LAYERS_MAX) {
        etas[layer] = config.layer_eta(layer) as f32;
        bias_etas[layer] = config.layer_bias_eta(layer) as f32;
    }
    // RMSProp is Adam without the mean of the gradient and without corrections.
    let (beta1, one_minus_beta1) = match config.optimizer {
        Optimizer::Rmsprop => (0.0, 1.0),
        _ => (config.beta1, 1.0 - config.beta1),
    };
    let candidates = thresholds(config.phi_max, config.spike_distribution);
    let [one, two] = [1, 2].map(|count| uniform_map(&candidates, count));
    let hidden = config.dynamics.soma_coefficients(hidden_soma_coefficients(config.g_apical));
    ReplicaParams {
        etas,
        bias_etas,
        candidate_thresholds: candidates,
        seed: random::key(config.seed),
        one_candidate_shift: one.shift,
        one_candidate_scale: one.scale as f32,
        two_candidate_shift: two.shift,
        two_candidate_scale: two.scale as f32,
        phi_max: config.phi_max as f32,
        // The rounding error of 1 - 0.1 - 0.6 - 0.3 must not count as a decay.
        hidden_decay: flush(hidden.decay as f32, SMALLEST_DECAY),
        hidden_basal_gain: hidden.basal_gain as f32,
        hidden_apical_gain: hidden.apical_gain as f32,
        hidden_error_gain: hidden_error_gain(config.phi_max, config.g_apical) as f32,
        output_error_gain: output_error_gain(config.phi_max) as f32,
        beta1: beta1 as f32,
        one_minus_beta1: one_minus_beta1 as f32,
        beta2: config.beta2 as f32,
        one_minus_beta2: (1.0 - config.beta2) as f32,
        eps_squared: (config.optimizer_eps * config.optimizer_eps) as f32,
        weight_decay: config.weight_decay as f32,
        grad_clip: config.grad_clip as f32,
        feedback_noise_sd: config.feedback_noise_sd as f32,
        backprop_gain: backprop_gain(config.phi_max, config.g_apical) as f32,
        feedback_eta: config.feedback_lr as f32,
        apical_bias_eta: (config.feedback_lr * config.apical_bias_lr_scale) as f32,
        burst_apical_gain: bursts::apical_gain(config.phi_max, config.burst_baseline) as f32,
        burst_slope: config.burst_slope as f32,
        burst_error_gain: bursts::error_gain() as f32,
        burst_teacher_gain: (bursts::error_gain() * config.burst_teacher) as f32,
        burst_baseline: config.burst_baseline as f32,
        burst_teacher: config.burst_teacher as f32,
        burst_spike_gain: bursts::spike_error_gain(config.phi_max, config.burst_baseline) as f32,
        event_feedback_eta: bursts::event_feedback_eta(config.phi_max, config.event_feedback_lr)
            as f32,
        padding: 0,
    }
}

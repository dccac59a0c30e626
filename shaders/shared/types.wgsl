// Bindings of every kernel that the host fills: the twin of src/interface/uniforms.rs and launch_params.rs (a test
// compares sizes and offsets). Binding 1 holds the launch parameters. Kernels declare their arrays from binding 5
// on, in the order of `Launch::reads`, then `Launch::writes`.
// "samples" in the shape of an array counts the samples of all replicas, replica by replica.
// Constants shared with the host precede this text and are generated from Rust. Padding is a separate field: Mesa's
// software device used a wrong array stride in structs after a field with an explicit size.

struct RunParams {
    kernel_taps: array<vec4<f32>, 8>,
    kernel_cumsum: array<vec4<f32>, 9>,
    plateau_lead_thresholds: array<vec4<u32>, 2>,
    samples_per_replica: u32,
    result_slots: u32,
    tap_count: u32,
    history_rows: u32,
    spike_words: u32,
    history_words: u32,
    decay_slow: f32,
    decay_fast: f32,
    gain_slow: f32,
    gain_fast: f32,
    output_decay: f32,
    output_basal_gain: f32,
    teaching_decay: f32,
    teaching_excitation: f32,
    teaching_inhibition: f32,
    neurons_per_class: u32,
    classes: u32,
    optimizer: u32,
    opaque_zero: u32,
    window_mean_rows: u32,
    teaching_basal_gain: f32,
    rate_rows: u32,
    history_steps: u32,
    padding_0: u32,
}

struct ReplicaParams {
    etas: array<f32, LAYERS_MAX>,
    bias_etas: array<f32, LAYERS_MAX>,
    candidate_thresholds: array<u32, THRESHOLDS>,
    seed: vec2<u32>,
    one_candidate_shift: u32,
    one_candidate_scale: f32,
    two_candidate_shift: u32,
    two_candidate_scale: f32,
    phi_max: f32,
    hidden_decay: f32,
    hidden_basal_gain: f32,
    hidden_apical_gain: f32,
    hidden_error_gain: f32,
    output_error_gain: f32,
    beta1: f32,
    one_minus_beta1: f32,
    beta2: f32,
    one_minus_beta2: f32,
    eps_squared: f32,
    weight_decay: f32,
    grad_clip: f32,
    feedback_noise_sd: f32,
    backprop_gain: f32,
    feedback_eta: f32,
    apical_bias_eta: f32,
    padding: u32,
}

struct LaunchParams {
    units: u32,
    n_pre: u32,
    n_feedback: u32,
    population: u32,
    first_step: u32,
    step_count: u32,
    block_len: u32,
    block_start: u32,
    is_output: u32,
    keeps_gradient: u32,
    feeds_back_spikes: u32,
    col_offset: u32,
    col_count: u32,
    n_next: u32,
    feedback_is_next_layer: u32,
    is_last_hidden: u32,
    feedback_columns: u32,
    sends_rates: u32,
    feeds_back_rates: u32,
    padding: u32,
}

struct BatchParams {
    batch_size: u32,
    reset_state: u32,
    rng_split: u32,
    draws_spikes: u32,
    inv_batch_size: f32,
    bias_correction1: f32,
    bias_correction2: f32,
    lr_scale: f32,
    update_index: u32,
    padding: array<u32, 3>,
}

struct Sample {
    image: u32,
    label: u32,
    draw_index: u32,
    result_slot: u32,
    steps_forward: u32,
    steps_target: u32,
    window_forward: u32,
    window_target: u32,
    inv_window_forward: f32,
    inv_window_target: f32,
    replica: u32,
    index: u32,
}

@group(0) @binding(0) var<uniform> constants: RunParams;
@group(0) @binding(2) var<storage, read> replicas: array<ReplicaParams>;
// one per replica
@group(0) @binding(3) var<storage, read> minibatches: array<BatchParams>;
// samples in use
@group(0) @binding(4) var<storage, read> samples: array<Sample>;

// Replica that the thread works on; every kernel sets it first.
var<private> replica: u32;

// Threads of a workgroup, along x.
override workgroup_threads: u32 = 64u;

// `kappa(k + 1)`.
fn kernel_tap(k: u32) -> f32 {
    return constants.kernel_taps[k >> 2u][k & 3u];
}

// `kappa(1) + .. + kappa(k)`.
fn kernel_cumsum(k: u32) -> f32 {
    return constants.kernel_cumsum[k >> 2u][k & 3u];
}

// Largest lead of plateau potentials, in steps.
fn max_plateau_lead() -> u32 {
    return (constants.window_mean_rows - WINDOW_MEAN_ROWS) / 2u;
}

// Random words below this threshold mean more than `k` spike candidates.
fn candidate_threshold(k: u32) -> u32 {
    return replicas[replica].candidate_thresholds[k];
}

// One past the last step that this launch computes for a sample.
fn end_step(sample: Sample) -> u32 {
    return select(
        params.first_step + params.step_count,
        sample.steps_forward + sample.steps_target,
        sample.steps_forward + sample.steps_target < params.first_step + params.step_count,
    );
}

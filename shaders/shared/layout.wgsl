// What every kernel binds and the host fills: the twin of src/interface/uniforms.rs and part.rs (a test
// compares sizes and offsets). Binding 1 is the part of the launch. Kernels declare their arrays from binding 5
// on: what `Launch::reads` lists, then `Launch::writes`; `network` those of all layers as one. "lanes" in the
// shape of an array are those of all replicas, replica by replica.
// Constants that both sides need come before this text, generated from Rust. What fills a struct is a field of
// its own: behind a field with a size of its own, Mesa's device was seen to step over arrays by another length.

struct Constants {
    taps: array<vec4<f32>, 8>,
    cumulative: array<vec4<f32>, 9>,
    early_plateaus: array<vec4<u32>, 2>,
    lanes: u32,
    slots: u32,
    tap_count: u32,
    history: u32,
    spike_words: u32,
    past_words: u32,
    decay_slow: f32,
    decay_fast: f32,
    gain_slow: f32,
    gain_fast: f32,
    output_decay: f32,
    output_input: f32,
    teaching_decay: f32,
    teaching_excitation: f32,
    teaching_inhibition: f32,
    group: u32,
    classes: u32,
    optimizer: u32,
    zero: u32,
    trace_rows: u32,
    teaching_input: f32,
    rate_rows: u32,
    past_steps: u32,
    padding_0: u32,
}

struct Replica {
    etas: array<f32, LAYERS_MAX>,
    bias_etas: array<f32, LAYERS_MAX>,
    candidates: array<u32, THRESHOLDS>,
    seed: vec2<u32>,
    one_shift: u32,
    one_scale: f32,
    two_shift: u32,
    two_scale: f32,
    phi_max: f32,
    hidden_decay: f32,
    hidden_input: f32,
    hidden_apical: f32,
    hidden_error_gain: f32,
    output_error_gain: f32,
    first_decay: f32,
    first_gain: f32,
    second_decay: f32,
    second_gain: f32,
    epsilon_square: f32,
    weight_decay: f32,
    clip: f32,
    feedback_noise: f32,
    backward_gain: f32,
    feedback_eta: f32,
    apical_bias_eta: f32,
    padding: u32,
}

struct Part {
    units: u32,
    below: u32,
    sources: u32,
    population: u32,
    first: u32,
    steps: u32,
    block: u32,
    block_first: u32,
    is_output: u32,
    keeps_gradient: u32,
    is_source: u32,
    first_column: u32,
    columns: u32,
    above: u32,
    hears_above: u32,
    is_below_output: u32,
    feedback_columns: u32,
    sends_rates: u32,
    is_rate_source: u32,
    layers: u32,
    columns_start: u32,
    drive_start: u32,
    compartments_start: u32,
    spikes_start: u32,
    spiking_start: u32,
    heard_start: u32,
    spiking_words: u32,
    past_first: u32,
    past_end: u32,
    padding_0: u32,
    padding_1: u32,
    padding_2: u32,
}

struct Minibatch {
    lanes: u32,
    fresh: u32,
    source: u32,
    draws: u32,
    inverse_lanes: f32,
    first_correction: f32,
    second_correction: f32,
    rate: f32,
    update: u32,
    padding: array<u32, 3>,
}

struct Lane {
    image: u32,
    label: u32,
    position: u32,
    slot: u32,
    steps_forward: u32,
    steps_target: u32,
    window_forward: u32,
    window_target: u32,
    inverse_window_forward: f32,
    inverse_window_target: f32,
    replica: u32,
    place: u32,
}

@group(0) @binding(0) var<uniform> constants: Constants;
@group(0) @binding(2) var<storage, read> replicas: array<Replica>;
// one for each replica
@group(0) @binding(3) var<storage, read> minibatches: array<Minibatch>;
// those in use
@group(0) @binding(4) var<storage, read> lanes: array<Lane>;

// Whose network the thread works on: every kernel sets it first.
var<private> replica: u32;

// Threads of a workgroup, along x.
override workgroup_threads: u32 = 64u;

// `kappa(k + 1)`.
fn tap(k: u32) -> f32 {
    return constants.taps[k >> 2u][k & 3u];
}

// `kappa(1) + .. + kappa(k)`.
fn cumulative(k: u32) -> f32 {
    return constants.cumulative[k >> 2u][k & 3u];
}

// Most steps by which plateau potentials come early.
fn earliest_plateau() -> u32 {
    return (constants.trace_rows - TRACE_ROWS) / 2u;
}

// Words below it mean more than `k` spike candidates.
fn candidate_threshold(k: u32) -> u32 {
    return replicas[replica].candidates[k];
}

// The step after the last that this launch computes for a lane.
fn end_of(lane: Lane) -> u32 {
    return select(
        part.first + part.steps,
        lane.steps_forward + lane.steps_target,
        lane.steps_forward + lane.steps_target < part.first + part.steps,
    );
}

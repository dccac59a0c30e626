// Bindings 0 to 4, which every kernel has, and functions of their values. The structs are generated from
// src/interface/uniforms.rs and launch_params.rs, the constants from src/gpu/shaders.rs; both precede every kernel.
// A kernel declares its arrays from binding 5 on, in the order of `reads`, then `writes`, of its definition in
// src/cpu/kernels/. "samples" in the shape of an array counts the samples of all replicas, replica by replica.

@group(0) @binding(0) var<uniform> constants: RunParams;
@group(0) @binding(1) var<uniform> params: LaunchParams;
@group(0) @binding(2) var<storage, read> replicas: array<ReplicaParams>;
// One per replica.
@group(0) @binding(3) var<storage, read> minibatches: array<BatchParams>;
// Samples in use.
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

// Bindings 0 to 4, which every kernel has, and functions of their values.
// The structs are generated from src/interface/uniforms.rs and launch_params.rs, the constants from src/gpu/shaders.rs.
// Both precede every kernel.
// A kernel declares its arrays from binding 5 on, in the order of `reads`, then `writes`, of its definition in
// src/cpu/kernels/. In the shape of an array, "samples" counts the samples of all replicas, replica by replica.

@group(0) @binding(0) var<uniform> constants: RunParams;
@group(0) @binding(1) var<uniform> params: LaunchParams;
// [replicas]
@group(0) @binding(2) var<storage, read> replicas: array<ReplicaParams>;
// [replicas]
@group(0) @binding(3) var<storage, read> minibatches: array<BatchParams>;
// [samples in use]
@group(0) @binding(4) var<storage, read> samples: array<Sample>;

// Index of the thread's replica. Each kernel sets it before it calls a shared function.
var<private> replica: u32;

// Number of threads of a workgroup, along x.
override workgroup_threads: u32 = 64u;

// Returns `kappa(k + 1)`, per ms.
fn kernel_tap(k: u32) -> f32 {
    return constants.kernel_taps[k >> 2u][k & 3u];
}

// Returns `kappa(1) + .. + kappa(k)`.
fn kernel_cumsum(k: u32) -> f32 {
    return constants.kernel_cumsum[k >> 2u][k & 3u];
}

// Returns the largest lead of plateau potentials, in steps.
fn max_plateau_lead() -> u32 {
    return (constants.window_mean_rows - WINDOW_MEAN_ROWS) / 2u;
}

// Returns the threshold below which a random word gives at least `k + 1` spike candidates.
fn candidate_threshold(k: u32) -> u32 {
    return replicas[replica].candidate_thresholds[k];
}

// Returns the end of the steps that the launch computes for a sample.
fn end_step(sample: Sample) -> u32 {
    return select(
        params.first_step + params.step_count,
        sample.steps_forward + sample.steps_target,
        sample.steps_forward + sample.steps_target < params.first_step + params.step_count,
    );
}

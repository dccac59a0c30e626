// Moves event feedback weights towards apical voltages of zero: `Q -= eta_q mean(A e^T)`, with the setting
// `event_feedback_lr` as `eta_q`, and the events e of the next layer. The factor is for rates `phi_max e`.
// One thread per neuron, bound column of `Q` and replica.
#import bindings, exact_math, mean_gradient

// window means of the next layer, [samples, rows, n_feedback]
@group(0) @binding(5) var<storage, read> window_means: array<f32>;
// [samples, 5, units]
@group(0) @binding(6) var<storage, read> compartments: array<f32>;
// [replicas, n_feedback, units], or a range of columns
@group(0) @binding(7) var<storage, read_write> event_feedback: array<f32>;

@compute @workgroup_size(workgroup_threads)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let unit = id.x;
    if unit >= params.units {
        return;
    }
    replica = id.z;
    let gradient = flush(mean_gradient(params.col_offset + id.y, unit), SMALLEST_GRADIENT);
    let eta = scaled_eta(replicas[replica].event_feedback_eta);
    let index = (replica * params.col_count + id.y) * params.units + unit;
    event_feedback[index] = flush_weight(event_feedback[index] - mul_rounded(eta, gradient));
}

fn presynaptic_mean(sample: u32, column: u32) -> f32 {
    return window_means[(sample * constants.window_mean_rows + WINDOW_MEAN_FORWARD) * params.n_feedback + column];
}

fn error_of(sample: u32, unit: u32) -> f32 {
    return compartments[(sample * COMPARTMENT_ROWS + COMPARTMENT_APICAL) * params.units + unit];
}

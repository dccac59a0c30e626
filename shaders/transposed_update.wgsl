// Gives feedback weights the transposed update of the next layer's weights (Kolen & Pollack 1994).
// `Y -= eta_b mean(s_f (P E_next)^T)`, with the setting `feedback_lr` as `eta_b`, and the weight decay of feed-forward
// weights.
// One thread per neuron, bound column of `Y` and replica.
#import bindings, exact_math, mean_gradient

// window means of the layer, [samples, rows, units]
@group(0) @binding(5) var<storage, read> window_means: array<f32>;
// errors of the next layer, [samples, n_feedback]
@group(0) @binding(6) var<storage, read> errors_next: array<f32>;
// [replicas, n_feedback, units], or a range of columns
@group(0) @binding(7) var<storage, read_write> feedback: array<f32>;

@compute @workgroup_size(workgroup_threads)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let unit = id.x;
    if unit >= params.units {
        return;
    }
    replica = id.z;
    let gradient = flush(mean_gradient(params.col_offset + id.y, unit), SMALLEST_GRADIENT);
    let eta = scaled_eta(replicas[replica].feedback_eta);
    let decay = flush(mul_rounded(eta, replicas[replica].weight_decay), SMALLEST_GRADIENT);
    let index = (replica * params.col_count + id.y) * params.units + unit;
    var weight = feedback[index];
    if decay != 0.0 {
        // Opaque: a compiler could subtract the sum of both products.
        weight = opaque(weight - mul_rounded(decay, weight));
    }
    feedback[index] = flush_weight(weight - mul_rounded(eta, gradient));
}

fn presynaptic_mean(sample: u32, column: u32) -> f32 {
    return errors_next[sample * params.n_feedback + column];
}

fn error_of(sample: u32, unit: u32) -> f32 {
    return window_means[(sample * constants.window_mean_rows + WINDOW_MEAN_FORWARD) * params.units + unit];
}

// Moves feedback weights towards the inverse of the feed-forward function: the plateau potential `alpha_f` of the
// forward phase approaches the soma's rate. `E_inv = -(phi_max sigma(Cf) - alpha_f) sigma'(Af)`,
// `Y -= eta_b mean(E_inv s_fb)`.
// One thread per neuron, bound column of `Y` and replica. The apical biases, if any, are the last column.
#import bindings, exact_math, mean_gradient

// window means of the feedback population, [samples, rows, n_feedback]
@group(0) @binding(5) var<storage, read> window_means: array<f32>;
// [samples, 5, units]
@group(0) @binding(6) var<storage, read> compartments: array<f32>;
// [samples, 2, units]
@group(0) @binding(7) var<storage, read> plateaus: array<f32>;
// [replicas, columns, units], or a range of columns
@group(0) @binding(8) var<storage, read_write> feedback: array<f32>;

@compute @workgroup_size(workgroup_threads)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let unit = id.x;
    let column = params.col_offset + id.y;
    if unit >= params.units {
        return;
    }
    replica = id.z;
    let gradient = flush(mean_gradient(column, unit), SMALLEST_GRADIENT);
    let is_bias = column == params.n_feedback;
    let eta = scaled_eta(select(replicas[replica].feedback_eta, replicas[replica].apical_bias_eta, is_bias));
    let index = (replica * params.col_count + id.y) * params.units + unit;
    feedback[index] = flush_weight(feedback[index] - mul_rounded(eta, gradient));
}

fn presynaptic_mean(sample: u32, column: u32) -> f32 {
    if column == params.n_feedback {
        return 1.0;
    }
    let row = sample * constants.window_mean_rows + WINDOW_MEAN_FEEDBACK_FORWARD;
    return window_means[row * params.n_feedback + column];
}

fn error_of(sample: u32, unit: u32) -> f32 {
    let soma = (sample * COMPARTMENT_ROWS + COMPARTMENT_MEAN_SOMA) * params.units + unit;
    let rate = mul_rounded(replicas[replica].phi_max, sigmoid(compartments[soma]));
    let plateau = plateaus[(sample * PLATEAU_ROWS + PLATEAU_FORWARD) * params.units + unit];
    return flush(mul_rounded(plateau - rate, sigmoid_slope(plateau)), SMALLEST_GRADIENT);
}

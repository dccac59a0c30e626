// Computes hidden errors by exact backpropagation instead of plateau potentials:
// `P E = P (W_next^T E_next) k_B phi_max sigma'(Cf)`. The next layer's stored error is its own `P E`.
// One thread per neuron and sample. The columns of the next layer's weights are this layer's neurons. If not all are
// bound at once, other dispatches compute the rest.
#import bindings, exact_math

// [samples, 5, units]
@group(0) @binding(5) var<storage, read> compartments: array<f32>;
// weights of the next layer, [replicas, units + 1, n_next], or a range of columns
@group(0) @binding(6) var<storage, read> weights_next: array<f32>;
// errors of the next layer, [samples, n_next]
@group(0) @binding(7) var<storage, read> errors_next: array<f32>;
// [samples, units]
@group(0) @binding(8) var<storage, read_write> errors: array<f32>;

@compute @workgroup_size(workgroup_threads)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let unit = id.x;
    if unit < params.col_offset || unit >= min(params.units, params.col_offset + params.col_count) {
        return;
    }
    let sample = samples[id.z];
    replica = sample.replica;
    let column = (replica * params.col_count + unit - params.col_offset) * params.n_next;
    var sum = 0.0;
    for (var j = 0u; j < params.n_next; j++) {
        sum += mul_rounded(weights_next[column + j], errors_next[sample.index * params.n_next + j]);
    }
    let voltages = sample.index * COMPARTMENT_ROWS * params.units + unit;
    let sigma_mean = sigmoid(compartments[voltages + COMPARTMENT_MEAN_SOMA * params.units]);
    // For the last hidden layer, P is `phi_max` times the output's P.
    let hidden_gain = replicas[replica].backprop_gain;
    let gain = select(hidden_gain, mul_rounded(replicas[replica].phi_max, hidden_gain), params.is_last_hidden == 1u);
    let error = mul_rounded(mul_rounded(sum, gain), sigmoid_slope(sigma_mean));
    errors[sample.index * params.units + unit] = flush(error, SMALLEST_GRADIENT);
}

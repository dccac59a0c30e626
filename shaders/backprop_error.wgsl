// Computes the hidden error by exact backpropagation instead of plateaus: `E = (W_above^T E_above) k_B phi_max
// sigma'(C)`, including the factors P of both updates; C is the forward phase's mean.
// One thread per neuron and sample. The columns of the weights above are this layer's neurons; if not all are
// bound at once, other dispatches process the rest.
#import bindings, exact_math

// [samples, 5, units]
@group(0) @binding(5) var<storage, read> compartments: array<f32>;
// weights of the layer above, [replicas, units + 1, above], or a run of columns
@group(0) @binding(6) var<storage, read> weights_above: array<f32>;
// errors of the layer above, [samples, above]
@group(0) @binding(7) var<storage, read> errors_above: array<f32>;
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
        sum += mul_rounded(weights_above[column + j], errors_above[sample.index * params.n_next + j]);
    }
    let voltages = sample.index * COMPARTMENT_ROWS * params.units + unit;
    let forward = sigmoid(compartments[voltages + COMPARTMENT_MEAN_SOMA * params.units]);
    // Below the output, P of this layer is `phi_max` times that of the layer above.
    let hidden = replicas[replica].backprop_gain;
    let gain = select(hidden, mul_rounded(replicas[replica].phi_max, hidden), params.is_last_hidden == 1u);
    let error = mul_rounded(mul_rounded(sum, gain), sigmoid_slope(forward));
    errors[sample.index * params.units + unit] = flush_subnormal(error, SMALLEST_GRADIENT);
}

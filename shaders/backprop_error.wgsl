// The hidden error by exact backpropagation, in place of the plateaus': `E = (W_above^T E_above) k_B phi_max
// sigma'(C)`, with the factors P of both updates; C is the forward phase's mean.
// One thread for each neuron and lane. Of the weights above, the columns are this layer's neurons; where not all
// are bound at once, others do the rest.

// [lanes, 5, units]
@group(0) @binding(5) var<storage, read> compartments: array<f32>;
// of the layer above, [replicas, units + 1, above], or a run of columns
@group(0) @binding(6) var<storage, read> weights_above: array<f32>;
// of the layer above, [lanes, above]
@group(0) @binding(7) var<storage, read> errors_above: array<f32>;
// [lanes, units]
@group(0) @binding(8) var<storage, read_write> errors: array<f32>;

@compute @workgroup_size(workgroup_threads)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let unit = id.x;
    if unit < part.first_column || unit >= min(part.units, part.first_column + part.columns) {
        return;
    }
    let lane = lanes[id.z];
    replica = lane.replica;
    let column = (replica * part.columns + unit - part.first_column) * part.above;
    var sum = 0.0;
    for (var j = 0u; j < part.above; j++) {
        sum += product(weights_above[column + j], errors_above[lane.place * part.above + j]);
    }
    let voltages = lane.place * COMPARTMENT_ROWS * part.units + unit;
    let forward = sigmoid(compartments[voltages + COMPARTMENT_MEAN_SOMA * part.units]);
    // Below the output, P of this layer is `phi_max` times that of the layer above.
    let hidden = replicas[replica].backward_gain;
    let gain = select(hidden, product(replicas[replica].phi_max, hidden), part.is_below_output == 1u);
    let error = product(product(sum, gain), sigmoid_slope(forward));
    errors[lane.place * part.units + unit] = flush(error, SMALLEST_GRADIENT);
}

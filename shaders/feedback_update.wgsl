// Changes feedback weights towards the inverse of the feed-forward function: so that what the output of the
// forward phase makes of the apical dendrite is what the soma does. `E_inv = -(phi_max sigma(Cf) - alpha_f)
// sigma'(Af)`, `Y -= eta E_inv s_fb`, the mean over the minibatch.
// One thread for each neuron, column of `Y` that is bound, and replica; where there are apical biases, they are
// the last column.

// of the feedback's population, [lanes, rows, sources]
@group(0) @binding(5) var<storage, read> traces: array<f32>;
// [lanes, 5, units]
@group(0) @binding(6) var<storage, read> compartments: array<f32>;
// [lanes, 2, units]
@group(0) @binding(7) var<storage, read> plateaus: array<f32>;
// [replicas, columns, units]
@group(0) @binding(8) var<storage, read_write> feedback: array<f32>;

@compute @workgroup_size(workgroup_threads)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let unit = id.x;
    let column = part.first_column + id.y;
    if unit >= part.units {
        return;
    }
    replica = id.z;
    let minibatch = minibatches[replica];
    let first = replica * constants.lanes;
    var sum = 0.0;
    for (var lane = first; lane < first + minibatch.lanes; lane++) {
        var trace = 1.0;
        if column < part.sources {
            trace = traces[(lane * constants.trace_rows + TRACE_FEEDBACK_FORWARD) * part.sources + column];
        }
        sum += product(trace, error(lane, unit));
    }
    let gradient = flush(product(sum, minibatch.inverse_lanes), SMALLEST_GRADIENT);
    let bias = column == part.sources;
    let eta = select(replicas[replica].feedback_eta, replicas[replica].apical_bias_eta, bias);
    let index = (replica * part.columns + id.y) * part.units + unit;
    let rate = flush(product(eta, minibatch.rate), SMALLEST_GRADIENT);
    feedback[index] = flush_weight(feedback[index] - product(rate, gradient));
}

fn error(lane: u32, unit: u32) -> f32 {
    let soma = (lane * COMPARTMENT_ROWS + COMPARTMENT_MEAN_SOMA) * part.units + unit;
    let rate = product(replicas[replica].phi_max, sigmoid(compartments[soma]));
    let plateau = plateaus[(lane * PLATEAU_ROWS + PLATEAU_FORWARD) * part.units + unit];
    return flush(product(plateau - rate, sigmoid_slope(plateau)), SMALLEST_GRADIENT);
}

// The gradient of a minibatch, the mean over its images of `E s`, and the change of the weights.
// One thread for each neuron, weight column that is bound, and replica; the last column is the biases'.

// of the population below, [lanes, 5, below]
@group(0) @binding(5) var<storage, read> traces: array<f32>;
// [lanes, units]
@group(0) @binding(6) var<storage, read> errors: array<f32>;
// [replicas, columns, units]
@group(0) @binding(7) var<storage, read_write> weights: array<f32>;
// [replicas, columns, 2, units], where the optimiser has moments
@group(0) @binding(8) var<storage, read_write> moments: array<f32>;
// [replicas, columns, units], where it is kept
@group(0) @binding(9) var<storage, read_write> gradients: array<f32>;

@compute @workgroup_size(workgroup)
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
        if column < part.below {
            trace = traces[(lane * TRACE_ROWS + TRACE_FORWARD) * part.below + column];
        }
        if trace != 0.0 {
            sum += product(trace, errors[lane * part.units + unit]);
        }
    }
    let gradient = flush(product(sum, minibatch.inverse_lanes), SMALLEST_GRADIENT);
    let bound = replica * part.columns + id.y;
    let index = bound * part.units + unit;
    if part.keeps_gradient == 1u {
        gradients[index] = gradient;
    }
    if constants.optimizer == 1u {
        let moment = 2u * bound * part.units + unit;
        adam(minibatch, gradient, index, moment, moment + part.units);
    } else {
        weights[index] -= product(learning_rate(), gradient);
    }
}

fn learning_rate() -> f32 {
    return replicas[replica].etas[part.population - 1u];
}

// Adam (Kingma & Ba 2015) with the square of epsilon under the root.
fn adam(minibatch: Minibatch, gradient: f32, index: u32, first: u32, second: u32) {
    let mean = product(replicas[replica].first_decay, moments[first])
        + product(replicas[replica].first_gain, gradient);
    let square = product(replicas[replica].second_decay, moments[second])
        + product(replicas[replica].second_gain, product(gradient, gradient));
    moments[first] = flush(mean, SMALLEST_MOMENT);
    moments[second] = flush(square, SMALLEST_MOMENT);
    let spread = product(minibatch.second_correction, moments[second]) + replicas[replica].epsilon_square;
    let step = product(product(learning_rate(), minibatch.first_correction), moments[first]);
    weights[index] -= product(step, reciprocal_root(spread));
}

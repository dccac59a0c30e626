// The gradient of a minibatch, the mean over its images of `E s`, and the change of the weights.
// One thread for each neuron and weight column; the last column is the biases'.

// of the population below, [lanes, 5, below]
@group(0) @binding(4) var<storage, read> traces: array<f32>;
// [lanes, units]
@group(0) @binding(5) var<storage, read> errors: array<f32>;
// [below + 1, units]
@group(0) @binding(6) var<storage, read_write> weights: array<f32>;
// [2, below + 1, units], where the optimiser has moments
@group(0) @binding(7) var<storage, read_write> moments: array<f32>;
// [below + 1, units], where it is kept
@group(0) @binding(8) var<storage, read_write> gradients: array<f32>;

@compute @workgroup_size(workgroup)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let unit = id.x;
    let column = id.y;
    if unit >= part.units {
        return;
    }
    var sum = 0.0;
    for (var lane = 0u; lane < minibatch.lanes; lane++) {
        var trace = 1.0;
        if column < part.below {
            trace = traces[(lane * TRACE_ROWS + TRACE_FORWARD) * part.below + column];
        }
        if trace != 0.0 {
            sum += product(trace, errors[lane * part.units + unit]);
        }
    }
    let gradient = flush(product(sum, minibatch.inverse_lanes), SMALLEST_GRADIENT);
    let index = column * part.units + unit;
    if part.keeps_gradient == 1u {
        gradients[index] = gradient;
    }
    if constants.optimizer == 1u {
        adam(gradient, index, index + (part.below + 1u) * part.units);
    } else {
        weights[index] -= product(part.eta, gradient);
    }
}

// Adam (Kingma & Ba 2015) with the square of epsilon under the root.
fn adam(gradient: f32, index: u32, second: u32) {
    let mean = product(constants.first_decay, moments[index]) + product(constants.first_gain, gradient);
    let square = product(constants.second_decay, moments[second])
        + product(constants.second_gain, product(gradient, gradient));
    moments[index] = flush(mean, SMALLEST_MOMENT);
    moments[second] = flush(square, SMALLEST_MOMENT);
    let spread = product(minibatch.second_correction, moments[second]) + constants.epsilon_square;
    let step = product(product(part.eta, minibatch.first_correction), moments[index]);
    weights[index] -= product(step, reciprocal_root(spread));
}

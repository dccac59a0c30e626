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

@compute @workgroup_size(workgroup_threads)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let unit = id.x;
    let column = part.first_column + id.y;
    if unit >= part.units {
        return;
    }
    replica = id.z;
    let minibatch = minibatches[replica];
    let first_lane = replica * constants.lanes;
    var sum = 0.0;
    for (var lane = first_lane; lane < first_lane + minibatch.lanes; lane++) {
        var trace = 1.0;
        if column < part.below {
            trace = traces[(lane * constants.trace_rows + TRACE_FORWARD) * part.below + column];
        }
        if trace != 0.0 {
            sum += product(trace, errors[lane * part.units + unit]);
        }
    }
    let gradient = flush(clipped(product(sum, minibatch.inverse_lanes)), SMALLEST_GRADIENT);
    let bound = replica * part.columns + id.y;
    let index = bound * part.units + unit;
    if part.keeps_gradient == 1u {
        gradients[index] = gradient;
    }
    let is_bias = column == part.below;
    let eta = learning_rate(is_bias);
    var decay = 0.0;
    if !is_bias {
        decay = flush(product(eta, replicas[replica].weight_decay), SMALLEST_GRADIENT);
    }
    var weight = weights[index];
    if decay != 0.0 {
        // Opaque: a compiler could subtract the sum of both products.
        weight = rounded(weight - product(decay, weight));
    }
    let first = 2u * bound * part.units + unit;
    weights[index] = flush_weight(weight - change(minibatch, eta, gradient, first));
}

// What the optimiser subtracts from a weight; `first`: the index of its first moment.
fn change(minibatch: Minibatch, eta: f32, gradient: f32, first: u32) -> f32 {
    if constants.optimizer == 0u {
        return product(eta, gradient);
    }
    if constants.optimizer == 1u {
        return adam(minibatch, eta, gradient, first, first + part.units);
    }
    let mean = product(replicas[replica].first_decay, moments[first]) + gradient;
    moments[first] = flush(mean, SMALLEST_MOMENT);
    return product(eta, moments[first]);
}

fn clipped(gradient: f32) -> f32 {
    let clip = replicas[replica].clip;
    if clip == 0.0 {
        return gradient;
    }
    let least = select(clip, gradient, gradient < clip);
    return select(-clip, least, least > -clip);
}

fn learning_rate(is_bias: bool) -> f32 {
    let layer = part.population - 1u;
    let eta = select(replicas[replica].etas[layer], replicas[replica].bias_etas[layer], is_bias);
    return flush(product(eta, minibatches[replica].rate), SMALLEST_GRADIENT);
}

// Adam (Kingma & Ba 2015) with the square of epsilon under the root; with other factors RMSProp.
fn adam(minibatch: Minibatch, eta: f32, gradient: f32, first: u32, second: u32) -> f32 {
    let mean = product(replicas[replica].first_decay, moments[first])
        + product(replicas[replica].first_gain, gradient);
    let square = product(replicas[replica].second_decay, moments[second])
        + product(replicas[replica].second_gain, product(gradient, gradient));
    moments[first] = flush(mean, SMALLEST_MOMENT);
    moments[second] = flush(square, SMALLEST_MOMENT);
    let spread = product(minibatch.second_correction, moments[second]) + replicas[replica].epsilon_square;
    let step = product(product(eta, minibatch.first_correction), moments[first]);
    return product(step, reciprocal_root(spread));
}

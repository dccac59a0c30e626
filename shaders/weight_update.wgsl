// Computes the gradient of a minibatch, the mean of `P E s_f` over its images, and updates the weights. The stored errors
// include P.
// One thread per neuron, bound weight column and replica. The biases are the last column.
#import bindings, exact_math, mean_gradient

// window means of the presynaptic population, [samples, rows, n_pre]
@group(0) @binding(5) var<storage, read> window_means: array<f32>;
// [samples, units]
@group(0) @binding(6) var<storage, read> errors: array<f32>;
// [replicas, columns, units], or a range of columns
@group(0) @binding(7) var<storage, read_write> weights: array<f32>;
// [replicas, columns, 2, units] or a range of columns, if the update rule has moments
@group(0) @binding(8) var<storage, read_write> moments: array<f32>;
// [replicas, columns, units] or a range of columns, if the gradient is kept
@group(0) @binding(9) var<storage, read_write> gradients: array<f32>;

@compute @workgroup_size(workgroup_threads)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let unit = id.x;
    let column = params.col_offset + id.y;
    if unit >= params.units {
        return;
    }
    replica = id.z;
    let gradient = flush(clipped(mean_gradient(column, unit)), SMALLEST_GRADIENT);
    let bound_column = replica * params.col_count + id.y;
    let index = bound_column * params.units + unit;
    if params.keeps_gradient == 1u {
        gradients[index] = gradient;
    }
    let is_bias = column == params.n_pre;
    let layer = params.population - 1u;
    let eta = scaled_eta(select(replicas[replica].etas[layer], replicas[replica].bias_etas[layer], is_bias));
    var decay = 0.0;
    if !is_bias {
        decay = flush(mul_rounded(eta, replicas[replica].weight_decay), SMALLEST_GRADIENT);
    }
    var weight = weights[index];
    if decay != 0.0 {
        // Opaque: a compiler could subtract the sum of both products.
        weight = opaque(weight - mul_rounded(decay, weight));
    }
    let first = 2u * bound_column * params.units + unit;
    weights[index] = flush_weight(weight - change(eta, gradient, first));
}

// Returns the amount to subtract from a weight. `first`: index of its first moment.
fn change(eta: f32, gradient: f32, first: u32) -> f32 {
    if constants.update_rule == UPDATE_GRADIENT {
        return mul_rounded(eta, gradient);
    }
    if constants.update_rule == UPDATE_ADAPTIVE {
        return adam(eta, gradient, first, first + params.units);
    }
    let mean = mul_rounded(replicas[replica].beta1, moments[first]) + gradient;
    moments[first] = flush(mean, SMALLEST_MOMENT);
    return mul_rounded(eta, moments[first]);
}

// Returns the gradient, limited to `grad_clip` in magnitude.
fn clipped(gradient: f32) -> f32 {
    let clip = replicas[replica].grad_clip;
    if clip == 0.0 {
        return gradient;
    }
    let at_most = select(clip, gradient, gradient < clip);
    return select(-clip, at_most, at_most > -clip);
}

// Returns the step of Adam (Kingma & Ba 2015), with the square of epsilon under the root. `beta1 = 0` gives RMSProp.
fn adam(eta: f32, gradient: f32, first: u32, second: u32) -> f32 {
    let mean = mul_rounded(replicas[replica].beta1, moments[first])
        + mul_rounded(replicas[replica].one_minus_beta1, gradient);
    let square = mul_rounded(replicas[replica].beta2, moments[second])
        + mul_rounded(replicas[replica].one_minus_beta2, mul_rounded(gradient, gradient));
    moments[first] = flush(mean, SMALLEST_MOMENT);
    moments[second] = flush(square, SMALLEST_MOMENT);
    let spread = mul_rounded(minibatches[replica].bias_correction2, moments[second]) + replicas[replica].eps_squared;
    let step = mul_rounded(mul_rounded(eta, minibatches[replica].bias_correction1), moments[first]);
    return mul_rounded(step, rsqrt_exact(spread));
}

fn presynaptic_mean(sample: u32, column: u32) -> f32 {
    if column == params.n_pre {
        return 1.0;
    }
    return window_means[(sample * constants.window_mean_rows + WINDOW_MEAN_FORWARD) * params.n_pre + column];
}

fn error_of(sample: u32, unit: u32) -> f32 {
    return errors[sample * params.units + unit];
}

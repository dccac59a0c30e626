// Sets feedback weights to the transpose of the weights of the layer above, times that layer's own feedback weights
// if both receive feedback from the output. Each transpose has its own noise, drawn anew per minibatch.
// One thread per neuron of the layer, feedback source, and replica. The columns of the weights above are this
// layer's neurons; if not all are bound at once, other dispatches process the rest. A launch sums over `steps` neurons
// above, from `first` on, and continues the sums of the previous launch.
#import bindings, exact_math, philox

// of the layer above, [replicas, units + 1, above], or a run of columns
@group(0) @binding(5) var<storage, read> weights_above: array<f32>;
// of the layer above, [replicas, sources, above]; not read if the layer above is the feedback source
@group(0) @binding(6) var<storage, read> feedback_above: array<f32>;
// [replicas, sources, units]
@group(0) @binding(7) var<storage, read_write> feedback: array<f32>;

@compute @workgroup_size(workgroup_threads)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let unit = id.x;
    let source = id.y;
    if unit < params.col_offset || unit >= min(params.units, params.col_offset + params.col_count) {
        return;
    }
    replica = id.z;
    let column = (replica * params.col_count + unit - params.col_offset) * params.n_next;
    let heard = replica * params.n_feedback + source;
    let index = heard * params.units + unit;
    var weight = 0.0;
    if params.feedback_is_next_layer == 1u {
        weight = factor(column, unit, source);
    } else {
        if params.first_step > 0u {
            weight = feedback[index];
        }
        let end = min(params.first_step + params.step_count, params.n_next);
        for (var j = params.first_step; j < end; j++) {
            weight += mul_rounded(factor(column, unit, j), feedback_above[heard * params.n_next + j]);
        }
    }
    feedback[index] = flush_weight(weight);
}

// Weight to the neuron `above`, with its noise.
fn factor(column: u32, unit: u32, above: u32) -> f32 {
    let weight = weights_above[column + above];
    let noise = replicas[replica].feedback_noise_sd;
    if noise == 0.0 {
        return weight;
    }
    return flush_weight(weight + mul_rounded(noise, normal(unit, above)));
}

// Approximately normal, mean 0 and standard deviation 1: the sum of twelve uniform numbers less 6, with few enough
// bits to be exact. The twin of `normal` in src/random/mod.rs.
fn normal(unit: u32, above: u32) -> f32 {
    // An evaluation uses the noise of the training minibatch that follows it.
    let head = STREAM_FEEDBACK_NOISE | (params.population << 8u) | (SPLIT_TRAINING << 24u);
    var sum = 0u;
    for (var block = 0u; block < 3u; block++) {
        let counter = vec4<u32>(head, minibatches[replica].update_index, unit, 3u * above + block);
        let words = philox(counter, replicas[replica].seed) >> vec4<u32>(UNIFORM_SHIFT);
        sum += words.x + words.y + words.z + words.w;
    }
    return mul_rounded(f32(sum), UNIFORM_SCALE) - 6.0;
}

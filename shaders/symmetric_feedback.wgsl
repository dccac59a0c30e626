// Sets feedback weights to the transpose of the next layer's weights. Feedback from the output to a layer below the last
// hidden layer: the transpose times the next layer's feedback weights. Each transpose has its own noise, drawn anew per
// minibatch.
// One thread per neuron of the layer, feedback neuron and replica. The columns of the next layer's weights are this
// layer's neurons. If not all are bound at once, other dispatches compute the rest.
// A launch sums over `next_count` neurons of the next layer, from `first_next` on, and continues the sums of the
// previous launch.
#import bindings, exact_math, philox

// weights of the next layer, [replicas, units + 1, n_next], or a range of columns
@group(0) @binding(5) var<storage, read> weights_next: array<f32>;
// feedback weights of the next layer, [replicas, n_feedback, n_next]; not read if that layer feeds back itself
@group(0) @binding(6) var<storage, read> feedback_next: array<f32>;
// [replicas, n_feedback, units]
@group(0) @binding(7) var<storage, read_write> feedback: array<f32>;

@compute @workgroup_size(workgroup_threads)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let unit = id.x;
    let pre = id.y;
    if unit < params.col_offset || unit >= min(params.units, params.col_offset + params.col_count) {
        return;
    }
    replica = id.z;
    let column = (replica * params.col_count + unit - params.col_offset) * params.n_next;
    let row = replica * params.n_feedback + pre;
    let index = row * params.units + unit;
    var weight = 0.0;
    if params.feedback_is_next_layer == 1u {
        weight = noisy_weight(column, unit, pre);
    } else {
        if params.first_next > 0u {
            weight = feedback[index];
        }
        let end = min(params.first_next + params.next_count, params.n_next);
        for (var j = params.first_next; j < end; j++) {
            weight += mul_rounded(noisy_weight(column, unit, j), feedback_next[row * params.n_next + j]);
        }
    }
    feedback[index] = flush_weight(weight);
}

// Returns the weight to neuron `next` of the next layer, with its noise.
fn noisy_weight(column: u32, unit: u32, next: u32) -> f32 {
    let weight = weights_next[column + next];
    let noise = replicas[replica].feedback_noise_sd;
    if noise == 0.0 {
        return weight;
    }
    return flush_weight(weight + mul_rounded(noise, approx_normal(unit, next)));
}

// Returns an approximately normal number, mean 0 and standard deviation 1: the sum of twelve uniform numbers less 6. They
// have few enough bits for an exact sum. Twin of `approx_normal` in src/random/mod.rs.
fn approx_normal(unit: u32, next: u32) -> f32 {
    // An evaluation uses the noise of the training minibatch that follows it.
    let counter0 = STREAM_FEEDBACK_NOISE | (params.population << 8u) | (SPLIT_TRAINING << 24u);
    var sum = 0u;
    for (var block = 0u; block < 3u; block++) {
        let counter = vec4<u32>(counter0, minibatches[replica].update_index, unit, 3u * next + block);
        let words = philox(counter, replicas[replica].seed) >> vec4<u32>(UNIFORM_SHIFT);
        sum += words.x + words.y + words.z + words.w;
    }
    return mul_rounded(f32(sum), UNIFORM_SCALE) - 6.0;
}

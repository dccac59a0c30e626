// Feedback weights that follow the feed-forward ones: the transpose of the weights of the layer above, times
// its own feedback weights where both hear the output; and noise, drawn anew for each minibatch.
// One thread for each neuron of the layer, neuron that it hears, and replica. Of the weights above, the columns
// are this layer's neurons; where not all are bound at once, others do the rest.
// All three arrays are bound as ones that are written: they may lie in one buffer, which is bound in one way.

// of the layer above, [replicas, units + 1, above], or a run of columns
@group(0) @binding(5) var<storage, read_write> weights_above: array<f32>;
// of the layer above, [replicas, sources, above]; not read where the layer above is what is heard
@group(0) @binding(6) var<storage, read_write> feedback_above: array<f32>;
// [replicas, sources, units]
@group(0) @binding(7) var<storage, read_write> feedback: array<f32>;

@compute @workgroup_size(workgroup_threads)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let unit = id.x;
    let source = id.y;
    if unit < part.first_column || unit >= min(part.units, part.first_column + part.columns) {
        return;
    }
    replica = id.z;
    let column = (replica * part.columns + unit - part.first_column) * part.above;
    let heard = replica * part.sources + source;
    var weight = 0.0;
    if part.hears_above == 1u {
        weight = weights_above[column + source];
    } else {
        for (var j = 0u; j < part.above; j++) {
            weight += product(weights_above[column + j], feedback_above[heard * part.above + j]);
        }
    }
    let noise = replicas[replica].feedback_noise;
    if noise != 0.0 {
        weight += product(noise, normal(unit, source));
    }
    feedback[heard * part.units + unit] = flush(weight, SMALLEST_VOLTAGE);
}

// Next to normal, mean 0 and spread 1: the sum of twelve uniform numbers less 6, of so few bits that it
// is exact: the twin of `normal` in src/random/mod.rs.
fn normal(unit: u32, source: u32) -> f32 {
    let head = counter_head(PURPOSE_FEEDBACK_NOISE, part.population);
    var sum = 0u;
    for (var block = 0u; block < 3u; block++) {
        let counter = vec4<u32>(head, minibatches[replica].update, unit, 3u * source + block);
        let words = philox(counter, replicas[replica].seed) >> vec4<u32>(UNIFORM_SHIFT);
        sum += words.x + words.y + words.z + words.w;
    }
    return product(f32(sum), UNIFORM_SCALE) - 6.0;
}

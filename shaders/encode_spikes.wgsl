// Draws the input's spikes from an image: Poisson counts with mean `phi_max * pixel` per step.
// One thread per pixel, word of steps and sample.
#import bindings, philox

// [replicas, 256, 16]
@group(0) @binding(5) var<storage, read> input_cdf: array<u32>;
// bytes [images, units], four a word
@group(0) @binding(6) var<storage, read> images: array<u32>;
// [samples, history words + words, units]
@group(0) @binding(7) var<storage, read_write> spikes: array<u32>;

@compute @workgroup_size(workgroup_threads)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let unit = id.x;
    let word = params.first_step / STEPS_PER_WORD + id.y;
    let sample = samples[id.z];
    replica = sample.replica;
    let steps = end_step(sample);
    if unit >= params.units || word * STEPS_PER_WORD >= steps || minibatches[replica].draws_spikes == 0u {
        return;
    }
    let index = sample.image * params.units + unit;
    let level = (images[index / 4u] >> (index % 4u * 8u)) & 0xFFu;
    var counts = 0u;
    if level > 0u {
        let counter0 = philox_counter0(STREAM_SPIKES, 0u);
        let random = philox(vec4<u32>(counter0, sample.draw_index, unit, word), replicas[replica].seed);
        for (var slot = 0u; slot < STEPS_PER_WORD; slot++) {
            let step = word * STEPS_PER_WORD + slot;
            if step < steps {
                let count = count_from_halfword(level, halfword(random, slot), sample.draw_index, unit, step);
                counts |= count << (slot * COUNT_BITS);
            }
        }
    }
    let row = sample.index * constants.spike_words + constants.history_words + word;
    spikes[row * params.units + unit] = counts;
}

// Returns the spike count of a pixel at a step, from the high half of a random word. The low half is drawn only if the
// high half does not decide the count.
fn count_from_halfword(level: u32, half: u32, draw_index: u32, unit: u32, step: u32) -> u32 {
    let count = count_from_word(level, half);
    if count == count_from_word(level, half | LOW16) {
        return count;
    }
    return count_from_word(level, half | lower16(0u, draw_index, unit, step));
}

// Returns the number of thresholds of the pixel's level that exceed a random word.
fn count_from_word(level: u32, word: u32) -> u32 {
    let first = (replica * LEVELS + level) * THRESHOLDS;
    var count = 0u;
    while count < COUNT_MAX && word < input_cdf[first + count] {
        count++;
    }
    return count;
}

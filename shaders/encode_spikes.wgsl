// Draws the input's spikes from an image: counts with mean `phi_max * pixel`.
// One thread for each pixel, word of steps and lane.

// [replicas, 256, 16]
@group(0) @binding(5) var<storage, read> thresholds: array<u32>;
// bytes [images, units], four a word
@group(0) @binding(6) var<storage, read> images: array<u32>;
// [lanes, past words + words, units]
@group(0) @binding(7) var<storage, read_write> spikes: array<u32>;

@compute @workgroup_size(workgroup_threads)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let unit = id.x;
    let word = part.first / STEPS_PER_WORD + id.y;
    let lane = lanes[id.z];
    replica = lane.replica;
    let steps = end_of(lane);
    if unit >= part.units || word * STEPS_PER_WORD >= steps || minibatches[replica].draws == 0u {
        return;
    }
    let index = lane.image * part.units + unit;
    let level = (images[index / 4u] >> (index % 4u * 8u)) & 0xFFu;
    var counts = 0u;
    if level > 0u {
        let head = counter_head(PURPOSE_SPIKES, 0u);
        let random = philox(vec4<u32>(head, lane.position, unit, word), replicas[replica].seed);
        for (var slot = 0u; slot < STEPS_PER_WORD; slot++) {
            let step = word * STEPS_PER_WORD + slot;
            if step < steps {
                let count = count_of(level, high_half(random, slot), lane.position, unit, step);
                counts |= count << (slot * COUNT_BITS);
            }
        }
    }
    let row = lane.place * constants.spike_words + constants.past_words + word;
    spikes[row * part.units + unit] = counts;
}

// Count of a pixel at a step, from the high half of a word and, where that does not decide, the low one.
fn count_of(level: u32, half: u32, position: u32, unit: u32, step: u32) -> u32 {
    let count = count_below(level, half);
    if count == count_below(level, half | LOW_HALF) {
        return count;
    }
    return count_below(level, half | low_half(0u, position, unit, step));
}

fn count_below(level: u32, word: u32) -> u32 {
    let first = (replica * LEVELS + level) * THRESHOLDS;
    var count = 0u;
    while count < COUNT_MAX && word < thresholds[first + count] {
        count++;
    }
    return count;
}

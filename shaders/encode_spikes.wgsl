// Draws the input's spikes from an image: Poisson counts with mean `phi_max * pixel` per step.
// One thread per pixel, word of steps and sample.
#import bindings, philox

// [replicas, 256, 16]
@group(0) @binding(5) var<storage, read> input_thresholds: array<u32>;
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
    let first = (replica * LEVELS + level) * THRESHOLDS;
    let highest = input_thresholds[first];
    var counts = 0u;
    if level > 0u {
        let counter0 = philox_counter0(STREAM_SPIKES, 0u);
        let random = philox(vec4<u32>(counter0, sample.draw_index, unit, word), replicas[replica].seed);
        for (var slot = 0u; slot < STEPS_PER_WORD; slot++) {
            let step = word * STEPS_PER_WORD + slot;
            let half = halfword(random, slot);
            if step < steps && half < highest {
                let count = count_from_halfword(first, half, sample.draw_index, unit, step);
                counts |= count << (slot * COUNT_BITS);
            }
        }
    }
    let row = sample.index * constants.spike_words + constants.history_words + word;
    spikes[row * params.units + unit] = counts;
}

// Returns the number of thresholds that exceed the random word of a step. The thresholds descend to 0 from index `first`
// on. `half`: high half of the word, in the high bits, below the first threshold. The low half is drawn only if the high
// half does not decide the count.
fn count_from_halfword(first: u32, half: u32, draw_index: u32, unit: u32, step: u32) -> u32 {
    var end = first + 1u;
    while half < input_thresholds[end] {
        end++;
    }
    if (half | LOW16) >= input_thresholds[end - 1u] {
        let word = half | lower16(0u, draw_index, unit, step);
        while end > first && word >= input_thresholds[end - 1u] {
            end--;
        }
    }
    return end - first;
}

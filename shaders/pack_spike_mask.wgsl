// Packs spike counts into two bits per neuron and step: whether it spikes, and whether it spikes more than once.
// Kernels that sum weight columns then find the few spiking neurons without reading all counts.
// One thread per 32 neurons, word of steps and sample: each thread writes whole words.
#import bindings

// spike counts of a population, [samples, history words + words, units]
@group(0) @binding(5) var<storage, read> spikes: array<u32>;
// its spike mask, [samples, history steps + steps, 2, units / 32]
@group(0) @binding(6) var<storage, read_write> spike_mask: array<u32>;

@compute @workgroup_size(workgroup_threads)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let sample = samples[id.z];
    replica = sample.replica;
    let columns = (params.units + UNITS_PER_WORD - 1u) / UNITS_PER_WORD;
    let column = id.x % columns;
    // The first launch of an image also packs the spikes kept from before the image.
    let first = select(constants.history_words + params.first_step / STEPS_PER_WORD, 0u, params.first_step == 0u);
    let word = first + id.x / columns;
    if word * STEPS_PER_WORD >= constants.history_words * STEPS_PER_WORD + end_step(sample) {
        return;
    }
    // Mask words of the first and the last four steps.
    var first_ge1 = vec4<u32>();
    var last_ge1 = vec4<u32>();
    var first_ge2 = vec4<u32>();
    var last_ge2 = vec4<u32>();
    let start = (sample.index * constants.spike_words + word) * params.units;
    let unit = column * UNITS_PER_WORD;
    let count = select(UNITS_PER_WORD, params.units - unit, params.units - unit < UNITS_PER_WORD);
    for (var bit = 0u; bit < count; bit++) {
        let counts = spikes[start + unit + bit];
        let ge2 = (counts >> 1u) | (counts >> 2u) | (counts >> 3u);
        let ge1 = counts | ge2;
        first_ge1 |= low_bits4(ge1, 0u) << vec4<u32>(bit);
        last_ge1 |= low_bits4(ge1, 4u) << vec4<u32>(bit);
        first_ge2 |= low_bits4(ge2, 0u) << vec4<u32>(bit);
        last_ge2 |= low_bits4(ge2, 4u) << vec4<u32>(bit);
    }
    let step = (sample.index * constants.spike_words + word) * STEPS_PER_WORD;
    for (var slot = 0u; slot < STEPS_PER_WORD; slot++) {
        let index = (step + slot) * SPIKE_MASK_ROWS * columns + column;
        let ge1 = select(last_ge1[slot & 3u], first_ge1[slot & 3u], slot < 4u);
        let ge2 = select(last_ge2[slot & 3u], first_ge2[slot & 3u], slot < 4u);
        spike_mask[index + SPIKE_MASK_GE1 * columns] = ge1;
        spike_mask[index + SPIKE_MASK_GE2 * columns] = ge2;
    }
}

// Returns the lowest bits of four counts of a word, from slot `first` on.
fn low_bits4(counts: u32, first: u32) -> vec4<u32> {
    let shifts = (vec4<u32>(0u, 1u, 2u, 3u) + first) * COUNT_BITS;
    return (vec4<u32>(counts) >> shifts) & vec4<u32>(1u);
}

// Steps the apical dendrites of a layer.
// One thread for each neuron and lane.

// of the feedback's population, [lanes, past steps + steps, 2, words of 32 sources]
@group(0) @binding(5) var<storage, read> raster: array<u32>;
// its counts, [lanes, past words + words, sources]
@group(0) @binding(6) var<storage, read> spikes: array<u32>;
// of the feedback, [replicas, columns, units], or a run of columns
@group(0) @binding(7) var<storage, read> weights: array<f32>;
// [lanes, history + 1, units]
@group(0) @binding(8) var<storage, read_write> drive: array<f32>;
// [lanes, 5, units]
@group(0) @binding(9) var<storage, read_write> compartments: array<f32>;

// The step, counted from the first that has spikes of the first lane.
var<private> heard_step: u32;

@compute @workgroup_size(workgroup_threads)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let unit = id.x;
    let lane = lanes[id.z];
    replica = lane.replica;
    let words = lane.place * constants.spike_words + constants.past_words;
    heard_step = words * STEPS_PER_WORD + part.first;
    if unit < part.units && part.first < end_of(lane) {
        step_apical(lane, unit);
    }
}

fn raster_word(row: u32, word: u32) -> u32 {
    let words = (part.sources + UNITS_PER_WORD - 1u) / UNITS_PER_WORD;
    return raster[(heard_step * RASTER_ROWS + row) * words + word];
}

fn spiking(word: u32) -> u32 {
    return raster_word(RASTER_ONCE, word);
}

fn spikes_of(source: u32) -> u32 {
    let more = raster_word(RASTER_MORE, source / UNITS_PER_WORD);
    if ((more >> (source % UNITS_PER_WORD)) & 1u) == 0u {
        return 1u;
    }
    let counts = spikes[heard_step / STEPS_PER_WORD * part.sources + source];
    return (counts >> (heard_step % STEPS_PER_WORD * COUNT_BITS)) & COUNT_MASK;
}

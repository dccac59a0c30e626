// Steps the apical dendrites of a layer. A launch of no steps sets the voltages that the first step of an image
// sees.
// One thread per neuron and lane.

// of the population that feeds back, [lanes, past steps + steps, 2, words of 32 sources]
@group(0) @binding(5) var<storage, read> raster: array<u32>;
// its counts, [lanes, past words + words, sources]
@group(0) @binding(6) var<storage, read> spikes: array<u32>;
// of the feedback, [replicas, columns, units], or a run of columns
@group(0) @binding(7) var<storage, read> weights: array<f32>;
// [lanes, history + 1, units]
@group(0) @binding(8) var<storage, read_write> drive: array<f32>;
// [lanes, 5, units]
@group(0) @binding(9) var<storage, read_write> compartments: array<f32>;

@compute @workgroup_size(workgroup_threads)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let unit = id.x;
    if unit >= part.units {
        return;
    }
    let lane = lanes[id.z];
    replica = lane.replica;
    if part.steps == 0u {
        begin_apical(lane, unit);
        return;
    }
    let words = lane.place * constants.spike_words + constants.past_words;
    spike_step = words * STEPS_PER_WORD + part.first;
    if part.first < end_of(lane) {
        step_apical(lane, unit);
    }
}

// The voltage before any spike of the image: of a cleared state the bias alone, otherwise what `apical_history`
// summed with the feedback weights of now.
fn begin_apical(lane: Lane, unit: u32) {
    let first = drive_at(lane.place, 0u, unit);
    var voltage = 0.0;
    if minibatches[replica].fresh == 1u {
        for (var i = 0u; i < constants.history; i++) {
            drive[first + i * part.units] = 0.0;
        }
    } else if constants.tap_count > 0u {
        voltage = filtered(lane.place, 0u, unit);
        for (var i = 0u; i < constants.history; i++) {
            drive[first + i * part.units] = drive[first + (i + 1u) * part.units];
        }
    } else {
        voltage = product(constants.gain_slow, drive[first])
            - product(constants.gain_fast, drive[first + part.units]);
    }
    set_apical(lane, unit, voltage);
}

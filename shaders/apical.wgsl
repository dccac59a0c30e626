// Steps the apical dendrites: the feedback spikes of this step set the apical voltage of the next
// (feedback takes one step). `A = kappa * (Y n)`.
// One thread for each neuron and lane.

// the feedback's population, [lanes, past words + words, sources]
@group(0) @binding(5) var<storage, read> spikes: array<u32>;
// [replicas, sources, units]
@group(0) @binding(6) var<storage, read> feedback: array<f32>;
// [lanes, history + 1, units]
@group(0) @binding(7) var<storage, read_write> drive: array<f32>;
// [lanes, 5, units]
@group(0) @binding(8) var<storage, read_write> compartments: array<f32>;

@compute @workgroup_size(workgroup)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let unit = id.x;
    let lane = lanes[id.z];
    replica = lane.replica;
    if unit >= part.units || part.first >= end_of(lane) {
        return;
    }
    let rows = lane.place * (constants.history + constants.block);
    if part.first == 0u && minibatches[replica].fresh == 1u {
        for (var i = 0u; i < constants.history; i++) {
            drive[(rows + i) * part.units + unit] = 0.0;
        }
    }
    let word = constants.past_words + part.first / STEPS_PER_WORD;
    let start = (lane.place * constants.spike_words + word) * part.sources;
    let shift = part.first % STEPS_PER_WORD * COUNT_BITS;
    let columns = replica * part.sources;
    var sum = 0.0;
    for (var source = 0u; source < part.sources; source++) {
        let weight = feedback[(columns + source) * part.units + unit];
        // A neuron that spikes twice adds its column twice.
        for (var count = (spikes[start + source] >> shift) & COUNT_MASK; count != 0u; count--) {
            sum += weight;
        }
    }
    drive[(rows + constants.history) * part.units + unit] = sum;
    let voltage = filtered(lane.place, 0u, unit);
    compartments[(lane.place * COMPARTMENT_ROWS + COMPARTMENT_APICAL) * part.units + unit] = voltage;
    keep_history(lane.place, unit, 1u);
}

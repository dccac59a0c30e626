// Plateau potentials: the sigmoid of the mean apical voltage at the end of each phase. The dendrite
// is linear, so the mean of `A = Y s` is `Y` times the mean of `s`.
// One thread for each neuron and lane.

// of the feedback's population, [lanes, 5, sources]
@group(0) @binding(5) var<storage, read> traces: array<f32>;
// [replicas, sources, units]
@group(0) @binding(6) var<storage, read> feedback: array<f32>;
// [lanes, 2, units]
@group(0) @binding(7) var<storage, read_write> plateaus: array<f32>;

@compute @workgroup_size(workgroup)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let unit = id.x;
    if unit >= part.units {
        return;
    }
    let lane = lanes[id.z];
    replica = lane.replica;
    let state = lane.place * PLATEAU_ROWS * part.units + unit;
    let forward = apical(lane.place, TRACE_FEEDBACK_FORWARD, unit);
    let target_voltage = apical(lane.place, TRACE_FEEDBACK_TARGET, unit);
    plateaus[state + PLATEAU_FORWARD * part.units] = sigmoid(forward);
    plateaus[state + PLATEAU_TARGET * part.units] = sigmoid(target_voltage);
}

fn apical(place: u32, row: u32, unit: u32) -> f32 {
    let columns = replica * part.sources;
    var sum = 0.0;
    for (var source = 0u; source < part.sources; source++) {
        let spikes = traces[(place * TRACE_ROWS + row) * part.sources + source];
        sum += product(feedback[(columns + source) * part.units + unit], spikes);
    }
    return sum;
}

// Plateau potentials: the sigmoid of the mean apical voltage at the end of each phase. The dendrite
// is linear, so the mean of `A = Y s` is `Y` times the mean of `s`.
// One thread for each neuron and lane. Where not all columns of `Y` are bound at once, the next ones go on
// with the sums of those before.

// of the feedback's population, [lanes, 5, sources]
@group(0) @binding(5) var<storage, read> traces: array<f32>;
// [replicas, sources, units], or a run of columns
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
    var before = vec2<f32>();
    if part.first_column > 0u {
        before.x = plateaus[state + PLATEAU_FORWARD * part.units];
        before.y = plateaus[state + PLATEAU_TARGET * part.units];
    }
    var forward = apical(lane.place, TRACE_FEEDBACK_FORWARD, unit, before.x);
    var target_voltage = apical(lane.place, TRACE_FEEDBACK_TARGET, unit, before.y);
    if part.first_column + part.columns == part.sources {
        forward = sigmoid(forward);
        target_voltage = sigmoid(target_voltage);
    }
    plateaus[state + PLATEAU_FORWARD * part.units] = forward;
    plateaus[state + PLATEAU_TARGET * part.units] = target_voltage;
}

fn apical(place: u32, row: u32, unit: u32, before: f32) -> f32 {
    let first = replica * part.sources;
    var sum = before;
    for (var column = 0u; column < part.columns; column++) {
        let spikes = traces[(place * TRACE_ROWS + row) * part.sources + part.first_column + column];
        sum += product(feedback[(first + column) * part.units + unit], spikes);
    }
    return sum;
}

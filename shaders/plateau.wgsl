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
    potential(lane.place, TRACE_FEEDBACK_FORWARD, unit, state + PLATEAU_FORWARD * part.units);
    potential(lane.place, TRACE_FEEDBACK_TARGET, unit, state + PLATEAU_TARGET * part.units);
}

// Sets the plateau at `index`: to the sum so far, until all columns are in it.
fn potential(place: u32, row: u32, unit: u32, index: u32) {
    let end = part.first_column + part.columns;
    let columns = replica * part.sources - part.first_column;
    var sum = 0.0;
    if part.first_column > 0u {
        sum = plateaus[index];
    }
    for (var source = part.first_column; source < end; source++) {
        let spikes = traces[(place * TRACE_ROWS + row) * part.sources + source];
        sum += product(feedback[(columns + source) * part.units + unit], spikes);
    }
    if end == part.sources {
        sum = sigmoid(sum);
    }
    plateaus[index] = sum;
}

// Plateau potentials: the sigmoid of the mean apical voltage at the end of each phase. The dendrite
// is linear, so the mean of `A = Y s` is `Y` times the mean of `s`.
// One thread for each neuron and lane. Where not all columns of `Y` are bound at once, the next ones go on
// with the sums of those before.

// of the feedback's population, [lanes, rows, sources]
@group(0) @binding(5) var<storage, read> traces: array<f32>;
// [replicas, columns, units], or a run of columns; the last are the apical biases, where there are any
@group(0) @binding(6) var<storage, read> feedback: array<f32>;
// [lanes, 2, units]
@group(0) @binding(7) var<storage, read_write> plateaus: array<f32>;

@compute @workgroup_size(workgroup_threads)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let unit = id.x;
    if unit >= part.units {
        return;
    }
    let lane = lanes[id.z];
    replica = lane.replica;
    let early = early_steps(lane, unit);
    let state = lane.place * PLATEAU_ROWS * part.units + unit;
    var before = vec2<f32>();
    if part.first_column > 0u {
        before.x = plateaus[state + PLATEAU_FORWARD * part.units];
        before.y = plateaus[state + PLATEAU_TARGET * part.units];
    }
    var forward = apical(lane.place, feedback_row(0u, early.x), unit, before.x);
    var target_voltage = apical(lane.place, feedback_row(1u, early.y), unit, before.y);
    if part.first_column + part.columns == part.feedback_columns {
        forward = sigmoid(forward);
        target_voltage = sigmoid(target_voltage);
    }
    plateaus[state + PLATEAU_FORWARD * part.units] = forward;
    plateaus[state + PLATEAU_TARGET * part.units] = target_voltage;
}

// Steps by which the neuron's plateau potentials come before the ends of the forward and the target phase.
fn early_steps(lane: Lane, unit: u32) -> vec2<u32> {
    if earliest_plateau() == 0u {
        return vec2<u32>();
    }
    let head = counter_head(PURPOSE_PLATEAU_TIME, part.population);
    let words = philox(vec4<u32>(head, lane.position, unit, 0u), replicas[replica].seed);
    var steps = vec2<u32>();
    for (var k = 0u; k < earliest_plateau(); k++) {
        let threshold = constants.early_plateaus[k >> 2u][k & 3u];
        steps += vec2<u32>(u32(words.x < threshold), u32(words.y < threshold));
    }
    return steps;
}

fn apical(place: u32, row: u32, unit: u32, before: f32) -> f32 {
    let first = replica * part.feedback_columns;
    var sum = before;
    for (var column = 0u; column < part.columns; column++) {
        let source = part.first_column + column;
        var spikes = 1.0;
        if source < part.sources {
            spikes = traces[(place * constants.trace_rows + row) * part.sources + source];
        }
        sum += product(feedback[(first + column) * part.units + unit], spikes);
    }
    return sum;
}

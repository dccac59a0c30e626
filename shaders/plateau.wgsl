// Computes plateau potentials: the sigmoid of the mean apical voltage at the end of each phase. The dendrite is linear,
// so the mean of `A = Y s + c` is `Y` times the mean of `s`, plus the apical biases `c`.
// One thread per neuron and sample. If not all columns of `Y` are bound at once, each dispatch continues the sums of
// the previous one.
#import bindings, exact_math, philox, averaging_window

// window means of the feedback population, [samples, rows, n_feedback]
@group(0) @binding(5) var<storage, read> window_means: array<f32>;
// [replicas, columns, units], or a range of columns; the apical biases, if any, are the last column
@group(0) @binding(6) var<storage, read> feedback: array<f32>;
// [samples, 2, units]
@group(0) @binding(7) var<storage, read_write> plateaus: array<f32>;

@compute @workgroup_size(workgroup_threads)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let unit = id.x;
    if unit >= params.units {
        return;
    }
    let sample = samples[id.z];
    replica = sample.replica;
    let lead = plateau_lead(sample, unit);
    let first = sample.index * PLATEAU_ROWS * params.units + unit;
    var before = vec2<f32>();
    if params.col_offset > 0u {
        before.x = plateaus[first + PLATEAU_FORWARD * params.units];
        before.y = plateaus[first + PLATEAU_TARGET * params.units];
    }
    var forward = add_feedback(sample.index, feedback_row(0u, lead.x), unit, before.x);
    var target_voltage = add_feedback(sample.index, feedback_row(1u, lead.y), unit, before.y);
    if params.col_offset + params.col_count == params.feedback_columns {
        forward = sigmoid(forward);
        target_voltage = sigmoid(target_voltage);
    }
    plateaus[first + PLATEAU_FORWARD * params.units] = forward;
    plateaus[first + PLATEAU_TARGET * params.units] = target_voltage;
}

// Returns the leads of the neuron's plateau potentials before the ends of the forward and the target phase, in steps.
fn plateau_lead(sample: Sample, unit: u32) -> vec2<u32> {
    if max_plateau_lead() == 0u {
        return vec2<u32>();
    }
    let counter0 = philox_counter0(STREAM_PLATEAU_TIME, params.population);
    let words = philox(vec4<u32>(counter0, sample.draw_index, unit, 0u), replicas[replica].seed);
    var steps = vec2<u32>();
    for (var k = 0u; k < max_plateau_lead(); k++) {
        let threshold = constants.plateau_lead_thresholds[k >> 2u][k & 3u];
        steps += vec2<u32>(u32(words.x < threshold), u32(words.y < threshold));
    }
    return steps;
}

// Adds to `before` the bound columns of `Y` times a row of the window means.
fn add_feedback(sample_index: u32, row: u32, unit: u32, before: f32) -> f32 {
    let first = replica * params.feedback_columns;
    var sum = before;
    for (var column = 0u; column < params.col_count; column++) {
        let pre = params.col_offset + column;
        var presynaptic_mean = 1.0;
        if pre < params.n_feedback {
            presynaptic_mean = window_means[(sample_index * constants.window_mean_rows + row) * params.n_feedback + pre];
        }
        sum += mul_rounded(feedback[(first + column) * params.units + unit], presynaptic_mean);
    }
    return sum;
}

// Adds the events of the next layer to the apical voltages: with weights Q of their own,
// `A = phi_max (Y b + Q e) = phi_max Y (b - p0 e) + (p0 Y + Q) s`, where `s = phi_max e` is the events' mean rate.
// The first term is what `apical_bursts` leaves.
// One thread per neuron and sample. If not all columns of `Y` and `Q` are bound at once, each dispatch continues the
// sums of the previous one.
#import bindings, exact_math

// window means of the next layer, [samples, rows, n_feedback]
@group(0) @binding(5) var<storage, read> window_means: array<f32>;
// [replicas, n_feedback, units], or a range of columns
@group(0) @binding(6) var<storage, read> feedback: array<f32>;
// [replicas, n_feedback, units], or a range of columns
@group(0) @binding(7) var<storage, read> event_feedback: array<f32>;
// [samples, 5, units]
@group(0) @binding(8) var<storage, read_write> compartments: array<f32>;

@compute @workgroup_size(workgroup_threads)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let unit = id.x;
    if unit >= params.units {
        return;
    }
    let sample = samples[id.z];
    replica = sample.replica;
    let baseline = replicas[replica].burst_baseline;
    let voltage = (sample.index * COMPARTMENT_ROWS + COMPARTMENT_APICAL) * params.units + unit;
    var sum = compartments[voltage];
    let row = sample.index * constants.window_mean_rows + WINDOW_MEAN_FORWARD;
    let rate = row * params.n_feedback + params.col_offset;
    for (var column = 0u; column < params.col_count; column++) {
        let index = (replica * params.col_count + column) * params.units + unit;
        let weight = flush_weight(mul_rounded(baseline, feedback[index]) + event_feedback[index]);
        sum += mul_rounded(weight, window_means[rate + column]);
    }
    if params.col_offset + params.col_count == params.feedback_columns {
        sum = flush(sum, SMALLEST_VOLTAGE);
    }
    compartments[voltage] = sum;
}

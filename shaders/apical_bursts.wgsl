// Sums the apical voltages `A = phi_max (Y b + Q e)` from the bursts b and the events e of the next layer. With
// `Q = -p0 Y`, only the deviation of the bursts from their baseline remains: `A = phi_max Y (b - p0 e)`.
// The stored errors of the next layer are `-P (b - p0 e) / p0`.
// One thread per neuron and sample. If not all columns of `Y` are bound at once, each dispatch continues the sums of
// the previous one.
#import bindings, exact_math

// errors of the next layer, [samples, n_feedback]
@group(0) @binding(5) var<storage, read> errors_next: array<f32>;
// [replicas, n_feedback, units], or a range of columns
@group(0) @binding(6) var<storage, read> feedback: array<f32>;
// [samples, 5, units]
@group(0) @binding(7) var<storage, read_write> compartments: array<f32>;

@compute @workgroup_size(workgroup_threads)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let unit = id.x;
    if unit >= params.units {
        return;
    }
    let sample = samples[id.z];
    replica = sample.replica;
    let voltage = (sample.index * COMPARTMENT_ROWS + COMPARTMENT_APICAL) * params.units + unit;
    // Opaque: a compiler that drops `0 +` would keep the sign of a product of -0.
    var sum = opaque(0.0);
    if params.col_offset > 0u {
        sum = compartments[voltage];
    }
    let error = sample.index * params.n_feedback + params.col_offset;
    for (var column = 0u; column < params.col_count; column++) {
        let weight = feedback[(replica * params.feedback_columns + column) * params.units + unit];
        sum += mul_rounded(weight, errors_next[error + column]);
    }
    if params.col_offset + params.col_count == params.feedback_columns {
        sum = flush(mul_rounded(sum, replicas[replica].burst_apical_gain), SMALLEST_VOLTAGE);
    }
    compartments[voltage] = sum;
}

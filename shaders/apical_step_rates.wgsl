// Sets the apical voltages of the next step from feedback rates, which are not filtered: `A = Y phi + c`.
// A launch of 0 steps sets the voltages of an image's first step, from the last rates before the image.
// One thread per neuron and sample. If not all columns of `Y` are bound at once, each dispatch continues the sum of the
// previous one.
#import bindings, exact_math, weight_matrix

// rates of the feedback population, [samples, 1 + steps, n_feedback]
@group(0) @binding(5) var<storage, read> rates: array<f32>;
// feedback weights, [replicas, columns, units], or a range of columns
@group(0) @binding(6) var<storage, read> weights: array<f32>;
// [samples, 5, units]
@group(0) @binding(7) var<storage, read_write> compartments: array<f32>;

@compute @workgroup_size(workgroup_threads)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let unit = id.x;
    let sample = samples[id.z];
    replica = sample.replica;
    if unit >= params.units || (params.step_count > 0u && params.first_step >= end_step(sample)) {
        return;
    }
    let row = sample.index * COMPARTMENT_ROWS + COMPARTMENT_APICAL;
    let index = row * params.units + unit;
    // Opaque: a compiler that drops `0 +` would keep the sign of a product of -0.
    var voltage = opaque(0.0);
    if params.col_offset > 0u {
        voltage = compartments[index];
    }
    // Row of the last step before the one that uses the voltage.
    let step = params.first_step + params.step_count;
    if step > 0u || minibatches[replica].reset_state == 0u {
        let first_rate = (sample.index * constants.rate_rows + step) * params.n_feedback;
        let end = min(params.col_offset + params.col_count, params.n_feedback);
        for (var pre = params.col_offset; pre < end; pre++) {
            voltage += mul_rounded(weight_at(pre, unit), rates[first_rate + pre]);
        }
    }
    let is_last = params.col_offset + params.col_count == params.feedback_columns;
    if is_last && params.feedback_columns > params.n_feedback {
        voltage += weight_at(params.n_feedback, unit);
    }
    if is_last {
        voltage = flush(voltage, SMALLEST_VOLTAGE);
    }
    compartments[index] = voltage;
}

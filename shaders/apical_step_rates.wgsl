// Sets the apical voltages that the next step sees from feedback by rates, which no kernel filters: `A = Y phi + c`.
// A launch of no steps sets those of an image's first step, from the last rates before the image.
// One thread per neuron and lane. If not all columns of `Y` are bound at once, the next dispatch continues the sum
// of the one before.

// of the population that feeds back, [lanes, 1 + steps, sources]
@group(0) @binding(5) var<storage, read> rates: array<f32>;
// of the feedback, [replicas, columns, units], or a run of columns
@group(0) @binding(6) var<storage, read> weights: array<f32>;
// [lanes, 5, units]
@group(0) @binding(7) var<storage, read_write> compartments: array<f32>;

@compute @workgroup_size(workgroup_threads)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let unit = id.x;
    let lane = lanes[id.z];
    replica = lane.replica;
    if unit >= part.units || (part.steps > 0u && part.first >= end_of(lane)) {
        return;
    }
    let row = lane.place * COMPARTMENT_ROWS + COMPARTMENT_APICAL;
    let index = row * part.units + unit;
    // Opaque: a compiler that drops `0 +` keeps the sign of a product that is -0.
    var voltage = rounded(0.0);
    if part.first_column > 0u {
        voltage = compartments[index];
    }
    // The row of the step before the one that sees the voltage.
    let step = part.first + part.steps;
    if step > 0u || minibatches[replica].fresh == 0u {
        let sent = (lane.place * constants.rate_rows + step) * part.sources;
        let end = min(part.first_column + part.columns, part.sources);
        for (var source = part.first_column; source < end; source++) {
            voltage += product(weight(source, unit), rates[sent + source]);
        }
    }
    let is_last = part.first_column + part.columns == part.feedback_columns;
    if is_last && part.feedback_columns > part.sources {
        voltage += weight(part.sources, unit);
    }
    if is_last {
        voltage = flush(voltage, SMALLEST_VOLTAGE);
    }
    compartments[index] = voltage;
}

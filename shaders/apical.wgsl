// Steps the apical dendrites: the feedback spikes of this step set the apical voltage of the next
// (feedback takes one step). `A = kappa * (Y n) + c`.
// One thread for each neuron and lane. Where not all columns of `Y` are bound at once, the next ones go on
// with the sum of those before, and the last set the voltage.

// of the feedback's population, [lanes, past steps + steps, 2, words of 32 sources]
@group(0) @binding(5) var<storage, read> raster: array<u32>;
// its counts, [lanes, past words + words, sources]
@group(0) @binding(6) var<storage, read> spikes: array<u32>;
// [replicas, columns, units], or a run of columns
@group(0) @binding(7) var<storage, read> feedback: array<f32>;
// [lanes, history + 1, units]
@group(0) @binding(8) var<storage, read_write> drive: array<f32>;
// [lanes, 5, units]
@group(0) @binding(9) var<storage, read_write> compartments: array<f32>;

@compute @workgroup_size(workgroup)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let unit = id.x;
    let lane = lanes[id.z];
    replica = lane.replica;
    if unit >= part.units || part.first >= end_of(lane) {
        return;
    }
    let rows = lane.place * (constants.history + part.block);
    if part.first == 0u && minibatches[replica].fresh == 1u && part.first_column == 0u {
        for (var i = 0u; i < constants.history; i++) {
            drive[(rows + i) * part.units + unit] = 0.0;
        }
    }
    let now = (rows + constants.history) * part.units + unit;
    var before = 0.0;
    if part.first_column > 0u {
        before = drive[now];
    }
    drive[now] = sum_columns(lane.place, unit, before);
    if part.first_column + part.columns < part.feedback_columns {
        return;
    }
    var voltage = filtered(lane.place, 0u, unit);
    if part.feedback_columns > part.sources {
        // The last column that is bound has the apical biases.
        let column = replica * part.feedback_columns + part.sources - part.first_column;
        voltage += feedback[column * part.units + unit];
    }
    compartments[(lane.place * COMPARTMENT_ROWS + COMPARTMENT_APICAL) * part.units + unit] = voltage;
    keep_history(lane, unit);
}

// Adds the columns of the sources that spike at the step, in ascending order.
fn sum_columns(place: u32, unit: u32, before: f32) -> f32 {
    // Counted from the first step that has spikes.
    let step = (place * constants.spike_words + constants.past_words) * STEPS_PER_WORD + part.first;
    let words = (part.sources + UNITS_PER_WORD - 1u) / UNITS_PER_WORD;
    let start = step * RASTER_ROWS * words;
    let counts = step / STEPS_PER_WORD * part.sources;
    let shift = step % STEPS_PER_WORD * COUNT_BITS;
    // Columns are bound in whole words.
    let end = min(words, (part.first_column + part.columns + UNITS_PER_WORD - 1u) / UNITS_PER_WORD);
    var sum = before;
    for (var word = part.first_column / UNITS_PER_WORD; word < end; word++) {
        var left = raster[start + RASTER_ONCE * words + word];
        let more = raster[start + RASTER_MORE * words + word];
        while left != 0u {
            let bit = firstTrailingBit(left);
            left &= left - 1u;
            let source = word * UNITS_PER_WORD + bit;
            let column = replica * part.feedback_columns + source - part.first_column;
            let weight = feedback[column * part.units + unit];
            sum += weight;
            if ((more >> bit) & 1u) == 1u {
                // A neuron that spikes twice adds its column twice.
                var count = (spikes[counts + source] >> shift) & COUNT_MASK;
                for (; count > 1u; count--) {
                    sum += weight;
                }
            }
        }
    }
    return sum;
}

// Sums, for every step, the weight columns of all neurons below by their rates: `W r`. The filter comes behind.
// One thread for each neuron, step and lane. Where not all columns are bound at once, the next ones go on with
// the sums of those before.

// of the population below, [lanes, history + steps, below]
@group(0) @binding(5) var<storage, read> rates: array<f32>;
// [replicas, below + 1, units], or a run of columns
@group(0) @binding(6) var<storage, read> weights: array<f32>;
// [lanes, history + block, units]; the step `first` in row `history`
@group(0) @binding(7) var<storage, read_write> drive: array<f32>;

@compute @workgroup_size(workgroup_threads)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let unit = id.x;
    if unit >= part.units {
        return;
    }
    let lane = lanes[id.z];
    replica = lane.replica;
    let rows = lane.place * (constants.history + part.block);

    // Steps are counted from the first whose rates are kept. Those of the past drive through the weights of now.
    var begin = constants.history + part.first;
    var row = constants.history;
    if part.first == 0u {
        if minibatches[replica].fresh == 1u {
            if id.y == 0u && part.first_column == 0u {
                for (var i = 0u; i < constants.history; i++) {
                    drive[(rows + i) * part.units + unit] = 0.0;
                }
            }
        } else {
            begin = 0u;
            row = 0u;
        }
    }
    let step = begin + id.y;
    if step < constants.history + end_of(lane) {
        sum_columns(lane.place, step, rows + row + id.y, unit);
    }
}

// Adds the columns that are bound, in ascending order.
fn sum_columns(place: u32, step: u32, row: u32, unit: u32) {
    let sent = (place * constants.rate_rows + step) * part.below;
    let column = replica * (part.below + 1u) - part.first_column;
    let index = row * part.units + unit;
    var sum = 0.0;
    if part.first_column > 0u {
        sum = drive[index];
    }
    let end = min(part.first_column + part.columns, part.below);
    for (var neuron = part.first_column; neuron < end; neuron++) {
        sum += product(weights[(column + neuron) * part.units + unit], rates[sent + neuron]);
    }
    drive[index] = sum;
}

// Sums, for every step, the weight columns of all neurons below by their rates: `W phi`. No kernel filters rates.
// One thread per neuron, step and lane. If not all columns are bound at once, the next dispatch continues the sums
// of the one before.

// of the population below, [lanes, 1 + steps, below]
@group(0) @binding(5) var<storage, read> rates: array<f32>;
// [replicas, below + 1, units], or a run of columns
@group(0) @binding(6) var<storage, read> weights: array<f32>;
// [lanes, history + block, units]; the step `first` in row `history`
@group(0) @binding(7) var<storage, read_write> drive: array<f32>;

@compute @workgroup_size(workgroup_threads)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let unit = id.x;
    let step = part.first + id.y;
    let lane = lanes[id.z];
    replica = lane.replica;
    if unit >= part.units || step >= end_of(lane) {
        return;
    }
    let row = lane.place * (constants.history + part.block) + constants.history + id.y;
    let sent = (lane.place * constants.rate_rows + RATE_HISTORY + step) * part.below;
    let column = replica * (part.below + 1u) - part.first_column;
    let index = row * part.units + unit;
    // Opaque: a compiler that drops `0 +` keeps the sign of a product that is -0.
    var sum = rounded(0.0);
    if part.first_column > 0u {
        sum = drive[index];
    }
    let end = min(part.first_column + part.columns, part.below);
    for (var neuron = part.first_column; neuron < end; neuron++) {
        sum += product(weights[(column + neuron) * part.units + unit], rates[sent + neuron]);
    }
    drive[index] = sum;
}

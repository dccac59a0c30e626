// Sums what spikes before an image drive in the apical dendrites, through the feedback weights of now: those of the
// last K steps, or of the uncut kernel its two traces.
// One thread per neuron, row of the history and lane. If not all columns are bound at once, the next dispatch
// continues the sums of the one before.

// of the population that feeds back, [lanes, past steps + steps, 2, words of 32 sources]
@group(0) @binding(5) var<storage, read> raster: array<u32>;
// its counts, [lanes, past words + words, sources]
@group(0) @binding(6) var<storage, read> spikes: array<u32>;
// its traces, [lanes, rows, sources]
@group(0) @binding(7) var<storage, read> traces: array<f32>;
// of the feedback, [replicas, columns, units], or a run of columns
@group(0) @binding(8) var<storage, read> weights: array<f32>;
// [lanes, history + 1, units]
@group(0) @binding(9) var<storage, read_write> drive: array<f32>;

@compute @workgroup_size(workgroup_threads)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let unit = id.x;
    let lane = lanes[id.z];
    replica = lane.replica;
    if unit >= part.units || minibatches[replica].fresh == 1u {
        return;
    }
    let row = id.y;
    let index = part.drive_start + (lane.place * (constants.history + part.block) + row) * part.units + unit;
    var sum = 0.0;
    if part.first_column > 0u {
        sum = drive[index];
    }
    if constants.tap_count > 0u {
        let words = lane.place * constants.spike_words + constants.past_words;
        spike_step = words * STEPS_PER_WORD - constants.tap_count + row;
        sum = sum_columns(part.sources, unit, sum);
    } else {
        sum = sum_trace(lane.place, TRACE_SLOW + row, unit, sum);
    }
    drive[index] = sum;
}

// Adds the bound columns times a row of the traces.
fn sum_trace(place: u32, row: u32, unit: u32, before: f32) -> f32 {
    let first = (place * constants.trace_rows + row) * part.sources;
    let end = min(part.first_column + part.columns, part.sources);
    var sum = before;
    for (var source = part.first_column; source < end; source++) {
        let trace = traces[first + source];
        if trace != 0.0 {
            sum += product(trace, weight(source, unit));
        }
    }
    return sum;
}

// Sums, for every step, the weight columns of the neurons below that spike: `W n` of an event-driven
// network. The filter comes behind, `W (kappa * n) = kappa * (W n)`.
// One thread for four neurons, one step and one lane. All threads of a workgroup read the same bits of
// the raster, so they take the same branches; neighbours read neighbouring weights. No thread sums many
// steps: Mesa's software device ends a thread's loops after 65,535 rounds altogether.
// Where not all columns are bound at once, the next ones go on with the sums of those before.

// of the population below, [lanes, past steps + steps, 2, words of 32 neurons below]
@group(0) @binding(5) var<storage, read> raster: array<u32>;
// its counts, [lanes, past words + words, below]
@group(0) @binding(6) var<storage, read> spikes: array<u32>;
// its traces, [lanes, rows, below]
@group(0) @binding(7) var<storage, read> traces: array<f32>;
// [replicas, below + 1, units], or a run of columns
@group(0) @binding(8) var<storage, read> weights: array<f32>;
// [lanes, history + block, units]; the step `first` in row `history`
@group(0) @binding(9) var<storage, read_write> drive: array<f32>;

@compute @workgroup_size(workgroup_threads)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    // A thread's neurons lie this far apart.
    let stride = (part.units + UNITS_PER_THREAD - 1u) / UNITS_PER_THREAD;
    if id.x >= stride {
        return;
    }
    let units = id.x + stride * vec4<u32>(0u, 1u, 2u, 3u);
    let lane = lanes[id.z];
    replica = lane.replica;
    let rows = lane.place * (constants.history + part.block);

    // Steps are counted from the first that has spikes, so that those before the image are not
    // negative. Those of the past drive through the weights of now.
    let offset = constants.past_words * STEPS_PER_WORD;
    var begin = offset + part.first;
    var row = constants.history;
    if part.first == 0u {
        if minibatches[replica].fresh == 1u {
            if id.y == 0u && part.first_column == 0u {
                for (var i = 0u; i < constants.history; i++) {
                    store(rows + i, units, vec4<f32>());
                }
            }
        } else if constants.tap_count == 0u {
            if id.y == 0u {
                past_of_traces(lane.place, rows, units);
            }
        } else {
            begin -= constants.history;
            row = 0u;
        }
    }
    let step = begin + id.y;
    if step < offset + end_of(lane) {
        let sum = sum_so_far(rows + row + id.y, units);
        store(rows + row + id.y, units, sum_columns(lane.place, step, units, sum));
    }
}

// The neuron below after the last whose column is bound.
fn end_of_columns() -> u32 {
    return min(part.first_column + part.columns, part.below);
}

// What the columns before those that are bound have driven.
fn sum_so_far(row: u32, units: vec4<u32>) -> vec4<f32> {
    if part.first_column == 0u {
        return vec4<f32>();
    }
    let i = row * part.units + min(units, vec4<u32>(part.units - 1u));
    return vec4<f32>(drive[i.x], drive[i.y], drive[i.z], drive[i.w]);
}

// Adds the columns of the neurons below that spike at a step, in ascending order.
fn sum_columns(place: u32, step: u32, units: vec4<u32>, before: vec4<f32>) -> vec4<f32> {
    let words = (part.below + UNITS_PER_WORD - 1u) / UNITS_PER_WORD;
    let start = (place * constants.spike_words * STEPS_PER_WORD + step) * RASTER_ROWS * words;
    // Columns are bound in whole words.
    let end = (end_of_columns() + UNITS_PER_WORD - 1u) / UNITS_PER_WORD;
    var sum = before;
    for (var word = part.first_column / UNITS_PER_WORD; word < end; word++) {
        var left = raster[start + RASTER_ONCE * words + word];
        let more = raster[start + RASTER_MORE * words + word];
        while left != 0u {
            let bit = firstTrailingBit(left);
            left &= left - 1u;
            let neuron = word * UNITS_PER_WORD + bit;
            let weights_of = column(neuron, units);
            sum += weights_of;
            if ((more >> bit) & 1u) == 1u {
                // A neuron that spikes twice adds its column twice. Opaque: compilers turn `a + b + b` into `fma(2, b, a)`.
                for (var count = count_at(place, step, neuron); count > 1u; count--) {
                    sum = rounded4(sum) + weights_of;
                }
            }
        }
    }
    return sum;
}

fn count_at(place: u32, step: u32, neuron: u32) -> u32 {
    let word = place * constants.spike_words + step / STEPS_PER_WORD;
    return (spikes[word * part.below + neuron] >> (step % STEPS_PER_WORD * COUNT_BITS)) & COUNT_MASK;
}

// Weights of a neuron below; where there are not four neurons left, the last one's again.
fn column(neuron: u32, units: vec4<u32>) -> vec4<f32> {
    let start = (replica * (part.below + 1u) + neuron - part.first_column) * part.units;
    let i = start + min(units, vec4<u32>(part.units - 1u));
    return vec4<f32>(weights[i.x], weights[i.y], weights[i.z], weights[i.w]);
}

fn store(row: u32, units: vec4<u32>, sum: vec4<f32>) {
    for (var i = 0u; i < UNITS_PER_THREAD; i++) {
        if units[i] < part.units {
            drive[row * part.units + units[i]] = sum[i];
        }
    }
}

// The past of the uncut kernel: what the traces of the neurons below, carried on from the image
// before, drive through the weights of now.
fn past_of_traces(place: u32, rows: u32, units: vec4<u32>) {
    for (var i = 0u; i < 2u; i++) {
        var sum = sum_so_far(rows + i, units);
        for (var neuron = part.first_column; neuron < end_of_columns(); neuron++) {
            let trace = traces[(place * constants.trace_rows + TRACE_SLOW + i) * part.below + neuron];
            if trace != 0.0 {
                let w = column(neuron, units);
                sum += vec4<f32>(
                    product(trace, w.x),
                    product(trace, w.y),
                    product(trace, w.z),
                    product(trace, w.w),
                );
            }
        }
        store(rows + i, units, sum);
    }
}

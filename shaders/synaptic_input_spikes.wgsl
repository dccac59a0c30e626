// Sums, per step, the weight columns of the presynaptic neurons that spike: `W n` of an event-driven network.
// The filter is applied afterwards, `W (kappa * n) = kappa * (W n)`.
// One thread per four neurons, step and sample. All threads of a workgroup read the same bits of
// the raster, so they take the same branches; neighbours read neighbouring weights. No thread sums many
// steps: Mesa's software device ends a thread's loops after 65,535 iterations in total.
// If not all columns are bound at once, each dispatch continues the sums of the previous one.
#import bindings, exact_math, column_sum

// bits of the population below, [samples, past steps + steps, 2, words of 32 neurons below]
@group(0) @binding(5) var<storage, read> spike_mask: array<u32>;
// its counts, [samples, history words + words, below]
@group(0) @binding(6) var<storage, read> spikes: array<u32>;
// its window means, [samples, rows, below]
@group(0) @binding(7) var<storage, read> window_means: array<f32>;
// [replicas, below + 1, units], or a run of columns
@group(0) @binding(8) var<storage, read> weights: array<f32>;
// [samples, history + block, units]; the step `first` in row `history`
@group(0) @binding(9) var<storage, read_write> synaptic_input: array<f32>;

@compute @workgroup_size(workgroup_threads)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    // Stride between a thread's neurons.
    let stride = (params.units + UNITS_PER_THREAD - 1u) / UNITS_PER_THREAD;
    if id.x >= stride {
        return;
    }
    let units = id.x + stride * vec4<u32>(0u, 1u, 2u, 3u);
    let sample = samples[id.z];
    replica = sample.replica;
    let rows = sample.index * (constants.history_rows + params.block_len);

    // Steps are counted from the first stored step, so that steps before the image are not negative. Past spikes
    // use the current weights.
    let offset = constants.history_words * STEPS_PER_WORD;
    var begin = offset + params.first_step;
    var row = constants.history_rows;
    if params.first_step == 0u {
        if minibatches[replica].reset_state == 1u {
            if id.y == 0u && params.col_offset == 0u {
                for (var i = 0u; i < constants.history_rows; i++) {
                    store(rows + i, units, vec4<f32>());
                }
            }
        } else if constants.tap_count == 0u {
            if id.y == 0u {
                history_from_traces(sample.index, rows, units);
            }
        } else {
            begin -= constants.history_rows;
            row = 0u;
        }
    }
    let step = begin + id.y;
    if step < offset + end_step(sample) {
        let sums = partial_sum(rows + row + id.y, units);
        let stored_step = sample.index * constants.spike_words * STEPS_PER_WORD + step;
        store(rows + row + id.y, units, sum_columns(params.n_pre, stored_step, units, sums));
    }
}

// One past the last presynaptic neuron with a bound column.
fn end_of_columns() -> u32 {
    return min(params.col_offset + params.col_count, params.n_pre);
}

// What the columns before those that are bound have driven.
fn partial_sum(row: u32, units: vec4<u32>) -> vec4<f32> {
    if params.col_offset == 0u {
        return vec4<f32>();
    }
    let i = row * params.units + min(units, vec4<u32>(params.units - 1u));
    return vec4<f32>(synaptic_input[i.x], synaptic_input[i.y], synaptic_input[i.z], synaptic_input[i.w]);
}

alias Units = vec4<u32>;
alias Sums = vec4<f32>;

fn opaque_sums(sums: vec4<f32>) -> vec4<f32> {
    return opaque4(sums);
}

// Weights of a presynaptic neuron; if fewer than four neurons remain, the last weight is repeated.
fn column(neuron: u32, units: vec4<u32>) -> vec4<f32> {
    let start = (replica * (params.n_pre + 1u) + neuron - params.col_offset) * params.units;
    let i = start + min(units, vec4<u32>(params.units - 1u));
    return vec4<f32>(weights[i.x], weights[i.y], weights[i.z], weights[i.w]);
}

fn store(row: u32, units: vec4<u32>, sum: vec4<f32>) {
    for (var i = 0u; i < UNITS_PER_THREAD; i++) {
        if units[i] < params.units {
            synaptic_input[row * params.units + units[i]] = sum[i];
        }
    }
}

// The history of the uncut kernel: presynaptic traces from the previous image, times the current weights.
fn history_from_traces(sample_index: u32, rows: u32, units: vec4<u32>) {
    for (var i = 0u; i < 2u; i++) {
        var sum = partial_sum(rows + i, units);
        for (var neuron = params.col_offset; neuron < end_of_columns(); neuron++) {
            let state = sample_index * constants.window_mean_rows + WINDOW_MEAN_SLOW + i;
            let trace = window_means[state * params.n_pre + neuron];
            if trace != 0.0 {
                let w = column(neuron, units);
                sum += vec4<f32>(
                    mul_rounded(trace, w.x),
                    mul_rounded(trace, w.y),
                    mul_rounded(trace, w.z),
                    mul_rounded(trace, w.w),
                );
            }
        }
        store(rows + i, units, sum);
    }
}

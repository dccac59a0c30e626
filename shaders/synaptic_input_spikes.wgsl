// Sums, per step, the weight columns of the presynaptic neurons that spike: `W n`. The filter is applied to the sums,
// `W (kappa * n) = kappa * (W n)`.
// One thread per four neurons, step and sample. All threads of a workgroup read the same words of the spike mask, so
// they take the same branches; adjacent threads read adjacent weights. No thread sums several steps: Mesa's software
// device ends a thread's loops after 65,535 iterations in total.
// If not all columns are bound at once, each dispatch continues the sums of the previous one.
#import bindings, exact_math, column_sum

// spike mask of the presynaptic population, [samples, history steps + steps, 2, n_pre / 32]
@group(0) @binding(5) var<storage, read> spike_mask: array<u32>;
// its spike counts, [samples, history words + words, n_pre]
@group(0) @binding(6) var<storage, read> spikes: array<u32>;
// its window means, [samples, rows, n_pre]
@group(0) @binding(7) var<storage, read> window_means: array<f32>;
// [replicas, n_pre + 1, units], or a range of columns
@group(0) @binding(8) var<storage, read> weights: array<f32>;
// [samples, history + block, units]; the launch's first step in row `history`
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

    // Steps count from the first stored step, so that steps before the image are not negative. Spikes before the image
    // use the current weights.
    let offset = constants.history_words * STEPS_PER_WORD;
    var begin = offset + params.first_step;
    var row = constants.history_rows;
    if params.first_step == 0u {
        if minibatches[replica].reset_state == 1u {
            if id.y == 0u && params.col_offset == 0u {
                for (var i = 0u; i < constants.history_rows; i++) {
                    store4(rows + i, units, vec4<f32>());
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
        let sums = partial_sums(rows + row + id.y, units);
        let stored_step = sample.index * constants.spike_words * STEPS_PER_WORD + step;
        store4(rows + row + id.y, units, sum_columns(params.n_pre, stored_step, units, sums));
    }
}

// Returns the end of the presynaptic neurons with bound columns.
fn end_of_columns() -> u32 {
    return min(params.col_offset + params.col_count, params.n_pre);
}

// Returns the sums over the columns before the bound ones.
fn partial_sums(row: u32, units: vec4<u32>) -> vec4<f32> {
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

// Returns the weights from a presynaptic neuron. Units beyond the layer repeat its last weight.
fn load_column(pre: u32, units: vec4<u32>) -> vec4<f32> {
    let start = (replica * (params.n_pre + 1u) + pre - params.col_offset) * params.units;
    let i = start + min(units, vec4<u32>(params.units - 1u));
    return vec4<f32>(weights[i.x], weights[i.y], weights[i.z], weights[i.w]);
}

// Stores the sums of the units within the layer.
fn store4(row: u32, units: vec4<u32>, sum: vec4<f32>) {
    for (var i = 0u; i < UNITS_PER_THREAD; i++) {
        if units[i] < params.units {
            synaptic_input[row * params.units + units[i]] = sum[i];
        }
    }
}

// Adds the history of the uncut kernel: presynaptic traces of the previous image times the current weights.
fn history_from_traces(sample_index: u32, rows: u32, units: vec4<u32>) {
    for (var i = 0u; i < 2u; i++) {
        var sum = partial_sums(rows + i, units);
        for (var pre = params.col_offset; pre < end_of_columns(); pre++) {
            let state = sample_index * constants.window_mean_rows + WINDOW_MEAN_SLOW + i;
            let trace = window_means[state * params.n_pre + pre];
            if trace != 0.0 {
                let w = load_column(pre, units);
                sum += vec4<f32>(
                    mul_rounded(trace, w.x),
                    mul_rounded(trace, w.y),
                    mul_rounded(trace, w.z),
                    mul_rounded(trace, w.w),
                );
            }
        }
        store4(rows + i, units, sum);
    }
}

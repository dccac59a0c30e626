// Sums the input of the apical dendrites from spikes before an image, with the current feedback weights. The sums are
// of the spikes of the last K steps, or of the two traces of the uncut kernel.
// One thread per neuron, row of the history and sample. If not all columns are bound at once, each dispatch continues
// the sums of the previous one.
#import bindings, exact_math, single_neuron_sum

// spike mask of the feedback population, [samples, history steps + steps, 2, n_feedback / 32]
@group(0) @binding(5) var<storage, read> spike_mask: array<u32>;
// its spike counts, [samples, history words + words, n_feedback]
@group(0) @binding(6) var<storage, read> spikes: array<u32>;
// its window means, [samples, rows, n_feedback]
@group(0) @binding(7) var<storage, read> window_means: array<f32>;
// feedback weights, [replicas, columns, units], or a range of columns
@group(0) @binding(8) var<storage, read> weights: array<f32>;
// [samples, history + 1, units]
@group(0) @binding(9) var<storage, read_write> synaptic_input: array<f32>;

@compute @workgroup_size(workgroup_threads)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let unit = id.x;
    let sample = samples[id.z];
    replica = sample.replica;
    if unit >= params.units || minibatches[replica].reset_state == 1u {
        return;
    }
    let row = id.y;
    let rows = sample.index * (constants.history_rows + params.block_len) + row;
    let index = rows * params.units + unit;
    var sum = 0.0;
    if params.col_offset > 0u {
        sum = synaptic_input[index];
    }
    if constants.tap_count > 0u {
        let words = sample.index * constants.spike_words + constants.history_words;
        sum = sum_columns(params.n_feedback, words * STEPS_PER_WORD - constants.tap_count + row, unit, sum);
    } else {
        sum = sum_trace(sample.index, WINDOW_MEAN_SLOW + row, unit, sum);
    }
    synaptic_input[index] = sum;
}

// Adds to `before` the bound columns times a row of the window means.
fn sum_trace(sample_index: u32, row: u32, unit: u32, before: f32) -> f32 {
    let first = (sample_index * constants.window_mean_rows + row) * params.n_feedback;
    let end = min(params.col_offset + params.col_count, params.n_feedback);
    var sum = before;
    for (var pre = params.col_offset; pre < end; pre++) {
        let trace = window_means[first + pre];
        if trace != 0.0 {
            sum += mul_rounded(trace, weight_at(pre, unit));
        }
    }
    return sum;
}

// Sums, per step, the weight columns of all presynaptic neurons times their rates: `W phi`. Rates are not filtered.
// One thread per neuron, step and sample. If not all columns are bound at once, each dispatch continues the sums of the
// previous one.
#import bindings, exact_math

// rates of the presynaptic population, [samples, 1 + steps, n_pre]
@group(0) @binding(5) var<storage, read> rates: array<f32>;
// [replicas, n_pre + 1, units], or a range of columns
@group(0) @binding(6) var<storage, read> weights: array<f32>;
// [samples, history + block, units]; the launch's first step in row `history`
@group(0) @binding(7) var<storage, read_write> synaptic_input: array<f32>;

@compute @workgroup_size(workgroup_threads)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let unit = id.x;
    let step = params.first_step + id.y;
    let sample = samples[id.z];
    replica = sample.replica;
    if unit >= params.units || step >= end_step(sample) {
        return;
    }
    let row = sample.index * (constants.history_rows + params.block_len) + constants.history_rows + id.y;
    let first_rate = (sample.index * constants.rate_rows + RATE_HISTORY + step) * params.n_pre;
    let column = replica * (params.n_pre + 1u) - params.col_offset;
    let index = row * params.units + unit;
    // Opaque: a compiler that drops `0 +` would keep the sign of a product of -0.
    var sum = opaque(0.0);
    if params.col_offset > 0u {
        sum = synaptic_input[index];
    }
    let end = min(params.col_offset + params.col_count, params.n_pre);
    for (var pre = params.col_offset; pre < end; pre++) {
        sum += mul_rounded(weights[(column + pre) * params.units + unit], rates[first_rate + pre]);
    }
    synaptic_input[index] = sum;
}

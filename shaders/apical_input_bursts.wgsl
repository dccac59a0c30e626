// Sums, per step, the input of the apical dendrites from the next layer's bursts b and spikes n: `Y b + Q n`. With
// `Q = -p0 Y`, it is `Y (b - p0 n)`: only neurons that spike in the step contribute.
// One thread per neuron, step and sample. All threads of a workgroup read the same spikes, so they take the same branches.
// If not all columns of `Y` are bound at once, each dispatch continues the sums of the previous one.
#import bindings, exact_math, spike_counts, burst_steps

// spike counts of the next layer, [samples, history words + words, n_feedback]
@group(0) @binding(5) var<storage, read> spikes: array<u32>;
// its bursts, [samples, burst words, n_feedback]
@group(0) @binding(6) var<storage, read> bursts: array<u32>;
// [replicas, n_feedback, units], or a range of columns
@group(0) @binding(7) var<storage, read> feedback: array<f32>;
// [samples, burst steps, units]
@group(0) @binding(8) var<storage, read_write> apical_input: array<f32>;

@compute @workgroup_size(workgroup_threads)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let unit = id.x;
    if unit >= params.units {
        return;
    }
    let sample = samples[id.z];
    replica = sample.replica;
    let step = params.first_step + id.y;
    if step < first_burst_step(sample, params.population + 1u) || step >= end_step(sample) {
        return;
    }
    let index = (sample.index * constants.burst_steps + step) * params.units + unit;
    // Opaque: a compiler that drops `0 +` would keep the sign of a product of -0.
    var sum = opaque(0.0);
    if params.col_offset > 0u {
        sum = apical_input[index];
    }
    let word = step / STEPS_PER_WORD;
    let burst_words = (constants.burst_steps + STEPS_PER_WORD - 1u) / STEPS_PER_WORD;
    let first_spikes = (sample.index * constants.spike_words + constants.history_words + word) * params.n_feedback;
    let first_bursts = (sample.index * burst_words + word) * params.n_feedback;
    for (var column = 0u; column < params.col_count; column++) {
        let n = spike_count(spikes[first_spikes + params.col_offset + column], step);
        if n > 0u {
            let b = spike_count(bursts[first_bursts + params.col_offset + column], step);
            let deviation = f32(b) - mul_rounded(replicas[replica].burst_baseline, f32(n));
            let weight = feedback[(replica * params.feedback_columns + column) * params.units + unit];
            sum += mul_rounded(weight, deviation);
        }
    }
    apical_input[index] = sum;
}

// Adds the next layer's spikes n to the input of the apical dendrites, per step: with weights Q of their own,
// `Y b + Q n = Y (b - p0 n) + (p0 Y + Q) n`. The first term is what `apical_input_bursts` leaves.
// One thread per neuron, step and sample. If not all columns of `Y` and `Q` are bound at once, each dispatch continues
// the sums of the previous one.
#import bindings, exact_math, spike_counts, burst_steps

// spike counts of the next layer, [samples, history words + words, n_feedback]
@group(0) @binding(5) var<storage, read> spikes: array<u32>;
// [replicas, n_feedback, units], or a range of columns
@group(0) @binding(6) var<storage, read> feedback: array<f32>;
// [replicas, n_feedback, units], or a range of columns
@group(0) @binding(7) var<storage, read> event_feedback: array<f32>;
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
    let baseline = replicas[replica].burst_baseline;
    let index = (sample.index * constants.burst_steps + step) * params.units + unit;
    var sum = apical_input[index];
    let word = sample.index * constants.spike_words + constants.history_words + step / STEPS_PER_WORD;
    let first_spikes = word * params.n_feedback + params.col_offset;
    for (var column = 0u; column < params.col_count; column++) {
        let n = spike_count(spikes[first_spikes + column], step);
        if n > 0u {
            let at = (replica * params.col_count + column) * params.units + unit;
            let weight = flush_weight(mul_rounded(baseline, feedback[at]) + event_feedback[at]);
            sum += mul_rounded(weight, f32(n));
        }
    }
    apical_input[index] = sum;
}

// Advances hidden neurons: basal voltage from the filtered synaptic input, soma by forward Euler, mean voltage, spikes.
// One thread per neuron and sample.
#import neuron_step

// [replicas, n_pre + 1, units], or the last columns; only the biases are read
@group(0) @binding(5) var<storage, read> weights: array<f32>;
// [samples, history + block, units]
@group(0) @binding(6) var<storage, read_write> synaptic_input: array<f32>;
// [samples, 5, units]
@group(0) @binding(7) var<storage, read_write> compartments: array<f32>;
// spike counts of the layer, [samples, history words + words, units]
@group(0) @binding(8) var<storage, read_write> spikes: array<u32>;
// [samples, burst steps, units]; empty unless bursts are drawn from spikes
@group(0) @binding(9) var<storage, read_write> somata: array<f32>;

@compute @workgroup_size(workgroup_threads)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let unit = id.x;
    let sample = samples[id.z];
    replica = sample.replica;
    if unit < params.units && params.first_step < end_step(sample) {
        step_neuron(sample, unit);
    }
}

// Returns the terms of `C += -g_L C + g_B (B - C) + g_A (A - C)`.
fn soma_terms(sample: Sample, unit: u32, step: u32, apical: f32) -> SomaTerms {
    let current = mul_rounded(replicas[replica].hidden_apical_gain, apical);
    return SomaTerms(replicas[replica].hidden_decay, replicas[replica].hidden_basal_gain, current);
}

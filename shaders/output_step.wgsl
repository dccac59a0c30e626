// Advances output neurons: dendrite from the filtered synaptic input, soma by forward Euler with the teaching current
// of the target phase, mean voltage and rate, spikes.
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

// Returns the terms of `C += -g_L C + g_D (B - C) + I`. The teaching current is `I = g_E (E_E - C) + g_I (E_I - C)` in
// the target phase, 0 before.
fn soma_terms(sample: Sample, unit: u32, step: u32, apical: f32) -> SomaTerms {
    if step < sample.steps_forward {
        return SomaTerms(constants.output_decay, constants.output_basal_gain, 0.0);
    }
    let is_target = unit / constants.neurons_per_class == sample.label;
    let current = select(constants.teaching_inhibition, constants.teaching_excitation, is_target);
    return SomaTerms(constants.teaching_decay, constants.teaching_basal_gain, current);
}

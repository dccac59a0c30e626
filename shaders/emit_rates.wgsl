// Stores the rates `phi_max sigma(C)` of a layer at a step, spikes per ms, if the layer sends rates.
// One thread per neuron and sample.
#import bindings, exact_math

// [samples, 5, units]
@group(0) @binding(5) var<storage, read> compartments: array<f32>;
// [samples, 1 + steps, units]
@group(0) @binding(6) var<storage, read_write> rates: array<f32>;

@compute @workgroup_size(workgroup_threads)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let unit = id.x;
    let sample = samples[id.z];
    replica = sample.replica;
    if unit >= params.units || end_step(sample) <= params.first_step {
        return;
    }
    let soma = (sample.index * COMPARTMENT_ROWS + COMPARTMENT_SOMA) * params.units + unit;
    let row = sample.index * constants.rate_rows + RATE_HISTORY + params.first_step;
    let rate = mul_rounded(replicas[replica].phi_max, sigmoid(compartments[soma]));
    rates[row * params.units + unit] = flush(rate, SMALLEST_VOLTAGE);
}

// Computes `P E` of every neuron: its local error E times the factor P of its update.
// Output: `P E = -P (phi_t - phi_max sigma(Cf)) k_D phi_max sigma'(Cf)`.
// Hidden: `P E = -P (alpha_t - alpha_f) k_B phi_max sigma'(Cf)`.
// One thread per neuron and sample.
#import bindings, exact_math

// [samples, 5, units]
@group(0) @binding(5) var<storage, read> compartments: array<f32>;
// [samples, 2, units]
@group(0) @binding(6) var<storage, read> plateaus: array<f32>;
// [samples, units]
@group(0) @binding(7) var<storage, read_write> errors: array<f32>;

@compute @workgroup_size(workgroup_threads)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let unit = id.x;
    if unit >= params.units {
        return;
    }
    let sample = samples[id.z];
    replica = sample.replica;
    let voltages = sample.index * COMPARTMENT_ROWS * params.units + unit;
    let potentials = sample.index * PLATEAU_ROWS * params.units + unit;
    let sigma_mean = sigmoid(compartments[voltages + COMPARTMENT_MEAN_SOMA * params.units]);
    var difference = 0.0;
    var gain = 0.0;
    if params.is_output == 1u {
        let rate = compartments[voltages + COMPARTMENT_MEAN_RATE * params.units];
        difference = mul_rounded(replicas[replica].phi_max, sigma_mean) - rate;
        gain = replicas[replica].output_error_gain;
    } else {
        let alpha_forward = plateaus[potentials + PLATEAU_FORWARD * params.units];
        let alpha_target = plateaus[potentials + PLATEAU_TARGET * params.units];
        difference = alpha_forward - alpha_target;
        gain = replicas[replica].hidden_error_gain;
    }
    let error = mul_rounded(mul_rounded(difference, gain), sigmoid_slope(sigma_mean));
    errors[sample.index * params.units + unit] = flush(error, SMALLEST_GRADIENT);
}

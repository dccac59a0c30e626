// Computes `P E` of every neuron: the deviation of its burst rate from the baseline, `E = -e (p - p0) / p0`, times the
// factor P of its update. `e = sigma(Cf)`.
// Output: `p = p0 (1 + s (t - e) (1 - e))`, t the target.
// Hidden: `p = 2 p0 sigma(k A (1 - e))`.
// One thread per neuron and sample.
#import bindings, exact_math

// [samples, 5, units]
@group(0) @binding(5) var<storage, read> compartments: array<f32>;
// [samples, units]
@group(0) @binding(6) var<storage, read_write> errors: array<f32>;

@compute @workgroup_size(workgroup_threads)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let unit = id.x;
    if unit >= params.units {
        return;
    }
    let sample = samples[id.z];
    replica = sample.replica;
    let voltages = sample.index * COMPARTMENT_ROWS * params.units + unit;
    let events = sigmoid(compartments[voltages + COMPARTMENT_MEAN_SOMA * params.units]);
    var error = 0.0;
    if params.is_output == 1u {
        let is_target = unit / constants.neurons_per_class == sample.label;
        let difference = events - select(0.0, 1.0, is_target);
        let gain = replicas[replica].burst_teacher_gain;
        error = mul_rounded(mul_rounded(difference, gain), sigmoid_slope(events));
    } else {
        let apical = compartments[voltages + COMPARTMENT_APICAL * params.units];
        let argument = mul_rounded(mul_rounded(replicas[replica].burst_slope, apical), 1.0 - events);
        let gain = replicas[replica].burst_error_gain;
        error = mul_rounded(mul_rounded(-sigmoid_deviation(argument), gain), events);
    }
    errors[sample.index * params.units + unit] = flush(error, SMALLEST_GRADIENT);
}

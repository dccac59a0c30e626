// The local error of every neuron, with the factor P of its update.
// Output: `E = -(phi_t - phi_max sigma(C)) k_D phi_max sigma'(C)`; hidden:
// `E = -(alpha_t - alpha_f) k_B phi_max sigma'(C)`; C is the forward phase's mean.
// One thread for each neuron and lane.

// [lanes, 5, units]
@group(0) @binding(5) var<storage, read> compartments: array<f32>;
// [lanes, 2, units]
@group(0) @binding(6) var<storage, read> plateaus: array<f32>;
// [lanes, units]
@group(0) @binding(7) var<storage, read_write> errors: array<f32>;

@compute @workgroup_size(workgroup_threads)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let unit = id.x;
    if unit >= part.units {
        return;
    }
    let lane = lanes[id.z];
    replica = lane.replica;
    let voltages = lane.place * COMPARTMENT_ROWS * part.units + unit;
    let potentials = lane.place * PLATEAU_ROWS * part.units + unit;
    let forward = sigmoid(compartments[voltages + COMPARTMENT_MEAN_SOMA * part.units]);
    var difference = 0.0;
    var gain = 0.0;
    if part.is_output == 1u {
        let rate = compartments[voltages + COMPARTMENT_MEAN_RATE * part.units];
        difference = product(replicas[replica].phi_max, forward) - rate;
        gain = replicas[replica].output_error_gain;
    } else {
        let before = plateaus[potentials + PLATEAU_FORWARD * part.units];
        let after = plateaus[potentials + PLATEAU_TARGET * part.units];
        difference = before - after;
        gain = replicas[replica].hidden_error_gain;
    }
    let error = product(product(difference, gain), sigmoid_slope(forward));
    errors[lane.place * part.units + unit] = flush(error, SMALLEST_GRADIENT);
}

// Keeps the rate `phi_max sigma(C)` of a layer's neurons at a step, where they send it instead of spikes.
// One thread for each neuron and lane.

// [lanes, 5, units]
@group(0) @binding(5) var<storage, read> compartments: array<f32>;
// [lanes, 1 + steps, units]
@group(0) @binding(6) var<storage, read_write> rates: array<f32>;

@compute @workgroup_size(workgroup_threads)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let unit = id.x;
    let lane = lanes[id.z];
    replica = lane.replica;
    if unit >= part.units || end_of(lane) <= part.first {
        return;
    }
    let soma = (lane.place * COMPARTMENT_ROWS + COMPARTMENT_SOMA) * part.units + unit;
    let row = lane.place * constants.rate_rows + RATE_HISTORY + part.first;
    let rate = product(replicas[replica].phi_max, sigmoid(compartments[soma]));
    rates[row * part.units + unit] = flush(rate, SMALLEST_VOLTAGE);
}

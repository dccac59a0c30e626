// Averages the rates that apical dendrites hear instead of spikes: at each step, the rate `phi_max sigma(C)` of a
// neuron times what the filter makes of it in the windows at the ends of the phases.
// One thread for each neuron of a layer and lane.

// [lanes, 5, units]
@group(0) @binding(5) var<storage, read> compartments: array<f32>;
// of the layer's population, [lanes, rows, units]
@group(0) @binding(6) var<storage, read_write> traces: array<f32>;

@compute @workgroup_size(workgroup)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let unit = id.x;
    let lane = lanes[id.z];
    replica = lane.replica;
    if unit >= part.units || end_of(lane) <= part.first {
        return;
    }
    let soma = (lane.place * COMPARTMENT_ROWS + COMPARTMENT_SOMA) * part.units + unit;
    let rate = product(replicas[replica].phi_max, sigmoid(compartments[soma]));
    let state = lane.place * constants.trace_rows * part.units + unit;
    for (var early = 0u; early <= earliest_plateau(); early++) {
        add(forward_window(lane, early), rate, state + feedback_row(0u, early) * part.units);
        add(target_window(lane, early), rate, state + feedback_row(1u, early) * part.units);
    }
}

// Adds what a rate of this step is heard as, one step late, to the mean over a window.
fn add(window: Window, rate: f32, place: u32) {
    var mean = select(traces[place], 0.0, part.first == 0u);
    if part.first >= first_heard(window, 1u) && part.first + 1u < window.end {
        mean += product(product(weight(window, part.first + 1u), window.inverse), rate);
    }
    traces[place] = mean;
}

// Steps hidden neurons: basal voltage from the filtered drive, soma by forward Euler, spikes.
// `B = kappa * (W n) + b`; `C += -g_L C + g_B (B - C) + g_A (A - C)`.
// One thread for each neuron and lane.

// [replicas, below + 1, units], or its last columns; of which the biases are read
@group(0) @binding(5) var<storage, read> weights: array<f32>;
// [lanes, history + block, units]
@group(0) @binding(6) var<storage, read_write> drive: array<f32>;
// [lanes, 5, units]
@group(0) @binding(7) var<storage, read_write> compartments: array<f32>;
// this layer's, [lanes, past words + words, units]
@group(0) @binding(8) var<storage, read_write> spikes: array<u32>;

@compute @workgroup_size(workgroup)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let unit = id.x;
    let lane = lanes[id.z];
    replica = lane.replica;
    let end = end_of(lane);
    if unit >= part.units || end <= part.first {
        return;
    }
    let state = lane.place * COMPARTMENT_ROWS * part.units + unit;
    if part.first == 0u {
        if minibatches[replica].fresh == 1u {
            for (var row = 0u; row < COMPARTMENT_ROWS; row++) {
                compartments[state + row * part.units] = 0.0;
            }
        }
        compartments[state + COMPARTMENT_MEAN_SOMA * part.units] = 0.0;
    }
    let column = replica * (part.below + 1u) + part.below - part.first_column;
    let bias = weights[column * part.units + unit];
    let apical = compartments[state + COMPARTMENT_APICAL * part.units];
    var basal = 0.0;
    var soma = compartments[state + COMPARTMENT_SOMA * part.units];
    var mean = compartments[state + COMPARTMENT_MEAN_SOMA * part.units];
    var drawn = spike_column(lane.place, unit);
    let window = lane.steps_forward - lane.window_forward;

    for (var step = part.first; step < end; step++) {
        basal = filtered(lane.place, step - part.block_first, unit) + bias;
        let taken_up =
            product(replicas[replica].hidden_input, basal) + product(replicas[replica].hidden_apical, apical);
        soma = product(replicas[replica].hidden_decay, flushed(soma, step)) + rounded(taken_up);
        if step >= window && step < lane.steps_forward {
            mean += soma;
        }
        if step + 1u == lane.steps_forward {
            mean = product(mean, lane.inverse_window_forward);
        }
        if minibatches[replica].draws == 1u {
            draw_step(&drawn, lane.position, unit, step, end, soma);
        }
    }

    compartments[state + COMPARTMENT_BASAL * part.units] = basal;
    compartments[state + COMPARTMENT_SOMA * part.units] = soma;
    compartments[state + COMPARTMENT_MEAN_SOMA * part.units] = mean;
    keep_history(lane, unit);
}

// Steps hidden neurons: basal voltage from the filtered drive, soma by forward Euler, spikes.
// One thread for each neuron and lane.

// [replicas, below + 1, units], or its last columns; of which the biases are read
@group(0) @binding(5) var<storage, read> weights: array<f32>;
// [lanes, history + block, units]
@group(0) @binding(6) var<storage, read_write> drive: array<f32>;
// [lanes, 5, units]
@group(0) @binding(7) var<storage, read_write> compartments: array<f32>;
// this layer's, [lanes, past words + words, units]
@group(0) @binding(8) var<storage, read_write> spikes: array<u32>;

@compute @workgroup_size(workgroup_threads)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let unit = id.x;
    let lane = lanes[id.z];
    replica = lane.replica;
    if unit < part.units && part.first < end_of(lane) {
        step_hidden(lane, unit);
    }
}

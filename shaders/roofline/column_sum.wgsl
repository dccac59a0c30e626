// Measures the inner loop of synaptic_input_spikes.wgsl: per step, the sum of some columns of a weight matrix.
// One thread per four neurons and step.

// [COLUMNS, UNITS]
@group(0) @binding(0) var<storage, read> weights: array<vec4<f32>>;
// start of each column, in units of four weights, [STEPS, SPIKES]
@group(0) @binding(1) var<storage, read> steps: array<vec4<u32>>;
// [STEPS, UNITS]
@group(0) @binding(2) var<storage, read_write> sums: array<vec4<f32>>;

@compute @workgroup_size(WORKGROUP)
fn main(
    @builtin(global_invocation_id) id: vec3<u32>,
    @builtin(num_workgroups) count: vec3<u32>,
) {
    let unit = id.x;
    if unit >= UNITS / 4u {
        return;
    }
    let step = (id.z * count.y + id.y) % STEPS;
    var sum = vec4<f32>();
    for (var k = 0u; k < SPIKES / 4u; k++) {
        let columns = steps[step * (SPIKES / 4u) + k];
        sum += weights[columns.x + unit];
        sum += weights[columns.y + unit];
        sum += weights[columns.z + unit];
        sum += weights[columns.w + unit];
    }
    sums[step * (UNITS / 4u) + unit] = sum;
}

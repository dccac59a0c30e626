// Measures the read bandwidth: all threads read one buffer repeatedly, 16 bytes per read.

// [a power of two], so that the mask wraps the index
@group(0) @binding(0) var<storage, read> values: array<vec4<f32>>;
@group(0) @binding(1) var<storage, read_write> sums: array<vec4<f32>>;

@compute @workgroup_size(WORKGROUP)
fn main(
    @builtin(global_invocation_id) id: vec3<u32>,
    @builtin(num_workgroups) count: vec3<u32>,
) {
    let last = arrayLength(&values) - 1u;
    let threads = count.x * WORKGROUP;
    var sum = vec4<f32>();
    for (var i = 0u; i < READS; i++) {
        sum += values[(id.x + i * threads) & last];
    }
    sums[id.x % WORKGROUP] = sum;
}

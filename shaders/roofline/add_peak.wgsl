// Measures the peak rate of additions: eight sums per thread, in registers.

@group(0) @binding(0) var<storage, read> increments: array<vec4<f32>>;
@group(0) @binding(1) var<storage, read_write> sums: array<vec4<f32>>;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    // The terms alternate: compilers turn repeated additions of one term into a product.
    let one = increments[0];
    let other = increments[1];
    var a = vec4(f32(id.x));
    var b = vec4(f32(id.y));
    // 64 additions per iteration, to hide the cost of the loop.
    for (var i = 0u; i < ROUNDS; i++) {
        a += one;
        b += one;
        a += other;
        b += other;
        a += one;
        b += one;
        a += other;
        b += other;
        a += one;
        b += one;
        a += other;
        b += other;
        a += one;
        b += one;
        a += other;
        b += other;
    }
    sums[id.x % WORKGROUP] = a + b;
}

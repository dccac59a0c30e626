// Measures the cost of a launch with almost no work. Each launch depends on the previous one, as launches of kernels
// do.

@group(0) @binding(0) var<storage, read_write> words: array<u32>;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    words[id.x] = id.x;
}

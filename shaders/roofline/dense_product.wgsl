// Measures the synaptic input as a dense matrix product of spike counts and weights, the alternative to
// synaptic_input_spikes.wgsl. All sizes are padded to whole tiles.
// One workgroup of 64 threads per TILE rows and TILE neurons; one thread per 8 rows and 8 neurons, two vectors of each.

// [n_pre, rows]
@group(0) @binding(0) var<storage, read> counts: array<vec4<f32>>;
// [n_pre, units]
@group(0) @binding(1) var<storage, read> weights: array<vec4<f32>>;
// [rows, units]
@group(0) @binding(2) var<storage, read_write> sums: array<vec4<f32>>;

// Number of vectors per side of a tile.
const VECTORS: u32 = TILE / 4u;
const THREADS: u32 = 64u;

// [DEPTH, VECTORS]
var<workgroup> count_tile: array<vec4<f32>, DEPTH * VECTORS>;
var<workgroup> weight_tile: array<vec4<f32>, DEPTH * VECTORS>;

@compute @workgroup_size(THREADS)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) thread: u32,
) {
    let rows = groups.y * VECTORS;
    let units = groups.x * VECTORS;
    let n_pre = arrayLength(&weights) / units;
    // First of the thread's two vectors of rows and of neurons; the second is half a tile further.
    let row = thread / 8u;
    let unit = thread % 8u;
    // Sums of each row: the first vector of neurons (a), and the second (b).
    var a0 = vec4<f32>();
    var a1 = vec4<f32>();
    var a2 = vec4<f32>();
    var a3 = vec4<f32>();
    var a4 = vec4<f32>();
    var a5 = vec4<f32>();
    var a6 = vec4<f32>();
    var a7 = vec4<f32>();
    var b0 = vec4<f32>();
    var b1 = vec4<f32>();
    var b2 = vec4<f32>();
    var b3 = vec4<f32>();
    var b4 = vec4<f32>();
    var b5 = vec4<f32>();
    var b6 = vec4<f32>();
    var b7 = vec4<f32>();
    for (var first = 0u; first < n_pre; first += DEPTH) {
        workgroupBarrier();
        for (var i = thread; i < DEPTH * VECTORS; i += THREADS) {
            let pre = first + i / VECTORS;
            let vector = i % VECTORS;
            count_tile[i] = counts[pre * rows + group.y * VECTORS + vector];
            weight_tile[i] = weights[pre * units + group.x * VECTORS + vector];
        }
        workgroupBarrier();
        for (var k = 0u; k < DEPTH * VECTORS; k += VECTORS) {
            let first_rows = count_tile[k + row];
            let last_rows = count_tile[k + row + VECTORS / 2u];
            let a = weight_tile[k + unit];
            let b = weight_tile[k + unit + VECTORS / 2u];
            a0 = fma(vec4(first_rows.x), a, a0);
            a1 = fma(vec4(first_rows.y), a, a1);
            a2 = fma(vec4(first_rows.z), a, a2);
            a3 = fma(vec4(first_rows.w), a, a3);
            a4 = fma(vec4(last_rows.x), a, a4);
            a5 = fma(vec4(last_rows.y), a, a5);
            a6 = fma(vec4(last_rows.z), a, a6);
            a7 = fma(vec4(last_rows.w), a, a7);
            b0 = fma(vec4(first_rows.x), b, b0);
            b1 = fma(vec4(first_rows.y), b, b1);
            b2 = fma(vec4(first_rows.z), b, b2);
            b3 = fma(vec4(first_rows.w), b, b3);
            b4 = fma(vec4(last_rows.x), b, b4);
            b5 = fma(vec4(last_rows.y), b, b5);
            b6 = fma(vec4(last_rows.z), b, b6);
            b7 = fma(vec4(last_rows.w), b, b7);
        }
    }
    let start = (group.y * TILE + row * 4u) * units + group.x * VECTORS + unit;
    store_rows(start, units, a0, a1, a2, a3);
    store_rows(start + VECTORS / 2u, units, b0, b1, b2, b3);
    let last = start + TILE / 2u * units;
    store_rows(last, units, a4, a5, a6, a7);
    store_rows(last + VECTORS / 2u, units, b4, b5, b6, b7);
}

// Stores a vector of neurons of four adjacent rows.
fn store_rows(start: u32, units: u32, s0: vec4<f32>, s1: vec4<f32>, s2: vec4<f32>, s3: vec4<f32>) {
    sums[start] = s0;
    sums[start + units] = s1;
    sums[start + 2u * units] = s2;
    sums[start + 3u * units] = s3;
}

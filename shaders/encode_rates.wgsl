// Turns an image into rates: `phi_max * pixel` at every step.
// One thread for each pixel, step and lane.

// [replicas, 256]
@group(0) @binding(5) var<storage, read> input_rates: array<f32>;
// bytes [images, units], four a word
@group(0) @binding(6) var<storage, read> images: array<u32>;
// [lanes, 1 + steps, units]
@group(0) @binding(7) var<storage, read_write> rates: array<f32>;

@compute @workgroup_size(workgroup_threads)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let unit = id.x;
    let step = part.first + id.y;
    let lane = lanes[id.z];
    if unit >= part.units || step >= end_of(lane) {
        return;
    }
    let index = lane.image * part.units + unit;
    let level = (images[index / 4u] >> (index % 4u * 8u)) & 0xFFu;
    let row = lane.place * constants.rate_rows + RATE_HISTORY + step;
    rates[row * part.units + unit] = input_rates[lane.replica * LEVELS + level];
}

// Converts an image to rates: `phi_max * pixel` at every step, spikes per ms.
// One thread per pixel, step and sample.
#import bindings

// [replicas, 256]
@group(0) @binding(5) var<storage, read> input_rates: array<f32>;
// bytes [images, units], four a word
@group(0) @binding(6) var<storage, read> images: array<u32>;
// [samples, 1 + steps, units]
@group(0) @binding(7) var<storage, read_write> rates: array<f32>;

@compute @workgroup_size(workgroup_threads)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let unit = id.x;
    let step = params.first_step + id.y;
    let sample = samples[id.z];
    if unit >= params.units || step >= end_step(sample) {
        return;
    }
    let index = sample.image * params.units + unit;
    let level = (images[index / 4u] >> (index % 4u * 8u)) & 0xFFu;
    let row = sample.index * constants.rate_rows + RATE_HISTORY + step;
    rates[row * params.units + unit] = input_rates[sample.replica * LEVELS + level];
}

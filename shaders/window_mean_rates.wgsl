// Averages rates over the windows at the ends of the phases, and copies the last step's rates to the history of the
// next image. For spikes, see window_mean_spikes.wgsl.
// One thread per neuron of a population and sample.
#import bindings, exact_math, window_means

// [samples, 1 + steps, units]
@group(0) @binding(5) var<storage, read_write> rates: array<f32>;
// [samples, rows, units]
@group(0) @binding(6) var<storage, read_write> window_means: array<f32>;

@compute @workgroup_size(workgroup_threads)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let unit = id.x;
    if unit >= params.units {
        return;
    }
    let sample = samples[id.z];
    let first = sample.index * constants.window_mean_rows * params.units + unit;
    // With bursts, the forward means of the output are the events that feed back.
    let feeds_forward = (params.is_output == 0u || constants.rule == RULE_BURSTS) && params.sends_rates == 1u;
    store_means(sample, unit, first, feeds_forward, params.feeds_back_rates == 1u);
    let first_row = sample.index * constants.rate_rows;
    let steps = sample.steps_forward + sample.steps_target;
    for (var row = 0u; row < RATE_HISTORY; row++) {
        rates[(first_row + row) * params.units + unit] = rates[(first_row + steps + row) * params.units + unit];
    }
}

// Returns the mean of a neuron's rates over a window, delayed by `delay` steps.
fn mean(sample: Sample, window: PhaseWindow, delay: u32, unit: u32) -> f32 {
    let first_row = sample.index * constants.rate_rows;
    var sum = 0.0;
    let end = window.end - delay;
    for (var step = end - window.length; step < end; step++) {
        sum += rates[(first_row + RATE_HISTORY + step) * params.units + unit];
    }
    return flush(mul_rounded(sum, window.inverse), SMALLEST_VOLTAGE);
}

// Averages rates over the windows at the ends of the phases, and keeps the rates of the last step for the next image:
// the counterpart of `window_mean_spikes` for rates.
// One thread per neuron of a population and sample.

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
    let sent = sample.index * constants.rate_rows;
    let state = sample.index * constants.window_mean_rows * params.units + unit;
    if params.is_output == 0u && params.sends_rates == 1u {
        window_means[state + WINDOW_MEAN_FORWARD * params.units] = mean(forward_window(sample, 0u), 0u, sent, unit);
    }
    if params.feeds_back_rates == 1u {
        for (var early = 0u; early <= max_plateau_lead(); early++) {
            window_means[state + feedback_trace_row(0u, early) * params.units] =
                mean(forward_window(sample, early), 1u, sent, unit);
            window_means[state + feedback_trace_row(1u, early) * params.units] =
                mean(target_window(sample, early), 1u, sent, unit);
        }
    }
    let steps = sample.steps_forward + sample.steps_target;
    for (var row = 0u; row < RATE_HISTORY; row++) {
        rates[(sent + row) * params.units + unit] = rates[(sent + steps + row) * params.units + unit];
    }
}

// Mean of a neuron's rates with a delay of `delay` steps.
fn mean(window: Window, delay: u32, sent: u32, unit: u32) -> f32 {
    var sum = 0.0;
    let end = window.end - delay;
    for (var step = end - window.length; step < end; step++) {
        sum += rates[(sent + RATE_HISTORY + step) * params.units + unit];
    }
    return flush_subnormal(mul_rounded(sum, window.inverse), SMALLEST_VOLTAGE);
}

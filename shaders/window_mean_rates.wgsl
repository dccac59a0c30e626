// Averages rates over the windows at the ends of the phases, and keeps those of the last step for the next image:
// what `window_mean_spikes` does with spikes.
// One thread per neuron of a population and lane.

// [lanes, 1 + steps, units]
@group(0) @binding(5) var<storage, read_write> rates: array<f32>;
// [lanes, rows, units]
@group(0) @binding(6) var<storage, read_write> traces: array<f32>;

@compute @workgroup_size(workgroup_threads)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let unit = id.x;
    if unit >= part.units {
        return;
    }
    let lane = lanes[id.z];
    let sent = lane.place * constants.rate_rows;
    let state = lane.place * constants.trace_rows * part.units + unit;
    if part.is_output == 0u && part.sends_rates == 1u {
        traces[state + TRACE_FORWARD * part.units] = mean(forward_window(lane, 0u), 0u, sent, unit);
    }
    if part.is_rate_source == 1u {
        for (var early = 0u; early <= earliest_plateau(); early++) {
            traces[state + feedback_row(0u, early) * part.units] =
                mean(forward_window(lane, early), 1u, sent, unit);
            traces[state + feedback_row(1u, early) * part.units] =
                mean(target_window(lane, early), 1u, sent, unit);
        }
    }
    let steps = lane.steps_forward + lane.steps_target;
    for (var row = 0u; row < RATE_HISTORY; row++) {
        rates[(sent + row) * part.units + unit] = rates[(sent + steps + row) * part.units + unit];
    }
}

// Mean of a neuron's rates, seen `delay` steps late.
fn mean(window: Window, delay: u32, sent: u32, unit: u32) -> f32 {
    var sum = 0.0;
    let end = window.end - delay;
    for (var step = end - window.length; step < end; step++) {
        sum += rates[(sent + RATE_HISTORY + step) * part.units + unit];
    }
    return flush(product(sum, window.inverse), SMALLEST_VOLTAGE);
}

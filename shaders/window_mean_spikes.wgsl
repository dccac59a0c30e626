// Averages filtered spike trains over the windows at the ends of the phases, and keeps the spikes or traces that the
// next image needs. With a cut kernel the average is a sum over spikes of a value that
// depends on the spike's time alone: the share of its response inside the window.
// One thread per neuron of a population and sample.
#import bindings, exact_math, spike_counts, window_means

// [samples, history words + words, units]
@group(0) @binding(5) var<storage, read_write> spikes: array<u32>;
// [samples, rows, units]
@group(0) @binding(6) var<storage, read_write> window_means: array<f32>;

@compute @workgroup_size(workgroup_threads)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let unit = id.x;
    if unit >= params.units {
        return;
    }
    let sample = samples[id.z];
    replica = sample.replica;
    let first = sample.index * constants.window_mean_rows * params.units + unit;
    if constants.tap_count == 0u {
        iir_traces(sample, first, unit);
        return;
    }
    save_spike_history(sample, unit);
    store_means(sample, unit, first, params.sends_rates == 0u, params.feeds_back_spikes == 1u);
}

// Copies the last spikes of an image to the history of the next, word by word, with the last step in the last slot.
fn save_spike_history(sample: Sample, unit: u32) {
    let first = sample.steps_forward + sample.steps_target - constants.history_words * STEPS_PER_WORD;
    for (var word = 0u; word < constants.history_words; word++) {
        var counts = 0u;
        for (var slot = 0u; slot < STEPS_PER_WORD; slot++) {
            counts |= count_at(sample, first + word * STEPS_PER_WORD + slot, unit) << (slot * COUNT_BITS);
        }
        spikes[(sample.index * constants.spike_words + word) * params.units + unit] = counts;
    }
}

// Mean of a neuron's filtered spike train with a delay of `delay` steps.
fn mean(sample: Sample, window: Window, delay: u32, unit: u32) -> f32 {
    var sum = 0.0;
    for (var step = first_contributing_step(window, delay); step < window.end - delay; step++) {
        let count = f32(count_at(sample, step, unit));
        sum += mul_rounded(count, window_weight(window, step + delay));
    }
    return mul_rounded(sum, window.inverse);
}

// The kernel without a cut: two traces per neuron, stepped through the whole image. For a population that feeds back,
// one pass per possible lead of plateau potentials.
fn iir_traces(sample: Sample, first: u32, unit: u32) {
    let before = vec2<f32>(
        window_means[first + WINDOW_MEAN_SLOW * params.units],
        window_means[first + WINDOW_MEAN_FAST * params.units],
    );
    let earliest = select(0u, max_plateau_lead(), params.feeds_back_spikes == 1u);
    for (var early = 0u; early <= earliest; early++) {
        iir_traces_at(sample, early, before, first, unit);
    }
}

fn iir_traces_at(sample: Sample, early: u32, carried: vec2<f32>, first: u32, unit: u32) {
    let steps = sample.steps_forward + sample.steps_target;
    let forward_end = sample.steps_forward - early;
    let target_end = steps - early;
    var slow = 0.0;
    var fast = 0.0;
    if minibatches[replica].reset_state == 0u {
        slow = carried.x;
        fast = carried.y;
    }
    var now = mul_rounded(constants.gain_slow, slow) - mul_rounded(constants.gain_fast, fast);
    var forward = 0.0;
    var feedback_forward = 0.0;
    var feedback_target = 0.0;
    for (var step = 0u; step < steps; step++) {
        let count = f32(count_at(sample, step, unit));
        let before = now;
        slow = flush_subnormal(mul_rounded(constants.decay_slow, slow) + count, SMALLEST_VOLTAGE);
        fast = flush_subnormal(mul_rounded(constants.decay_fast, fast) + count, SMALLEST_VOLTAGE);
        now = mul_rounded(constants.gain_slow, slow) - mul_rounded(constants.gain_fast, fast);
        if step + sample.window_forward >= forward_end && step < forward_end {
            forward += now;
            feedback_forward += before;
        }
        if step + sample.window_target >= target_end && step < target_end {
            feedback_target += before;
        }
    }
    window_means[first + feedback_row(0u, early) * params.units] =
        flush_subnormal(mul_rounded(feedback_forward, sample.inv_window_forward), SMALLEST_VOLTAGE);
    window_means[first + feedback_row(1u, early) * params.units] =
        flush_subnormal(mul_rounded(feedback_target, sample.inv_window_target), SMALLEST_VOLTAGE);
    if early == 0u {
        window_means[first + WINDOW_MEAN_FORWARD * params.units] =
            flush_subnormal(mul_rounded(forward, sample.inv_window_forward), SMALLEST_VOLTAGE);
        window_means[first + WINDOW_MEAN_SLOW * params.units] = slow;
        window_means[first + WINDOW_MEAN_FAST * params.units] = fast;
    }
}

// Spike count of a neuron at a step of the image.
fn count_at(sample: Sample, step: u32, unit: u32) -> u32 {
    let word = sample.index * constants.spike_words + constants.history_words + step / STEPS_PER_WORD;
    return spike_count(spikes[word * params.units + unit], step);
}

// First step with spikes that reach into the window after `delay` steps.
fn first_contributing_step(window: Window, delay: u32) -> u32 {
    let reach = window.length + constants.tap_count - 1u + delay;
    return select(0u, window.end - reach, window.end > reach);
}

// Sum over the window of the response to a spike that arrives at `step`.
fn window_weight(window: Window, step: u32) -> f32 {
    let until_end = window.end - step;
    let until_start = select(0u, until_end - window.length, until_end > window.length);
    let last = select(until_end, constants.tap_count, until_end > constants.tap_count);
    let first = select(until_start, constants.tap_count, until_start > constants.tap_count);
    return kernel_cumsum(last) - kernel_cumsum(first);
}

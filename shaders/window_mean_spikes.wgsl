// Averages filtered spike trains over the windows at the ends of the phases, and keeps the spikes or traces that the
// next image needs. With a cut kernel, each spike adds the part of its response inside the window, which depends on its
// time alone.
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
    // With bursts, the forward means of the output are the events that feed back.
    let feeds_forward = (params.is_output == 0u || constants.rule == RULE_BURSTS) && params.sends_rates == 0u;
    store_means(sample, unit, first, feeds_forward, params.feeds_back_spikes == 1u);
}

// Copies the last spikes of an image to the history of the next, word by word, with the last step in the last slot.
fn save_spike_history(sample: Sample, unit: u32) {
    let first = sample.steps_forward + sample.steps_target - constants.history_words * STEPS_PER_WORD;
    for (var word = 0u; word < constants.history_words; word++) {
        var counts = 0u;
        for (var slot = 0u; slot < STEPS_PER_WORD; slot++) {
            counts |= spike_count_at(sample, first + word * STEPS_PER_WORD + slot, unit) << (slot * COUNT_BITS);
        }
        spikes[(sample.index * constants.spike_words + word) * params.units + unit] = counts;
    }
}

// Returns the mean of a neuron's filtered spike train over a window, delayed by `delay` steps.
fn mean(sample: Sample, window: PhaseWindow, delay: u32, unit: u32) -> f32 {
    var sum = 0.0;
    let first = first_contributing_step(window, delay);
    var counts = 0u;
    for (var step = first; step < window.end - delay; step++) {
        if step == first || step % STEPS_PER_WORD == 0u {
            counts = counts_at(sample, step, unit);
        }
        sum += mul_rounded(f32(spike_count(counts, step)), window_weight(window, step + delay));
    }
    return mul_rounded(sum, window.inverse);
}

// Averages and stores the two traces of the uncut kernel, stepped through the whole image. A population that feeds back
// takes one pass per possible lead of plateau potentials.
fn iir_traces(sample: Sample, first: u32, unit: u32) {
    let initial = vec2<f32>(
        window_means[first + WINDOW_MEAN_SLOW * params.units],
        window_means[first + WINDOW_MEAN_FAST * params.units],
    );
    let max_lead = select(0u, max_plateau_lead(), params.feeds_back_spikes == 1u);
    for (var lead = 0u; lead <= max_lead; lead++) {
        iir_traces_at(sample, lead, initial, first, unit);
    }
}

// Averages the traces over windows that end `lead` steps early, and stores the traces in the pass without lead.
fn iir_traces_at(sample: Sample, lead: u32, initial: vec2<f32>, first: u32, unit: u32) {
    let steps = sample.steps_forward + sample.steps_target;
    let forward_end = sample.steps_forward - lead;
    let target_end = steps - lead;
    var slow = 0.0;
    var fast = 0.0;
    if minibatches[replica].reset_state == 0u {
        slow = initial.x;
        fast = initial.y;
    }
    var filtered = mul_rounded(constants.gain_slow, slow) - mul_rounded(constants.gain_fast, fast);
    var forward = 0.0;
    var feedback_forward = 0.0;
    var feedback_target = 0.0;
    for (var step = 0u; step < steps; step++) {
        let count = f32(spike_count_at(sample, step, unit));
        let delayed = filtered;
        slow = flush(mul_rounded(constants.decay_slow, slow) + count, SMALLEST_VOLTAGE);
        fast = flush(mul_rounded(constants.decay_fast, fast) + count, SMALLEST_VOLTAGE);
        filtered = mul_rounded(constants.gain_slow, slow) - mul_rounded(constants.gain_fast, fast);
        if step + sample.window_forward >= forward_end && step < forward_end {
            forward += filtered;
            feedback_forward += delayed;
        }
        if step + sample.window_target >= target_end && step < target_end {
            feedback_target += delayed;
        }
    }
    window_means[first + feedback_row(0u, lead) * params.units] =
        flush(mul_rounded(feedback_forward, sample.inv_window_forward), SMALLEST_VOLTAGE);
    window_means[first + feedback_row(1u, lead) * params.units] =
        flush(mul_rounded(feedback_target, sample.inv_window_target), SMALLEST_VOLTAGE);
    if lead == 0u {
        window_means[first + WINDOW_MEAN_FORWARD * params.units] =
            flush(mul_rounded(forward, sample.inv_window_forward), SMALLEST_VOLTAGE);
        window_means[first + WINDOW_MEAN_SLOW * params.units] = slow;
        window_means[first + WINDOW_MEAN_FAST * params.units] = fast;
    }
}

// Returns the spike count of a neuron at a step of the image.
fn spike_count_at(sample: Sample, step: u32, unit: u32) -> u32 {
    return spike_count(counts_at(sample, step, unit), step);
}

// Returns the word of a neuron's spike counts that includes a step of the image.
fn counts_at(sample: Sample, step: u32, unit: u32) -> u32 {
    let word = sample.index * constants.spike_words + constants.history_words + step / STEPS_PER_WORD;
    return spikes[word * params.units + unit];
}

// Averages filtered spike trains over the windows at the ends of the phases, and keeps the spikes or traces that the
// next image needs. With a cut kernel the average is a sum over spikes of a value that
// depends on the spike's time alone: the share of its response inside the window.
// One thread per neuron of a population and sample.

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
    let first_word = sample.index * constants.spike_words;
    let state = sample.index * constants.window_mean_rows * params.units + unit;
    if constants.tap_count == 0u {
        iir_traces(sample, first_word + constants.history_words, state, unit);
        return;
    }
    let steps = sample.steps_forward + sample.steps_target;
    save_spike_history(steps, first_word, unit);
    let words = first_word + constants.history_words;
    if params.is_output == 0u && params.sends_rates == 0u {
        window_means[state + WINDOW_MEAN_FORWARD * params.units] = mean(forward_window(sample, 0u), 0u, words, unit);
    }
    if params.feeds_back_spikes == 1u {
        for (var early = 0u; early <= max_plateau_lead(); early++) {
            window_means[state + feedback_trace_row(0u, early) * params.units] =
                mean(forward_window(sample, early), 1u, words, unit);
            window_means[state + feedback_trace_row(1u, early) * params.units] =
                mean(target_window(sample, early), 1u, words, unit);
        }
    }
}

// Copies the last spikes of an image of `steps` steps to the history of the next, word by word, with the last step
// in the last slot.
fn save_spike_history(steps: u32, first_word: u32, unit: u32) {
    let offset = steps - constants.history_words * STEPS_PER_WORD;
    for (var word = 0u; word < constants.history_words; word++) {
        var thin_few = 0u;
        for (var slot = 0u; slot < STEPS_PER_WORD; slot++) {
            let step = offset + word * STEPS_PER_WORD + slot;
            let count = count_at(first_word + constants.history_words, step, unit);
            thin_few |= count << (slot * COUNT_BITS);
        }
        spikes[(first_word + word) * params.units + unit] = thin_few;
    }
}

// Mean of a neuron's filtered spike train with a delay of `delay` steps.
fn mean(window: Window, delay: u32, words: u32, unit: u32) -> f32 {
    var sum = 0.0;
    for (var step = first_contributing_step(window, delay); step < window.end - delay; step++) {
        let count = f32(count_at(words, step, unit));
        sum += mul_rounded(count, window_weight(window, step + delay));
    }
    return mul_rounded(sum, window.inverse);
}

// The kernel without a cut: two traces per neuron, stepped through the whole image. For a population that feeds back,
// one pass per possible lead of plateau potentials.
fn iir_traces(sample: Sample, words: u32, state: u32, unit: u32) {
    let before = vec2<f32>(
        window_means[state + WINDOW_MEAN_SLOW * params.units],
        window_means[state + WINDOW_MEAN_FAST * params.units],
    );
    let earliest = select(0u, max_plateau_lead(), params.feeds_back_spikes == 1u);
    for (var early = 0u; early <= earliest; early++) {
        iir_traces_at(sample, early, before, words, state, unit);
    }
}

fn iir_traces_at(sample: Sample, early: u32, carried: vec2<f32>, words: u32, state: u32, unit: u32) {
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
        let count = f32(count_at(words, step, unit));
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
    window_means[state + feedback_trace_row(0u, early) * params.units] =
        flush_subnormal(mul_rounded(feedback_forward, sample.inv_window_forward), SMALLEST_VOLTAGE);
    window_means[state + feedback_trace_row(1u, early) * params.units] =
        flush_subnormal(mul_rounded(feedback_target, sample.inv_window_target), SMALLEST_VOLTAGE);
    if early == 0u {
        window_means[state + WINDOW_MEAN_FORWARD * params.units] =
            flush_subnormal(mul_rounded(forward, sample.inv_window_forward), SMALLEST_VOLTAGE);
        window_means[state + WINDOW_MEAN_SLOW * params.units] = slow;
        window_means[state + WINDOW_MEAN_FAST * params.units] = fast;
    }
}

fn count_at(words: u32, step: u32, unit: u32) -> u32 {
    let word = spikes[(words + step / STEPS_PER_WORD) * params.units + unit];
    return (word >> (step % STEPS_PER_WORD * COUNT_BITS)) & COUNT_MASK;
}

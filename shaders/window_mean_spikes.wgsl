// Averages filtered spike trains over the windows at the ends of the phases, and carries on what the
// next image needs of them. With a cut kernel the average is a sum over spikes of a value that
// depends on the spike's time alone: of its response, the part that falls into the window.
// One thread for each neuron of a population and lane.

// [lanes, past words + words, units]
@group(0) @binding(5) var<storage, read_write> spikes: array<u32>;
// [lanes, rows, units]
@group(0) @binding(6) var<storage, read_write> traces: array<f32>;

@compute @workgroup_size(workgroup_threads)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let unit = id.x;
    if unit >= part.units {
        return;
    }
    let lane = lanes[id.z];
    replica = lane.replica;
    let first_word = lane.place * constants.spike_words;
    let state = lane.place * constants.trace_rows * part.units + unit;
    if constants.tap_count == 0u {
        uncut(lane, first_word + constants.past_words, state, unit);
        return;
    }
    let steps = lane.steps_forward + lane.steps_target;
    carry(steps, first_word, unit);
    let words = first_word + constants.past_words;
    if part.is_output == 0u && part.sends_rates == 0u {
        traces[state + TRACE_FORWARD * part.units] = mean(forward_window(lane, 0u), 0u, words, unit);
    }
    if part.is_source == 1u {
        for (var early = 0u; early <= earliest_plateau(); early++) {
            traces[state + feedback_row(0u, early) * part.units] =
                mean(forward_window(lane, early), 1u, words, unit);
            traces[state + feedback_row(1u, early) * part.units] =
                mean(target_window(lane, early), 1u, words, unit);
        }
    }
}

// Keeps the last spikes of an image of `steps` steps for the next: word by word, with the last step
// in the last slot.
fn carry(steps: u32, first_word: u32, unit: u32) {
    let offset = steps - constants.past_words * STEPS_PER_WORD;
    for (var word = 0u; word < constants.past_words; word++) {
        var kept = 0u;
        for (var slot = 0u; slot < STEPS_PER_WORD; slot++) {
            let step = offset + word * STEPS_PER_WORD + slot;
            let count = count_at(first_word + constants.past_words, step, unit);
            kept |= count << (slot * COUNT_BITS);
        }
        spikes[(first_word + word) * part.units + unit] = kept;
    }
}

// Mean of a neuron's filtered spike train, seen `delay` steps late.
fn mean(window: Window, delay: u32, words: u32, unit: u32) -> f32 {
    var sum = 0.0;
    for (var step = first_heard(window, delay); step < window.end - delay; step++) {
        let count = f32(count_at(words, step, unit));
        sum += product(count, weight(window, step + delay));
    }
    return product(sum, window.inverse);
}

// The kernel without a cut: two traces for each neuron, stepped through the whole image. Of a population that
// apical dendrites hear, once for each time at which plateau potentials may come.
fn uncut(lane: Lane, words: u32, state: u32, unit: u32) {
    let before = vec2<f32>(
        traces[state + TRACE_SLOW * part.units],
        traces[state + TRACE_FAST * part.units],
    );
    let earliest = select(0u, earliest_plateau(), part.is_source == 1u);
    for (var early = 0u; early <= earliest; early++) {
        uncut_early(lane, early, before, words, state, unit);
    }
}

fn uncut_early(lane: Lane, early: u32, carried: vec2<f32>, words: u32, state: u32, unit: u32) {
    let steps = lane.steps_forward + lane.steps_target;
    let forward_end = lane.steps_forward - early;
    let target_end = steps - early;
    var slow = 0.0;
    var fast = 0.0;
    if minibatches[replica].fresh == 0u {
        slow = carried.x;
        fast = carried.y;
    }
    var now = product(constants.gain_slow, slow) - product(constants.gain_fast, fast);
    var forward = 0.0;
    var feedback_forward = 0.0;
    var feedback_target = 0.0;
    for (var step = 0u; step < steps; step++) {
        let count = f32(count_at(words, step, unit));
        let before = now;
        slow = flush(product(constants.decay_slow, slow) + count, SMALLEST_VOLTAGE);
        fast = flush(product(constants.decay_fast, fast) + count, SMALLEST_VOLTAGE);
        now = product(constants.gain_slow, slow) - product(constants.gain_fast, fast);
        if step + lane.window_forward >= forward_end && step < forward_end {
            forward += now;
            feedback_forward += before;
        }
        if step + lane.window_target >= target_end && step < target_end {
            feedback_target += before;
        }
    }
    traces[state + feedback_row(0u, early) * part.units] =
        flush(product(feedback_forward, lane.inverse_window_forward), SMALLEST_VOLTAGE);
    traces[state + feedback_row(1u, early) * part.units] =
        flush(product(feedback_target, lane.inverse_window_target), SMALLEST_VOLTAGE);
    if early == 0u {
        traces[state + TRACE_FORWARD * part.units] =
            flush(product(forward, lane.inverse_window_forward), SMALLEST_VOLTAGE);
        traces[state + TRACE_SLOW * part.units] = slow;
        traces[state + TRACE_FAST * part.units] = fast;
    }
}

fn count_at(words: u32, step: u32, unit: u32) -> u32 {
    let word = spikes[(words + step / STEPS_PER_WORD) * part.units + unit];
    return (word >> (step % STEPS_PER_WORD * COUNT_BITS)) & COUNT_MASK;
}

// Averages filtered spike trains over the windows at the ends of the phases, and carries on what the
// next image needs of them. With a cut kernel the average is a sum over spikes of a value that
// depends on the spike's time alone: of its response, the part that falls into the window.
// One thread for each neuron of a population and lane.

// [lanes, past words + words, units]
@group(0) @binding(5) var<storage, read_write> spikes: array<u32>;
// [lanes, 5, units]
@group(0) @binding(6) var<storage, read_write> traces: array<f32>;

@compute @workgroup_size(workgroup)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let unit = id.x;
    if unit >= part.units {
        return;
    }
    let lane = lanes[id.z];
    replica = lane.replica;
    let first_word = lane.place * constants.spike_words;
    let state = lane.place * TRACE_ROWS * part.units + unit;
    if constants.tap_count == 0u {
        uncut(lane, first_word + constants.past_words, state, unit);
        return;
    }
    let steps = lane.steps_forward + lane.steps_target;
    carry(steps, first_word, unit);
    let forward = Window(lane.steps_forward, lane.window_forward, lane.inverse_window_forward);
    let target_window = Window(steps, lane.window_target, lane.inverse_window_target);
    let words = first_word + constants.past_words;
    if part.is_output == 0u {
        traces[state + TRACE_FORWARD * part.units] = mean(forward, 0u, words, unit);
    }
    if part.is_source == 1u {
        traces[state + TRACE_FEEDBACK_FORWARD * part.units] = mean(forward, 1u, words, unit);
        traces[state + TRACE_FEEDBACK_TARGET * part.units] = mean(target_window, 1u, words, unit);
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

// The last `length` steps before step `end`.
struct Window {
    end: u32,
    length: u32,
    inverse: f32,
}

// Mean of a neuron's filtered spike train, seen `delay` steps late.
fn mean(window: Window, delay: u32, words: u32, unit: u32) -> f32 {
    let reach = window.length + constants.tap_count - 1u + delay;
    var sum = 0.0;
    for (var step = select(0u, window.end - reach, window.end > reach); step < window.end - delay; step++) {
        let count = f32(count_at(words, step, unit));
        sum += product(count, weight(window, step + delay));
    }
    return product(sum, window.inverse);
}

// Sum over the window of the response to a spike that arrives at `step`.
fn weight(window: Window, step: u32) -> f32 {
    let until_end = window.end - step;
    let until_start = select(0u, until_end - window.length, until_end > window.length);
    let last = select(until_end, constants.tap_count, until_end > constants.tap_count);
    let first = select(until_start, constants.tap_count, until_start > constants.tap_count);
    return cumulative(last) - cumulative(first);
}

// The kernel without a cut: two traces for each neuron, stepped through the whole image.
fn uncut(lane: Lane, words: u32, state: u32, unit: u32) {
    let steps = lane.steps_forward + lane.steps_target;
    let window = lane.steps_forward - lane.window_forward;
    let target_window = steps - lane.window_target;
    var slow = 0.0;
    var fast = 0.0;
    if minibatches[replica].fresh == 0u {
        slow = traces[state + TRACE_SLOW * part.units];
        fast = traces[state + TRACE_FAST * part.units];
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
        if step >= window && step < lane.steps_forward {
            forward += now;
            feedback_forward += before;
        }
        if step >= target_window {
            feedback_target += before;
        }
    }
    traces[state + TRACE_FORWARD * part.units] = product(forward, lane.inverse_window_forward);
    traces[state + TRACE_FEEDBACK_FORWARD * part.units] =
        product(feedback_forward, lane.inverse_window_forward);
    traces[state + TRACE_FEEDBACK_TARGET * part.units] =
        product(feedback_target, lane.inverse_window_target);
    traces[state + TRACE_SLOW * part.units] = slow;
    traces[state + TRACE_FAST * part.units] = fast;
}

fn count_at(words: u32, step: u32, unit: u32) -> u32 {
    let word = spikes[(words + step / STEPS_PER_WORD) * part.units + unit];
    return (word >> (step % STEPS_PER_WORD * COUNT_BITS)) & COUNT_MASK;
}

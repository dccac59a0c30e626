// The synaptic filter in a dendrite, over the kernel's array `drive` [lanes, history + block, units]:
// the twin of `filtered` and `keep_history` in src/cpu/neuron.rs.

// Filtered drive `(kappa * W n)` of a neuron at the step in row `history + step`.
fn filtered(place: u32, step: u32, unit: u32) -> f32 {
    let rows = place * (constants.history + part.block);
    let now = (rows + constants.history + step) * part.units + unit;
    var sum = 0.0;
    if constants.tap_count > 0u {
        for (var k = 0u; k < constants.tap_count; k++) {
            sum += product(tap(k), drive[now - k * part.units]);
        }
    } else {
        // Rows 0 and 1 hold the two traces of the uncut kernel.
        let row = rows * part.units + unit;
        let slow = product(constants.decay_slow, drive[row]) + drive[now];
        let fast = product(constants.decay_fast, drive[row + part.units]) + drive[now];
        drive[row] = flush(slow, SMALLEST_VOLTAGE);
        drive[row + part.units] = flush(fast, SMALLEST_VOLTAGE);
        sum = product(constants.gain_slow, drive[row])
            - product(constants.gain_fast, drive[row + part.units]);
    }
    return sum;
}

// Moves the last drives of a block, where the launch ends it, to where the next block looks for its past.
fn keep_history(lane: Lane, unit: u32) {
    let end = end_of(lane);
    let block_end = min(part.block_first + part.block, lane.steps_forward + lane.steps_target);
    if constants.tap_count > 0u && end >= block_end {
        let rows = lane.place * (constants.history + part.block);
        let steps = end - part.block_first;
        for (var i = 0u; i < constants.history; i++) {
            drive[(rows + i) * part.units + unit] = drive[(rows + i + steps) * part.units + unit];
        }
    }
}

// The synaptic filter in a dendrite, over the kernel's array `drive` [lanes, history + block, units]:
// the twin of `filtered` and `keep_history` in src/cpu/synaptic_filter.rs.

// Where a lane's drive of a neuron lies.
fn drive_at(place: u32, row: u32, unit: u32) -> u32 {
    return part.drive_start + (place * (constants.history + part.block) + row) * part.units + unit;
}

// Filtered drive `(kappa * W n)` of a neuron at the step in row `history + step`.
fn filtered(place: u32, step: u32, unit: u32) -> f32 {
    let first = drive_at(place, 0u, unit);
    let now = first + (constants.history + step) * part.units;
    var sum = 0.0;
    if constants.tap_count > 0u {
        for (var k = 0u; k < constants.tap_count; k++) {
            sum += product(tap(k), drive[now - k * part.units]);
        }
    } else {
        // Rows 0 and 1 hold the two traces of the uncut kernel.
        let slow = product(constants.decay_slow, drive[first]) + drive[now];
        let fast = product(constants.decay_fast, drive[first + part.units]) + drive[now];
        drive[first] = flush(slow, SMALLEST_VOLTAGE);
        drive[first + part.units] = flush(fast, SMALLEST_VOLTAGE);
        sum = product(constants.gain_slow, drive[first])
            - product(constants.gain_fast, drive[first + part.units]);
    }
    return sum;
}

// What arrives at a basal dendrite at the step in row `history + step`: spikes through the filter, rates as they are.
fn arriving(place: u32, step: u32, unit: u32) -> f32 {
    if part.sends_rates == 1u {
        return drive[drive_at(place, constants.history + step, unit)];
    }
    return filtered(place, step, unit);
}

// Moves the last drives of a block, where the launch ends it, to where the next block looks for its past.
fn keep_history(lane: Lane, unit: u32) {
    let end = end_of(lane);
    let block_end = min(part.block_first + part.block, lane.steps_forward + lane.steps_target);
    if constants.tap_count > 0u && end >= block_end {
        let first = drive_at(lane.place, 0u, unit);
        let steps = end - part.block_first;
        for (var i = 0u; i < constants.history; i++) {
            drive[first + i * part.units] = drive[first + (i + steps) * part.units];
        }
    }
}

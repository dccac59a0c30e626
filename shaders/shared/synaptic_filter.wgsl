// Synaptic filter of a dendrite. Twin of src/cpu/kernels/synaptic_filter.rs.
// The kernel binds `synaptic_input`, [samples, history + block, units].
#import bindings, exact_math

// Returns the index of a neuron's synaptic input in a row of a sample.
fn input_index(sample_index: u32, row: u32, unit: u32) -> u32 {
    let rows = sample_index * (constants.history_rows + params.block_len) + row;
    return rows * params.units + unit;
}

// Returns the filtered synaptic input `(kappa * W n)` of a neuron at the step in row `history + step`.
fn filtered_input(sample_index: u32, step: u32, unit: u32) -> f32 {
    let first = input_index(sample_index, 0u, unit);
    let now = first + (constants.history_rows + step) * params.units;
    var sum = 0.0;
    if constants.tap_count > 0u {
        var k = 0u;
        // Four taps at a time: a GPU waits once for their loads. Opaque: compilers could reorder the sum.
        for (; k + 4u <= constants.tap_count; k += 4u) {
            let i = now - (k + vec4<u32>(0u, 1u, 2u, 3u)) * params.units;
            let taps = constants.kernel_taps[k >> 2u];
            sum = opaque(sum + mul_rounded(taps.x, synaptic_input[i.x]));
            sum = opaque(sum + mul_rounded(taps.y, synaptic_input[i.y]));
            sum = opaque(sum + mul_rounded(taps.z, synaptic_input[i.z]));
            sum = opaque(sum + mul_rounded(taps.w, synaptic_input[i.w]));
        }
        for (; k < constants.tap_count; k++) {
            sum += mul_rounded(kernel_tap(k), synaptic_input[now - k * params.units]);
        }
    } else {
        // Rows 0 and 1 hold the two traces of the uncut kernel.
        let slow = mul_rounded(constants.decay_slow, synaptic_input[first]) + synaptic_input[now];
        let fast = mul_rounded(constants.decay_fast, synaptic_input[first + params.units]) + synaptic_input[now];
        synaptic_input[first] = flush(slow, SMALLEST_VOLTAGE);
        synaptic_input[first + params.units] = flush(fast, SMALLEST_VOLTAGE);
        sum = mul_rounded(constants.gain_slow, synaptic_input[first])
            - mul_rounded(constants.gain_fast, synaptic_input[first + params.units]);
    }
    return sum;
}

// Returns the input of a basal dendrite at the step in row `history + step`: filtered spikes, or unfiltered rates.
fn basal_input(sample_index: u32, step: u32, unit: u32) -> f32 {
    if params.sends_rates == 1u {
        return synaptic_input[input_index(sample_index, constants.history_rows + step, unit)];
    }
    return filtered_input(sample_index, step, unit);
}

// Copies the last rows of the block to the history rows of the next block, if the launch ends the block.
fn shift_history(sample: Sample, unit: u32) {
    let end = end_step(sample);
    let block_end = min(params.block_start + params.block_len, sample.steps_forward + sample.steps_target);
    if constants.tap_count > 0u && end >= block_end {
        let first = input_index(sample.index, 0u, unit);
        let steps = end - params.block_start;
        for (var i = 0u; i < constants.history_rows; i++) {
            synaptic_input[first + i * params.units] = synaptic_input[first + (i + steps) * params.units];
        }
    }
}

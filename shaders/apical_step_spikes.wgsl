// Advances the apical dendrites of a layer by one step: `A = kappa * (Y n) + c`.
// A launch of 0 steps sets the voltages of an image's first step.
// One thread per neuron and sample.
#import bindings, exact_math, single_neuron_sum, synaptic_filter

// spike mask of the feedback population, [samples, history steps + steps, 2, n_feedback / 32]
@group(0) @binding(5) var<storage, read> spike_mask: array<u32>;
// its spike counts, [samples, history words + words, n_feedback]
@group(0) @binding(6) var<storage, read> spikes: array<u32>;
// feedback weights, [replicas, columns, units], or a range of columns
@group(0) @binding(7) var<storage, read> weights: array<f32>;
// [samples, history + 1, units]
@group(0) @binding(8) var<storage, read_write> synaptic_input: array<f32>;
// [samples, 5, units]
@group(0) @binding(9) var<storage, read_write> compartments: array<f32>;

@compute @workgroup_size(workgroup_threads)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let unit = id.x;
    if unit >= params.units {
        return;
    }
    let sample = samples[id.z];
    replica = sample.replica;
    if params.step_count == 0u {
        begin_apical(sample, unit);
        return;
    }
    if params.first_step < end_step(sample) {
        step_apical(sample, unit);
    }
}

// Sets the voltage before any spike of the image: the bias alone after a reset, otherwise the sum that `apical_history`
// computed with the current feedback weights.
fn begin_apical(sample: Sample, unit: u32) {
    let first = input_index(sample.index, 0u, unit);
    var voltage = 0.0;
    if minibatches[replica].reset_state == 1u {
        for (var i = 0u; i < constants.history_rows; i++) {
            synaptic_input[first + i * params.units] = 0.0;
        }
    } else if constants.tap_count > 0u {
        voltage = filtered_input(sample.index, 0u, unit);
        for (var i = 0u; i < constants.history_rows; i++) {
            synaptic_input[first + i * params.units] = synaptic_input[first + (i + 1u) * params.units];
        }
    } else {
        voltage = mul_rounded(constants.gain_slow, synaptic_input[first])
            - mul_rounded(constants.gain_fast, synaptic_input[first + params.units]);
    }
    set_apical(sample, unit, voltage);
}

// Sets the apical voltage of the next step from the feedback spikes of this step (the feedback delay is one step). If
// not all columns of `Y` are bound at once, each dispatch continues the sum of the previous one, and the last sets the
// voltage.
fn step_apical(sample: Sample, unit: u32) {
    let now = input_index(sample.index, constants.history_rows, unit);
    var before = 0.0;
    if params.col_offset > 0u {
        before = synaptic_input[now];
    }
    let words = sample.index * constants.spike_words + constants.history_words;
    let step = words * STEPS_PER_WORD + params.first_step;
    synaptic_input[now] = sum_columns(params.n_feedback, step, unit, before);
    if params.col_offset + params.col_count < params.feedback_columns {
        return;
    }
    set_apical(sample, unit, filtered_input(sample.index, 0u, unit));
    shift_history(sample, unit);
}

// Adds the bias to a voltage and stores it.
fn set_apical(sample: Sample, unit: u32, voltage: f32) {
    var biased = voltage;
    if params.feedback_columns > params.n_feedback {
        // The apical biases are in the last bound column.
        biased += weight_at(params.n_feedback, unit);
    }
    let row = sample.index * COMPARTMENT_ROWS + COMPARTMENT_APICAL;
    compartments[row * params.units + unit] = flush(biased, SMALLEST_VOLTAGE);
}

// Steps an apical dendrite: the feedback spikes of this step set the apical voltage of the next (feedback takes
// one step). `A = kappa * (Y n) + c`.
// If not all columns of `Y` are bound at once, each dispatch continues the sum of the previous one, and the last
// sets the voltage.
fn step_apical(sample: Sample, unit: u32) {
    let now = input_index(sample.index, constants.history_rows, unit);
    var before = 0.0;
    if params.col_offset > 0u {
        before = synaptic_input[now];
    }
    synaptic_input[now] = sum_columns(params.n_feedback, unit, before);
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
    compartments[row * params.units + unit] = flush_subnormal(biased, SMALLEST_VOLTAGE);
}

// Steps an apical dendrite: the feedback spikes of this step set the apical voltage of the next (feedback takes
// one step). `A = kappa * (Y n) + c`.
// If not all columns of `Y` are bound at once, the next dispatch continues the sum of the one before, and the last
// sets the voltage.
fn step_apical(lane: Lane, unit: u32) {
    let now = drive_at(lane.place, constants.history, unit);
    var before = 0.0;
    if part.first_column > 0u {
        before = drive[now];
    }
    drive[now] = sum_columns(part.sources, unit, before);
    if part.first_column + part.columns < part.feedback_columns {
        return;
    }
    set_apical(lane, unit, filtered(lane.place, 0u, unit));
    keep_history(lane, unit);
}

// Stores a voltage with its bias.
fn set_apical(lane: Lane, unit: u32, voltage: f32) {
    var biased = voltage;
    if part.feedback_columns > part.sources {
        // The last column that is bound has the apical biases.
        biased += weight(part.sources, unit);
    }
    let row = lane.place * COMPARTMENT_ROWS + COMPARTMENT_APICAL;
    compartments[part.compartments_start + row * part.units + unit] = flush(biased, SMALLEST_VOLTAGE);
}

// Steps an apical dendrite: the feedback spikes of this step set the apical voltage of the next (feedback takes
// one step). `A = kappa * (Y n) + c`.
// Where not all columns of `Y` are bound at once, the next ones go on with the sum of those before, and the last
// set the voltage.
fn step_apical(lane: Lane, unit: u32) {
    let first = drive_at(lane.place, 0u, unit);
    if part.first == 0u && minibatches[replica].fresh == 1u && part.first_column == 0u {
        for (var i = 0u; i < constants.history; i++) {
            drive[first + i * part.units] = 0.0;
        }
    }
    let now = first + constants.history * part.units;
    var before = 0.0;
    if part.first_column > 0u {
        before = drive[now];
    }
    drive[now] = sum_columns(part.sources, unit, before);
    if part.first_column + part.columns < part.feedback_columns {
        return;
    }
    var voltage = filtered(lane.place, 0u, unit);
    if part.feedback_columns > part.sources {
        // The last column that is bound has the apical biases.
        voltage += weight(part.sources, unit);
    }
    let row = lane.place * COMPARTMENT_ROWS + COMPARTMENT_APICAL;
    compartments[part.compartments_start + row * part.units + unit] = voltage;
    keep_history(lane, unit);
}

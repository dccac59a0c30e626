// Steps a hidden neuron through the steps of the part: basal voltage from the filtered drive, soma by forward
// Euler, spikes. `B = kappa * (W n) + b`; `C += -g_L C + g_B (B - C) + g_A (A - C)`.
fn step_hidden(lane: Lane, unit: u32) {
    let end = end_of(lane);
    let state = part.compartments_start + lane.place * COMPARTMENT_ROWS * part.units + unit;
    if part.first == 0u {
        begin_image(state);
    }
    let bias = weight(part.below, unit);
    let apical = compartments[state + COMPARTMENT_APICAL * part.units];
    var basal = 0.0;
    var soma = compartments[state + COMPARTMENT_SOMA * part.units];
    var mean = compartments[state + COMPARTMENT_MEAN_SOMA * part.units];
    var drawn = spike_column(lane.place, unit);
    let window = lane.steps_forward - lane.window_forward;

    for (var step = part.first; step < end; step++) {
        basal = arriving(lane.place, step - part.block_first, unit) + bias;
        let taken_up =
            product(replicas[replica].hidden_input, basal) + product(replicas[replica].hidden_apical, apical);
        soma = flush(product(replicas[replica].hidden_decay, soma) + rounded(taken_up), SMALLEST_VOLTAGE);
        if step >= window && step < lane.steps_forward {
            mean += soma;
        }
        if step + 1u == lane.steps_forward {
            mean = product(mean, lane.inverse_window_forward);
        }
        if minibatches[replica].draws == 1u {
            draw_step(&drawn, lane.position, unit, step, end, soma);
        }
    }

    compartments[state + COMPARTMENT_BASAL * part.units] = basal;
    compartments[state + COMPARTMENT_SOMA * part.units] = soma;
    compartments[state + COMPARTMENT_MEAN_SOMA * part.units] = mean;
    if part.sends_rates == 0u {
        keep_history(lane, unit);
    }
}

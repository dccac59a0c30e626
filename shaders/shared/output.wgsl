// Steps an output neuron through the steps of the part: dendrite from the filtered drive, soma by forward Euler
// under the teaching current of the target phase, rate, spikes.
// `B = kappa * (W n) + b`; `C += -g_L C + g_D (B - C) + I`, `I = g_E (E_E - C) + g_I (E_I - C)`.
fn step_output(lane: Lane, unit: u32) {
    let end = end_of(lane);
    let state = part.compartments_start + lane.place * COMPARTMENT_ROWS * part.units + unit;
    if part.first == 0u {
        begin_image(state);
        compartments[state + COMPARTMENT_MEAN_RATE * part.units] = 0.0;
    }
    let bias = weight(part.below, unit);
    var basal = 0.0;
    var soma = compartments[state + COMPARTMENT_SOMA * part.units];
    var mean = compartments[state + COMPARTMENT_MEAN_SOMA * part.units];
    var mean_rate = compartments[state + COMPARTMENT_MEAN_RATE * part.units];
    var drawn = spike_column(lane.place, unit);
    let steps = lane.steps_forward + lane.steps_target;
    let window = lane.steps_forward - lane.window_forward;
    let target_window = steps - lane.window_target;
    let is_target = unit / constants.group == lane.label;
    let current = select(constants.teaching_inhibition, constants.teaching_excitation, is_target);

    for (var step = part.first; step < end; step++) {
        basal = arriving(lane.place, step - part.block_first, unit) + bias;
        let is_taught = step >= lane.steps_forward;
        let decay = select(constants.output_decay, constants.teaching_decay, is_taught);
        let input = select(constants.output_input, constants.teaching_input, is_taught);
        let taken_up = product(input, basal) + select(0.0, current, is_taught);
        soma = flush(product(decay, soma) + rounded(taken_up), SMALLEST_VOLTAGE);
        if step >= window && step < lane.steps_forward {
            mean += soma;
        }
        if step + 1u == lane.steps_forward {
            mean = product(mean, lane.inverse_window_forward);
        }
        if step >= target_window && step < steps {
            mean_rate += product(replicas[replica].phi_max, sigmoid(soma));
        }
        if is_taught && step + 1u == steps {
            mean_rate = product(mean_rate, lane.inverse_window_target);
        }
        if minibatches[replica].draws == 1u {
            draw_step(&drawn, lane.position, unit, step, end, soma);
        }
    }

    compartments[state + COMPARTMENT_BASAL * part.units] = basal;
    compartments[state + COMPARTMENT_SOMA * part.units] = soma;
    compartments[state + COMPARTMENT_MEAN_SOMA * part.units] = mean;
    compartments[state + COMPARTMENT_MEAN_RATE * part.units] = mean_rate;
    if part.sends_rates == 0u {
        keep_history(lane, unit);
    }
}

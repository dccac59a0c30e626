// Steps a hidden neuron through the steps of the launch: basal voltage from the filtered drive, soma by forward
// Euler, spikes. `B = kappa * (W n) + b`; `C += -g_L C + g_B (B - C) + g_A (A - C)`.
fn step_hidden(sample: Sample, unit: u32) {
    let end = end_step(sample);
    let state = sample.index * COMPARTMENT_ROWS * params.units + unit;
    if params.first_step == 0u {
        reset_for_image(state);
    }
    let bias = weight_at(params.n_pre, unit);
    let apical = compartments[state + COMPARTMENT_APICAL * params.units];
    var basal = 0.0;
    var soma = compartments[state + COMPARTMENT_SOMA * params.units];
    var mean = compartments[state + COMPARTMENT_MEAN_SOMA * params.units];
    var drawn = new_spike_writer(sample.index, unit);
    let window = sample.steps_forward - sample.window_forward;

    for (var step = params.first_step; step < end; step++) {
        basal = arriving(sample.index, step - params.block_start, unit) + bias;
        let taken_up =
            mul_rounded(replicas[replica].hidden_basal_gain, basal)
                + mul_rounded(replicas[replica].hidden_apical_gain, apical);
        soma = flush_subnormal(mul_rounded(replicas[replica].hidden_decay, soma) + opaque(taken_up), SMALLEST_VOLTAGE);
        if step >= window && step < sample.steps_forward {
            mean += soma;
        }
        if step + 1u == sample.steps_forward {
            mean = mul_rounded(mean, sample.inv_window_forward);
        }
        if minibatches[replica].draws_spikes == 1u {
            sample_step(&drawn, sample.draw_index, unit, step, end, soma);
        }
    }

    compartments[state + COMPARTMENT_BASAL * params.units] = basal;
    compartments[state + COMPARTMENT_SOMA * params.units] = soma;
    compartments[state + COMPARTMENT_MEAN_SOMA * params.units] = mean;
    if params.sends_rates == 0u {
        shift_history(sample, unit);
    }
}

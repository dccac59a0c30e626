// Steps an output neuron through the steps of the launch: dendrite from the filtered drive, soma by forward Euler
// under the teaching current of the target phase, rate, spikes.
// `B = kappa * (W n) + b`; `C += -g_L C + g_D (B - C) + I`, `I = g_E (E_E - C) + g_I (E_I - C)`.
fn step_output(sample: Sample, unit: u32) {
    let end = end_step(sample);
    let state = sample.index * COMPARTMENT_ROWS * params.units + unit;
    if params.first_step == 0u {
        reset_for_image(state);
        compartments[state + COMPARTMENT_MEAN_RATE * params.units] = 0.0;
    }
    let bias = weight_at(params.n_pre, unit);
    var basal = 0.0;
    var soma = compartments[state + COMPARTMENT_SOMA * params.units];
    var mean = compartments[state + COMPARTMENT_MEAN_SOMA * params.units];
    var mean_rate = compartments[state + COMPARTMENT_MEAN_RATE * params.units];
    var drawn = new_spike_writer(sample.index, unit);
    let steps = sample.steps_forward + sample.steps_target;
    let window = sample.steps_forward - sample.window_forward;
    let target_window = steps - sample.window_target;
    let is_target = unit / constants.neurons_per_class == sample.label;
    let current = select(constants.teaching_inhibition, constants.teaching_excitation, is_target);

    for (var step = params.first_step; step < end; step++) {
        basal = arriving(sample.index, step - params.block_start, unit) + bias;
        let is_taught = step >= sample.steps_forward;
        let decay = select(constants.output_decay, constants.teaching_decay, is_taught);
        let input = select(constants.output_basal_gain, constants.teaching_basal_gain, is_taught);
        let taken_up = mul_rounded(input, basal) + select(0.0, current, is_taught);
        soma = flush_subnormal(mul_rounded(decay, soma) + opaque(taken_up), SMALLEST_VOLTAGE);
        if step >= window && step < sample.steps_forward {
            mean += soma;
        }
        if step + 1u == sample.steps_forward {
            mean = mul_rounded(mean, sample.inv_window_forward);
        }
        if step >= target_window && step < steps {
            mean_rate += mul_rounded(replicas[replica].phi_max, sigmoid(soma));
        }
        if is_taught && step + 1u == steps {
            mean_rate = mul_rounded(mean_rate, sample.inv_window_target);
        }
        if minibatches[replica].draws_spikes == 1u {
            sample_step(&drawn, sample.draw_index, unit, step, end, soma);
        }
    }

    compartments[state + COMPARTMENT_BASAL * params.units] = basal;
    compartments[state + COMPARTMENT_SOMA * params.units] = soma;
    compartments[state + COMPARTMENT_MEAN_SOMA * params.units] = mean;
    compartments[state + COMPARTMENT_MEAN_RATE * params.units] = mean_rate;
    if params.sends_rates == 0u {
        shift_history(sample, unit);
    }
}

// Steps of a neuron: dendrite from the filtered synaptic input, soma by forward Euler, window means, spikes.
// Twin of src/cpu/kernels/neuron_step.rs.
// The kernel binds `weights`, `synaptic_input`, `compartments`, `spikes` and `somata`, and defines `soma_terms`.
#import bindings, burst_steps, exact_math, weight_matrix, synaptic_filter, spike_sampler

// Terms of the soma's Euler step, `C <- decay C + (basal_gain B + current)`.
struct SomaTerms {
    decay: f32,
    basal_gain: f32,
    current: f32,
}

// Advances a neuron of a sample through the steps of the launch.
fn step_neuron(sample: Sample, unit: u32) {
    let end = end_step(sample);
    let first = sample.index * COMPARTMENT_ROWS * params.units + unit;
    if params.first_step == 0u {
        reset_for_image(first);
    }
    let bias = weight_at(params.n_pre, unit);
    let apical = compartments[first + COMPARTMENT_APICAL * params.units];
    var basal = 0.0;
    var soma = compartments[first + COMPARTMENT_SOMA * params.units];
    var mean_soma = compartments[first + COMPARTMENT_MEAN_SOMA * params.units];
    var mean_rate = compartments[first + COMPARTMENT_MEAN_RATE * params.units];
    var writer = new_spike_writer(sample.index, unit);
    let steps = sample.steps_forward + sample.steps_target;
    let forward_start = sample.steps_forward - sample.window_forward;
    let target_start = steps - sample.window_target;

    // A test image can have more steps; its bursts are not drawn.
    let end_of_somata = min(end, constants.burst_steps);
    let first_of_somata = first_burst_step(sample, params.population);

    for (var step = params.first_step; step < end; step++) {
        basal = basal_input(sample.index, step - params.block_start, unit) + bias;
        let terms = soma_terms(sample, unit, step, apical);
        let input = mul_rounded(terms.basal_gain, basal) + terms.current;
        soma = flush(mul_rounded(terms.decay, soma) + opaque(input), SMALLEST_VOLTAGE);
        if step >= first_of_somata && step < end_of_somata {
            somata[(sample.index * constants.burst_steps + step) * params.units + unit] = soma;
        }
        if step >= forward_start && step < sample.steps_forward {
            mean_soma += soma;
        }
        if step + 1u == sample.steps_forward {
            mean_soma = mul_rounded(mean_soma, sample.inv_window_forward);
        }
        if params.is_output == 1u && step >= target_start {
            mean_rate += mul_rounded(replicas[replica].phi_max, sigmoid(soma));
            if step + 1u == steps {
                mean_rate = mul_rounded(mean_rate, sample.inv_window_target);
            }
        }
        if minibatches[replica].draws_spikes == 1u {
            sample_step(&writer, sample.draw_index, unit, step, end, soma);
        }
    }

    compartments[first + COMPARTMENT_BASAL * params.units] = basal;
    compartments[first + COMPARTMENT_SOMA * params.units] = soma;
    compartments[first + COMPARTMENT_MEAN_SOMA * params.units] = mean_soma;
    compartments[first + COMPARTMENT_MEAN_RATE * params.units] = mean_rate;
    if params.sends_rates == 0u {
        shift_history(sample, unit);
    }
}

// Clears the means, and the somatic voltage if the minibatch resets the state. `first`: index of the neuron's first word in
// `compartments`. A launch before this one sets the apical voltage.
fn reset_for_image(first: u32) {
    if minibatches[replica].reset_state == 1u {
        compartments[first + COMPARTMENT_SOMA * params.units] = 0.0;
    }
    compartments[first + COMPARTMENT_MEAN_SOMA * params.units] = 0.0;
    compartments[first + COMPARTMENT_MEAN_RATE * params.units] = 0.0;
}

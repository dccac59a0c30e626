// Averages the apical voltages `A = kappa * (Y b + Q n)` over the averaging window. With a cut kernel, the input of each
// step adds the part of its response inside the window, which depends on its time alone.
// One thread per neuron and sample.
#import bindings, exact_math, averaging_window, burst_steps

// [samples, burst steps, units]
@group(0) @binding(5) var<storage, read> apical_input: array<f32>;
// [samples, 5, units]
@group(0) @binding(6) var<storage, read_write> compartments: array<f32>;

@compute @workgroup_size(workgroup_threads)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let unit = id.x;
    if unit >= params.units {
        return;
    }
    let sample = samples[id.z];
    let window = forward_window(sample, 0u);
    let first_row = sample.index * constants.burst_steps;
    var sum = 0.0;
    if constants.tap_count == 0u {
        var slow = 0.0;
        var fast = 0.0;
        for (var step = first_burst_step(sample, params.population + 1u); step < window.end; step++) {
            let input = apical_input[(first_row + step) * params.units + unit];
            slow = flush(mul_rounded(constants.decay_slow, slow) + input, SMALLEST_VOLTAGE);
            fast = flush(mul_rounded(constants.decay_fast, fast) + input, SMALLEST_VOLTAGE);
            if step + window.length >= window.end {
                sum += mul_rounded(constants.gain_slow, slow) - mul_rounded(constants.gain_fast, fast);
            }
        }
    } else {
        for (var step = first_contributing_step(window, 0u); step < window.end; step++) {
            let input = apical_input[(first_row + step) * params.units + unit];
            sum += mul_rounded(input, window_weight(window, step));
        }
    }
    let row = sample.index * COMPARTMENT_ROWS + COMPARTMENT_APICAL;
    compartments[row * params.units + unit] = flush(mul_rounded(sum, window.inverse), SMALLEST_VOLTAGE);
}

// Draws the bursts of a layer's spikes, `b ~ Binomial(n, p)` with n spikes in a step, and computes `P E` from their
// deviation from the baseline, `E = -mean(b - p0 n) / (p0 phi_max)`. `e = sigma(C)` of the step.
// Output: `p = p0 (1 + s (t - e) (1 - e))`, t the target.
// Hidden: `p = 2 p0 sigma(k A (1 - e))` with `A = kappa * (Y b + Q n)`, see apical_input_bursts.wgsl. Bursts before the
// image have no effect.
// One thread per neuron and sample.
#import bindings, exact_math, spike_counts, philox, burst_steps

// First bit of the index of a spike in the counters of its random words, and of their low halves.
const SPIKE_INDEX_SHIFT = 16u;
const LOW_HALF_INDEX_SHIFT = 20u;

// Burst probability `limit / odds`.
struct Chance {
    odds: f32,
    limit: f32,
}

// spike counts of the layer, [samples, history words + words, units]
@group(0) @binding(5) var<storage, read> spikes: array<u32>;
// [samples, burst steps, units]
@group(0) @binding(6) var<storage, read> somata: array<f32>;
// [samples, burst steps, units]; empty for the output
@group(0) @binding(7) var<storage, read> apical_input: array<f32>;
// [samples, burst words, units]
@group(0) @binding(8) var<storage, read_write> bursts: array<u32>;
// [samples, units]
@group(0) @binding(9) var<storage, read_write> errors: array<f32>;

@compute @workgroup_size(workgroup_threads)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let unit = id.x;
    if unit >= params.units {
        return;
    }
    let sample = samples[id.z];
    replica = sample.replica;
    let baseline = replicas[replica].burst_baseline;
    let window_start = sample.steps_forward - sample.window_forward;
    let first = first_burst_step(sample, params.population);
    let first_input = first_burst_step(sample, params.population + 1u);
    let is_uncut = constants.tap_count == 0u && params.is_output == 0u;
    let burst_words = (constants.burst_steps + STEPS_PER_WORD - 1u) / STEPS_PER_WORD;
    let is_target = unit / constants.neurons_per_class == sample.label;
    let target_rate = select(0.0, 1.0, is_target);
    var slow = 0.0;
    var fast = 0.0;
    var counts = 0u;
    var drawn = 0u;
    var burst_sum = 0u;
    var spike_sum = 0u;
    // The traces of the uncut kernel need every step with input.
    for (var step = select(first, first_input, is_uncut); step < sample.steps_forward; step++) {
        let row = (sample.index * constants.burst_steps + step) * params.units + unit;
        if is_uncut {
            slow = flush(mul_rounded(constants.decay_slow, slow) + apical_input[row], SMALLEST_VOLTAGE);
            fast = flush(mul_rounded(constants.decay_fast, fast) + apical_input[row], SMALLEST_VOLTAGE);
            if step < first {
                continue;
            }
        }
        let word = step / STEPS_PER_WORD;
        let slot = step % STEPS_PER_WORD;
        if slot == 0u || step == first {
            let counts_row = sample.index * constants.spike_words + constants.history_words + word;
            counts = spikes[counts_row * params.units + unit];
            drawn = 0u;
        }
        let n = spike_count(counts, step);
        if n > 0u {
            let events = sigmoid(somata[row]);
            var chance = Chance(1.0, 0.0);
            if params.is_output == 1u {
                let teaching = mul_rounded(replicas[replica].burst_teacher, target_rate - events);
                chance.limit = baseline + mul_rounded(baseline, mul_rounded(teaching, 1.0 - events));
            } else {
                var apical = mul_rounded(constants.gain_slow, slow) - mul_rounded(constants.gain_fast, fast);
                if !is_uncut {
                    apical = filtered_input(row, min(constants.tap_count, step - first_input + 1u));
                }
                apical = flush(apical, SMALLEST_VOLTAGE);
                let argument = mul_rounded(mul_rounded(replicas[replica].burst_slope, apical), 1.0 - events);
                chance = Chance(1.0 + exp_exact(-argument), baseline + baseline);
            }
            let count = draw(sample.draw_index, unit, step, n, chance);
            drawn |= count << (slot * COUNT_BITS);
            if step >= window_start {
                burst_sum += count;
                spike_sum += n;
            }
        }
        if slot + 1u == STEPS_PER_WORD || step + 1u == sample.steps_forward {
            bursts[(sample.index * burst_words + word) * params.units + unit] = drawn;
        }
    }
    let deviation = f32(burst_sum) - mul_rounded(baseline, f32(spike_sum));
    let error = mul_rounded(mul_rounded(deviation, sample.inv_window_forward), replicas[replica].burst_spike_gain);
    errors[sample.index * params.units + unit] = flush(error, SMALLEST_GRADIENT);
}

// Returns the apical input of the last `taps` steps, filtered. `row`: index of the newest.
fn filtered_input(row: u32, taps: u32) -> f32 {
    var sum = 0.0;
    for (var k = 0u; k < taps; k++) {
        sum += mul_rounded(kernel_tap(k), apical_input[row - k * params.units]);
    }
    return sum;
}

// Returns the number of bursts among `n` spikes of a step.
fn draw(draw_index: u32, unit: u32, step: u32, n: u32, chance: Chance) -> u32 {
    let counter0 = philox_counter0(STREAM_BURSTS, params.population);
    var count = 0u;
    for (var spike = 0u; spike < n; spike++) {
        let index = (step / STEPS_PER_WORD) | (spike << SPIKE_INDEX_SHIFT);
        let words = philox(vec4<u32>(counter0, draw_index, unit, index), replicas[replica].seed);
        var word = halfword(words, step % STEPS_PER_WORD);
        // Few draws need the low half.
        if is_burst(word, chance) != is_burst(word | LOW16, chance) {
            let low_counter0 = philox_counter0(STREAM_BURST_LOW_HALF, params.population);
            let low_index = step | (spike << LOW_HALF_INDEX_SHIFT);
            word |= philox(vec4<u32>(low_counter0, draw_index, unit, low_index), replicas[replica].seed).x >> 16u;
        }
        count += select(0u, 1u, is_burst(word, chance));
    }
    return count;
}

// Returns whether a spike with this random word is a burst.
fn is_burst(word: u32, chance: Chance) -> bool {
    let fraction = mul_rounded(f32(word >> (32u - FRACTION_BITS)), FRACTION_SCALE);
    return mul_rounded(fraction, chance.odds) < chance.limit;
}

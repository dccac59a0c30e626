// Random spikes of hidden and output neurons. Twin of src/cpu/kernels/spike_sampler.rs. The kernel binds `spikes`.
#import bindings, exact_math, philox

// Returns the spike count of one step: candidates at rate `phi_max`, each kept with probability `1 / odds`, `odds = 1 +
// exp(-C)`. `half`: high half of the step's random word, in the high bits. Few counts also need the low half.
fn sample_spike_count(half: u32, soma: f32, unit: u32, draw_index: u32, step: u32) -> u32 {
    let one = candidate_threshold(0u);
    let two = candidate_threshold(1u);
    let three = candidate_threshold(2u);
    if half > one {
        return 0u;
    }
    let odds = 1.0 + exp_exact(-soma);
    let needs_word = half <= three || half == (two & ~LOW16) || half == (one & ~LOW16);
    if !needs_word {
        let count = thin_few(half, odds);
        if count == thin_few(half | LOW16, odds) {
            return count;
        }
    }
    let word = half | lower16(params.population, draw_index, unit, step);
    if word >= one {
        return 0u;
    }
    if word >= three {
        return thin_few(word, odds);
    }
    return thin_many(word, odds, unit, draw_index, step);
}

// Returns the number of kept candidates, for one or two candidates.
fn thin_few(word: u32, odds: f32) -> u32 {
    let two = candidate_threshold(1u);
    if word >= two {
        let steps = (word - two) >> replicas[replica].one_candidate_shift;
        let fraction = mul_rounded(f32(steps), replicas[replica].one_candidate_scale);
        return select(0u, 1u, mul_rounded(fraction, odds) < 1.0);
    }
    let three = candidate_threshold(2u);
    let steps = (word - three) >> replicas[replica].two_candidate_shift;
    let fraction = mul_rounded(f32(steps), replicas[replica].two_candidate_scale);
    let scaled = mul_rounded(fraction, mul_rounded(odds, odds));
    return select(0u, 1u, scaled < 1.0) + select(0u, 1u, scaled < mul_rounded(2.0, odds) - 1.0);
}

// Returns the number of kept candidates, for three or more. Each candidate uses its own random word.
fn thin_many(random: u32, odds: f32, unit: u32, draw_index: u32, step: u32) -> u32 {
    let counter0 = philox_counter0(STREAM_THINNING, params.population);
    var count = 0u;
    var words = vec4<u32>();
    for (var k = 0u; k < COUNT_MAX; k++) {
        if random >= candidate_threshold(k) {
            break;
        }
        if k % 4u == 0u {
            words = philox(vec4<u32>(counter0, draw_index, unit, step * 4u + k / 4u), replicas[replica].seed);
        }
        let uniform01 = mul_rounded(f32(words[k % 4u] >> (32u - FRACTION_BITS)), FRACTION_SCALE);
        count += select(0u, 1u, mul_rounded(uniform01, odds) < 1.0);
    }
    return count;
}

// Writer of one neuron's spike counts, eight steps per word.
struct SpikeWriter {
    // index of the word of the image's first steps
    start: u32,
    // random halfwords of the current eight steps
    random: vec4<u32>,
    // counts of the current eight steps, so far
    counts: u32,
}

// Returns a writer for a neuron of a sample.
fn new_spike_writer(sample_index: u32, unit: u32) -> SpikeWriter {
    let first_word = sample_index * constants.spike_words + constants.history_words;
    let start = first_word * params.units + unit;
    return SpikeWriter(start, vec4<u32>(), 0u);
}

// Draws the spikes of `step`. Calls are in ascending order of steps; the last step is `end - 1`.
fn sample_step(
    writer: ptr<function, SpikeWriter>,
    draw_index: u32,
    unit: u32,
    step: u32,
    end: u32,
    soma: f32,
) {
    let slot = step % STEPS_PER_WORD;
    let index = (*writer).start + step / STEPS_PER_WORD * params.units;
    if slot == 0u || step == params.first_step {
        let counter0 = philox_counter0(STREAM_SPIKES, params.population);
        let word = step / STEPS_PER_WORD;
        (*writer).random = philox(vec4<u32>(counter0, draw_index, unit, word), replicas[replica].seed);
    }
    if slot == 0u {
        (*writer).counts = 0u;
    } else if step == params.first_step {
        // Counts of the same word from earlier launches.
        (*writer).counts = spikes[index] & ((1u << (slot * COUNT_BITS)) - 1u);
    }
    let half = halfword((*writer).random, slot);
    let count = sample_spike_count(half, soma, unit, draw_index, step);
    (*writer).counts |= count << (slot * COUNT_BITS);
    if slot + 1u == STEPS_PER_WORD || step + 1u == end {
        spikes[index] = (*writer).counts;
    }
}

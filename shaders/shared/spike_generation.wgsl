// Spike draws of hidden and output neurons: the twin of src/cpu/kernels/spike_sampler.rs. The kernel binds `spikes`.
#import bindings, exact_math, philox

// Spike count of one step: candidates at rate `phi_max`, each kept with probability `1 / odds`,
// `odds = 1 + exp(-C)`. `half` is the high half of the step's word, in the high bits; it nearly always decides.
fn sample_spike_count(half: u32, soma: f32, unit: u32, position: u32, step: u32) -> u32 {
    let one = candidate_threshold(0u);
    let two = candidate_threshold(1u);
    let three = candidate_threshold(2u);
    if half > one {
        return 0u;
    }
    let odds = 1.0 + exp_exact(-soma);
    let is_limit = half <= three || half == (two & ~LOW_HALF) || half == (one & ~LOW_HALF);
    if !is_limit {
        let count = thin_few(half, odds);
        if count == thin_few(half | LOW_HALF, odds) {
            return count;
        }
    }
    let word = half | lower16(params.population, position, unit, step);
    if word >= one {
        return 0u;
    }
    if word >= three {
        return thin_few(word, odds);
    }
    return thin_many(word, odds, unit, position, step);
}

// Number of kept candidates, of one or two.
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

// Number of kept candidates, of three or more: each uses its own random word.
fn thin_many(random: u32, odds: f32, unit: u32, position: u32, step: u32) -> u32 {
    let head = philox_counter0(STREAM_THINNING, params.population);
    var count = 0u;
    var words = vec4<u32>();
    for (var k = 0u; k < COUNT_MAX; k++) {
        if random >= candidate_threshold(k) {
            break;
        }
        if k % 4u == 0u {
            words = philox(vec4<u32>(head, position, unit, step * 4u + k / 4u), replicas[replica].seed);
        }
        let uniform01 = mul_rounded(f32(words[k % 4u] >> (32u - FRACTION_BITS)), FRACTION_SCALE);
        count += select(0u, 1u, mul_rounded(uniform01, odds) < 1.0);
    }
    return count;
}

// Spikes of one neuron over a block of steps, before they are packed into words.
struct SpikeWriter {
    // index of the neuron's word for the image's first steps
    start: u32,
    // half words of eight steps
    random: vec4<u32>,
    // counts of the word in progress
    counts: u32,
}

fn new_spike_writer(sample_index: u32, unit: u32) -> SpikeWriter {
    let first_word = sample_index * constants.spike_words + constants.history_words;
    let start = first_word * params.units + unit;
    return SpikeWriter(start, vec4<u32>(), 0u);
}

// Draws the spikes of `step`. Steps are in ascending order; the last is `end - 1`.
fn sample_step(
    column: ptr<function, SpikeWriter>,
    position: u32,
    unit: u32,
    step: u32,
    end: u32,
    soma: f32,
) {
    let slot = step % STEPS_PER_WORD;
    let index = (*column).start + step / STEPS_PER_WORD * params.units;
    if slot == 0u || step == params.first_step {
        let head = philox_counter0(STREAM_SPIKES, params.population);
        let word = step / STEPS_PER_WORD;
        (*column).random = philox(vec4<u32>(head, position, unit, word), replicas[replica].seed);
    }
    if slot == 0u {
        (*column).counts = 0u;
    } else if step == params.first_step {
        // Counts of the same word from earlier launches.
        (*column).counts = spikes[index] & ((1u << (slot * COUNT_BITS)) - 1u);
    }
    let half = upper16((*column).random, slot);
    let count = sample_spike_count(half, soma, unit, position, step);
    (*column).counts |= count << (slot * COUNT_BITS);
    if slot + 1u == STEPS_PER_WORD || step + 1u == end {
        spikes[index] = (*column).counts;
    }
}

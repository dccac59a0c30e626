// What hidden and output neurons share: the draw of spikes. The twin of src/cpu/spike_sampler.rs, with one
// thread for each neuron instead of a tile.

// Begins an image with voltages that are carried on, or cleared, and with a mean of nothing. `state`: where those of
// the neuron begin in the kernel's array `compartments`. The apical voltage is set before, see `apical`.
fn begin_image(state: u32) {
    if minibatches[replica].fresh == 1u {
        compartments[state + COMPARTMENT_BASAL * part.units] = 0.0;
        compartments[state + COMPARTMENT_SOMA * part.units] = 0.0;
        compartments[state + COMPARTMENT_MEAN_RATE * part.units] = 0.0;
    }
    compartments[state + COMPARTMENT_MEAN_SOMA * part.units] = 0.0;
}

// Spike count of one step: candidates at rate `phi_max`, each kept with probability `1 / odds`, where
// `odds = 1 + exp(-C)`. `half` is the high half of the step's word, in its place; nearly always it decides.
fn spike_count(half: u32, soma: f32, unit: u32, position: u32, step: u32) -> u32 {
    let one = candidate_threshold(0u);
    let two = candidate_threshold(1u);
    let three = candidate_threshold(2u);
    if half > one {
        return 0u;
    }
    let odds = 1.0 + exponential(-soma);
    let is_limit = half <= three || half == (two & ~LOW_HALF) || half == (one & ~LOW_HALF);
    if !is_limit {
        let count = kept(half, odds);
        if count == kept(half | LOW_HALF, odds) {
            return count;
        }
    }
    let word = half | low_half(part.population, position, unit, step);
    if word >= one {
        return 0u;
    }
    if word >= three {
        return kept(word, odds);
    }
    return thinned(word, odds, unit, position, step);
}

// How many of one or two candidates are kept.
fn kept(word: u32, odds: f32) -> u32 {
    let two = candidate_threshold(1u);
    if word >= two {
        let place = product(f32((word - two) >> replicas[replica].one_shift), replicas[replica].one_scale);
        return select(0u, 1u, product(place, odds) < 1.0);
    }
    let three = candidate_threshold(2u);
    let place = product(f32((word - three) >> replicas[replica].two_shift), replicas[replica].two_scale);
    let scaled = product(place, product(odds, odds));
    return select(0u, 1u, scaled < 1.0) + select(0u, 1u, scaled < product(2.0, odds) - 1.0);
}

// How many of three or more candidates are kept: each has a word of its own.
fn thinned(random: u32, odds: f32, unit: u32, position: u32, step: u32) -> u32 {
    let head = counter_head(PURPOSE_THINNING, part.population);
    var count = 0u;
    var words = vec4<u32>();
    for (var k = 0u; k < COUNT_MAX; k++) {
        if random >= candidate_threshold(k) {
            break;
        }
        if k % 4u == 0u {
            words = philox(vec4<u32>(head, position, unit, step * 4u + k / 4u), replicas[replica].seed);
        }
        let fraction = product(f32(words[k % 4u] >> (32u - FRACTION_BITS)), FRACTION_SCALE);
        count += select(0u, 1u, product(fraction, odds) < 1.0);
    }
    return count;
}

// The spikes of one neuron over a block of steps, on their way into words.
struct SpikeColumn {
    // index of the neuron's word for the image's first steps
    start: u32,
    // half words of eight steps
    random: vec4<u32>,
    // counts of the word in progress
    counts: u32,
}

fn spike_column(place: u32, unit: u32) -> SpikeColumn {
    let first_word = place * constants.spike_words + constants.past_words;
    let start = part.spikes_start + first_word * part.units + unit;
    return SpikeColumn(start, vec4<u32>(), 0u);
}

// Draws the spikes of `step`; the steps come in order, the last is the one before `end`.
fn draw_step(
    column: ptr<function, SpikeColumn>,
    position: u32,
    unit: u32,
    step: u32,
    end: u32,
    soma: f32,
) {
    let slot = step % STEPS_PER_WORD;
    let index = (*column).start + step / STEPS_PER_WORD * part.units;
    if slot == 0u || step == part.first {
        let head = counter_head(PURPOSE_SPIKES, part.population);
        let word = step / STEPS_PER_WORD;
        (*column).random = philox(vec4<u32>(head, position, unit, word), replicas[replica].seed);
    }
    if slot == 0u {
        (*column).counts = 0u;
    } else if step == part.first {
        // What earlier launches have drawn of the word.
        (*column).counts = spikes[index] & ((1u << (slot * COUNT_BITS)) - 1u);
    }
    let half = high_half((*column).random, slot);
    let count = spike_count(half, soma, unit, position, step);
    (*column).counts |= count << (slot * COUNT_BITS);
    if slot + 1u == STEPS_PER_WORD || step + 1u == end {
        spikes[index] = (*column).counts;
    }
}

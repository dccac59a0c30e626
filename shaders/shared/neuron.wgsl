// What hidden and output neurons share: the draw of spikes. The twin of src/cpu/neuron.rs, with one
// thread for each neuron instead of a tile.

// The voltage without what is next to zero, at the first step of every word: a voltage that decays by no
// more than a hundred times a step does not get from there to subnormal numbers within one word.
fn flushed(soma: f32, step: u32) -> f32 {
    return select(soma, flush(soma, SMALLEST_VOLTAGE), step % STEPS_PER_WORD == 0u);
}

// Spike count of one step: candidates at rate `phi_max`, each kept with probability `1 / odds`, where
// `odds = 1 + exp(-C)`.
fn spike_count(random: u32, soma: f32, unit: u32, position: u32, step: u32) -> u32 {
    let one = candidate_threshold(0u);
    let two = candidate_threshold(1u);
    let three = candidate_threshold(2u);
    if random >= one {
        return 0u;
    }
    let odds = 1.0 + exponential(-soma);
    if random >= two {
        let place = product(f32((random - two) >> replicas[replica].one_shift), replicas[replica].one_scale);
        return select(0u, 1u, product(place, odds) < 1.0);
    }
    if random >= three {
        let place = product(f32((random - three) >> replicas[replica].two_shift), replicas[replica].two_scale);
        let scaled = product(product(place, odds), odds);
        return select(0u, 1u, scaled < 1.0) + select(0u, 1u, scaled < product(2.0, odds) - 1.0);
    }
    return thinned(random, odds, unit, position, step);
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
    // random words of four steps
    random: vec4<u32>,
    // counts of the word in progress
    counts: u32,
}

fn spike_column(place: u32, unit: u32) -> SpikeColumn {
    let first_word = place * constants.spike_words + constants.past_words;
    return SpikeColumn(first_word * part.units + unit, vec4<u32>(), 0u);
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
    if step % 4u == 0u || step == part.first {
        let head = counter_head(PURPOSE_SPIKES, part.population);
        (*column).random = philox(vec4<u32>(head, position, unit, step / 4u), replicas[replica].seed);
    }
    if slot == 0u {
        (*column).counts = 0u;
    } else if step == part.first {
        (*column).counts = spikes[index];
    }
    let count = spike_count((*column).random[step % 4u], soma, unit, position, step);
    (*column).counts |= count << (slot * COUNT_BITS);
    if slot + 1u == STEPS_PER_WORD || step + 1u == end {
        spikes[index] = (*column).counts;
    }
}

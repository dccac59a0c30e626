// Sums, for every step, the weight columns of the neurons below that spike: `W n` of an event-driven
// network. The filter comes behind, `W (kappa * n) = kappa * (W n)`.
// One thread for each neuron, word of steps and lane. All threads of a workgroup read the same
// spikes, so they take the same branches.

// the population below, [lanes, past words + words, below]
@group(0) @binding(5) var<storage, read> spikes: array<u32>;
// its traces, [lanes, 5, below]
@group(0) @binding(6) var<storage, read> traces: array<f32>;
// [replicas, below + 1, units]
@group(0) @binding(7) var<storage, read> weights: array<f32>;
// [lanes, history + block, units]; the step `first` in row `history`
@group(0) @binding(8) var<storage, read_write> drive: array<f32>;

@compute @workgroup_size(workgroup)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let unit = id.x;
    if unit >= part.units {
        return;
    }
    let lane = lanes[id.z];
    replica = lane.replica;
    let rows = lane.place * (constants.history + constants.block);

    // Steps are counted from the first that has spikes, so that those before the image are not
    // negative. Those of the past drive through the weights of now.
    let offset = constants.past_words * STEPS_PER_WORD;
    let end = offset + end_of(lane);
    var begin = offset + part.first;
    var row = constants.history;
    if part.first == 0u {
        if minibatches[replica].fresh == 1u {
            if id.y == 0u {
                for (var i = 0u; i < constants.history; i++) {
                    drive[(rows + i) * part.units + unit] = 0.0;
                }
            }
        } else if constants.tap_count == 0u {
            if id.y == 0u {
                past_of_traces(lane.place, rows, unit);
            }
        } else {
            begin -= constants.history;
            row = 0u;
        }
    }

    let word = begin / STEPS_PER_WORD + id.y;
    let earliest = word * STEPS_PER_WORD;
    if earliest >= end {
        return;
    }
    // Sums of the word's first and last four steps. Adding zero changes no bit of a sum, so that all
    // steps take the same way; and Mesa's software device ends a thread's loops after 65,535 rounds
    // altogether, so that there is none over steps.
    var early = vec4<f32>();
    var late = vec4<f32>();
    let columns = replica * (part.below + 1u);
    let start = (lane.place * constants.spike_words + word) * part.below;
    for (var neuron = 0u; neuron < part.below; neuron++) {
        var counts = spikes[start + neuron];
        if counts != 0u {
            let weight = weights[(columns + neuron) * part.units + unit];
            // A neuron that spikes twice adds its column twice.
            while counts != 0u {
                let once = ones(counts);
                early += select(vec4<f32>(), vec4<f32>(weight), slots(once, 0u) != vec4<u32>());
                late += select(vec4<f32>(), vec4<f32>(weight), slots(once, 4u) != vec4<u32>());
                counts -= once;
            }
        }
    }
    for (var slot = 0u; slot < STEPS_PER_WORD; slot++) {
        let step = earliest + slot;
        if step >= begin && step < end {
            let sum = select(late[slot & 3u], early[slot & 3u], slot < 4u);
            drive[(rows + row + step - begin) * part.units + unit] = sum;
        }
    }
}

// A word with 1 where `counts` has a count.
fn ones(counts: u32) -> u32 {
    let pairs = counts | (counts >> 2u);
    return (pairs | (pairs >> 1u)) & 0x11111111u;
}

// Four counts of a word from a slot on.
fn slots(counts: u32, first: u32) -> vec4<u32> {
    let shifts = (vec4<u32>(0u, 1u, 2u, 3u) + first) * COUNT_BITS;
    return (vec4<u32>(counts) >> shifts) & vec4<u32>(COUNT_MASK);
}

// The past of the uncut kernel: what the traces of the neurons below, carried on from the image
// before, drive through the weights of now.
fn past_of_traces(place: u32, rows: u32, unit: u32) {
    let columns = replica * (part.below + 1u);
    for (var i = 0u; i < 2u; i++) {
        var sum = 0.0;
        for (var neuron = 0u; neuron < part.below; neuron++) {
            let trace = traces[(place * TRACE_ROWS + TRACE_SLOW + i) * part.below + neuron];
            if trace != 0.0 {
                sum += product(trace, weights[(columns + neuron) * part.units + unit]);
            }
        }
        drive[(rows + i) * part.units + unit] = sum;
    }
}

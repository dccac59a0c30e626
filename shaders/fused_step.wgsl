// Takes all layers of a network through a block of steps, where the apical voltage reaches the soma and the
// feedback of a step is needed for the next. The lowest layer's drive is summed before, those of the others
// here: at each step, from the bottom up, a layer sums the columns of those below that spike and is stepped;
// then the apical dendrites of all hidden layers hear who spiked.
// One workgroup for each lane. A thread's neurons lie a workgroup apart, and nobody else touches their arrays:
// threads meet where they tell each other who spikes, behind every layer.
// A dispatch may begin before the image and sum rows of the past as `synaptic_input_spikes` does, through the weights of now.

@group(0) @binding(1) var<uniform> launch: Part;
// the part of each layer, and behind LAYERS_MAX of them those of their apical dendrites
@group(0) @binding(5) var<uniform> parts: array<Part, NETWORK_PARTS>;
// of each layer [replicas, below + 1, units], and of its feedback [replicas, columns, units]
@group(0) @binding(6) var<storage, read> weights: array<f32>;
// of each layer [lanes, history + block, units], and of its apical dendrites [lanes, history + 1, units]
@group(0) @binding(7) var<storage, read_write> drive: array<f32>;
// of each layer [lanes, 5, units]
@group(0) @binding(8) var<storage, read_write> compartments: array<f32>;
// of each layer [lanes, past words + words, units]
@group(0) @binding(9) var<storage, read_write> spikes: array<u32>;

const COUNTS_PER_WORD: u32 = STEPS_PER_WORD;
const COUNT_WORDS: u32 = UNITS_PER_WORD / COUNTS_PER_WORD;

// Who spikes at a step: bits of 32 neurons, and the counts of 8. Steps take turns with the two halves: one is
// forgotten while the other is heard.
var<workgroup> spiking_bits: array<atomic<u32>, 2u * NETWORK_WORDS>;
var<workgroup> spike_counts: array<atomic<u32>, 2u * NETWORK_WORDS * COUNT_WORDS>;

// The layer, or its apical dendrites, and the step that the thread works on.
var<private> part: Part;
// The half of the step.
var<private> half: u32;

@compute @workgroup_size(workgroup_threads)
fn main(
    @builtin(local_invocation_index) thread: u32,
    @builtin(workgroup_id) group: vec3<u32>,
) {
    let lane = lanes[group.z];
    replica = lane.replica;
    let past = launch.past_end - launch.past_first;
    let is_fresh = minibatches[replica].fresh == 1u;
    // All threads must meet as often, whatever their lane: loops around barriers end alike everywhere.
    for (var turn = 0u; turn < past + launch.steps; turn++) {
        half = turn % 2u;
        let is_past = turn < past;
        let step = launch.first + select(turn - past, 0u, is_past);
        let is_stepped = !is_past && step < lane.steps_forward + lane.steps_target;
        // Where the sums over those below go, and when they spiked, counted from the first step that has spikes.
        let row = select(constants.history, launch.past_first + turn, is_past);
        let heard = constants.past_words * STEPS_PER_WORD + step - (constants.history - row);
        for (var layer = 0u; layer < launch.layers; layer++) {
            if layer == 1u {
                forget_other_half(thread);
            }
            if is_past || is_stepped {
                choose_part(layer, step);
                for (var unit = thread; unit < part.units; unit += workgroup_threads) {
                    if layer > 0u {
                        drive[drive_at(lane.place, row, unit)] = sum_columns(part.below, unit, 0.0);
                    }
                    if is_stepped {
                        step_neuron(lane, unit);
                    }
                    if is_stepped || !is_fresh {
                        tell(lane, unit, heard);
                    }
                }
            }
            workgroupBarrier();
        }
        if is_stepped {
            for (var layer = 0u; layer + 1u < launch.layers; layer++) {
                choose_part(LAYERS_MAX + layer, step);
                for (var unit = thread; unit < part.units; unit += workgroup_threads) {
                    step_apical(lane, unit);
                }
            }
        }
    }
}

// Of a layer at one step.
fn choose_part(index: u32, step: u32) {
    part = parts[index];
    part.first = step;
    part.steps = 1u;
    // The lowest layer's drive alone comes a block at a time.
    part.block_first = select(step, launch.block_first, index == 0u);
}

fn step_neuron(lane: Lane, unit: u32) {
    if part.is_output == 1u {
        step_output(lane, unit);
    } else {
        step_hidden(lane, unit);
    }
}

// Tells all threads how often a neuron spikes at a step, counted from the first that has spikes.
fn tell(lane: Lane, unit: u32, step: u32) {
    let word = lane.place * constants.spike_words + step / STEPS_PER_WORD;
    let counts = spikes[part.spikes_start + word * part.units + unit];
    let count = (counts >> (step % STEPS_PER_WORD * COUNT_BITS)) & COUNT_MASK;
    if count > 0u {
        let start = half * NETWORK_WORDS + part.spiking_start;
        atomicOr(&spiking_bits[start + unit / UNITS_PER_WORD], 1u << (unit % UNITS_PER_WORD));
        let shift = unit % COUNTS_PER_WORD * COUNT_BITS;
        atomicOr(&spike_counts[start * COUNT_WORDS + unit / COUNTS_PER_WORD], count << shift);
    }
}

fn spiking(word: u32) -> u32 {
    return atomicLoad(&spiking_bits[half * NETWORK_WORDS + part.heard_start + word]);
}

fn spikes_of(neuron: u32) -> u32 {
    let start = (half * NETWORK_WORDS + part.heard_start) * COUNT_WORDS;
    let counts = atomicLoad(&spike_counts[start + neuron / COUNTS_PER_WORD]);
    return (counts >> (neuron % COUNTS_PER_WORD * COUNT_BITS)) & COUNT_MASK;
}

// Whoever heard the step before has done so when the lowest layer is through.
fn forget_other_half(thread: u32) {
    let start = (1u - half) * NETWORK_WORDS;
    for (var word = thread; word < launch.spiking_words; word += workgroup_threads) {
        atomicStore(&spiking_bits[start + word], 0u);
        for (var i = 0u; i < COUNT_WORDS; i++) {
            atomicStore(&spike_counts[(start + word) * COUNT_WORDS + i], 0u);
        }
    }
}

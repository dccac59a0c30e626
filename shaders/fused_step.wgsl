// Takes all layers of a network through a block of steps, where the apical voltage reaches the soma and the
// feedback of a step is needed for the next. The lowest layer's drive is summed before, those of the others
// here: at each step, from the bottom up, a layer sums the columns of those below that spike and is stepped;
// then the apical dendrites of all hidden layers hear who spiked.
// One workgroup for each sample. A thread's neurons lie a workgroup apart, and nobody else touches their arrays:
// threads meet where they tell each other who spikes, behind every layer.
// A dispatch may begin before the image and sum rows of the past as `synaptic_input_spikes` does, through the weights of now.

@group(0) @binding(1) var<uniform> fused_params: LaunchParams;
// the part of each layer, and behind LAYERS_MAX of them those of their apical dendrites
@group(0) @binding(5) var<uniform> layer_params: array<LaunchParams, FUSED_PARAMS>;
// of each layer [replicas, below + 1, units], and of its feedback [replicas, columns, units]
@group(0) @binding(6) var<storage, read> weights: array<f32>;
// of each layer [samples, history + block, units], and of its apical dendrites [samples, history + 1, units]
@group(0) @binding(7) var<storage, read_write> synaptic_input: array<f32>;
// of each layer [samples, 5, units]
@group(0) @binding(8) var<storage, read_write> compartments: array<f32>;
// of each layer [samples, history words + words, units]
@group(0) @binding(9) var<storage, read_write> spikes: array<u32>;

const COUNTS_PER_WORD: u32 = STEPS_PER_WORD;
const COUNT_WORDS: u32 = UNITS_PER_WORD / COUNTS_PER_WORD;

// Who spikes at a step: bits of 32 neurons, and the counts of 8. Steps take turns with the two halves: one is
// forgotten while the other is heard.
var<workgroup> spiking_bits: array<atomic<u32>, 2u * FUSED_MASK_WORDS>;
var<workgroup> spike_counts: array<atomic<u32>, 2u * FUSED_MASK_WORDS * COUNT_WORDS>;

// The layer, or its apical dendrites, and the step that the thread works on.
var<private> params: LaunchParams;
// The half of the step.
var<private> half: u32;

@compute @workgroup_size(workgroup_threads)
fn main(
    @builtin(local_invocation_index) thread: u32,
    @builtin(workgroup_id) group: vec3<u32>,
) {
    let sample = samples[group.z];
    replica = sample.replica;
    let past = fused_params.history_end - fused_params.history_begin;
    let is_fresh = minibatches[replica].reset_state == 1u;
    // All threads must meet as often, whatever their sample: loops around barriers end alike everywhere.
    for (var turn = 0u; turn < past + fused_params.step_count; turn++) {
        half = turn % 2u;
        let is_past = turn < past;
        let step = fused_params.first_step + select(turn - past, 0u, is_past);
        let is_stepped = !is_past && step < sample.steps_forward + sample.steps_target;
        // Where the sums over those below go, and when they spiked, counted from the first step that has spikes.
        let row = select(constants.history_rows, fused_params.history_begin + turn, is_past);
        let heard = constants.history_words * STEPS_PER_WORD + step - (constants.history_rows - row);
        for (var layer = 0u; layer < fused_params.layers; layer++) {
            if layer == 1u {
                clear_back_buffer(thread);
            }
            if is_past || is_stepped {
                load_params(layer, step);
                for (var unit = thread; unit < params.units; unit += workgroup_threads) {
                    if layer > 0u {
                        synaptic_input[input_index(sample.index, row, unit)] = sum_columns(params.n_pre, unit, 0.0);
                    }
                    if is_stepped {
                        step_neuron(sample, unit);
                    }
                    if is_stepped || !is_fresh {
                        publish_spikes(sample, unit, heard);
                    }
                }
            }
            workgroupBarrier();
        }
        if is_stepped {
            for (var layer = 0u; layer + 1u < fused_params.layers; layer++) {
                load_params(LAYERS_MAX + layer, step);
                for (var unit = thread; unit < params.units; unit += workgroup_threads) {
                    step_apical(sample, unit);
                }
            }
        }
    }
}

// Of a layer at one step.
fn load_params(index: u32, step: u32) {
    params = layer_params[index];
    params.first_step = step;
    params.step_count = 1u;
    // The lowest layer's drive alone comes a block at a time.
    params.block_start = select(step, fused_params.block_start, index == 0u);
}

fn step_neuron(sample: Sample, unit: u32) {
    if params.is_output == 1u {
        step_output(sample, unit);
    } else {
        step_hidden(sample, unit);
    }
}

// Tells all threads how often a neuron spikes at a step, counted from the first that has spikes.
fn publish_spikes(sample: Sample, unit: u32, step: u32) {
    let word = sample.index * constants.spike_words + step / STEPS_PER_WORD;
    let counts = spikes[params.spikes_offset + word * params.units + unit];
    let count = (counts >> (step % STEPS_PER_WORD * COUNT_BITS)) & COUNT_MASK;
    if count > 0u {
        let start = half * FUSED_MASK_WORDS + params.mask_offset;
        atomicOr(&spiking_bits[start + unit / UNITS_PER_WORD], 1u << (unit % UNITS_PER_WORD));
        let shift = unit % COUNTS_PER_WORD * COUNT_BITS;
        atomicOr(&spike_counts[start * COUNT_WORDS + unit / COUNTS_PER_WORD], count << shift);
    }
}

fn spike_mask_word(word: u32) -> u32 {
    return atomicLoad(&spiking_bits[half * FUSED_MASK_WORDS + params.pre_mask_offset + word]);
}

fn spike_count_of(neuron: u32) -> u32 {
    let start = (half * FUSED_MASK_WORDS + params.pre_mask_offset) * COUNT_WORDS;
    let counts = atomicLoad(&spike_counts[start + neuron / COUNTS_PER_WORD]);
    return (counts >> (neuron % COUNTS_PER_WORD * COUNT_BITS)) & COUNT_MASK;
}

// Whoever heard the step before has done so when the lowest layer is through.
fn clear_back_buffer(thread: u32) {
    let start = (1u - half) * FUSED_MASK_WORDS;
    for (var word = thread; word < fused_params.mask_words; word += workgroup_threads) {
        atomicStore(&spiking_bits[start + word], 0u);
        for (var i = 0u; i < COUNT_WORDS; i++) {
            atomicStore(&spike_counts[(start + word) * COUNT_WORDS + i], 0u);
        }
    }
}

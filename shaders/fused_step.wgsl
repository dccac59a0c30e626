// Steps all layers of a network through a block of steps, if the apical voltage reaches the soma and the feedback of
// a step is needed for the next. The lowest layer's drive is summed by an earlier launch, the other drives here.
// At each step, from the bottom up, a layer sums the columns of its presynaptic spikes and is stepped;
// then the apical dendrites of all hidden layers receive the spikes.
// One workgroup per sample. A thread's neurons are one workgroup size apart, and no other thread accesses their
// arrays; a workgroup barrier follows after each layer publishes its spikes.
// A dispatch may begin before the image and sum rows of the past as `synaptic_input_spikes` does, with current weights.

@group(0) @binding(1) var<uniform> fused_params: LaunchParams;
// launch parameters of each layer, and from LAYERS_MAX on of their apical dendrites
@group(0) @binding(5) var<uniform> layer_params: array<LaunchParams, FUSED_PARAMS>;
// weights of each layer [replicas, below + 1, units], and its feedback weights [replicas, columns, units]
@group(0) @binding(6) var<storage, read> weights: array<f32>;
// drive of each layer [samples, history + block, units], and of its apical dendrites [samples, history + 1, units]
@group(0) @binding(7) var<storage, read_write> synaptic_input: array<f32>;
// voltages of each layer [samples, 5, units]
@group(0) @binding(8) var<storage, read_write> compartments: array<f32>;
// counts of each layer [samples, history words + words, units]
@group(0) @binding(9) var<storage, read_write> spikes: array<u32>;

const COUNTS_PER_WORD: u32 = STEPS_PER_WORD;
const COUNT_WORDS: u32 = UNITS_PER_WORD / COUNTS_PER_WORD;

// Spikes of a step: bits of 32 neurons, and the counts of 8. Steps alternate between the two halves: one is
// cleared while the other is read.
var<workgroup> spiking_bits: array<atomic<u32>, 2u * FUSED_MASK_WORDS>;
var<workgroup> spike_counts: array<atomic<u32>, 2u * FUSED_MASK_WORDS * COUNT_WORDS>;

// The layer, or its apical dendrites, and the step that the thread works on.
var<private> params: LaunchParams;
// The half that holds the step.
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
    // All threads must reach each barrier equally often for any sample: loops around barriers have uniform bounds.
    for (var turn = 0u; turn < past + fused_params.step_count; turn++) {
        half = turn % 2u;
        let is_past = turn < past;
        let step = fused_params.first_step + select(turn - past, 0u, is_past);
        let is_stepped = !is_past && step < sample.steps_forward + sample.steps_target;
        // Destination of the presynaptic sums, and the spikes' step, counted from the first stored step.
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

// Loads the launch parameters of one layer, or of its apical dendrites, for one step.
fn load_params(index: u32, step: u32) {
    params = layer_params[index];
    params.first_step = step;
    params.step_count = 1u;
    // Only the lowest layer's drive is stored for a whole block.
    params.block_start = select(step, fused_params.block_start, index == 0u);
}

fn step_neuron(sample: Sample, unit: u32) {
    if params.is_output == 1u {
        step_output(sample, unit);
    } else {
        step_hidden(sample, unit);
    }
}

// Publishes a neuron's spike count at a step, counted from the first stored step, to all threads.
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

// The previous step's spikes are no longer read after layer 0.
fn clear_back_buffer(thread: u32) {
    let start = (1u - half) * FUSED_MASK_WORDS;
    for (var word = thread; word < fused_params.mask_words; word += workgroup_threads) {
        atomicStore(&spiking_bits[start + word], 0u);
        for (var i = 0u; i < COUNT_WORDS; i++) {
            atomicStore(&spike_counts[(start + word) * COUNT_WORDS + i], 0u);
        }
    }
}

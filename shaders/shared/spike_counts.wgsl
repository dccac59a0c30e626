// Words of spike counts: eight steps of a neuron, 4 bits each.

// Returns the spike count of a step in a word of eight steps.
fn spike_count(word: u32, step: u32) -> u32 {
    return (word >> (step % STEPS_PER_WORD * COUNT_BITS)) & COUNT_MASK;
}

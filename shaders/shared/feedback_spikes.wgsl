// Spikes of the feedback's source population at one step. The kernel binds its `raster` and `spikes`.

// Index of the step, counted from the first step with stored spikes of the first sample.
var<private> spike_step: u32;

fn mask_word_index(row: u32, word: u32) -> u32 {
    let words = (params.n_feedback + UNITS_PER_WORD - 1u) / UNITS_PER_WORD;
    return spike_mask[(spike_step * SPIKE_MASK_ROWS + row) * words + word];
}

fn spike_mask_word(word: u32) -> u32 {
    return mask_word_index(SPIKE_MASK_GE1, word);
}

fn spike_count_of(source: u32) -> u32 {
    let more = mask_word_index(SPIKE_MASK_GE2, source / UNITS_PER_WORD);
    if ((more >> (source % UNITS_PER_WORD)) & 1u) == 0u {
        return 1u;
    }
    let counts = spikes[spike_step / STEPS_PER_WORD * params.n_feedback + source];
    return (counts >> (spike_step % STEPS_PER_WORD * COUNT_BITS)) & COUNT_MASK;
}

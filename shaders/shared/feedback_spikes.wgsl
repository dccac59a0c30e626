// Spikes of the population that feeds back, at one step: for kernels that bind its `raster` and `spikes`.

// Index of the step, counted from the first step of the first lane that has spikes.
var<private> spike_step: u32;

fn raster_word(row: u32, word: u32) -> u32 {
    let words = (part.sources + UNITS_PER_WORD - 1u) / UNITS_PER_WORD;
    return raster[(spike_step * RASTER_ROWS + row) * words + word];
}

fn spiking(word: u32) -> u32 {
    return raster_word(RASTER_ONCE, word);
}

fn spikes_of(source: u32) -> u32 {
    let more = raster_word(RASTER_MORE, source / UNITS_PER_WORD);
    if ((more >> (source % UNITS_PER_WORD)) & 1u) == 0u {
        return 1u;
    }
    let counts = spikes[spike_step / STEPS_PER_WORD * part.sources + source];
    return (counts >> (spike_step % STEPS_PER_WORD * COUNT_BITS)) & COUNT_MASK;
}
